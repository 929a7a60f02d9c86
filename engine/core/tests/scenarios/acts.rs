//! Acts on cases: who may, what the case takes, what the process takes, twice is once.

use yiwang_core::case::{Attachment, CaseCommand, Flag, Relation, repeat};
use yiwang_core::input::Cause;
use yiwang_core::{Case, CaseNo, Input, InstanceId, Timestamp};
use yiwang_dsl::Data;

use crate::driver::person;
use crate::{Run, check, expect, json};

/// A case that waits for a person.
const WAITS: &str = r#"
    do:
      - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat}}
      - handling: {call: 'case-update:1.0.0@default', with: {state: handling, unit: 城管局, due: '2024-06-12T01:00:00Z'}}
      - ask:
          call: human-task:1.0.0@default
          with:
            title: 办理
            candidateRoles: [handler]
            due: {at: '2024-06-12T01:00:00Z'}
            escalation: [{at: 50%, flag: warned}, {after: PT1H, flag: supervised}]
"#;

/// The same beside a listener that ends it.
const HEEDS: &str = r#"
    do:
      - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat}, export: {as: '{no: .caseNo}'}}
      - race:
          fork:
            compete: true
            branches:
              - ask: {call: 'human-task:1.0.0@default', with: {title: 办理, candidateRoles: [handler]}}
              - heed:
                  listen: {to: {one: {with: {source: /cases, type: cn.yiwang.case.withdraw.v1}, correlate: {no: {from: .data.caseNo, expect: '${ $context.no }'}}}}}
      - close: {call: 'case-close:1.0.0@default', with: {outcome: withdrawn}, output: {as: .state}}
"#;

fn no(text: &str) -> CaseNo {
    CaseNo(text.into())
}

fn note(text: &str) -> CaseCommand {
    CaseCommand::Note { text: text.to_owned() }
}

