//! Messages: sent, sent again, given up.

use crate::driver::person;
use crate::{check, expect, json};
use yiwang_core::input::EffectOutcome;
use yiwang_core::input::OperatorCommand;

#[test]
fn a_message_leaves_and_its_task_goes_on() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
        "#,
        |run| {
            run.start(json!({"name": "王"}));
            let pending = serde_json::to_string(&run.state.pending_effects()).unwrap();
            run.note(pending).sent(1, 1);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"name":"王"}
              tell task_started
              tell effect_requested effect="000000000001A.1" function="notify:1.0.0@default"
              => wechat 1 attempt 1: o1: 您好，王
              = Running
            [{"id":"000000000001A.1","attempt":1,"action":{"do":"send","channel":"wechat","message":{"recipient_kind":"openid","recipient":"o1","recipient_name":"王","template":"t1","params":{"no":1},"subject":"回复","body":"您好，王"}}}]
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              tell task_completed output={"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              * completed output={"attempts":1,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              = Completed
        "#]],
    );
}

#[test]
fn a_busy_channel_is_tried_again_later() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
        "#,
        |run| {
            run.start(json!({"name": "王"})).quietly().busy(1, 1);
            assert!(run.state.pending_effects().is_empty());
            run.wake();
            assert_eq!(run.state.pending_effects().len(), 1);
            run.busy(1, 2).wake().sent(1, 3);
        },
        expect![[r#"
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"code":"wechat.45015","is":"retryable","message":"out of reply time","retry_after":null}
              tell timer_set due=5s purpose="resend"
              = Waiting, wakes 5s
            > wake
              tell timer_fired due=5s purpose="resend"
              => wechat 1 attempt 2: o1: 您好，王
              = Running
            > effect 1 attempt 2
              tell effect_returned attempt=2 effect="000000000001A.1" outcome={"code":"wechat.45015","is":"retryable","message":"out of reply time","retry_after":null}
              tell timer_set due=305s purpose="resend"
              = Waiting, wakes 305s
            > wake
              tell timer_fired due=305s purpose="resend"
              => wechat 1 attempt 3: o1: 您好，王
              = Running
            > effect 1 attempt 3
              tell effect_returned attempt=3 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              tell task_completed output={"attempts":3,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              * completed output={"attempts":3,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              = Completed
        "#]],
    );
}

#[test]
fn a_receiver_may_ask_for_more_time() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
        "#,
        |run| {
            run.start(json!({"name": "王"})).quietly();
            let (code, message) = ("busy".to_owned(), String::new());
            run.returned(1, 1, EffectOutcome::Retryable { code, message, retry_after: Some(60_000) });
        },
        expect![[r#"
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"code":"busy","is":"retryable","message":"","retry_after":60000}
              tell timer_set due=60s purpose="resend"
              = Waiting, wakes 60s
        "#]],
    );
}

