//! What operators repair.

use yiwang_core::input::OperatorCommand;
use yiwang_core::repair::recorded;

use crate::driver::person;
use crate::{Run, check, expect, json};

const STEPS: &str = r#"
    do:
      - first: {set: {n: 1}, export: {as: {n: '${ .n }'}}}
      - ask:
          call: 'human-task:1.0.0@default'
          with: {title: t, candidateRoles: [a], due: {after: PT1H}}
          output: {as: '${ .form }'}
      - tell: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '138'}, body: '${ .text // "none" }'}}
      - done: {set: '${ {context: $context} }'}
"#;

#[test]
fn a_skipped_task_returns_what_the_operator_says() {
    check(
        STEPS,
        |run| {
            run.start(json!({})).stands();
            run.repair(json!({"do": "skip", "output": {"form": {"text": "hi"}}})).stands();
            run.claim(1, &person("li", &["a"]));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              first task_started
              first context_changed context={"n":1}
              first task_completed output={"n":1}
              ask task_started
              ask work_item_offered due=3600s item="000000000001A-1" roles=["a"] title="t"
              = Waiting, wakes 3600s
              at /do/1/ask (work-item), to first ask tell done
            > repair {"do":"skip","output":{"form":{"text":"hi"}}}
              ask repaired by="admin" decision="r1" reason="原因" repair={"do":"skip","output":{"form":{"text":"hi"}},"task":"/do/1/ask"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_completed output={"text":"hi"}
              tell task_started
              tell effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              => sms 1 attempt 1: 138: hi
              = Running
              at /do/2/tell (message), to first ask tell done
            > li claims #1
              refused not_found: there is no open work item 000000000001A-1
        "#]],
    );
}

#[test]
fn a_decision_is_done_once() {
    check(
        STEPS,
        |run| {
            run.start(json!({}));
            run.repair_by(json!({"do": "skip"}), "原因", "one");
            run.repair_by(json!({"do": "skip"}), "原因", "one");
            run.repair_by(json!({"do": "move", "to": "ask"}), "原因", "one");
            run.repair_by(json!({"do": "skip"}), "  ", "two");
            run.sent(1, 1);
            run.repair_by(json!({"do": "skip"}), "原因", "one");
            run.repair_by(json!({"do": "skip"}), "原因", "three");
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              first task_started
              first context_changed context={"n":1}
              first task_completed output={"n":1}
              ask task_started
              ask work_item_offered due=3600s item="000000000001A-1" roles=["a"] title="t"
              = Waiting, wakes 3600s
            > repair {"do":"skip"}
              ask repaired by="admin" decision="one" reason="原因" repair={"do":"skip","output":{"n":1},"task":"/do/1/ask"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_completed output=null
              tell task_started
              tell effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              => sms 1 attempt 1: 138: none
              = Running
            > repair {"do":"skip"}
              = Running
            > repair {"do":"move","to":"ask"}
              refused conflict: the decision `one` was used by admin to skip something here
            > repair {"do":"skip"}
              refused invalid repair.reason: say why: a reason of 1 to 10000 characters
                /reason: say why: a reason of 1 to 10000 characters
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              tell task_completed output={"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              done task_started
              done task_completed output={"context":{"n":1}}
              * completed output={"context":{"n":1}}
              = Completed
            > repair {"do":"skip"}
              = Completed
            > repair {"do":"skip"}
              refused conflict repair.ended: cannot skip within an instance that is completed; one that has ended can be run again as a new one
        "#]],
    );
}

#[test]
fn a_move_goes_forward_and_back_within_its_list() {
    check(
        STEPS,
        |run| {
            run.start(json!({}));
            run.repair(json!({"do": "move", "to": "tell", "input": {"text": "hi"}}));
            run.sent(1, 1);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              first task_started
              first context_changed context={"n":1}
              first task_completed output={"n":1}
              ask task_started
              ask work_item_offered due=3600s item="000000000001A-1" roles=["a"] title="t"
              = Waiting, wakes 3600s
            > repair {"do":"move","input":{"text":"hi"},"to":"tell"}
              ask repaired by="admin" decision="r1" reason="原因" repair={"do":"move","from":"/do/1/ask","input":{"text":"hi"},"to":"/do/2/tell"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              tell task_started
              tell effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              => sms 1 attempt 1: 138: hi
              = Running
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              tell task_completed output={"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              done task_started
              done task_completed output={"context":{"n":1}}
              * completed output={"context":{"n":1}}
              = Completed
        "#]],
    );
    check(
        STEPS,
        |run| {
            run.start(json!({})).quietly();
            run.repair(json!({"do": "move", "from": "ask", "to": "/do/0/first"}));
            run.repair(json!({"do": "move", "to": "nowhere"}));
            run.repair(json!({"do": "move", "from": "tell", "to": "ask"}));
        },
        expect![[r#"
            > repair {"do":"move","from":"ask","to":"/do/0/first"}
              ask repaired by="admin" decision="r1" reason="原因" repair={"do":"move","from":"/do/1/ask","input":{"n":1},"to":"/do/0/first"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              first task_started
              first task_completed output={"n":1}
              ask task_started
              ask work_item_offered due=3600s item="000000000001A-2" roles=["a"] title="t"
              = Waiting, wakes 3600s
            > repair {"do":"move","to":"nowhere"}
              refused conflict repair.scope: `nowhere` does not stand in the list of `/do/1/ask`; from there: first, ask, tell, done
            > repair {"do":"move","from":"tell","to":"ask"}
              refused conflict repair.nowhere: the instance is not within a task `tell`; it stands at `/do/1/ask`
        "#]],
    );
}

#[test]
fn a_suspended_instance_goes_on_when_it_is_resumed() {
    check(
        STEPS,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).quietly();
            run.repair(json!({"do": "skip", "output": {"form": {"text": "a"}}}));
            run.repair(json!({"do": "skip", "output": {"form": {"text": "b"}}}));
            run.operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > repair {"do":"skip","output":{"form":{"text":"a"}}}
              ask repaired by="admin" decision="r2" reason="原因" repair={"do":"skip","output":{"form":{"text":"a"}},"task":"/do/1/ask"}
              ask work_item_cancelled item="000000000001A-1"
              = Suspended
            > repair {"do":"skip","output":{"form":{"text":"b"}}}
              ask repaired by="admin" decision="r3" reason="原因" repair={"do":"skip","output":{"form":{"text":"b"}},"task":"/do/1/ask"}
              = Suspended
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              ask task_completed output={"text":"b"}
              tell task_started
              tell effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              => sms 1 attempt 1: 138: b
              = Running
        "#]],
    );
    check(
        STEPS,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).quietly();
            run.repair(json!({"do": "move", "to": "tell", "input": {"text": "a"}})).stands();
            run.repair(json!({"do": "move", "to": "ask"})).stands();
            run.operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > repair {"do":"move","input":{"text":"a"},"to":"tell"}
              ask repaired by="admin" decision="r2" reason="原因" repair={"do":"move","from":"/do/1/ask","input":{"text":"a"},"to":"/do/2/tell"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              = Suspended
              at /do/2/tell (nothing), to first ask tell done
            > repair {"do":"move","to":"ask"}
              tell repaired by="admin" decision="r3" reason="原因" repair={"do":"move","from":"/do/2/tell","input":{"text":"a"},"to":"/do/1/ask"}
              tell task_cancelled
              = Suspended
              at /do/1/ask (nothing), to first ask tell done
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              ask task_started
              ask work_item_offered due=3600s item="000000000001A-2" roles=["a"] title="t"
              = Waiting, wakes 3600s
        "#]],
    );
}

#[test]
fn what_failed_is_skipped_or_left() {
    let text = r#"
    do:
      - work: {set: '${ error("no") }'}
      - ask: {call: 'human-task:1.0.0@default', with: {title: '${ "t \(.n)" }', candidateRoles: [a]}}
    "#;
    check(
        text,
        |run| {
            run.start(json!({"n": 0})).stands();
            run.repair(json!({"do": "skip", "output": {"n": 7}}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":0}
              work task_started
              work task_faulted error={"detail":"set: `error(\"no\")`: no","instance":"/do/0/work","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"set: `error(\"no\")`: no","instance":"/do/0/work","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
              at /do/0/work (nothing), to work ask
            > repair {"do":"skip","output":{"n":7}}
              work repaired by="admin" decision="r1" reason="原因" repair={"do":"skip","output":{"n":7},"task":"/do/0/work"}
              work task_completed output={"n":7}
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="t 7"
              = Waiting
        "#]],
    );
    check(
        text,
        |run| {
            run.start(json!({"n": 0})).quietly();
            run.repair(json!({"do": "move", "to": "ask"}));
        },
        expect![[r#"
            > repair {"do":"move","to":"ask"}
              work repaired by="admin" decision="r1" reason="原因" repair={"do":"move","from":"/do/0/work","input":{"n":0},"to":"/do/1/ask"}
              work task_cancelled
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="t 0"
              = Waiting
        "#]],
    );
}

#[test]
fn what_failed_in_a_branch_is_skipped_and_the_others_go_on() {
    let text = r#"
    do:
      - both:
          fork:
            branches:
              - fail: {set: '${ error("no") }'}
              - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}}
      - end: {set: '${ . }'}
    "#;
    check(
        text,
        |run| {
            run.start(json!({})).stands();
            run.repair(json!({"do": "skip"}));
            run.repair(json!({"do": "skip", "task": "fail", "output": 1})).stands();
            run.repair(json!({"do": "skip", "task": "ask", "output": 2}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              both task_started
              fail task_started
              fail task_faulted error={"detail":"set: `error(\"no\")`: no","instance":"/do/0/both/fork/branches/0/fail","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"set: `error(\"no\")`: no","instance":"/do/0/both/fork/branches/0/fail","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
              at /do/0/both/fork/branches/0/fail (nothing), to fail
              at /do/0/both/fork/branches/1/ask (nothing), to ask
            > repair {"do":"skip"}
              refused conflict repair.nowhere: say which task is meant: it stands at `/do/0/both/fork/branches/0/fail`, `/do/0/both/fork/branches/1/ask`
            > repair {"do":"skip","output":1,"task":"fail"}
              fail repaired by="admin" decision="r2" reason="原因" repair={"do":"skip","output":1,"task":"/do/0/both/fork/branches/0/fail"}
              fail task_completed output=1
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="t"
              = Waiting
              at /do/0/both/fork/branches/1/ask (work-item), to ask
            > repair {"do":"skip","output":2,"task":"ask"}
              ask repaired by="admin" decision="r3" reason="原因" repair={"do":"skip","output":2,"task":"/do/0/both/fork/branches/1/ask"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_completed output=2
              both task_completed output=[1,2]
              end task_started
              end task_completed output=[1,2]
              * completed output=[1,2]
              = Completed
        "#]],
    );
    check(
        text,
        |run| {
            run.start(json!({})).quietly();
            run.repair(json!({"do": "move", "from": "fail", "to": "end"}));
            run.repair(json!({"do": "move", "from": "both", "to": "end", "input": "late"}));
        },
        expect![[r#"
            > repair {"do":"move","from":"fail","to":"end"}
              refused conflict repair.scope: `end` does not stand in the list of `/do/0/both/fork/branches/0/fail`; from there: fail; to give up the whole of `/do/0/both` and go there, move from that one
            > repair {"do":"move","from":"both","input":"late","to":"end"}
              both repaired by="admin" decision="r2" reason="原因" repair={"do":"move","from":"/do/0/both","input":"late","to":"/do/1/end"}
              fail task_cancelled
              ask task_cancelled
              both task_cancelled
              end task_started
              end task_completed output="late"
              * completed output="late"
              = Completed
        "#]],
    );
}

#[test]
fn a_loop_is_left_as_a_whole_or_not_at_all() {
    check(
        r#"
        do:
          - each:
              for: {each: n, in: '${ [1, 2, 3] }'}
              do:
                - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
                - note: {set: '${ $n }'}
          - end: {set: '${ {was: .} }'}
        "#,
        |run| {
            run.start(json!({}));
            run.repair(json!({"do": "move", "to": "end"}));
            run.repair(json!({"do": "move", "from": "end", "to": "hear"}));
            run.repair(json!({"do": "skip"}));
            run.repair(json!({"do": "skip", "task": "each", "output": "left"}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              each task_started
              hear task_started
              hear listening types=["cn.x.v1"]
              = Waiting
            > repair {"do":"move","to":"end"}
              refused conflict repair.scope: `end` does not stand in the list of `/do/0/each/do/0/hear`; from there: hear, note; to give up the whole of `/do/0/each` and go there, move from that one
            > repair {"do":"move","from":"end","to":"hear"}
              refused conflict repair.nowhere: the instance is not within a task `end`; it stands at `/do/0/each/do/0/hear`
            > repair {"do":"skip"}
              hear repaired by="admin" decision="r3" reason="原因" repair={"do":"skip","output":{},"task":"/do/0/each/do/0/hear"}
              hear task_completed output={}
              note task_started
              note task_completed output=1
              hear task_started
              hear listening types=["cn.x.v1"]
              = Waiting
            > repair {"do":"skip","output":"left","task":"each"}
              each repaired by="admin" decision="r4" reason="原因" repair={"do":"skip","output":"left","task":"/do/0/each"}
              each task_completed output="left"
              end task_started
              end task_completed output={"was":"left"}
              * completed output={"was":"left"}
              = Completed
        "#]],
    );
}

#[test]
fn a_patch_corrects_the_context_and_the_input() {
    check(
        r#"
        do:
          - first: {set: {n: 1}, export: {as: {n: '${ .n }', old: true}}}
          - ask:
              input: {schema: {document: {type: object, properties: {n: {type: integer}}}}}
              call: 'human-task:1.0.0@default'
              with: {title: '${ "\(.n) of \($context)" }', candidateRoles: [a]}
          - end: {set: '${ $context }'}
        "#,
        |run| {
            run.start(json!({})).quietly();
            run.repair(json!({"do": "patch", "context": {"merge": {"old": null, "m": 2}}}));
            run.repair(
                json!({"do": "patch", "input": {"patch": [{"op": "replace", "path": "/n", "value": 5}]}}),
            );
            run.repair(json!({"do": "patch", "input": {"merge": {"n": "five"}}}));
            run.repair(json!({"do": "patch", "input": {"patch": [{"op": "remove", "path": "/m"}]}}));
            run.repair(json!({"do": "patch"}));
            run.claim(2, &person("li", &["a"])).complete(2, &person("li", &["a"]), "", json!({}), "d");
        },
        expect![[r#"
            > repair {"context":{"merge":{"m":2,"old":null}},"do":"patch"}
              ask repaired by="admin" decision="r1" reason="原因" repair={"context":{"merge":{"m":2,"old":null}},"do":"patch","task":"/do/1/ask"}
              ask context_changed context={"m":2,"n":1}
              = Waiting
            > repair {"do":"patch","input":{"patch":[{"op":"replace","path":"/n","value":5}]}}
              ask repaired by="admin" decision="r2" reason="原因" repair={"do":"patch","input":{"patch":[{"op":"replace","path":"/n","value":5}]},"task":"/do/1/ask"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              ask task_started
              ask work_item_offered due=null item="000000000001A-2" roles=["a"] title="5 of {\"m\":2,\"n\":1}"
              = Waiting
            > repair {"do":"patch","input":{"merge":{"n":"five"}}}
              refused invalid: input.schema: /n: "five" is not of type "integer"
                /input: input.schema: /n: "five" is not of type "integer"
            > repair {"do":"patch","input":{"patch":[{"op":"remove","path":"/m"}]}}
              refused invalid repair.patch: the change does not apply: operation '/0' failed at path '/m': path is invalid
                /input: operation '/0' failed at path '/m': path is invalid
            > repair {"do":"patch"}
              refused invalid repair.patch: say what is to be changed: `context`, `input` or both
            > li claims #2
              ask work_item_claimed by="li" item="000000000001A-2"
              = Waiting
            > li completes #2 by d
              ask work_item_completed by="li" form={} item="000000000001A-2" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-2"}
              end task_started
              end task_completed output={"m":2,"n":1}
              * completed output={"m":2,"n":1}
              = Completed
        "#]],
    );
}

#[test]
fn a_refused_input_is_corrected_and_tried_again() {
    check(
        r#"
        input: {schema: {document: {type: object, required: [n]}}}
        do:
          - end: {set: '${ .n }'}
        "#,
        |run| {
            run.start(json!({}));
            run.repair(json!({"do": "skip"}));
            run.repair(json!({"do": "patch", "input": {"merge": {"n": 3}}}));
            run.operator(OperatorCommand::Retry);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              * faulted error={"detail":"input.schema: \"n\" is a required property","instance":"/","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
            > repair {"do":"skip"}
              refused conflict repair.nowhere: it stands at no task: what failed is the workflow's own input or output, which a patch and a retry can mend
            > repair {"do":"patch","input":{"merge":{"n":3}}}
              * repaired by="admin" decision="r2" reason="原因" repair={"do":"patch","input":{"merge":{"n":3}}}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              end task_started
              end task_completed output=3
              * completed output=3
              = Completed
        "#]],
    );
}

#[test]
fn a_workflow_that_took_too_long_goes_on_with_a_new_limit() {
    check(
        r#"
        timeout: {after: PT1H}
        do:
          - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
          - again: {listen: {to: {one: {with: {type: cn.y.v1}}}}}
        "#,
        |run| {
            run.start(json!({})).wake().quietly();
            run.repair(json!({"do": "skip", "output": 1}));
        },
        expect![[r#"
            > repair {"do":"skip","output":1}
              hear repaired by="admin" decision="r2" reason="原因" repair={"do":"skip","output":1,"task":"/do/0/hear"}
              * timer_set due=7200s purpose="workflow timeout"
              hear task_completed output=1
              again task_started
              again listening types=["cn.y.v1"]
              = Waiting, wakes 7200s
        "#]],
    );
}

#[test]
fn history_tells_what_a_step_was_given() {
    let mut run = Run::new(
        r#"
        do:
          - first: {set: '${ {n: (.n + 1)} }'}
          - group:
              do:
                - inner: {set: '${ {n: (.n * 2)} }'}
                - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}}
          - each:
              for: {each: n, in: '${ [1] }'}
              do:
                - round: {set: {n: 1}}
        "#,
        &[],
    );
    run.start(json!({"n": 1}));
    run.repair(json!({"do": "move", "to": "inner", "input": {"n": 9}}));
    let lines: Vec<_> = run.transitions.iter().flat_map(|transition| transition.history.clone()).collect();
    let given =
        |lines, name| recorded::input(&run.deployment.definition, lines, name).map(|data| data.to_json());
    assert_eq!(given(&lines, "first"), Ok(json!({"n": 1})));
    assert_eq!(given(&lines, "group"), Ok(json!({"n": 2})));
    assert_eq!(given(&lines, "/do/1/group/do/1/ask"), Ok(json!({"n": 18})));
    assert_eq!(given(&lines, "inner"), Ok(json!({"n": 9})));
    let before = lines.iter().position(|line| serde_json::to_value(line).unwrap()["event"] == "repaired");
    assert_eq!(given(&lines[..before.unwrap()], "inner"), Ok(json!({"n": 2})));
    assert_eq!(given(&lines, "each"), Err(recorded::Unknown::NotBegun));
    assert_eq!(given(&lines, "nowhere"), Err(recorded::Unknown::Task));
}
