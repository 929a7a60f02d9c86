//! Work offered to people.

use crate::driver::person;
use crate::{check, check_with, expect, json};
use yiwang_core::work_item::WorkItemCommand;

#[test]
fn work_is_offered_claimed_and_completed() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], outcomes: [ok, no]}
        "#,
        |run| {
            let li = person("li", &["auditor"]);
            run.start(json!({})).claim(1, &li).complete(1, &li, "ok", json!({"text": "可以"}), "d1");
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["auditor"] title="审核"
              = Waiting
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Waiting
            > li completes #1 by d1
              ask work_item_completed by="li" form={"text":"可以"} item="000000000001A-1" outcome="ok"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{"text":"可以"},"outcome":"ok","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{"text":"可以"},"outcome":"ok","workItemId":"000000000001A-1"}
              = Completed
        "#]],
    );
}

#[test]
fn the_same_decision_twice_is_one() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], outcomes: [ok, no]}
          - then: {wait: PT1H}
        "#,
        |run| {
            let li = person("li", &["auditor"]);
            run.start(json!({})).claim(1, &li).complete(1, &li, "ok", json!({}), "d1").quietly();
            run.complete(1, &li, "ok", json!({}), "d1");
            let replies: Vec<_> =
                run.transitions.iter().rev().take(2).map(|done| done.reply.to_string()).collect();
            assert_eq!(replies[0], replies[1]);
            run.note(&replies[0]);
            run.complete(1, &li, "no", json!({}), "d1");
            run.complete(1, &li, "ok", json!({}), "d2");
            run.complete(1, &person("wang", &["auditor"]), "ok", json!({}), "d1");
            run.claim(1, &li).release(1, &li);
        },
        expect![[r#"
            > li completes #1 by d1
              = Waiting, wakes 3600s
            {"id":"000000000001A-1","state":"completed","outcome":"ok","completedBy":"li","completedAt":"2024-06-11T01:00:00Z","decision":"d1","version":3}
            > li completes #1 by d1
              refused conflict: li has decided work item 000000000001A-1: ok
            > li completes #1 by d2
              refused conflict: li has decided work item 000000000001A-1: ok
            > wang completes #1 by d1
              refused conflict: li has decided work item 000000000001A-1: ok
            > li claims #1
              refused conflict: li has decided work item 000000000001A-1: ok
            > li releases #1
              refused conflict: li has decided work item 000000000001A-1: ok
        "#]],
    );
}

#[test]
fn claiming_twice_is_claiming_once() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], outcomes: [ok, no]}
        "#,
        |run| {
            let li = person("li", &["auditor"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.work(1, &li, Some(1), WorkItemCommand::Claim).claim(1, &person("wang", &["auditor"]));
        },
        expect![[r#"
            > li claims #1
              = Waiting
            > wang claims #1
              refused conflict: li has claimed work item 000000000001A-1
        "#]],
    );
}

#[test]
fn only_candidates_may_claim() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with:
                title: 办理
                candidateRoles: [handler@城管局, leader]
                candidatePeople: [zhao]
                excludePeople: [sun]
        "#,
        |run| {
            run.start(json!({})).quietly();
            run.claim(1, &person("a", &["handler@教育局", "handler"]));
            run.claim(1, &person("sun", &["handler@城管局"]));
            run.claim(1, &person("b", &["handler@城管局"])).release(1, &person("b", &[]));
            run.claim(1, &person("c", &["leader@区政府"])).release(1, &person("c", &[]));
            run.claim(1, &person("zhao", &[]));
        },
        expect![[r#"
            > a claims #1
              refused forbidden: a is not a candidate for work item 000000000001A-1
            > sun claims #1
              ask work_item_refused attempt="claim" by="sun" code="work-item.four-eyes" item="000000000001A-1" reason="sun may not do work item 000000000001A-1"
              refused work-item.four-eyes: sun may not do work item 000000000001A-1
              = Waiting
            > b claims #1
              ask work_item_claimed by="b" item="000000000001A-1"
              = Waiting
            > b releases #1
              ask work_item_released by="b" item="000000000001A-1"
              = Waiting
            > c claims #1
              ask work_item_claimed by="c" item="000000000001A-1"
              = Waiting
            > c releases #1
              ask work_item_released by="c" item="000000000001A-1"
              = Waiting
            > zhao claims #1
              ask work_item_claimed by="zhao" item="000000000001A-1"
              = Waiting
        "#]],
    );
}

#[test]
fn claim_comes_before_complete() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], outcomes: [ok, no]}
        "#,
        |run| {
            run.start(json!({})).quietly();
            run.complete(1, &person("li", &["auditor"]), "ok", json!({}), "d1");
            run.complete(1, &person("wang", &["clerk"]), "ok", json!({}), "d1");
            run.claim(1, &person("li", &["auditor"])).complete(
                1,
                &person("wang", &["auditor"]),
                "ok",
                json!({}),
                "d1",
            );
        },
        expect![[r#"
            > li completes #1 by d1
              refused conflict: claim work item 000000000001A-1 before completing it
            > wang completes #1 by d1
              refused forbidden: wang is not a candidate for work item 000000000001A-1
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Waiting
            > wang completes #1 by d1
              refused forbidden: wang has not claimed work item 000000000001A-1
        "#]],
    );
}

