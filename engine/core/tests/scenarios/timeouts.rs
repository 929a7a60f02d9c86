//! Limits on time: of tasks, of lists, of the workflow.

use crate::driver::person;
use crate::{check, expect, json};
use yiwang_core::input::OperatorCommand;

#[test]
fn a_task_times_out_and_withdraws_its_work() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with: {title: Sign, candidateRoles: [handler], due: {after: PT8H}}
              timeout: {after: PT1H}
        "#,
        |run| {
            run.start(json!({})).wake().claim(1, &person("li", &["handler"]));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              ask task_started
              ask timer_set due=3600s purpose="timeout"
              ask work_item_offered due=28800s item="000000000001A-1" roles=["handler"] title="Sign"
              = Waiting, wakes 3600s
            > wake
              ask timer_fired due=3600s purpose="timeout"
              ask work_item_cancelled item="000000000001A-1"
              ask task_faulted error={"detail":"task `ask` timed out","instance":"/do/0/ask","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              * faulted error={"detail":"task `ask` timed out","instance":"/do/0/ask","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              = Faulted
            > li claims #1
              refused not_found: there is no open work item 000000000001A-1
        "#]],
    );
}

#[test]
fn a_timeout_is_caught() {
    check(
        r#"
        do:
          - safe:
              try:
                - listening:
                    listen: {to: {one: {with: {type: cn.x.v1}}}}
                    timeout: {after: P7D}
              catch: {errors: {with: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/timeout'}}, do: [{note: {set: {late: true}}}]}
        "#,
        |run| {
            run.start(json!({})).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              listening task_started
              listening timer_set due=604800s purpose="timeout"
              listening listening types=["cn.x.v1"]
              = Waiting, wakes 604800s
            > wake
              listening timer_fired due=604800s purpose="timeout"
              listening task_faulted error={"detail":"task `listening` timed out","instance":"/do/0/safe/try/0/listening","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              note task_started
              note task_completed output={"late":true}
              safe task_completed output={"late":true}
              * completed output={"late":true}
              = Completed
        "#]],
    );
}

#[test]
fn a_task_in_time_drops_its_timeout() {
    check(
        r#"
        do:
          - pause: {wait: PT1M, timeout: {after: PT1H}}
        "#,
        |run| {
            run.start(json!({})).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              pause task_started
              pause timer_set due=3600s purpose="timeout"
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > wake
              pause timer_fired due=60s purpose="wait"
              pause task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn the_timeout_of_a_list_gives_up_what_runs_in_it() {
    check(
        r#"
        do:
          - outer:
              timeout: {after: PT1M}
              do:
                - first: {wait: PT40S}
                - second: {wait: PT40S}
          - never: {set: {n: 1}}
        "#,
        |run| {
            run.start(json!({})).wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              outer task_started
              outer timer_set due=60s purpose="timeout"
              first task_started
              first timer_set due=40s purpose="wait"
              = Waiting, wakes 40s
            > wake
              first timer_fired due=40s purpose="wait"
              first task_completed output={}
              second task_started
              second timer_set due=80s purpose="wait"
              = Waiting, wakes 60s
            > wake
              outer timer_fired due=60s purpose="timeout"
              outer task_faulted error={"detail":"task `outer` timed out","instance":"/do/0/outer","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              * faulted error={"detail":"task `outer` timed out","instance":"/do/0/outer","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_timeout_can_be_computed() {
    check(
        r#"
        do:
          - pause: {wait: PT1H, timeout: {after: '${ .limit }'}}
        "#,
        |run| {
            run.start(json!({"limit": "PT5S"})).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"limit":"PT5S"}
              pause task_started
              pause timer_set due=5s purpose="timeout"
              pause timer_set due=3600s purpose="wait"
              = Waiting, wakes 5s
            > wake
              pause timer_fired due=5s purpose="timeout"
              pause task_faulted error={"detail":"task `pause` timed out","instance":"/do/0/pause","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              * faulted error={"detail":"task `pause` timed out","instance":"/do/0/pause","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              = Faulted
        "#]],
    );
}

#[test]
fn the_workflow_times_out_whatever_tries_to_catch_it() {
    check(
        r#"
        timeout: {after: PT1H}
        do:
          - safe:
              try: [{pause: {wait: PT2H}}]
              catch: {do: [{note: {set: {n: 1}}}]}
        "#,
        |run| {
            run.start(json!({})).wake().operator(OperatorCommand::Retry).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              * timer_set due=3600s purpose="workflow timeout"
              safe task_started
              pause task_started
              pause timer_set due=7200s purpose="wait"
              = Waiting, wakes 3600s
            > wake
              * timer_fired due=3600s purpose="workflow timeout"
              * faulted error={"detail":"the workflow timed out","instance":"/","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              * timer_set due=7200s purpose="workflow timeout"
              pause task_started
              pause timer_set due=10800s purpose="wait"
              = Waiting, wakes 7200s
            > wake
              * timer_fired due=7200s purpose="workflow timeout"
              * faulted error={"detail":"the workflow timed out","instance":"/","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_message_given_up_by_a_timeout_is_ignored_when_it_returns() {
    check(
        r#"
        do:
          - safe:
              try:
                - tell:
                    call: notify:1.0.0@default
                    with: {channel: wechat, to: {kind: openid, address: o1}, body: hi}
                    timeout: {after: PT1M}
              catch: {do: [{note: {set: {gave: up}}}]}
          - pause: {wait: PT1H}
        "#,
        |run| {
            run.start(json!({})).wake().sent(1, 1);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              tell task_started
              tell timer_set due=60s purpose="timeout"
              tell effect_requested effect="000000000001A.1" function="notify:1.0.0@default"
              => wechat 1 attempt 1: o1: hi
              = Running, wakes 60s
            > wake
              tell timer_fired due=60s purpose="timeout"
              tell task_faulted error={"detail":"task `tell` timed out","instance":"/do/0/safe/try/0/tell","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              note task_started
              note task_completed output={"gave":"up"}
              safe task_completed output={"gave":"up"}
              pause task_started
              pause timer_set due=3660s purpose="wait"
              = Waiting, wakes 3660s
            > effect 1 attempt 1
              * result_ignored attempt=1 effect="000000000001A.1"
              = Waiting, wakes 3660s
        "#]],
    );
}
