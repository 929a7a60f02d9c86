//! Who may do what with a sweep, and what mistakes in a definition are told.

use serde_json::{Value, json};

use super::*;

fn zombies() -> Value {
    json!({
        "sweep": "zombies",
        "of": "cases",
        "where": {"open": true, "touched": {"before": {"ago": "P30D"}}},
        "causes": [{"cause": "超期", "where": {"overdue": true}}],
        "actions": [{"note": "{caseNo} 长期未办"}],
        "approval": {"margin": 10},
    })
}

fn wanted(written: &Value, preview: Option<String>) -> Wanted {
    let definition = Definition::parse(written).unwrap();
    let (key, person) = ("k".to_owned(), "li".to_owned());
    Wanted { definition, key, person, reason: None, preview, waiter: None }
}

fn by(person: &str) -> By {
    By { person: person.to_owned(), at: Timestamp(2_000), reason: None }
}

fn line(result: Result) -> Line {
    Line {
        sweep: InstanceId(9),
        instance: InstanceId(1),
        n: 0,
        case_no: None,
        unit: None,
        cause: None,
        result,
        acts: 1,
        why: None,
        at: Timestamp(0),
        since: Timestamp(0),
    }
}

fn begun(count: u64) -> Sweep {
    let digest = Definition::parse(&zombies()).unwrap().digest();
    let token = preview::token(&digest, Timestamp(500), count);
    Sweep::begin(wanted(&zombies(), Some(token)), InstanceId(9), Timestamp(1_000)).unwrap()
}

#[test]
fn a_second_person_must_approve_what_was_previewed() {
    let missing = Sweep::begin(wanted(&zombies(), None), InstanceId(9), Timestamp(0)).unwrap_err();
    assert!(missing.message.contains("preview"), "{}", missing.message);
    let other = preview::token("another definition", Timestamp(500), 3);
    assert!(Sweep::begin(wanted(&zombies(), Some(other)), InstanceId(9), Timestamp(0)).is_err());
    assert!(Sweep::begin(wanted(&zombies(), Some("1.2".to_owned())), InstanceId(9), Timestamp(0)).is_err());

    let mut sweep = begun(100);
    assert_eq!(sweep.state, Phase::Waiting);
    assert_eq!(sweep.approve(by("li"), InstanceId(10)).unwrap_err().kind, RefusalKind::Forbidden);
    sweep.approve(by("wang"), InstanceId(10)).unwrap();
    assert_eq!((sweep.state, sweep.as_of), (Phase::Counting, Some(Timestamp(2_000))));
    sweep.approve(by("wang"), InstanceId(11)).unwrap();
    assert_eq!(sweep.until, Some(InstanceId(10)), "twice is once");
    assert_eq!(sweep.approve(by("zhao"), InstanceId(10)).unwrap_err().kind, RefusalKind::Conflict);
}

#[test]
fn what_is_found_must_be_near_the_preview() {
    for (found, state) in
        [(100, Phase::Running), (110, Phase::Running), (111, Phase::Refused), (89, Phase::Refused)]
    {
        let mut sweep = begun(100);
        sweep.approve(by("wang"), InstanceId(10)).unwrap();
        sweep.counted(found, 10, Timestamp(3_000));
        assert_eq!(sweep.state, state, "{found}");
    }
}

#[test]
fn it_goes_at_its_rate_and_ends() {
    let mut sweep = begun(2);
    sweep.approve(by("wang"), InstanceId(10)).unwrap();
    sweep.counted(2, 10, Timestamp(3_000));
    let lines = [line(Result::Acted), line(Result::Skipped), line(Result::Failed)];
    sweep.stepped(&lines, Some((InstanceId(7), 0)), 30, Timestamp(3_000));
    assert_eq!((sweep.acted, sweep.skipped, sweep.failed), (1, 1, 1));
    assert_eq!(sweep.next_at, Timestamp(3_100));
    sweep.stepped(&[], None, 30, Timestamp(3_100));
    assert_eq!((sweep.state, sweep.ended), (Phase::Completed, Some(Timestamp(3_100))));
    assert!(sweep.cancel(by("li")).is_err());
    assert_eq!(sweep.decision("X"), format!("sweep:{}:X", InstanceId(9)));
}

#[test]
fn a_cancelled_sweep_stays_so() {
    let mut sweep = begun(2);
    sweep.cancel(by("li")).unwrap();
    sweep.cancel(by("li")).unwrap();
    assert!(sweep.state.is_over());
    assert!(sweep.approve(by("wang"), InstanceId(10)).is_err());
    sweep.counted(2, 10, Timestamp(3_000));
    assert_eq!(sweep.state, Phase::Cancelled);
}