#[test]
fn another_version_is_a_conflict() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], outcomes: [ok, no]}
        "#,
        |run| {
            let li = person("li", &["auditor"]);
            run.start(json!({})).quietly();
            run.work(1, &li, Some(7), WorkItemCommand::Claim);
            run.work(1, &li, Some(1), WorkItemCommand::Claim);
            run.work(1, &li, Some(1), WorkItemCommand::Release);
            run.work(1, &li, Some(2), WorkItemCommand::Release);
        },
        expect![[r#"
            > li claims #1
              refused conflict: work item 000000000001A-1 has changed: version 1, not 7
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Waiting
            > li releases #1
              refused conflict: work item 000000000001A-1 has changed: version 2, not 1
            > li releases #1
              ask work_item_released by="li" item="000000000001A-1"
              = Waiting
        "#]],
    );
}

#[test]
fn released_work_is_offered_again() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], outcomes: [ok, no]}
        "#,
        |run| {
            let (li, wang) = (person("li", &["auditor"]), person("wang", &["auditor"]));
            run.start(json!({})).claim(1, &li).quietly();
            run.release(1, &wang).release(1, &li).release(1, &li).claim(1, &wang);
        },
        expect![[r#"
            > wang releases #1
              refused forbidden: wang has not claimed work item 000000000001A-1
            > li releases #1
              ask work_item_released by="li" item="000000000001A-1"
              = Waiting
            > li releases #1
              refused conflict: nobody has claimed work item 000000000001A-1
            > wang claims #1
              ask work_item_claimed by="wang" item="000000000001A-1"
              = Waiting
        "#]],
    );
}

#[test]
fn an_outcome_is_chosen_from_the_list() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], outcomes: [ok, no]}
        "#,
        |run| {
            let li = person("li", &["auditor"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.complete(1, &li, "", json!({}), "d1").complete(1, &li, "maybe", json!({}), "d1").complete(
                1,
                &li,
                "no",
                json!({}),
                "d1",
            );
        },
        expect![[r#"
            > li completes #1 by d1
              refused invalid: the decision does not fit work item 000000000001A-1
                /outcome: one of ok, no must be chosen
            > li completes #1 by d1
              refused invalid: the decision does not fit work item 000000000001A-1
                /outcome: `maybe` is not one of ok, no
            > li completes #1 by d1
              ask work_item_completed by="li" form={} item="000000000001A-1" outcome="no"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"no","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"no","workItemId":"000000000001A-1"}
              = Completed
        "#]],
    );
}

#[test]
fn without_outcomes_completed_is_the_only_one() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: 签收, candidateRoles: [unit_liaison]}}
        "#,
        |run| {
            let li = person("li", &["unit_liaison"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.complete(1, &li, "ok", json!(null), "d1").complete(1, &li, "", json!(null), "d1");
        },
        expect![[r#"
            > li completes #1 by d1
              refused invalid: the decision does not fit work item 000000000001A-1
                /outcome: `ok` is not an outcome: there is only completed
            > li completes #1 by d1
              ask work_item_completed by="li" form=null item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":null,"outcome":"completed","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":null,"outcome":"completed","workItemId":"000000000001A-1"}
              = Completed
        "#]],
    );
}

#[test]
fn a_single_outcome_needs_no_choice() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: 签收, candidateRoles: [unit_liaison], outcomes: [signed]}}
        "#,
        |run| {
            let li = person("li", &["unit_liaison"]);
            run.start(json!({})).claim(1, &li).quietly().complete(1, &li, "", json!(null), "d1");
        },
        expect![[r#"
            > li completes #1 by d1
              ask work_item_completed by="li" form=null item="000000000001A-1" outcome="signed"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":null,"outcome":"signed","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":null,"outcome":"signed","workItemId":"000000000001A-1"}
              = Completed
        "#]],
    );
}

