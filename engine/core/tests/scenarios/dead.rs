//! Messages that failed for good: kept, sent again with the same id, given up.

use yiwang_core::history::What;
use yiwang_core::input::OperatorCommand;
use yiwang_core::unsent::Stands;

use crate::driver::person;
use crate::{Run, check, expect, json};

const TELL: &str = r#"
    do:
      - tell:
          call: notify:1.0.0@default
          timeout: {after: P30D}
          with: {channel: sms, to: {kind: mobile, address: '138'}, body: hi}
      - done: {set: {done: true}}
"#;

fn resend(run: &mut Run, n: u32) -> &mut Run {
    run.repair(json!({"do": "resend", "message": format!("000000000001A.{n}")}))
}

fn give_up(run: &mut Run, n: u32) -> &mut Run {
    run.repair(json!({"do": "drop", "message": format!("000000000001A.{n}")}))
}

#[test]
fn a_failed_message_is_sent_again_and_its_instance_goes_on() {
    check(
        TELL,
        |run| {
            run.start(json!({})).failed(1, 1).quietly();
            resend(run, 1).failed(1, 2);
            resend(run, 1).busy(1, 3).wake().sent(1, 4);
        },
        expect![[r#"
            > repair {"do":"resend","message":"000000000001A.1"}
              tell repaired by="admin" decision="r2" reason="原因" repair={"do":"resend","message":"000000000001A.1"}
              tell timer_set due=2592000s purpose="timeout"
              => sms 1 attempt 2: 138: hi
              = Running, wakes 2592000s
            > effect 1 attempt 2
              tell effect_returned attempt=2 effect="000000000001A.1" outcome={"code":"wechat.43004","is":"permanent","message":"not subscribed"}
              tell task_faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              * faulted error={"detail":"wechat.43004: not subscribed","instance":"/do/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              = Faulted
            > repair {"do":"resend","message":"000000000001A.1"}
              tell repaired by="admin" decision="r4" reason="原因" repair={"do":"resend","message":"000000000001A.1"}
              tell timer_set due=2592000s purpose="timeout"
              => sms 1 attempt 3: 138: hi
              = Running, wakes 2592000s
            > effect 1 attempt 3
              tell effect_returned attempt=3 effect="000000000001A.1" outcome={"code":"wechat.45015","is":"retryable","message":"out of reply time","retry_after":null}
              tell timer_set due=5s purpose="resend"
              = Waiting, wakes 5s
            > wake
              tell timer_fired due=5s purpose="resend"
              => sms 1 attempt 4: 138: hi
              = Running, wakes 2592000s
            > effect 1 attempt 4
              tell effect_returned attempt=4 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              tell task_completed output={"attempts":4,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              done task_started
              done task_completed output={"done":true}
              * completed output={"done":true}
              = Completed
        "#]],
    );
}

#[test]
fn the_schedule_of_attempts_begins_anew() {
    check(
        TELL,
        |run| {
            run.start(json!({})).quietly();
            for attempt in 1..10 {
                run.busy(1, attempt).wake();
            }
            run.busy(1, 10).quietly();
            resend(run, 1).busy(1, 11);
        },
        expect![[r#"
            > repair {"do":"resend","message":"000000000001A.1"}
              tell repaired by="admin" decision="r20" reason="原因" repair={"do":"resend","message":"000000000001A.1"}
              tell timer_set due=2864105s purpose="timeout"
              => sms 1 attempt 11: 138: hi
              = Running, wakes 2864105s
            > effect 1 attempt 11
              tell effect_returned attempt=11 effect="000000000001A.1" outcome={"code":"wechat.45015","is":"retryable","message":"out of reply time","retry_after":null}
              tell timer_set due=272110s purpose="resend"
              = Waiting, wakes 272110s
        "#]],
    );
}

#[test]
fn what_waits_is_sent_now_and_what_is_under_way_is_left_alone() {
    check(
        TELL,
        |run| {
            run.start(json!({})).quietly();
            resend(run, 1);
            give_up(run, 1);
            run.busy(1, 1);
            resend(run, 1).sent(1, 2);
            resend(run, 1);
            resend(run, 2);
        },
        expect![[r#"
            > repair {"do":"resend","message":"000000000001A.1"}
              refused conflict: the message 000000000001A.1 is under way: wait for what comes of it
            > repair {"do":"drop","message":"000000000001A.1"}
              refused conflict: the message 000000000001A.1 is under way: wait for what comes of it
            > effect 1 attempt 1
              tell effect_returned attempt=1 effect="000000000001A.1" outcome={"code":"wechat.45015","is":"retryable","message":"out of reply time","retry_after":null}
              tell timer_set due=5s purpose="resend"
              = Waiting, wakes 5s
            > repair {"do":"resend","message":"000000000001A.1"}
              tell repaired by="admin" decision="r4" reason="原因" repair={"do":"resend","message":"000000000001A.1"}
              => sms 1 attempt 2: 138: hi
              = Running, wakes 2592000s
            > effect 1 attempt 2
              tell effect_returned attempt=2 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              tell task_completed output={"attempts":2,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              done task_started
              done task_completed output={"done":true}
              * completed output={"done":true}
              = Completed
            > repair {"do":"resend","message":"000000000001A.1"}
              refused conflict: the message 000000000001A.1 is settled: nothing is left of it to send or to give up
            > repair {"do":"resend","message":"000000000001A.2"}
              refused not_found: the instance never asked for a message 000000000001A.2
        "#]],
    );
}

#[test]
fn what_is_given_up_while_it_waits_fails_its_task() {
    check(
        r#"
        do:
          - safe:
              try: [{tell: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '138'}, body: hi}}}]
              catch: {do: [{note: {set: {why: '${ $error.detail }'}}}]}
        "#,
        |run| {
            run.start(json!({})).busy(1, 1).quietly();
            give_up(run, 1);
            resend(run, 1);
        },
        expect![[r#"
            > repair {"do":"drop","message":"000000000001A.1"}
              tell repaired by="admin" decision="r2" reason="原因" repair={"do":"drop","message":"000000000001A.1"}
              tell task_faulted error={"detail":"message.dropped: 原因","instance":"/do/0/safe/try/0/tell","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              note task_started
              note task_completed output={"why":"message.dropped: 原因"}
              safe task_completed output={"why":"message.dropped: 原因"}
              * completed output={"why":"message.dropped: 原因"}
              = Completed
            > repair {"do":"resend","message":"000000000001A.1"}
              refused conflict: the message 000000000001A.1 is settled: nothing is left of it to send or to give up
        "#]],
    );
}

#[test]
fn what_failed_and_is_given_up_cannot_be_sent_again() {
    check(
        TELL,
        |run| {
            run.start(json!({})).failed(1, 1).quietly();
            give_up(run, 1);
            resend(run, 1);
            run.operator(OperatorCommand::Retry);
        },
        expect![[r#"
            > repair {"do":"drop","message":"000000000001A.1"}
              tell repaired by="admin" decision="r2" reason="原因" repair={"do":"drop","message":"000000000001A.1"}
              = Faulted
            > repair {"do":"resend","message":"000000000001A.1"}
              refused conflict: the message 000000000001A.1 is settled: nothing is left of it to send or to give up
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              tell task_started
              tell timer_set due=2592000s purpose="timeout"
              tell effect_requested effect="000000000001A.2" function="notify:1.0.0@default"
              => sms 2 attempt 1: 138: hi
              = Running, wakes 2592000s
        "#]],
    );
}

#[test]
fn a_failure_that_was_caught_is_no_dead_letter() {
    check(
        r#"
        do:
          - safe:
              try: [{tell: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '138'}, body: hi}}}]
              catch: {do: [{note: {set: {why: caught}}}]}
          - pause: {wait: PT1H}
        "#,
        |run| {
            run.start(json!({})).failed(1, 1).quietly();
            resend(run, 1);
        },
        expect![[r#"
            > repair {"do":"resend","message":"000000000001A.1"}
              refused conflict: the message 000000000001A.1 is settled: nothing is left of it to send or to give up
        "#]],
    );
}

#[test]
fn a_task_that_is_run_again_makes_a_new_message_of_its_own() {
    check(
        TELL,
        |run| {
            run.start(json!({})).failed(1, 1).quietly();
            run.operator(OperatorCommand::Retry);
            resend(run, 1);
        },
        expect![[r#"
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              tell task_started
              tell timer_set due=2592000s purpose="timeout"
              tell effect_requested effect="000000000001A.2" function="notify:1.0.0@default"
              => sms 2 attempt 1: 138: hi
              = Running, wakes 2592000s
            > repair {"do":"resend","message":"000000000001A.1"}
              refused conflict: the message 000000000001A.1 is settled: nothing is left of it to send or to give up
        "#]],
    );
}

#[test]
fn a_message_that_nobody_waits_for_outlives_its_instance() {
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
            run.start(json!({})).wake().failed(1, 1);
            run.claim(1, &li).complete(1, &li, "", json!({}), "d1").quietly();
            resend(run, 1).sent(1, 2);
        },
        expect![[r#"
            > repair {"do":"resend","message":"000000000001A.1"}
              * repaired by="admin" decision="r5" reason="原因" repair={"do":"resend","message":"000000000001A.1"}
              => sms 1 attempt 2: 138: 超时
              = Completed
            > effect 1 attempt 2
              * effect_returned attempt=2 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              = Completed
        "#]],
    );
}

#[test]
fn two_branches_wait_for_their_messages_again() {
    check(
        r#"
        do:
          - both:
              fork:
                branches:
                  - one: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '1'}, body: one}}
                  - two: {call: 'send:1.0.0@sms', with: {to: {kind: mobile, address: '2'}, body: two}}
        "#,
        |run| {
            run.start(json!({})).failed(1, 1).failed(2, 1).quietly();
            resend(run, 2);
            resend(run, 1).sent(2, 2).sent(1, 2);
        },
        expect![[r#"
            > repair {"do":"resend","message":"000000000001A.2"}
              two repaired by="admin" decision="r3" reason="原因" repair={"do":"resend","message":"000000000001A.2"}
              => sms 2 attempt 2: 2: two
              = Faulted
            > repair {"do":"resend","message":"000000000001A.1"}
              one repaired by="admin" decision="r4" reason="原因" repair={"do":"resend","message":"000000000001A.1"}
              => sms 1 attempt 2: 1: one
              = Running
            > effect 2 attempt 2
              two effect_returned attempt=2 effect="000000000001A.2" outcome={"is":"done","output":{"providerId":"p2"}}
              two task_completed output={"attempts":2,"messageId":"000000000001A.2","providerId":"p2","state":"sent"}
              = Running
            > effect 1 attempt 2
              one effect_returned attempt=2 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              one task_completed output={"attempts":2,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              both task_completed output=[{"attempts":2,"messageId":"000000000001A.1","providerId":"p1","state":"sent"},{"attempts":2,"messageId":"000000000001A.2","providerId":"p2","state":"sent"}]
              * completed output=[{"attempts":2,"messageId":"000000000001A.1","providerId":"p1","state":"sent"},{"attempts":2,"messageId":"000000000001A.2","providerId":"p2","state":"sent"}]
              = Completed
        "#]],
    );
}

#[test]
fn in_a_suspended_instance_the_result_is_held() {
    check(
        TELL,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).failed(1, 1).quietly();
            resend(run, 1).sent(1, 2).operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > repair {"do":"resend","message":"000000000001A.1"}
              tell repaired by="admin" decision="r3" reason="原因" repair={"do":"resend","message":"000000000001A.1"}
              => sms 1 attempt 2: 138: hi
              = Suspended
            > effect 1 attempt 2
              tell effect_returned attempt=2 effect="000000000001A.1" outcome={"is":"done","output":{"providerId":"p1"}}
              = Suspended
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              tell task_completed output={"attempts":2,"messageId":"000000000001A.1","providerId":"p1","state":"sent"}
              done task_started
              done task_completed output={"done":true}
              * completed output={"done":true}
              = Completed
        "#]],
    );
}

#[test]
fn a_cancelled_instance_keeps_no_dead_letters() {
    check(
        TELL,
        |run| {
            run.start(json!({})).failed(1, 1).operator(OperatorCommand::Cancel).quietly();
            resend(run, 1);
        },
        expect![[r#"
            > repair {"do":"resend","message":"000000000001A.1"}
              refused conflict repair.ended: cannot resend within an instance that is cancelled; one that has ended can be run again as a new one
        "#]],
    );
}

#[test]
fn the_oldest_dead_letters_make_room() {
    let rung =
        |n| format!("{{at: {n}%, notify: {{channel: sms, to: {{kind: mobile, address: '138'}}, body: a}}}}");
    let rungs: Vec<String> = (1..=70).map(rung).collect();
    let text = format!(
        "do:\n  - ask:\n      call: human-task:1.0.0@default\n      with: {{title: t, candidateRoles: [a], \
         due: {{after: PT1H}}, escalation: [{}]}}",
        rungs.join(", ")
    );
    let mut run = Run::new(&text, &[]);
    run.start(json!({}));
    for n in 1..=70 {
        run.wake().failed(n, 1);
    }
    let unsent = run.state.unsent();
    assert_eq!(unsent.len(), 64);
    assert_eq!((unsent[0].effect.id.n, unsent[0].stands, unsent[0].attempts()), (7, Stands::Dead, 1));
    assert_eq!(unsent[0].failure.as_ref().unwrap().code, "wechat.43004");
    let lines = run.transitions.iter().flat_map(|transition| &transition.history);
    let forgotten = lines.filter(|line| matches!(line.what, What::MessageForgotten { .. })).count();
    assert_eq!(forgotten, 6);
}