#[test]
fn grave_acts_need_an_approval_whatever_is_written() {
    let mut written = zombies();
    written["approval"] = json!(false);
    assert_eq!(Definition::parse(&written).unwrap().approval, None);
    written["actions"] = json!([{"decide": {"outcome": "finish", "reason": "依法终止"}}]);
    assert!(Definition::parse(&written).unwrap().approval.is_some());
}

#[test]
fn the_digest_does_not_depend_on_the_order_of_keys() {
    let other: Value = serde_json::from_str(
        r#"{"where": {"touched": {"before": {"ago": "P30D"}}, "open": true}, "sweep": "zombies", "of": "cases",
            "approval": {"margin": 10}, "actions": [{"note": "{caseNo} 长期未办"}],
            "causes": [{"where": {"overdue": true}, "cause": "超期"}]}"#,
    )
    .unwrap();
    let digest = |written: &Value| Definition::parse(written).unwrap().digest();
    assert_eq!(digest(&zombies()), digest(&other));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let written = json!({
        "sweep": "Zombies!",
        "where": {"staet": "closed", "due": {"befor": "now"}},
        "actions": [{"notte": "x"}, {"start": {"workflow": "x"}}, {"flag": "late"}],
        "rate": 0,
        "aproval": true,
    });
    let mistakes = Definition::parse(&written).unwrap_err();
    let told: Vec<String> = mistakes
        .iter()
        .map(|it| format!("{} {} {} {}", it.place, it.code, it.message, it.help.clone().unwrap_or_default()))
        .collect();
    expect_test::expect![[r#"
        /aproval sweep.unknown-key there is no key `aproval` here did you mean `approval`?
        /sweep sweep.invalid `sweep` is its name: small letters, digits and hyphens, at most 63 
        /where/due/befor selector.unknown-test `befor` is no test of this field did you mean `before`?
        /where/staet selector.unknown-field there is no field `staet` did you mean `state`?
        /actions/0/notte sweep.unknown-act there is no act `notte` did you mean `note`?
        /actions/1/start/workflow sweep.invalid a workflow is named `namespace/name` 
        /actions/2/flag sweep.invalid `late` is none of the words here known here: overdue, warned, supervised, reopened, repeat
        /rate sweep.invalid `rate` is targets per second, from 1 to 5000 "#]].assert_eq(&told.join("\n"));
}

#[test]
fn acts_on_work_items_are_read_and_their_mistakes_told() {
    let good = json!({
        "sweep": "late", "of": "workItems", "where": {"overdue": true},
        "actions": [
            {"comment": "超时"},
            {"escalate": {"roles": ["approver@{unit}"], "priority": "high", "reason": "超时未办"}},
            {"notify": {"channel": "sms", "to": {"kind": "role", "address": "leader"}, "body": "{title} 超时"}},
        ],
    });
    assert_eq!(Definition::parse(&good).unwrap().approval, None);
    let mut grave = good.clone();
    grave["actions"] = json!([{"reassign": {"to": "wang", "reason": "本人休假"}}]);
    assert!(Definition::parse(&grave).unwrap().approval.is_some(), "it takes work away from somebody");
    let mut of_cases = good;
    of_cases["of"] = json!("cases");
    let bad = json!({
        "sweep": "late", "of": "workItems", "where": {"due": {"from": {"field": "crated"}}},
        "actions": [
            {"escalate": {"reason": "r"}},
            {"escalate": {"priority": "highh", "roles": [], "reason": "r"}},
            {"reassign": {"to": "wang", "roles": ["handler"], "reason": "r"}},
            {"notify": {"channel": "sms", "body": "b"}},
        ],
    });
    let told = |written: &Value| {
        let mistakes = Definition::parse(written).unwrap_err();
        let lines = mistakes
            .iter()
            .map(|it| format!("{} {} {}", it.place, it.message, it.help.clone().unwrap_or_default()));
        lines.collect::<Vec<_>>().join("\n")
    };
    expect_test::expect![
        "/actions/0 an act on work items, in a sweep of something else: write `of: workItems` "
    ]
    .assert_eq(&told(&of_cases));
    expect_test::expect![[r#"
        /where/due/from/field there is no time `crated` did you mean `created`?
        /actions/0/escalate give `roles`, `priority`, or both 
        /actions/1/escalate/roles a list of 1 to 20 roles stands here, e.g. `[handler@unit]` 
        /actions/1/escalate/priority `highh` is none of the words here did you mean `high`?
        /actions/2/reassign give `to`, a candidate, or `roles`: one of them 
        /actions/3/notify `channel`, `to: { kind, address }` and `body` are needed: missing field `to` "#]]
    .assert_eq(&told(&bad));
}