#[test]
fn a_deployed_form_is_checked() {
    check_with(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 派单, candidateRoles: [dispatcher], form: {ref: forms/dispatch, data: {unit: 城管局}}}
        "#,
        &[(
            "forms/dispatch",
            json!({"type": "object", "required": ["unit"], "properties": {"unit": {"type": "string"}}, "additionalProperties": false}),
        )],
        |run| {
            let li = person("li", &["dispatcher"]);
            run.start(json!({})).claim(1, &li);
            run.quietly();
            run.complete(1, &li, "", json!({"unit": 5, "extra": 1}), "d1").complete(
                1,
                &li,
                "",
                json!({}),
                "d1",
            );
            run.complete(1, &li, "", json!({"unit": "城管局"}), "d1");
        },
        expect![[r#"
            > li completes #1 by d1
              refused invalid: the form of work item 000000000001A-1 is not filled in as it must be
                /form/unit: 5 is not of type "string"
                /form: Additional properties are not allowed ('extra' was unexpected)
            > li completes #1 by d1
              refused invalid: the form of work item 000000000001A-1 is not filled in as it must be
                /form: "unit" is a required property
            > li completes #1 by d1
              ask work_item_completed by="li" form={"unit":"城管局"} item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{"unit":"城管局"},"outcome":"completed","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{"unit":"城管局"},"outcome":"completed","workItemId":"000000000001A-1"}
              = Completed
        "#]],
    );
}

#[test]
fn a_form_in_the_task_is_checked() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 派单, candidateRoles: [dispatcher], form: {schema: {type: object, required: [days], properties: {days: {type: integer, minimum: 1}}}}}
        "#,
        |run| {
            let li = person("li", &["dispatcher"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.complete(1, &li, "", json!({"days": 0}), "d1").complete(1, &li, "", json!({"days": 2}), "d1");
        },
        expect![[r#"
            > li completes #1 by d1
              refused invalid: the form of work item 000000000001A-1 is not filled in as it must be
                /form/days: 0 is less than the minimum of 1
            > li completes #1 by d1
              ask work_item_completed by="li" form={"days":2} item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{"days":2},"outcome":"completed","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{"days":2},"outcome":"completed","workItemId":"000000000001A-1"}
              = Completed
        "#]],
    );
}

#[test]
fn an_unknown_form_faults() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], form: {ref: '${ .form }'}}}
        "#,
        |run| {
            run.start(json!({"form": "forms/none"}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"form":"forms/none"}
              ask task_started
              ask task_faulted error={"detail":"with: no form `forms/none` is deployed with this workflow","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/configuration"}
              * faulted error={"detail":"with: no form `forms/none` is deployed with this workflow","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/configuration"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_broken_form_schema_faults() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], form: {schema: '${ .schema }'}}}
        "#,
        |run| {
            run.start(json!({"schema": {"type": "nonsense"}}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"schema":{"type":"nonsense"}}
              ask task_started
              ask task_faulted error={"detail":"with: `form.schema` is not a JSON Schema: \"nonsense\" is not valid under any of the schemas listed in the 'anyOf' keyword","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: `form.schema` is not a JSON Schema: \"nonsense\" is not valid under any of the schemas listed in the 'anyOf' keyword","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn work_for_nobody_faults() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: '${ .roles }'}}
        "#,
        |run| {
            run.start(json!({"roles": []}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"roles":[]}
              ask task_started
              ask task_faulted error={"detail":"with: nobody could claim it: name candidateRoles, candidatePeople or candidateUnits","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: nobody could claim it: name candidateRoles, candidatePeople or candidateUnits","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn wrong_arguments_fault_with_every_place() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: '${ .title }', candidateRoles: '${ .roles }', priority: '${ .priority }'}}
        "#,
        |run| {
            run.start(json!({"title": 5, "roles": [""], "priority": "huge"}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"priority":"huge","roles":[""],"title":5}
              ask task_started
              ask task_faulted error={"detail":"with: /candidateRoles/0: \"\" is shorter than 1 character; /priority: \"huge\" is not one of \"low\", \"normal\" or 3 other candidates; /title: 5 is not of type \"string\"","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: /candidateRoles/0: \"\" is shorter than 1 character; /priority: \"huge\" is not one of \"low\", \"normal\" or 3 other candidates; /title: 5 is not of type \"string\"","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn unknown_work_is_not_found() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], outcomes: [ok, no]}
        "#,
        |run| {
            run.start(json!({}))
                .quietly()
                .claim(2, &person("li", &["auditor"]))
                .claim(0, &person("li", &["auditor"]));
        },
        expect![[r#"
            > li claims #2
              refused not_found: there is no open work item 000000000001A-2
            > li claims #0
              refused not_found: there is no open work item 000000000001A-0
        "#]],
    );
}

#[test]
fn the_ladder_is_climbed_once() {
    check(
        r#"
        do:
          - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: {}, channel: wechat}}
          - ask:
              call: human-task:1.0.0@default
              with:
                title: 办理
                candidateRoles: [handler]
                priority: high
                due: {after: PT10H}
                escalation:
                  - {at: 50%, flag: warned, note: 提醒}
                  - {at: 100%, addCandidateRoles: [handler, supervisor], raisePriority: true}
                  - {after: PT2H, flag: supervised, raisePriority: true, notify: {channel: sms, to: {kind: mobile, address: '138'}, body: 督办}}
        "#,
        |run| {
            run.start(json!({})).quietly();
            run.wake().wake().wake().sent(1, 1);
            let item = run.state.open_work_items().next().unwrap();
            let line = format!(
                "{:?} {:?} overdue {} v{}",
                item.candidate_roles, item.priority, item.overdue, item.version
            );
            run.note(line);
            run.wake_after(86_400_000);
            let supervisor = person("zhou", &["supervisor"]);
            run.claim(1, &supervisor).complete(1, &supervisor, "", json!({}), "d1");
        },
        expect![[r#"
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="50%"
              ask case_flagged flag="warned" no="QC-20240611-000001"
              ask case_noted no="QC-20240611-000001" text="提醒"
              = Waiting, wakes 36000s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="due"
              ask case_flagged flag="overdue" no="QC-20240611-000001"
              ask work_item_escalated item="000000000001A-1" roles=["supervisor"] step="100%"
              = Waiting, wakes 43200s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="PT2H"
              ask case_flagged flag="supervised" no="QC-20240611-000001"
              * effect_requested effect="000000000001A.1" function="human-task:1.0.0@default"
              => sms 1 attempt 1: 138: 督办
              = Running
            > effect 1 attempt 1
              * effect_returned attempt=1 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              = Waiting
            ["handler", "supervisor"] Urgent overdue true v5
            > wake
              = Waiting
            > zhou claims #1
              ask work_item_claimed by="zhou" item="000000000001A-1"
              = Waiting
            > zhou completes #1 by d1
              ask work_item_completed by="zhou" form={} item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-12T13:00:00Z","completedBy":"zhou","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-12T13:00:00Z","completedBy":"zhou","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              = Completed
        "#]],
    );
}

#[test]
fn all_rungs_missed_while_away_are_climbed_in_order() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with:
                title: 办理
                candidateRoles: [handler]
                due: {after: PT10H}
                escalation: [{at: 80%, addCandidateRoles: [a]}, {after: PT1H, addCandidateRoles: [b]}]
        "#,
        |run| {
            run.start(json!({})).quietly().wake_after(1_000_000_000);
        },
        expect![[r#"
            > wake
              ask work_item_escalated item="000000000001A-1" roles=["a"] step="80%"
              ask work_item_escalated item="000000000001A-1" roles=[] step="due"
              ask work_item_escalated item="000000000001A-1" roles=["b"] step="PT1H"
              = Waiting
        "#]],
    );
}

#[test]
fn completed_work_escalates_no_more() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: t, candidateRoles: [a], due: {at: '2024-06-12T00:00:00Z'}, escalation: [{at: 50%}]}
          - pause: {wait: P30D}
        "#,
        |run| {
            let li = person("li", &["a"]);
            run.start(json!({})).claim(1, &li).complete(1, &li, "", json!({}), "d1");
            run.quietly().wake();
        },
        expect![[r#"
            > wake
              pause timer_fired due=2592000s purpose="wait"
              pause task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              = Completed
        "#]],
    );
}

#[test]
fn an_escalation_without_a_due_time_faults() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: t, candidateRoles: [a], due: '${ .due }', escalation: [{at: 50%}]}
        "#,
        |run| {
            run.start(json!({"due": null}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"due":null}
              ask task_started
              ask task_faulted error={"detail":"with: an escalation needs a due time","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: an escalation needs a due time","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_due_time_that_is_none_faults() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {at: '${ .due }'}}}
        "#,
        |run| {
            run.start(json!({"due": "soon"}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"due":"soon"}
              ask task_started
              ask task_faulted error={"detail":"with: `due.at` is not RFC 3339: soon","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: `due.at` is not RFC 3339: soon","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn an_overdue_start_is_marked_at_once() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {at: '2024-01-01T00:00:00Z'}}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              ask task_started
              ask work_item_offered due=-14000400s item="000000000001A-1" roles=["a"] title="t"
              ask work_item_escalated item="000000000001A-1" roles=[] step="due"
              = Waiting
        "#]],
    );
}

#[test]
fn a_withdrawn_item_is_gone() {
    check(
        r#"
        do:
          - safe:
              try:
                - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}, timeout: {after: PT1H}}
              catch: {}
          - again: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}}
        "#,
        |run| {
            run.start(json!({})).wake().claim(1, &person("li", &["a"])).claim(2, &person("li", &["a"]));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              ask task_started
              ask timer_set due=3600s purpose="timeout"
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="t"
              = Waiting, wakes 3600s
            > wake
              ask timer_fired due=3600s purpose="timeout"
              ask work_item_cancelled item="000000000001A-1"
              ask task_faulted error={"detail":"task `ask` timed out","instance":"/do/0/safe/try/0/ask","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              safe task_completed output={}
              again task_started
              again work_item_offered due=null item="000000000001A-2" roles=["a"] title="t"
              = Waiting
            > li claims #1
              refused not_found: there is no open work item 000000000001A-1
            > li claims #2
              again work_item_claimed by="li" item="000000000001A-2"
              = Waiting
        "#]],
    );
}

#[test]
fn a_form_schema_never_reaches_outside() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], form: {schema: '${ .schema }'}}}
        "#,
        |run| {
            run.start(json!({"schema": {"$ref": "file:///etc/hostname"}}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"schema":{"$ref":"file:///etc/hostname"}}
              ask task_started
              ask task_faulted error={"detail":"with: `form.schema` is not a JSON Schema: Resource 'file:///etc/hostname' is not present in a registry and retrieving it failed: `resolve-file` feature or a custom resolver is required to resolve external schemas via files","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: `form.schema` is not a JSON Schema: Resource 'file:///etc/hostname' is not present in a registry and retrieving it failed: `resolve-file` feature or a custom resolver is required to resolve external schemas via files","instance":"/do/0/ask","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_form_over_the_limit_is_refused() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}}
        "#,
        |run| {
            let li = person("li", &["a"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.complete(1, &li, "", json!({"text": "x".repeat(1 << 20)}), "d1");
        },
        expect![[r#"
            > li completes #1 by d1
              refused invalid: the form of work item 000000000001A-1 is not filled in as it must be
                /form: larger than 1048576 bytes
        "#]],
    );
}
