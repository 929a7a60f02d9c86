//! Cases: opened, moved, marked, closed.

use crate::driver::person;
use crate::{check, expect, json};

#[test]
fn a_case_is_opened_with_a_number() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
        "#,
        |run| {
            run.start(json!({"text": "三天了"}));
            let case = run.transitions[0].case.clone().unwrap();
            run.note(serde_json::to_string(&case).unwrap());
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"text":"三天了"}
              open task_started
              open case_opened facts={"urgency":"general"} no="QC-20240611-000001"
              open task_completed output={"caseNo":"QC-20240611-000001","category":null,"channel":"wechat","closed":null,"contacted":false,"content":{"text":"三天了"},"due":null,"fields":{},"flags":[],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"registered","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":null,"urgency":"general"}
              * completed output={"caseNo":"QC-20240611-000001","category":null,"channel":"wechat","closed":null,"contacted":false,"content":{"text":"三天了"},"due":null,"fields":{},"flags":[],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"registered","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":null,"urgency":"general"}
              = Completed
            {"no":"QC-20240611-000001","instance":"000000000001A","type":"complaint","channel":"wechat","source_ref":"m1","title":"路灯不亮","content":{"text":"三天了"},"state":"registered","outcome":null,"flags":[],"category":null,"urgency":"general","unit":null,"due":null,"opened":1718067600000,"closed":null,"reworks":0,"fields":{},"tracking":"SZ22-22PA-5MJ8","version":1}
        "#]],
    );
}

#[test]
fn a_case_moves_forward_and_closes() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
          - triage: {call: 'case-update:1.0.0@default', with: {state: triaged, category: lamp, unit: 城管局, due: '2024-06-14T01:00:00Z', flags: [repeat], fields: {a: 1}}}
          - handle: {call: 'case-update:1.0.0@default', with: {state: handling, fields: {b: 2}}}
          - note: {call: 'case-note:1.0.0@default', with: {text: 已现场查看}}
          - close: {call: 'case-close:1.0.0@default', with: {outcome: explained, fields: {a: 3}}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              open task_started
              open case_opened facts={"urgency":"general"} no="QC-20240611-000001"
              open task_completed output={"caseNo":"QC-20240611-000001","category":null,"channel":"wechat","closed":null,"contacted":false,"content":{},"due":null,"fields":{},"flags":[],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"registered","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":null,"urgency":"general"}
              triage task_started
              triage case_moved from="registered" no="QC-20240611-000001" to="triaged"
              triage case_changed changes={"category":"lamp","due":"2024-06-14T01:00:00Z","fields":{"a":1},"unit":"城管局"} no="QC-20240611-000001"
              triage case_flagged flag="repeat" no="QC-20240611-000001"
              triage task_completed output={"caseNo":"QC-20240611-000001","category":"lamp","channel":"wechat","closed":null,"contacted":false,"content":{},"due":"2024-06-14T01:00:00Z","fields":{"a":1},"flags":["repeat"],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"triaged","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":"城管局","urgency":"general"}
              handle task_started
              handle case_moved from="triaged" no="QC-20240611-000001" to="handling"
              handle case_changed changes={"fields":{"b":2}} no="QC-20240611-000001"
              handle task_completed output={"caseNo":"QC-20240611-000001","category":"lamp","channel":"wechat","closed":null,"contacted":false,"content":{},"due":"2024-06-14T01:00:00Z","fields":{"a":1,"b":2},"flags":["repeat"],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"handling","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":"城管局","urgency":"general"}
              note task_started
              note case_noted no="QC-20240611-000001" text="已现场查看"
              note task_completed output={}
              close task_started
              close case_changed changes={"fields":{"a":3}} no="QC-20240611-000001"
              close case_closed no="QC-20240611-000001" outcome="explained"
              close task_completed output={"caseNo":"QC-20240611-000001","category":"lamp","channel":"wechat","closed":"2024-06-11T01:00:00Z","contacted":false,"content":{},"due":"2024-06-14T01:00:00Z","fields":{"a":3,"b":2},"flags":["repeat"],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":"explained","petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"closed","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":"城管局","urgency":"general"}
              * completed output={"caseNo":"QC-20240611-000001","category":"lamp","channel":"wechat","closed":"2024-06-11T01:00:00Z","contacted":false,"content":{},"due":"2024-06-14T01:00:00Z","fields":{"a":3,"b":2},"flags":["repeat"],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":"explained","petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"closed","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":"城管局","urgency":"general"}
              = Completed
        "#]],
    );
}