#[test]
fn after_nine_retries_it_is_given_up() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
        "#,
        |run| {
            run.start(json!({"name": "王"})).quietly();
            for attempt in 1..10 {
                run.busy(1, attempt).wake();
            }
            run.quietly().busy(1, 10);
        },
        expect![[r#"
            > effect 1 attempt 10
              tell effect_returned attempt=10 effect="000000000001A.1" outcome={"code":"wechat.45015","is":"retryable","message":"out of reply time","retry_after":null}
              tell task_faulted error={"detail":"wechat.45015: out of reply time","instance":"/do/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              * faulted error={"detail":"wechat.45015: out of reply time","instance":"/do/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              = Faulted
        "#]],
    );
}

#[test]
fn what_will_never_work_faults_at_once() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
        "#,
        |run| {
            run.start(json!({"name": "王"})).quietly().failed(1, 1);
        },
        expect![[r#"
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"code":"wechat.43004","is":"permanent","message":"not subscribed"}
              tell task_faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              * faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_failed_message_can_be_caught() {
    check(
        r#"
        do:
          - safe:
              try: [{tell: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '138'}, body: hi, retry: none}}}]
              catch: {errors: {with: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication'}}, do: [{note: {set: {why: '${ $error.detail }'}}}]}
        "#,
        |run| {
            run.start(json!({})).busy(1, 1);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              tell task_started
              tell effect_requested effect="000000000001A.1" function="send:1.0.0@sms"
              => sms 1 attempt 1: 138: hi
              = Running
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"code":"wechat.45015","is":"retryable","message":"out of reply time","retry_after":null}
              tell task_faulted error={"detail":"wechat.45015: out of reply time","instance":"/do/0/safe/try/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              note task_started
              note task_completed output={"why":"wechat.45015: out of reply time"}
              safe task_completed output={"why":"wechat.45015: out of reply time"}
              * completed output={"why":"wechat.45015: out of reply time"}
              = Completed
        "#]],
    );
}

#[test]
fn old_and_second_results_are_ignored() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
          - pause: {wait: PT1H}
        "#,
        |run| {
            run.start(json!({"name": "王"})).busy(1, 1).quietly();
            run.busy(1, 1).sent(1, 2).wake().sent(1, 1).sent(1, 2).sent(1, 2).failed(1, 2);
        },
        expect![[r#"
            > effect 1 attempt 1
              * result_ignored attempt=1 effect="000000000001A.1"
              = Waiting, wakes 5s
            > effect 1 attempt 2
              * result_ignored attempt=2 effect="000000000001A.1"
              = Waiting, wakes 5s
            > wake
              tell timer_fired due=5s purpose="resend"
              => wechat 1 attempt 2: o1: 您好，王
              = Running
            > effect 1 attempt 1
              * result_ignored attempt=1 effect="000000000001A.1"
              = Running
            > effect 1 attempt 2
              tell effect_returned attempt=2 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              tell task_completed output={"attempts":2,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              pause task_started
              pause timer_set due=3605s purpose="wait"
              = Waiting, wakes 3605s
            > effect 1 attempt 2
              * result_ignored attempt=2 effect="000000000001A.1"
              = Waiting, wakes 3605s
            > effect 1 attempt 2
              * result_ignored attempt=2 effect="000000000001A.1"
              = Waiting, wakes 3605s
        "#]],
    );
}

#[test]
fn a_result_of_nothing_requested_is_refused() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
        "#,
        |run| {
            run.start(json!({"name": "王"})).quietly().sent(2, 1);
        },
        expect![[r#"
            > effect 2 attempt 1
              refused not_found: the instance never requested 000000000001A.2
        "#]],
    );
}

#[test]
fn messages_of_an_escalation_hold_nobody_up() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with:
                title: t
                candidateRoles: [a]
                due: {after: PT1H}
                escalation: [{at: 100%, notify: {channel: sms, to: {kind: mobile, address: '138'}, body: 超时}}]
        "#,
        |run| {
            let li = person("li", &["a"]);
            run.start(json!({})).wake().quietly();
            run.claim(1, &li).complete(1, &li, "", json!({}), "d1");
            // The instance has ended; the message is still sent until it arrives or is given up.
            run.busy(1, 1).wake().failed(1, 2);
        },
        expect![[r#"
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Running
            > li completes #1 by d1
              ask work_item_completed by="li" form={} item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T02:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              * completed output={"completedAt":"2024-06-11T02:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              = Completed
            > effect 1 attempt 1
              * effect_returned attempt=1 effect="000000000001A.1" outcome={"code":"wechat.45015","is":"retryable","message":"out of reply time","retry_after":null}
              * timer_set due=3605s purpose="resend"
              = Completed, wakes 3605s
            > wake
              * timer_fired due=3605s purpose="resend"
              => sms 1 attempt 2: 138: 超时
              = Completed
            > effect 1 attempt 2
              * effect_returned attempt=2 effect="000000000001A.1" outcome={"code":"wechat.43004","is":"permanent","message":"not subscribed"}
              = Completed
        "#]],
    );
}

#[test]
fn a_cancelled_instance_sends_no_more() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
        "#,
        |run| {
            run.start(json!({"name": "王"}))
                .busy(1, 1)
                .quietly()
                .operator(OperatorCommand::Cancel)
                .sent(1, 2);
        },
        expect![[r#"
            > Cancel
              * operator_acted by="admin" command="cancel" reason=null
              * cancelled
              = Cancelled
            > effect 1 attempt 2
              * result_ignored attempt=2 effect="000000000001A.1"
              = Cancelled
        "#]],
    );
}

#[test]
fn an_operator_can_retry_a_failed_message() {
    check(
        r#"
        do:
          - tell:
              call: notify:1.0.0@default
              with: {channel: wechat, to: {kind: openid, address: o1, name: 王}, subject: 回复, body: '${ "您好，" + .name }', template: t1, params: {no: 1}}
        "#,
        |run| {
            run.start(json!({"name": "王"}))
                .failed(1, 1)
                .quietly()
                .operator(OperatorCommand::Retry)
                .sent(1, 1)
                .sent(2, 1);
        },
        expect![[r#"
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              tell task_started
              tell effect_requested effect="000000000001A.2" function="notify:1.0.0@default"
              => wechat 2 attempt 1: o1: 您好，王
              = Running
            > effect 1 attempt 1
              * result_ignored attempt=1 effect="000000000001A.1"
              = Running
            > effect 2 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.2" outcome={"is":"done","output":{"providerId":"p2"}}
              tell task_completed output={"attempts":1,"messageId":"000000000001A.2","providerId":"p2","state":"sent"}
              * completed output={"attempts":1,"messageId":"000000000001A.2","providerId":"p2","state":"sent"}
              = Completed
        "#]],
    );
}
