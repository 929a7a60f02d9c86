//! What operators do.

use crate::driver::person;
use crate::{check, expect, json};
use yiwang_core::input::OperatorCommand;

#[test]
fn cancel_withdraws_everything() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
        "#,
        |run| {
            run.start(json!({}))
                .operator(OperatorCommand::Cancel)
                .operator(OperatorCommand::Cancel)
                .operator(OperatorCommand::Retry);
            run.claim(1, &person("li", &["a"]));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              ask task_started
              ask work_item_offered due=3600s item="000000000001A-1" roles=["a"] title="t"
              = Waiting, wakes 3600s
            > Cancel
              * operator_acted by="admin" command="cancel" reason=null
              ask work_item_cancelled item="000000000001A-1"
              * cancelled
              = Cancelled
            > Cancel
              refused conflict: cannot cancel an instance that is cancelled
            > Retry
              refused conflict: cannot retry an instance that is cancelled
            > li claims #1
              refused not_found: there is no open work item 000000000001A-1
        "#]],
    );
}

#[test]
fn suspended_timers_wait() {
    check(
        r#"
        do:
          - pause: {wait: PT1M}
        "#,
        |run| {
            run.start(json!({}))
                .operator(OperatorCommand::Suspend)
                .wake_after(120_000)
                .operator(OperatorCommand::Suspend)
                .operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > Suspend
              * operator_acted by="admin" command="suspend" reason=null
              = Suspended
            > wake
              = Suspended
            > Suspend
              refused conflict: cannot suspend an instance that is suspended
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              pause timer_fired due=60s purpose="wait"
              pause task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn suspended_events_wait() {
    check(
        r#"
        do:
          - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend);
            run.event("cn.y.v1", json!(0))
                .event("cn.x.v1", json!(1))
                .event("cn.x.v1", json!(2))
                .operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.v1"]
              = Waiting
            > Suspend
              * operator_acted by="admin" command="suspend" reason=null
              = Suspended
            > event cn.y.v1 is not routed here
            > event cn.y.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > event cn.x.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.v1"
              = Suspended
            > event cn.x.v1 is not routed here
            > event cn.x.v1
              refused not_expected: the instance does not wait for event e4 of /channels/web
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              hear task_completed output=[1]
              * completed output=[1]
              = Completed
        "#]],
    );
}

#[test]
fn suspended_results_wait() {
    check(
        r#"
        do:
          - tell: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '138'}, body: hi}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).sent(1, 1);
            assert!(run.state.pending_effects().is_empty());
            run.operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              tell task_started
              tell effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              => sms 1 attempt 1: 138: hi
              = Running
            > Suspend
              * operator_acted by="admin" command="suspend" reason=null
              = Suspended
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              = Suspended
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              tell task_completed output={"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              * completed output={"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              = Completed
        "#]],
    );
}

#[test]
fn suspended_work_waits() {
    check(
        r#"
        do:
          - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a]}}
        "#,
        |run| {
            let li = person("li", &["a"]);
            run.start(json!({}))
                .operator(OperatorCommand::Suspend)
                .claim(1, &li)
                .operator(OperatorCommand::Resume)
                .claim(1, &li);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="t"
              = Waiting
            > Suspend
              * operator_acted by="admin" command="suspend" reason=null
              = Suspended
            > li claims #1
              refused conflict: the instance is suspended; its work items wait
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              = Waiting
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Waiting
        "#]],
    );
}

#[test]
fn a_suspended_instance_can_be_cancelled() {
    check(
        r#"
        do:
          - pause: {wait: PT1M}
        "#,
        |run| {
            run.start(json!({}))
                .operator(OperatorCommand::Suspend)
                .operator(OperatorCommand::Cancel)
                .operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > Suspend
              * operator_acted by="admin" command="suspend" reason=null
              = Suspended
            > Cancel
              * operator_acted by="admin" command="cancel" reason=null
              * cancelled
              = Cancelled
            > Resume
              refused conflict: cannot resume an instance that is cancelled
        "#]],
    );
}

#[test]
fn time_spent_faulted_does_not_count() {
    check(
        r#"
        do:
          - outer:
              timeout: {after: PT1M}
              do:
                - tell: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '138'}, body: hi}}
        "#,
        |run| {
            run.start(json!({}))
                .pass(30_000)
                .failed(1, 1)
                .pass(3_600_000)
                .operator(OperatorCommand::Retry)
                .wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              outer task_started
              outer timer_set due=60s purpose="timeout"
              tell task_started
              tell effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              => sms 1 attempt 1: 138: hi
              = Running, wakes 60s
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"code":"wechat.43004","is":"permanent","message":"not subscribed"}
              tell task_faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/outer/do/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              * faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/outer/do/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              tell task_started
              tell effect_requested effect="000000000001A.2" function="send:1.0.0@sms"
              => sms 2 attempt 1: 138: hi
              = Running, wakes 3660s
            > wake
              outer timer_fired due=3660s purpose="timeout"
              outer task_faulted error={"detail":"task `outer` timed out","instance":"/do/0/outer","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              * faulted error={"detail":"task `outer` timed out","instance":"/do/0/outer","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              = Faulted
        "#]],
    );
}

#[test]
fn only_what_runs_can_be_suspended() {
    check(
        r#"
        do:
          - a: {set: {n: 1}}
        "#,
        |run| {
            run.start(json!({}))
                .operator(OperatorCommand::Suspend)
                .operator(OperatorCommand::Resume)
                .operator(OperatorCommand::Cancel)
                .start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_completed output={"n":1}
              * completed output={"n":1}
              = Completed
            > Suspend
              refused conflict: cannot suspend an instance that is completed
            > Resume
              refused conflict: cannot resume an instance that is completed
            > Cancel
              refused conflict: cannot cancel an instance that is completed
            > start
              refused conflict: the instance has begun already
        "#]],
    );
}

#[test]
fn nothing_happens_before_the_start() {
    check(
        r#"
        do:
          - a: {set: {n: 1}}
        "#,
        |run| {
            run.input("wake", yiwang_core::Input::Wake).operator(OperatorCommand::Cancel);
        },
        expect![[r#"
            > wake
              refused conflict: the instance has not begun yet
            > Cancel
              refused conflict: the instance has not begun yet
        "#]],
    );
}