#[test]
fn a_case_goes_back_for_triage_and_rework() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
          - up: {call: 'case-update:1.0.0@default', with: {state: dispatched}}
          - return: {call: 'case-update:1.0.0@default', with: {state: triaged, due: null}}
          - reply: {call: 'case-update:1.0.0@default', with: {state: replied}}
          - rework: {call: 'case-update:1.0.0@default', with: {state: handling, rework: true, flags: [reopened]}, output: {as: '{state, reworks, flags}'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              open task_started
              open case_opened facts={"urgency":"general"} no="QC-20240611-000001"
              open task_completed output={"caseNo":"QC-20240611-000001","category":null,"channel":"wechat","closed":null,"contacted":false,"content":{},"due":null,"fields":{},"flags":[],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"registered","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":null,"urgency":"general"}
              up task_started
              up case_moved from="registered" no="QC-20240611-000001" to="dispatched"
              up task_completed output={"caseNo":"QC-20240611-000001","category":null,"channel":"wechat","closed":null,"contacted":false,"content":{},"due":null,"fields":{},"flags":[],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"dispatched","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":null,"urgency":"general"}
              return task_started
              return case_moved from="dispatched" no="QC-20240611-000001" to="triaged"
              return task_completed output={"caseNo":"QC-20240611-000001","category":null,"channel":"wechat","closed":null,"contacted":false,"content":{},"due":null,"fields":{},"flags":[],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"triaged","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":null,"urgency":"general"}
              reply task_started
              reply case_moved from="triaged" no="QC-20240611-000001" to="replied"
              reply task_completed output={"caseNo":"QC-20240611-000001","category":null,"channel":"wechat","closed":null,"contacted":false,"content":{},"due":null,"fields":{},"flags":[],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"replied","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":null,"urgency":"general"}
              rework task_started
              rework case_moved from="replied" no="QC-20240611-000001" to="handling"
              rework case_changed changes={"reworks":1} no="QC-20240611-000001"
              rework case_flagged flag="reopened" no="QC-20240611-000001"
              rework task_completed output={"flags":["reopened"],"reworks":1,"state":"handling"}
              * completed output={"flags":["reopened"],"reworks":1,"state":"handling"}
              = Completed
        "#]],
    );
}

