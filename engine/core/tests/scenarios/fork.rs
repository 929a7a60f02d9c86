//! Branches that run at the same time: join, race, errors, contexts, and what operators do meanwhile.

use yiwang_core::input::OperatorCommand;

use crate::driver::person;
use crate::{check, expect, json};

#[test]
fn a_join_waits_for_all_branches() {
    check(
        r#"
        do:
          - both:
              fork:
                branches:
                  - slow: {wait: PT2M}
                  - fast: {set: {n: '${ .n + 1 }'}}
                  - some: {do: [{pause: {wait: PT1M}}, {add: {set: '${ .n + 10 }'}}]}
        "#,
        |run| {
            run.start(json!({"n": 1})).wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":1}
              both task_started
              slow task_started
              slow timer_set due=120s purpose="wait"
              fast task_started
              fast task_completed output={"n":2}
              some task_started
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > wake
              pause timer_fired due=60s purpose="wait"
              pause task_completed output={"n":1}
              add task_started
              add task_completed output=11
              some task_completed output=11
              = Waiting, wakes 120s
            > wake
              slow timer_fired due=120s purpose="wait"
              slow task_completed output={"n":1}
              both task_completed output=[{"n":1},{"n":2},11]
              * completed output=[{"n":1},{"n":2},11]
              = Completed
        "#]],
    );
}

#[test]
fn the_first_branch_that_ends_wins() {
    check(
        r#"
        do:
          - race:
              fork:
                compete: true
                branches:
                  - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
                  - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
                  - late: {do: [{tell: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '138'}, body: hi}}}]}
                  - deep: {fork: {branches: [{one: {wait: PT1H}}, {two: {wait: PT2H}}]}}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.v1", json!(7)).sent(1, 1).claim(1, &person("li", &["a"]));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              race task_started
              ask task_started
              ask work_item_offered due=3600s item="000000000001A-1" roles=["a"] title="t"
              hear task_started
              hear listening types=["cn.x.v1"]
              late task_started
              tell task_started
              tell effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              deep task_started
              one task_started
              one timer_set due=3600s purpose="wait"
              two task_started
              two timer_set due=7200s purpose="wait"
              => sms 1 attempt 1: 138: hi
              = Running, wakes 3600s
            > event cn.x.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.v1"
              hear task_completed output=[7]
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              late task_cancelled
              one task_cancelled
              two task_cancelled
              deep task_cancelled
              race task_completed output=[7]
              * completed output=[7]
              = Completed
            > effect 1 attempt 1
              * result_ignored attempt=1 effect="000000000001A.1"
              = Completed
            > li claims #1
              refused not_found: there is no open work item 000000000001A-1
        "#]],
    );
}

#[test]
fn a_branch_that_wins_at_once_leaves_the_others_unbegun() {
    check(
        r#"
        do:
          - race:
              fork: {compete: true, branches: [{red: {set: {c: [red]}}}, {blue: {set: {c: [blue]}}}]}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              race task_started
              red task_started
              red task_completed output={"c":["red"]}
              race task_completed output={"c":["red"]}
              * completed output={"c":["red"]}
              = Completed
        "#]],
    );
}

