//! Organisations from text: all mistakes at once, who is there, who acts for whom.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use expect_test::{Expect, expect};
use yiwang_core::Timestamp;
use yiwang_core::organisation::{
    Absence, Change, Document, Mistake, Organisation, Table, read_tables, read_yaml,
};

fn told(mistakes: &[Mistake]) -> String {
    let line = |one: &Mistake| {
        let table = one.table.unwrap_or("");
        let help = one.remark.help.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let at = one.line.map_or_else(|| "?".to_owned(), |line| line.to_string());
        let remark = &one.remark;
        format!("{table}{at} {} {} | {} | {help}\n", remark.code, remark.pointer, remark.message)
    };
    mistakes.iter().map(line).collect()
}

fn check(text: &str, expected: Expect) {
    let said = match read_yaml(text) {
        Ok(organisation) => format!("{} people\n", organisation.document().people.len()),
        Err(mistakes) => told(&mistakes),
    };
    expected.assert_eq(&said);
}

#[test]
fn all_mistakes_are_told_at_once() {
    check(
        "
units:
  - {id: 谯城区, name: 谯城区, kind: district, parent: 城管局}
  - {id: 城管局, name: 区城管局, kind: bureau, parent: 谯城区}
  - {id: 城管局, name: 再来一个, kind: bureau, parent: 谯城}
  - {id: 'a b', name: 空格, kind: office}
people:
  - {id: zhang, name: 张三, roles: [handlr@城管局, handler@城官局, hero]}
  - {id: zhang, name: 张三丰}
absences:
  - {person: zhan, substitute: li, from: yesterday}
  - {person: zhang, substitute: zhang, from: 2024-06-12, until: 2024-06-10}
pools:
  - {id: it, name: 信息化, experts: [{person: zhang}, {person: zhang}, {person: nobody}]}
",
        expect![[r#"
            5 YW0553 /units/2/id | there are two with the id `城管局` | the first one is at `/units/1`
            6 YW0555 /units/3/id | the id `a b` has ` ` in it | ids have no spaces and none of `@ , ; * /`
            5 YW0552 /units/2/parent | there is no unit `谯城` | did you mean `谯城区`?
            3 YW0554 /units/0/parent | the units go in a circle: 谯城区 → 城管局 → 谯城区 | one of them has to have another parent, or none
            4 YW0554 /units/1/parent | the units go in a circle: 城管局 → 谯城区 → 城管局 | one of them has to have another parent, or none
            5 YW0554 /units/2/parent | the units go in a circle: 城管局 → 谯城区 → 城管局 | one of them has to have another parent, or none
            9 YW0553 /people/1/id | there are two with the id `zhang` | the first one is at `/people/0`
            8 YW0552 /people/0/roles/0 | there is no role `handlr` | did you mean `handler`?
            8 YW0552 /people/0/roles/1 | there is no unit `城官局` | did you mean `城管局`?
            8 YW0552 /people/0/roles/2 | there is no role `hero` | name it under `roles`, or use one of the usual ones
            11 YW0552 /absences/0/person | there is no person `zhan` | did you mean `zhang`?
            11 YW0552 /absences/0/substitute | there is no person `li` | add them under `people`
            11 YW0556 /absences/0/from | `yesterday` is no time | write a day such as 2024-06-11, or a time such as 2024-06-11T09:00:00+08:00
            12 YW0557 /absences/1/substitute | `zhang` cannot be the own substitute | leave the substitute out where there is none
            12 YW0556 /absences/1/until | it ends before it begins | -
            14 YW0553 /pools/0/experts/1/person | `zhang` is in the pool `it` twice | -
            14 YW0552 /pools/0/experts/2/person | there is no person `nobody` | add them under `people`
        "#]],
    );
}

#[test]
fn the_form_is_told_first() {
    check(
        "{units: [{id: 1, name: x, kind: castle}], peple: []}",
        expect![[r#"
        1 YW0551 /units/0/id | this does not fit: 1 is not of type "string" | -
        1 YW0551 /units/0/kind | this does not fit: "castle" is not one of "district", "bureau" or 6 other candidates | -
        1 YW0551  | this does not fit: Additional properties are not allowed ('peple' was unexpected) | -
    "#]],
    );
    check(
        "units: [",
        expect![[r#"
        1 YW0001 /units | this is not YAML: while parsing a node, did not find expected node content | -
    "#]],
    );
    check(
        "{}",
        expect![[r#"
        0 people
    "#]],
    );
}

const TABLES: [(Table, &str); 4] = [
    (Table::Units, "编号,名称,类别,上级\n谯城区,谯城区,district,\n城管局,区城管局,bureau,谯城区\n"),
    (
        Table::People,
        "\u{feff}id,name,phone,contacts,roles\r\nzhang,\"张三, 副局长\",13800000000,email:z@x.cn;openid:o1,\
         handler@城管局;auditor\r\nli,李四,,,\r\n",
    ),
    (Table::Absences, "person,substitute,from,until,reason\nzhang,li,2024-06-11,2024-06-11,\"休假\n半天\"\n"),
    (
        Table::Experts,
        "pool,name,person,fields,affiliations\nit,信息化专家库,zhang,network;data,甲公司\nit,,li,,\n",
    ),
];

fn tables() -> Organisation {
    read_tables(&Document::default(), &TABLES).unwrap()
}

#[test]
fn tables_are_read() {
    let text = serde_json::to_string_pretty(tables().document()).unwrap();
    assert_eq!(read_yaml(&text).unwrap(), tables(), "what is stored is read again");
    expect![[r#"
        {
          "units": [
            {
              "id": "谯城区",
              "name": "谯城区",
              "kind": "district"
            },
            {
              "id": "城管局",
              "name": "区城管局",
              "kind": "bureau",
              "parent": "谯城区"
            }
          ],
          "people": [
            {
              "id": "zhang",
              "name": "张三, 副局长",
              "phone": "13800000000",
              "contacts": [
                {
                  "kind": "email",
                  "address": "z@x.cn"
                },
                {
                  "kind": "openid",
                  "address": "o1"
                }
              ],
              "roles": [
                "handler@城管局",
                "auditor"
              ]
            },
            {
              "id": "li",
              "name": "李四"
            }
          ],
          "absences": [
            {
              "person": "zhang",
              "substitute": "li",
              "from": "2024-06-11",
              "until": "2024-06-11",
              "reason": "休假\n半天"
            }
          ],
          "pools": [
            {
              "id": "it",
              "name": "信息化专家库",
              "experts": [
                {
                  "person": "zhang",
                  "fields": [
                    "network",
                    "data"
                  ],
                  "affiliations": [
                    "甲公司"
                  ]
                },
                {
                  "person": "li"
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&text);
}

#[test]
fn mistakes_in_tables_have_their_lines() {
    let people = "id,name,phone,contacts,roles\nzhang,张三,,,handler@城管\n\nli,李四,,\n";
    let mistakes = read_tables(tables().document(), &[(Table::People, people)]).unwrap_err();
    expect![[r#"
        people4 YW0551  | there are 4 cells, not 5 | -
    "#]]
    .assert_eq(&told(&mistakes));
    let people = "id,name,phone,contacts,roles\nzhang,张三,,,handler@城管\n\n  li,李四,,,\n";
    let mistakes = read_tables(tables().document(), &[(Table::People, people)]).unwrap_err();
    expect![[r#"
        people2 YW0552 /people/0/roles/0 | there is no unit `城管` | did you mean `城管局`?
    "#]]
    .assert_eq(&told(&mistakes));
    let mistakes = read_tables(&Document::default(), &[(Table::Units, "id,nam\n"), (Table::People, "\"x")]);
    expect![[r#"
        units1 YW0551  | no column is called `nam`: there are id, name, kind, parent | -
        people1 YW0551  | a cell in quotes has no end | -
    "#]]
    .assert_eq(&told(&mistakes.unwrap_err()));
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_day_of_absence_is_a_whole_day() {
    let organisation = tables();
    for (time, acting) in [
        ("2024-06-10T23:59:59+08:00", "zhang"),
        ("2024-06-11T00:00:00+08:00", "li"),
        ("2024-06-11T23:59:59+08:00", "li"),
        ("2024-06-12T00:00:00+08:00", "zhang"),
    ] {
        assert_eq!(organisation.acting("zhang", at(time)), Some(acting), "{time}");
    }
}

const CHAIN: &str = "
units: [{id: u, name: u, kind: bureau}, {id: v, name: v, kind: office, parent: u}]
people:
  - {id: a, name: a, roles: [handler@v, platform_admin]}
  - {id: b, name: b, roles: [auditor@u]}
  - {id: c, name: c}
  - {id: d, name: d, roles: [handler@u]}
  - {id: e, name: e, roles: [approver@v]}
absences:
  - {person: a, substitute: b, from: 2024-06-10}
  - {person: b, substitute: c, from: 2024-06-11, until: 2024-06-11}
  - {person: e, from: 2024-06-10}
";

#[test]
fn substitutes_have_substitutes() {
    let organisation = read_yaml(CHAIN).unwrap();
    let on = |day: &str| at(&format!("{day}T12:00:00+08:00"));
    let stands_in = |person: &str, day: &str| {
        let actor = organisation.actor(person, &["expert".to_owned()], on(day));
        let others = actor.stands_in.iter().map(|away| format!("{}={}", away.person, away.roles.join("+")));
        format!("{} | {}", actor.roles.join("+"), others.collect::<Vec<_>>().join(" "))
    };
    // An administrator's power does not pass on.
    assert_eq!(stands_in("b", "2024-06-10"), "expert+auditor@u | a=handler@v");
    assert_eq!(stands_in("b", "2024-06-11"), "expert+auditor@u | ");
    assert_eq!(stands_in("c", "2024-06-11"), "expert | a=handler@v b=auditor@u");
    assert_eq!(stands_in("nobody", "2024-06-11"), "expert | ");
    let present =
        |role: &str, day: &str| organisation.present(role, on(day)).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(present("handler@v", "2024-06-09"), "a");
    assert_eq!(present("handler@v", "2024-06-11"), "c");
    assert_eq!(present("handler", "2024-06-10"), "b d");
    assert_eq!(present("*@u", "2024-06-10"), "b d");
    assert_eq!(present("approver@v", "2024-06-10"), "", "away, and nobody stands in");
    assert_eq!(organisation.fallback("approver@v", on("2024-06-10")), None);
    assert_eq!(organisation.fallback("auditor@v", on("2024-06-10")).as_deref(), Some("auditor@u"));
}

#[test]
fn substitutes_that_go_in_a_circle_are_nobody() {
    let organisation = read_yaml(
        "{people: [{id: a, name: a}, {id: b, name: b}], absences: [{person: a, substitute: b, from: \
         2024-06-10}, {person: b, substitute: a, from: 2024-06-10}]}",
    )
    .unwrap();
    assert_eq!(organisation.acting("a", at("2024-06-10T12:00:00Z")), None);
}

#[test]
fn changes_make_new_documents() {
    let document = read_yaml(CHAIN).unwrap().document().clone();
    let back = Change::Back { person: "a".to_owned() }.apply(document).unwrap();
    assert_eq!(back.absences.len(), 2);
    let absence = Absence {
        person: "d".to_owned(),
        substitute: Some("c".to_owned()),
        from: "2024-06-10".to_owned(),
        until: None,
        reason: None,
    };
    let away = Change::Away { absence: absence.clone() }.apply(back).unwrap();
    assert_eq!(Change::Away { absence }.apply(away.clone()).unwrap(), away, "twice is once");
    assert_eq!(Change::Leaves { person: "zz".to_owned() }.apply(away), None);
}