#[test]
fn an_illegal_move_faults() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
          - up: {call: 'case-update:1.0.0@default', with: {state: replied}}
          - back: {call: 'case-update:1.0.0@default', with: {state: signed}}
        "#,
        |run| {
            run.start(json!({}));
            let at = run.log.find("back task_started").unwrap();
            run.log.drain(..at);
        },
        expect![[r#"
            back task_started
              back task_faulted error={"detail":"with: a case cannot go from replied to signed","instance":"/do/2/back","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: a case cannot go from replied to signed","instance":"/do/2/back","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_closed_case_stays_closed() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
          - close: {call: 'case-close:1.0.0@default', with: {outcome: resolved}}
          - up: {call: 'case-update:1.0.0@default', with: {state: handling}}
        "#,
        |run| {
            run.start(json!({}));
            let at = run.log.find("up task_started").unwrap();
            run.log.drain(..at);
        },
        expect![[r#"
            up task_started
              up task_faulted error={"detail":"with: the case QC-20240611-000001 is closed","instance":"/do/2/up","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: the case QC-20240611-000001 is closed","instance":"/do/2/up","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn nothing_changed_is_nothing_written() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
          - pause: {wait: PT1S}
          - same: {call: 'case-update:1.0.0@default', with: {state: registered, urgency: general, category: null, flags: [], fields: {}}, output: {as: .state}}
        "#,
        |run| {
            run.start(json!({})).quietly().wake();
            assert_eq!(run.transitions.last().unwrap().case, None);
        },
        expect![[r#"
            > wake
              pause timer_fired due=1s purpose="wait"
              pause task_completed output={"caseNo":"QC-20240611-000001","category":null,"channel":"wechat","closed":null,"contacted":false,"content":{},"due":null,"fields":{},"flags":[],"kind":null,"opened":"2024-06-11T01:00:00Z","outcome":null,"petitioner":null,"place":null,"related":[],"reworks":0,"satisfaction":null,"sourceRef":"m1","state":"registered","suspended":false,"title":"路灯不亮","trackingCode":"SZ22-22PA-5MJ8","type":"complaint","unit":null,"urgency":"general"}
              same task_started
              same task_completed output="registered"
              * completed output="registered"
              = Completed
        "#]],
    );
}

#[test]
fn without_a_case_there_is_nothing_to_note() {
    check(
        r#"
        do:
          - note: {call: 'case-note:1.0.0@default', with: {text: t}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              note task_started
              note task_faulted error={"detail":"with: the instance has no case yet: call case-open first","instance":"/do/0/note","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: the instance has no case yet: call case-open first","instance":"/do/0/note","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn an_instance_has_one_case() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
          - twice:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ .caseNo }', channel: wechat, sourceRef: m1, urgency: general}
        "#,
        |run| {
            run.start(json!({}));
            let at = run.log.find("twice task_started").unwrap();
            run.log.drain(..at);
        },
        expect![[r#"
            twice task_started
              twice task_faulted error={"detail":"with: the instance already has the case QC-20240611-000001","instance":"/do/1/twice","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: the instance already has the case QC-20240611-000001","instance":"/do/1/twice","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_wrong_category_of_data_faults() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
          - up: {call: 'case-update:1.0.0@default', with: {due: '${ "tomorrow" }'}}
        "#,
        |run| {
            run.start(json!({}));
            let at = run.log.find("up task_started").unwrap();
            run.log.drain(..at);
        },
        expect![[r#"
            up task_started
              up task_faulted error={"detail":"with: `due` is not RFC 3339: tomorrow","instance":"/do/1/up","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: `due` is not RFC 3339: tomorrow","instance":"/do/1/up","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn work_items_and_messages_are_about_the_case() {
    check(
        r#"
        do:
          - open:
              call: case-open:1.0.0@default
              with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat, sourceRef: m1, urgency: general}
          - ask: {call: 'human-task:1.0.0@default', with: {title: 签收, candidateRoles: [unit_liaison]}}
          - tell: {call: 'send:1.0.0@wechat', with: {to: {kind: openid, address: o1}, body: 已签收}}
        "#,
        |run| {
            let li = person("li", &["unit_liaison"]);
            run.start(json!({})).claim(1, &li).complete(1, &li, "", json!({}), "d1");
            let item = run.transitions.last().unwrap().work_items[0].case_no.clone();
            let effect = serde_json::to_string(&run.transitions.last().unwrap().effects).unwrap();
            run.quietly().note(format!("{item:?}")).note(effect);
        },
        expect![[r#"
            Some(CaseNo("QC-20240611-000001"))
            [{"id":"000000000001A.1","attempt":1,"action":{"do":"send","channel":"wechat","message":{"recipient_kind":"openid","recipient":"o1","params":{},"body":"已签收","case_no":"QC-20240611-000001"}}}]
        "#]],
    );
}

#[test]
fn deadlines_are_worked_out() {
    check(
        r#"
        do:
          - one: {call: 'deadline:1.0.0@default', with: {after: P3D}}
          - two: {call: 'deadline:1.0.0@default', with: {after: PT24H, from: '2024-06-11T09:00:00+08:00'}}
          - three: {call: 'deadline:1.0.0@default', with: {after: '${ "P1Y" }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              one task_started
              one task_completed output={"after":"P3D","dueAt":"2024-06-14T01:00:00Z","provisional":false}
              two task_started
              two task_completed output={"after":"PT24H","dueAt":"2024-06-12T01:00:00Z","provisional":false}
              three task_started
              three task_faulted error={"detail":"with: `after` is not a duration of fixed length: P1Y","instance":"/do/2/three","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: `after` is not a duration of fixed length: P1Y","instance":"/do/2/three","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}