#[test]
fn contexts_are_merged_member_by_member_in_order() {
    check(
        r#"
        do:
          - first: {set: '${ {} }', export: {as: '{keep: 1, gone: 2, both: 3, deep: {a: 1}}'}}
          - both:
              fork:
                branches:
                  - a:
                      do:
                        - late: {wait: PT1M}
                        - put: {set: '${ {} }', export: {as: '$context + {both: "a", new: "a", deep: {b: 2}}'}}
                  - b: {set: '${ {} }', export: {as: '$context | del(.gone) | .both = "b"'}}
                  - c: {set: '${ $context }'}
              export: {as: '$context + {outputs: (. | length)}'}
          - see: {set: '${ $context }'}
        "#,
        |run| {
            run.start(json!({})).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              first task_started
              first context_changed context={"both":3,"deep":{"a":1},"gone":2,"keep":1}
              first task_completed output={}
              both task_started
              a task_started
              late task_started
              late timer_set due=60s purpose="wait"
              b task_started
              b context_changed context={"both":"b","deep":{"a":1},"keep":1}
              b task_completed output={}
              c task_started
              c task_completed output={"both":3,"deep":{"a":1},"gone":2,"keep":1}
              = Waiting, wakes 60s
            > wake
              late timer_fired due=60s purpose="wait"
              late task_completed output={}
              put task_started
              put context_changed context={"both":"a","deep":{"b":2},"gone":2,"keep":1,"new":"a"}
              put task_completed output={}
              a task_completed output={}
              both context_changed context={"both":"b","deep":{"b":2},"keep":1,"new":"a"}
              both context_changed context={"both":"b","deep":{"b":2},"keep":1,"new":"a","outputs":3}
              both task_completed output=[{},{},{"both":3,"deep":{"a":1},"gone":2,"keep":1}]
              see task_started
              see task_completed output={"both":"b","deep":{"b":2},"keep":1,"new":"a","outputs":3}
              * completed output={"both":"b","deep":{"b":2},"keep":1,"new":"a","outputs":3}
              = Completed
        "#]],
    );
}

#[test]
fn of_a_race_only_the_winner_changes_the_context() {
    check(
        r#"
        do:
          - race:
              fork:
                compete: true
                branches:
                  - a: {do: [{put: {set: '${ {} }', export: {as: '{a: 1}'}}}, {pause: {wait: PT2M}}]}
                  - b: {do: [{put: {set: '${ {} }', export: {as: '{b: 1}'}}}, {pause: {wait: PT1M}}]}
          - see: {set: '${ $context }'}
        "#,
        |run| {
            run.start(json!({})).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              race task_started
              a task_started
              put task_started
              put context_changed context={"a":1}
              put task_completed output={}
              pause task_started
              pause timer_set due=120s purpose="wait"
              b task_started
              put task_started
              put context_changed context={"b":1}
              put task_completed output={}
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > wake
              pause timer_fired due=60s purpose="wait"
              pause task_completed output={}
              b task_completed output={}
              a task_cancelled
              race context_changed context={"b":1}
              race task_completed output={}
              see task_started
              see task_completed output={"b":1}
              * completed output={"b":1}
              = Completed
        "#]],
    );
}

#[test]
fn variables_of_loops_and_catches_reach_into_branches() {
    check(
        r#"
        do:
          - each:
              for: {each: unit, in: '["a", "b"]'}
              do:
                - safe:
                    try: [{fail: {raise: {error: {type: 'https://x.cn/e', status: 418}}}}]
                    catch:
                      as: why
                      do:
                        - both:
                            fork:
                              branches:
                                - one: {set: '${ "\($unit)\($index) \($why.status)" }'}
                                - two: {for: {each: unit, in: '["z"]'}, do: [{in: {set: '${ $unit + $task.name }'}}]}
        "#,
        |run| {
            run.start(json!({}));
            let output = run_output(run);
            run.quietly().note(output);
        },
        expect![[r#"
            {"event":"completed","output":["b1 418","zin"]}
        "#]],
    );
}

fn run_output(run: &crate::Run) -> String {
    let last = run.transitions.last().and_then(|transition| transition.history.last());
    serde_json::to_string(&last.unwrap().what).unwrap()
}

#[test]
fn a_try_in_a_branch_catches_first_then_those_around() {
    check(
        r#"
        do:
          - safe:
              try:
                - both:
                    fork:
                      branches:
                        - quiet:
                            try: [{a: {raise: {error: {type: 'https://x.cn/small', status: 400}}}}]
                            catch: {errors: {with: {status: 400}}}
                        - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}}
                        - loud:
                            do: [{pause: {wait: PT1M}}, {fail: {raise: {error: {type: 'https://x.cn/big', status: 503}}}}]
              catch: {errors: {with: {status: 503}}, retry: {delay: PT5M, limit: {attempt: {count: 1}}}}
        "#,
        |run| {
            run.start(json!({})).wake().wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              both task_started
              quiet task_started
              a task_started
              a task_faulted error={"instance":"/do/0/safe/try/0/both/fork/branches/0/quiet/try/0/a","status":400,"type":"https://x.cn/small"}
              quiet task_completed output={}
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="t"
              loud task_started
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > wake
              pause timer_fired due=60s purpose="wait"
              pause task_completed output={}
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/both/fork/branches/2/loud/do/1/fail","status":503,"type":"https://x.cn/big"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              loud task_cancelled
              safe task_retried attempt=1 due=360s
              = Waiting, wakes 360s
            > wake
              both task_started
              quiet task_started
              a task_started
              a task_faulted error={"instance":"/do/0/safe/try/0/both/fork/branches/0/quiet/try/0/a","status":400,"type":"https://x.cn/small"}
              quiet task_completed output={}
              ask task_started
              ask work_item_offered due=null item="000000000001A-2" roles=["a"] title="t"
              loud task_started
              pause task_started
              pause timer_set due=420s purpose="wait"
              = Waiting, wakes 420s
            > wake
              pause timer_fired due=420s purpose="wait"
              pause task_completed output={}
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/both/fork/branches/2/loud/do/1/fail","status":503,"type":"https://x.cn/big"}
              ask work_item_cancelled item="000000000001A-2"
              ask task_cancelled
              loud task_cancelled
              safe task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn a_failing_branch_is_out_of_the_race_until_all_are() {
    check(
        r#"
        do:
          - safe:
              try:
                - race:
                    fork:
                      compete: true
                      branches:
                        - a: {do: [{wait-a: {wait: PT1M}}, {fail-a: {raise: {error: {type: 'https://x.cn/a', status: 501}}}}]}
                        - b: {do: [{wait-b: {wait: PT2M}}, {fail-b: {if: '.fail', raise: {error: {type: 'https://x.cn/b', status: 502}}}}]}
              catch: {do: [{see: {set: '${ $error.type }'}}]}
        "#,
        |run| {
            run.start(json!({"fail": true})).quietly().wake().wake();
        },
        expect![[r#"
            > wake
              wait-a timer_fired due=60s purpose="wait"
              wait-a task_completed output={"fail":true}
              fail-a task_started
              fail-a task_faulted error={"instance":"/do/0/safe/try/0/race/fork/branches/0/a/do/1/fail-a","status":501,"type":"https://x.cn/a"}
              = Waiting, wakes 120s
            > wake
              wait-b timer_fired due=120s purpose="wait"
              wait-b task_completed output={"fail":true}
              fail-b task_started
              fail-b task_faulted error={"instance":"/do/0/safe/try/0/race/fork/branches/1/b/do/1/fail-b","status":502,"type":"https://x.cn/b"}
              race task_faulted error={"instance":"/do/0/safe/try/0/race/fork/branches/1/b/do/1/fail-b","status":502,"type":"https://x.cn/b"}
              see task_started
              see task_completed output="https://x.cn/b"
              safe task_completed output="https://x.cn/b"
              * completed output="https://x.cn/b"
              = Completed
        "#]],
    );
}

#[test]
fn end_in_a_branch_ends_the_workflow() {
    check(
        r#"
        do:
          - both:
              fork:
                branches:
                  - a: {wait: PT1M}
                  - b: {do: [{put: {set: {x: 1}, export: {as: '{x: 1}'}, then: end}}]}
                  - c: {set: '${ 1 }'}
          - never: {set: '${ 2 }'}
        output: {as: '{out: ., context: $context}'}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              both task_started
              a task_started
              a timer_set due=60s purpose="wait"
              b task_started
              put task_started
              put context_changed context={"x":1}
              put task_completed output={"x":1}
              a task_cancelled
              b task_cancelled
              * completed output={"context":{},"out":{"x":1}}
              = Completed
        "#]],
    );
}

#[test]
fn a_timeout_of_a_fork_gives_up_its_branches() {
    check(
        r#"
        do:
          - safe:
              try:
                - both:
                    fork: {branches: [{a: {wait: PT1H}}, {b: {listen: {to: {any: []}}}}, {c: {set: '${ 1 }'}}]}
                    timeout: {after: PT1M}
              catch: {errors: {with: {status: 408}}}
        "#,
        |run| {
            run.start(json!({})).quietly().wake();
        },
        expect![[r#"
            > wake
              both timer_fired due=60s purpose="timeout"
              a task_cancelled
              b task_cancelled
              both task_faulted error={"detail":"task `both` timed out","instance":"/do/0/safe/try/0/both","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              safe task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn a_retried_fault_leaves_the_other_branches_where_they_are() {
    let li = person("li", &["a"]);
    check(
        r#"
        do:
          - both:
              fork:
                branches:
                  - fail: {set: '${ if $task.startedAt.epoch.seconds > 1718067700 then "late" else error("early") end }'}
                  - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}}
                  - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Retry).claim(1, &li).event("cn.x.v1", json!(1));
            run.pass(120_000).operator(OperatorCommand::Retry).claim(1, &li);
            run.complete(1, &li, "", json!({}), "d").event("cn.x.v1", json!(2));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              both task_started
              fail task_started
              fail task_faulted error={"detail":"set: `if $task.startedAt.epoch.seconds > 1718067700 then \"late\" else error(\"early\") en…`: early","instance":"/do/0/both/fork/branches/0/fail","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"set: `if $task.startedAt.epoch.seconds > 1718067700 then \"late\" else error(\"early\") en…`: early","instance":"/do/0/both/fork/branches/0/fail","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              fail task_started
              fail task_faulted error={"detail":"set: `if $task.startedAt.epoch.seconds > 1718067700 then \"late\" else error(\"early\") en…`: early","instance":"/do/0/both/fork/branches/0/fail","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"set: `if $task.startedAt.epoch.seconds > 1718067700 then \"late\" else error(\"early\") en…`: early","instance":"/do/0/both/fork/branches/0/fail","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
            > li claims #1
              refused not_found: there is no open work item 000000000001A-1
            > event cn.x.v1 is not routed here
            > event cn.x.v1
              refused not_expected: the instance does not wait for event e3 of /channels/web
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              fail task_started
              fail task_completed output="late"
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="t"
              hear task_started
              hear listening types=["cn.x.v1"]
              = Waiting
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Waiting
            > li completes #1 by d
              ask work_item_completed by="li" form={} item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T01:02:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              = Waiting
            > event cn.x.v1
              hear event_taken id="e7" source="/channels/web" type="cn.x.v1"
              hear task_completed output=[2]
              both task_completed output=["late",{"completedAt":"2024-06-11T01:02:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"},[2]]
              * completed output=["late",{"completedAt":"2024-06-11T01:02:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"},[2]]
              = Completed
        "#]],
    );
}

#[test]
fn work_and_events_of_other_branches_wait_while_one_is_faulted() {
    let li = person("li", &["a"]);
    check(
        r#"
        do:
          - both:
              fork:
                branches:
                  - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
                  - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
                  - fail: {set: '${ if $task.startedAt.epoch.seconds > 1718067700 then "late" else error("early") end }'}
        "#,
        |run| {
            run.start(json!({})).quietly().claim(1, &li).event("cn.x.v1", json!(1));
            run.pass(120_000).operator(OperatorCommand::Retry).claim(1, &li).wake();
            run.complete(1, &li, "", json!({}), "d").event("cn.x.v1", json!(2));
        },
        expect![[r#"
            > li claims #1
              refused conflict: the instance is faulted; its work items wait
            > event cn.x.v1 is not routed here
            > event cn.x.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              fail task_started
              fail task_completed output="late"
              = Waiting, wakes 3600s
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Waiting, wakes 3600s
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="due"
              = Waiting
            > li completes #1 by d
              ask work_item_completed by="li" form={} item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T02:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              = Waiting
            > event cn.x.v1
              hear event_taken id="e7" source="/channels/web" type="cn.x.v1"
              hear task_completed output=[2]
              both task_completed output=[{"completedAt":"2024-06-11T02:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"},[2],"late"]
              * completed output=[{"completedAt":"2024-06-11T02:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"},[2],"late"]
              = Completed
        "#]],
    );
}

#[test]
fn results_for_other_branches_are_kept_while_one_is_faulted() {
    check(
        r#"
        do:
          - both:
              fork:
                branches:
                  - tell: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '1'}, body: a}}
                  - fail: {do: [{pause: {wait: PT1M}}, {break: {set: '${ if $task.startedAt.epoch.seconds > 1718067700 then "late" else error("early") end }'}}]}
                  - long: {wait: PT10M}
        "#,
        |run| {
            run.start(json!({})).quietly().wake().sent(1, 1).wake_after(120_000);
            run.operator(OperatorCommand::Retry).wake();
        },
        expect![[r#"
            > wake
              pause timer_fired due=60s purpose="wait"
              pause task_completed output={}
              break task_started
              break task_faulted error={"detail":"set: `if $task.startedAt.epoch.seconds > 1718067700 then \"late\" else error(\"early\") en…`: early","instance":"/do/0/both/fork/branches/1/fail/do/1/break","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"set: `if $task.startedAt.epoch.seconds > 1718067700 then \"late\" else error(\"early\") en…`: early","instance":"/do/0/both/fork/branches/1/fail/do/1/break","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              = Faulted
            > wake
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              break task_started
              break task_completed output="late"
              fail task_completed output="late"
              tell task_completed output={"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              = Waiting, wakes 720s
            > wake
              long timer_fired due=720s purpose="wait"
              long task_completed output={}
              both task_completed output=[{"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"},"late",{}]
              * completed output=[{"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"},"late",{}]
              = Completed
        "#]],
    );
}

#[test]
fn a_workflow_that_timed_out_runs_every_branch_again() {
    check(
        r#"
        timeout: {after: PT1M}
        do:
          - both: {fork: {branches: [{a: {wait: PT1H}}, {b: {do: [{c: {listen: {to: {any: []}}}}]}}, {d: {set: '${ 1 }'}}]}}
        "#,
        |run| {
            run.start(json!({})).wake().operator(OperatorCommand::Retry).event("cn.x.v1", json!(1));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              * timer_set due=60s purpose="workflow timeout"
              both task_started
              a task_started
              a timer_set due=3600s purpose="wait"
              b task_started
              c task_started
              c listening types=[]
              d task_started
              d task_completed output=1
              = Waiting, wakes 60s
            > wake
              * timer_fired due=60s purpose="workflow timeout"
              * faulted error={"detail":"the workflow timed out","instance":"/","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              * timer_set due=120s purpose="workflow timeout"
              a task_started
              a timer_set due=3660s purpose="wait"
              c task_started
              c listening types=[]
              = Waiting, wakes 120s
            > event cn.x.v1
              c event_taken id="e3" source="/channels/web" type="cn.x.v1"
              c task_completed output=[1]
              b task_completed output=[1]
              = Waiting, wakes 120s
        "#]],
    );
}

#[test]
fn suspended_branches_keep_what_they_get() {
    check(
        r#"
        do:
          - both:
              fork:
                branches:
                  - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
                  - also: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
                  - pause: {wait: PT1M}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).wake_after(60_000);
            run.event("cn.x.v1", json!(1)).operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              both task_started
              hear task_started
              hear listening types=["cn.x.v1"]
              also task_started
              also listening types=["cn.x.v1"]
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > Suspend
              * operator_acted by="admin" command="suspend" reason=null
              = Suspended
            > wake
              = Suspended
            > event cn.x.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.v1"
              also event_taken id="e3" source="/channels/web" type="cn.x.v1"
              = Suspended
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              hear task_completed output=[1]
              also task_completed output=[1]
              pause timer_fired due=60s purpose="wait"
              pause task_completed output={}
              both task_completed output=[[1],[1],{}]
              * completed output=[[1],[1],{}]
              = Completed
        "#]],
    );
}

#[test]
fn cancel_gives_up_every_branch() {
    check(
        r#"
        do:
          - both:
              fork:
                branches:
                  - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}}
                  - deep: {fork: {branches: [{in: {do: [{pause: {wait: PT1M}}]}}]}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Cancel);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              both task_started
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="t"
              deep task_started
              in task_started
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > Cancel
              * operator_acted by="admin" command="cancel" reason=null
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              in task_cancelled
              deep task_cancelled
              * cancelled
              = Cancelled
        "#]],
    );
}

#[test]
fn a_fork_in_a_loop_in_a_try_survives_its_retries() {
    check(
        r#"
        do:
          - safe:
              try:
                - each:
                    for: {in: '[1, 2]'}
                    do:
                      - both:
                          fork:
                            branches:
                              - tell:
                                  try: [{send: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '${ "\($item)" }'}, body: x, retry: none}}}]
                                  catch: {retry: {delay: PT1S, limit: {attempt: {count: 1}}}, do: [{up: {raise: {error: {type: 'https://x.cn/up', status: 500}}}}]}
                              - count: {set: '${ {} }', export: {as: '{n: (($context.n // 0) + 1)}'}}
              catch: {retry: {delay: PT1M, limit: {attempt: {count: 2}}}}
          - see: {set: '${ $context }'}
        "#,
        |run| {
            run.start(json!({})).failed(1, 1).wake().failed(2, 1).wake().sent(3, 1);
            run.failed(4, 1).wake().sent(5, 1);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              each task_started
              both task_started
              tell task_started
              send task_started
              send effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              count task_started
              count context_changed context={"n":1}
              count task_completed output={}
              => sms 1 attempt 1: 1: x
              = Running
            > effect 1 attempt 1
              send effect_returned attempt=1 effect="000000000001A.1" outcome={"code":"wechat.43004","is":"permanent","message":"not subscribed"}
              send task_faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/safe/try/0/each/do/0/both/fork/branches/0/tell/try/0/send","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              tell task_retried attempt=1 due=1s
              = Waiting, wakes 1s
            > wake
              send task_started
              send effect_requested effect="000000000001A.2" function="send:1.0.0@sms"
              => sms 2 attempt 1: 1: x
              = Running
            > effect 2 attempt 1
              send effect_returned attempt=1 effect="000000000001A.2" outcome={"code":"wechat.43004","is":"permanent","message":"not subscribed"}
              send task_faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/safe/try/0/each/do/0/both/fork/branches/0/tell/try/0/send","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              up task_started
              up task_faulted error={"instance":"/do/0/safe/try/0/each/do/0/both/fork/branches/0/tell/catch/do/0/up","status":500,"type":"https://x.cn/up"}
              tell task_cancelled
              safe task_retried attempt=1 due=61s
              = Waiting, wakes 61s
            > wake
              each task_started
              both task_started
              tell task_started
              send task_started
              send effect_requested effect="000000000001A.3" function="send:1.0.0@sms"
              count task_started
              count context_changed context={"n":1}
              count task_completed output={}
              => sms 3 attempt 1: 1: x
              = Running
            > effect 3 attempt 1
              send effect_returned attempt=1 effect="000000000001A.3" outcome={"is":"done","output":{"providerId":"p3"}}
              send task_completed output={"attempts":1,"messageId":"000000000001A.3","providerId":"p3","state":"sent"}
              tell task_completed output={"attempts":1,"messageId":"000000000001A.3","providerId":"p3","state":"sent"}
              both context_changed context={"n":1}
              both task_completed output=[{"attempts":1,"messageId":"000000000001A.3","providerId":"p3","state":"sent"},{}]
              both task_started
              tell task_started
              send task_started
              send effect_requested effect="000000000001A.4" function="send:1.0.0@sms"
              count task_started
              count context_changed context={"n":2}
              count task_completed output={}
              => sms 4 attempt 1: 2: x
              = Running
            > effect 4 attempt 1
              send effect_returned attempt=1 effect="000000000001A.4" outcome={"code":"wechat.43004","is":"permanent","message":"not subscribed"}
              send task_faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/safe/try/0/each/do/0/both/fork/branches/0/tell/try/0/send","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              tell task_retried attempt=1 due=62s
              = Waiting, wakes 62s
            > wake
              send task_started
              send effect_requested effect="000000000001A.5" function="send:1.0.0@sms"
              => sms 5 attempt 1: 2: x
              = Running
            > effect 5 attempt 1
              send effect_returned attempt=1 effect="000000000001A.5" outcome={"is":"done","output":{"providerId":"p5"}}
              send task_completed output={"attempts":1,"messageId":"000000000001A.5","providerId":"p5","state":"sent"}
              tell task_completed output={"attempts":1,"messageId":"000000000001A.5","providerId":"p5","state":"sent"}
              both context_changed context={"n":2}
              both task_completed output=[{"attempts":1,"messageId":"000000000001A.5","providerId":"p5","state":"sent"},{}]
              each task_completed output=[{"attempts":1,"messageId":"000000000001A.5","providerId":"p5","state":"sent"},{}]
              safe task_completed output=[{"attempts":1,"messageId":"000000000001A.5","providerId":"p5","state":"sent"},{}]
              see task_started
              see task_completed output={"n":2}
              * completed output={"n":2}
              = Completed
        "#]],
    );
}

#[test]
fn nested_forks_are_bounded() {
    let mut text = "{wait: PT1M}".to_owned();
    for _ in 0..9 {
        text = format!("{{fork: {{branches: [{{a: {text}}}, {{b: {text}}}]}}}}");
    }
    check(
        &format!("do: [{{top: {text}}}]\n"),
        |run| {
            run.start(json!({}));
            let log = std::mem::take(&mut run.log);
            let faults = log.lines().map(str::trim_start).filter(|line| line.contains("fault"));
            run.note(faults.collect::<Vec<_>>().join("\n"));
        },
        expect![[r#"
              a task_faulted error={"detail":"over the limit of 1000 for strands","instance":"/do/0/top/fork/branches/1/b/fork/branches/1/b/fork/branches/1/b/fork/branches/1/b/fork/branches/0/a/fork/branches/1/b/fork/branches/0/a/fork/branches/0/a","status":500,"title":"limit.strands","type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime"}
              * faulted error={"detail":"over the limit of 1000 for strands","instance":"/do/0/top/fork/branches/1/b/fork/branches/1/b/fork/branches/1/b/fork/branches/1/b/fork/branches/0/a/fork/branches/1/b/fork/branches/0/a/fork/branches/0/a","status":500,"title":"limit.strands","type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime"}
        "#]],
    );
}