#[test]
fn a_note_is_written_down_once_for_each_decision() {
    check(
        WAITS,
        |run| {
            let li = person("li", &["handler@城管局"]);
            run.start(json!({})).quietly();
            run.on_case_by(&li, note("已联系"), None, "n1", None);
            run.on_case_by(&li, note("已联系"), None, "n1", None);
            run.on_case_by(&li, CaseCommand::Urge, None, "n1", None);
            run.on_case_by(&person("wang", &["petitioner"]), note("x"), None, "n2", None);
            run.on_case_by(&li, note(" "), None, "n3", None);
            run.on_case_by(&li, note("旧"), None, "n4", Some(1));
            run.note(run.transitions.last().unwrap().reply.clone());
        },
        expect![[r#"
            > li note by n1
              * case_acted by="li" command={"do":"note","text":"已联系"} decision="n1" no="QC-20240611-000001"
              = Waiting, wakes 43200s
            > li note by n1
              = Waiting, wakes 43200s
            > li urge by n1
              refused conflict: the decision `n1` was used by li to note the case QC-20240611-000001
            > wang note by n2
              refused forbidden: wang may not note a case: this needs a staff role
            > li note by n3
              refused invalid: /text: it is empty
                /text: it is empty
            > li note by n4
              refused conflict: the case QC-20240611-000001 has changed: version 4, not 1
            {"caseNo":"QC-20240611-000001","act":"note","by":"li","at":"2024-06-11T01:00:00Z","decision":"n1","version":4}
        "#]],
    );
}

#[test]
fn marks_need_no_listener() {
    check(
        WAITS,
        |run| {
            let boss = person("chen", &["supervisor"]);
            run.start(json!({})).quietly();
            run.on_case(&boss, CaseCommand::Urge).on_case(&boss, CaseCommand::Supervise);
            run.on_case(&boss, CaseCommand::Flag { flag: Flag::Warned });
            run.on_case(&boss, CaseCommand::Callback { reached: true, solved: None, text: None });
            let photo = Attachment {
                digest: format!("sha256:{}", "a".repeat(64)),
                name: "现场.jpg".to_owned(),
                media_type: "image/jpeg".to_owned(),
                size: 7,
            };
            run.on_case(&boss, CaseCommand::Attach { attachment: photo.clone() });
            let broken = Attachment { digest: "md5:1".to_owned(), ..photo };
            run.on_case(&boss, CaseCommand::Attach { attachment: broken });
            run.on_case(&boss, CaseCommand::Link { no: no("QC-20240611-000001") });
            run.on_case(&boss, CaseCommand::Link { no: no("QC-20240611-000009") });
            run.note(serde_json::to_string(run.state.case().unwrap()).unwrap());
        },
        expect![[r#"
            > chen urge by d1
              * case_acted by="chen" command={"do":"urge"} decision="d1" no="QC-20240611-000001" reason="原因"
              = Waiting, wakes 43200s
            > chen supervise by d2
              * case_acted by="chen" command={"do":"supervise"} decision="d2" no="QC-20240611-000001" reason="原因"
              * case_flagged flag="supervised" no="QC-20240611-000001"
              = Waiting, wakes 43200s
            > chen flag by d3
              * case_acted by="chen" command={"do":"flag","flag":"warned"} decision="d3" no="QC-20240611-000001" reason="原因"
              * case_flagged flag="warned" no="QC-20240611-000001"
              = Waiting, wakes 43200s
            > chen callback by d4
              refused conflict: the case QC-20240611-000001 has not been answered yet
            > chen attach by d5
              * case_acted by="chen" command={"attachment":{"digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","mediaType":"image/jpeg","name":"现场.jpg","size":7},"do":"attach"} decision="d5" no="QC-20240611-000001" reason="原因"
              = Waiting, wakes 43200s
            > chen attach by d6
              refused invalid: /attachment/digest: it is not `sha256:` with 64 hexadecimal digits
                /attachment/digest: it is not `sha256:` with 64 hexadecimal digits
            > chen link by d7
              refused invalid: /no: that is the case itself
                /no: that is the case itself
            > chen link by d8
              * case_acted by="chen" command={"do":"link","no":"QC-20240611-000009"} decision="d8" no="QC-20240611-000001" reason="原因"
              * effect_requested effect="000000000001A.1" function="case QC-20240611-000009"
              => case QC-20240611-000009: {"do":"linked","no":"QC-20240611-000001","relation":"related"}
              = Running, wakes 43200s
            {"no":"QC-20240611-000001","instance":"000000000001A","type":"complaint","channel":"wechat","source_ref":null,"title":"路灯不亮","content":{},"state":"handling","outcome":null,"flags":["warned","supervised"],"category":null,"urgency":null,"unit":"城管局","due":1718154000000,"opened":1718067600000,"closed":null,"reworks":0,"fields":{},"tracking":"SZ22-22PA-5MJ8","related":[{"no":"QC-20240611-000009","relation":"related"}],"attachments":[{"digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","name":"现场.jpg","mediaType":"image/jpeg","size":7}],"urged":1,"urged_at":1718067600000,"version":10}
        "#]],
    );
}

#[test]
fn what_the_process_does_not_take_is_refused() {
    check(
        WAITS,
        |run| {
            let desk = person("zhao", &["dispatcher"]);
            run.start(json!({})).quietly();
            run.on_case(&desk, CaseCommand::Withdraw);
            run.on_case_by(&desk, CaseCommand::Withdraw, None, "w", None);
            run.on_case(&desk, CaseCommand::Reopen);
            let far = CaseCommand::Extend { due: Timestamp(4_000_000_000_000) };
            run.on_case(&desk, far);
        },
        expect![[r#"
            > zhao withdraw by d1
              refused not_expected: the process does not take `withdraw` where the case stands now
            > zhao withdraw by w
              refused invalid: /reason: `withdraw` needs a reason
                /reason: `withdraw` needs a reason
            > zhao reopen by d3
              refused forbidden: zhao may not reopen a case: this needs one of the roles callback_agent, auditor, supervisor, leader
            > zhao extend by d4
              refused invalid: /due: it is more than a year away
                /due: it is more than a year away
        "#]],
    );
}

#[test]
fn the_process_hears_of_an_act_in_the_same_step() {
    check(
        HEEDS,
        |run| {
            let desk = person("zhao", &["dispatcher"]);
            run.start(json!({})).quietly();
            run.on_case_by(&desk, CaseCommand::Withdraw, Some("群众撤回"), "w1", None);
            run.on_case_by(&desk, CaseCommand::Withdraw, Some("群众撤回"), "w1", None);
            run.on_case_by(&desk, note("结案后也可以批注"), None, "n1", None);
            run.on_case(&desk, CaseCommand::Merge { into: no("QC-20240611-000009") });
        },
        expect![[r#"
            > zhao withdraw by w1
              * case_acted by="zhao" command={"do":"withdraw"} decision="w1" no="QC-20240611-000001" reason="群众撤回"
              heed event_taken id="w1" source="/cases" type="cn.yiwang.case.withdraw.v1"
              heed task_completed output=[{"act":"withdraw","by":"zhao","caseNo":"QC-20240611-000001","decision":"w1","reason":"群众撤回"}]
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              race task_completed output=[{"act":"withdraw","by":"zhao","caseNo":"QC-20240611-000001","decision":"w1","reason":"群众撤回"}]
              close task_started
              close case_closed no="QC-20240611-000001" outcome="withdrawn"
              close task_completed output="closed"
              * completed output="closed"
              = Completed
            > zhao withdraw by w1
              = Completed
            > zhao note by n1
              * case_acted by="zhao" command={"do":"note","text":"结案后也可以批注"} decision="n1" no="QC-20240611-000001"
              = Completed
            > zhao merge by d4
              refused conflict: the case QC-20240611-000001 is closed
        "#]],
    );
}

#[test]
fn a_suspended_case_is_due_so_much_later() {
    check(
        WAITS,
        |run| {
            let unit = person("zhou", &["approver@城管局"]);
            run.start(json!({})).quietly();
            run.pass(3_600_000).on_case(&unit, CaseCommand::Suspend);
            run.wake_after(48 * 3_600_000);
            run.on_case(&unit, CaseCommand::Resume).wake().wake().wake();
            run.on_case(&person("qian", &["approver@水务局"]), CaseCommand::Suspend);
        },
        expect![[r#"
            > zhou suspend by d1
              * case_acted by="zhou" command={"do":"suspend"} decision="d1" no="QC-20240611-000001" reason="原因"
              = Waiting
            > wake
              = Waiting
            > zhou resume by d3
              * case_acted by="zhou" command={"do":"resume"} decision="d3" no="QC-20240611-000001" reason="原因"
              ask work_item_due_moved due=259200s item="000000000001A-1"
              = Waiting, wakes 216000s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="50%"
              ask case_flagged flag="warned" no="QC-20240611-000001"
              = Waiting, wakes 259200s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="due"
              ask case_flagged flag="overdue" no="QC-20240611-000001"
              = Waiting, wakes 262800s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="PT1H"
              ask case_flagged flag="supervised" no="QC-20240611-000001"
              = Waiting
            > qian suspend by d7
              refused forbidden: qian may not suspend a case: this needs one of the roles unit_liaison, handler, approver, dispatcher, supervisor
        "#]],
    );
}

#[test]
fn what_is_due_with_the_case_moves_with_it() {
    check(
        r#"
        do:
          - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat}}
          - handling: {call: 'case-update:1.0.0@default', with: {due: '2024-06-12T01:00:00Z'}, output: {as: .due}}
          - both:
              fork:
                branches:
                  - ask: {call: 'human-task:1.0.0@default', with: {title: 办理, candidateRoles: [handler], due: {at: '2024-06-12T01:00:00Z'}, escalation: [{at: 50%, flag: warned}, {after: PT1H, flag: supervised}]}}
                  - other: {call: 'human-task:1.0.0@default', with: {title: 别的, candidateRoles: [handler], due: {after: PT9H}}}
                  - later:
                      do:
                        - wait: {wait: PT1H}
                        - extend: {call: 'case-update:1.0.0@default', with: {due: '2024-06-13T01:00:00Z'}, output: {as: .due}}
        "#,
        |run| {
            run.start(json!({})).quietly();
            run.wake().wake().wake().wake().wake();
        },
        expect![[r#"
            > wake
              wait timer_fired due=3600s purpose="wait"
              wait task_completed output="2024-06-12T01:00:00Z"
              extend task_started
              extend case_changed changes={"due":"2024-06-13T01:00:00Z"} no="QC-20240611-000001"
              ask work_item_due_moved due=172800s item="000000000001A-1"
              extend task_completed output="2024-06-13T01:00:00Z"
              later task_completed output="2024-06-13T01:00:00Z"
              = Waiting, wakes 32400s
            > wake
              other work_item_escalated item="000000000001A-2" roles=[] step="due"
              other case_flagged flag="overdue" no="QC-20240611-000001"
              = Waiting, wakes 86400s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="50%"
              ask case_flagged flag="warned" no="QC-20240611-000001"
              = Waiting, wakes 172800s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="due"
              = Waiting, wakes 176400s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="PT1H"
              ask case_flagged flag="supervised" no="QC-20240611-000001"
              = Waiting
        "#]],
    );
}

#[test]
fn a_case_is_split_and_linked_both_ways() {
    let text = r#"
        do:
          - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat}, output: {as: .related}}
          - ask: {call: 'human-task:1.0.0@default', with: {title: 办理, candidateRoles: [handler]}}
        "#;
    check(
        text,
        |run| {
            let desk = person("zhao", &["dispatcher"]);
            run.start(json!({"title": "路灯和垃圾", "externalId": "R-1", "petitioner": {"name": "王"}}))
                .quietly();
            let content = Data::from(json!({"title": "垃圾"}));
            run.on_case(&desk, CaseCommand::Split { workflow: "test/w".to_owned(), version: None, content });
            run.on_case(
                &desk,
                CaseCommand::Linked { no: no("QC-20240611-000002"), relation: Relation::SplitInto },
            );
        },
        expect![[r#"
            > zhao split by d1
              * case_acted by="zhao" command={"content":{"title":"垃圾"},"do":"split","workflow":"test/w"} decision="d1" no="QC-20240611-000001" reason="原因"
              * effect_requested effect="000000000001A.1" function="split test/w"
              => split test/w: {"petitioner":{"name":"王"},"title":"垃圾"}
              = Running
            > zhao linked by d2
              * case_acted by="zhao" command={"do":"linked","no":"QC-20240611-000002","relation":"split_into"} decision="d2" no="QC-20240611-000001" reason="原因"
              = Running
        "#]],
    );
    check(
        text,
        |run| {
            let effect = yiwang_core::EffectId { instance: InstanceId(7), n: 3 };
            let cause = Cause::Split { effect, from: no("QC-20240611-000009"), person: "zhao".to_owned() };
            run.input("split", Input::Start { input: Data::from(json!({"title": "垃圾"})), cause });
        },
        expect![[r#"
            > split
              * started cause={"by":"split","effect":"0000000000007.3","from":"QC-20240611-000009","person":"zhao"} input={"title":"垃圾"}
              open task_started
              open case_opened facts={"related":[{"no":"QC-20240611-000009","relation":"split_from"}]} no="QC-20240611-000001"
              * effect_requested effect="000000000001A.1" function="case QC-20240611-000009"
              open task_completed output=[{"no":"QC-20240611-000009","relation":"split_from"}]
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["handler"] title="办理"
              => case QC-20240611-000009: {"do":"linked","no":"QC-20240611-000001","relation":"split_into"}
              = Running
        "#]],
    );
}

#[test]
fn candidates_of_repetition_are_asked_for_and_noted() {
    let mut run = Run::new(WAITS, &[]);
    let content = |title: &str| json!({"title": title, "petitioner": {"phone": "138-0000-0001"}, "address": "南关小区"});
    run.start(content("路灯不亮"));
    let asked = run.transitions[0].asks.clone().unwrap();
    assert_eq!(asked.phone, "13800000001");
    let own = run.state.case().unwrap().clone();
    let day = 24 * 3_600_000;
    let other = |n: u64, days: i64, change: &dyn Fn(&mut Case)| {
        let mut case = own.clone();
        case.no = no(&format!("QC-20240610-{n:06}"));
        case.instance = InstanceId(n);
        case.opened = Timestamp(own.opened.0 - days * day);
        change(&mut case);
        case
    };
    let category = |case: &mut Case| case.category = Some("水务".to_owned());
    let elsewhere = |case: &mut Case| {
        case.title = "别的事".to_owned();
        case.place = None;
    };
    let cases = vec![
        other(1, 1, &|_| {}),
        other(2, 8, &|_| {}),
        other(3, 2, &elsewhere),
        other(4, 2, &category),
        other(5, -1, &|_| {}),
        own.clone(),
    ];
    let found: Vec<bool> = cases.iter().map(|other| repeat::is_repeat(&own, other)).collect();
    assert_eq!(
        found,
        [true, false, false, true, false, false],
        "where one does not say, nothing contradicts"
    );
    run.log.clear();
    run.input("repeats", Input::Repeats { cases: cases.clone() }).input("repeats", Input::Repeats { cases });
    expect![[r#"
        > repeats
          * case_repeats no="QC-20240611-000001" of=["QC-20240610-000001","QC-20240610-000004"]
          * case_flagged flag="repeat" no="QC-20240611-000001"
          = Waiting, wakes 43200s
        > repeats
          = Waiting, wakes 43200s
    "#]]
    .assert_eq(&run.log);
}
