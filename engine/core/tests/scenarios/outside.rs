//! Calls, processes and children: what is requested, and what their results do.

use yiwang_core::effect::Action;
use yiwang_core::input::{EffectOutcome, OperatorCommand};
use yiwang_core::{EffectId, Input, InstanceId};
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

use crate::{Run, check, expect, json};

const CHILD: InstanceId = InstanceId(77);

/// The child that the first effect asked for has begun.
fn child_begins(run: &mut Run) -> &mut Run {
    let effect = EffectId { instance: InstanceId(42), n: 1 };
    run.input("child begins", Input::ChildStarted { effect, instance: CHILD })
}

fn pending(run: &mut Run) {
    let pending = serde_json::to_string(&run.state.pending_effects()).unwrap();
    run.note(pending);
}

#[test]
fn a_call_is_requested_without_its_secrets_and_retried_by_its_try() {
    check(
        r#"
        use: {secrets: [api]}
        do:
          - safe:
              try:
                - call:
                    call: http
                    with: {method: get, endpoint: 'http://a.cn/{no}', headers: {x-key: '${ $secrets.api }'}}
                    export: {as: '${ $authorization }'}
              catch: {errors: {with: {status: 503}}, retry: {delay: PT1M, limit: {attempt: {count: 1}}}}
        "#,
        |run| {
            run.start(json!({"no": "a/b"}));
            pending(run);
            let mut error = Fault::new(Kind::Communication, "", "busy");
            error.status = 503;
            run.returned(1, 1, EffectOutcome::Faulted { error }).wake();
            let authorization = Some("Bearer".to_owned());
            run.returned(2, 1, EffectOutcome::Done { output: json!({"ok": true}).into(), authorization });
            run.returned(1, 1, EffectOutcome::done(json!("late")));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"no":"a/b"}
              safe task_started
              call task_started
              call effect_requested effect="000000000001A.1" function="http"
              = Running
            [{"id":"000000000001A.1","attempt":1,"action":{"do":"call","service":{"protocol":"http"},"with":{"method":"get","endpoint":{"uri":"http://a.cn/a%2Fb"},"headers":{"x-key":null}},"deferred":[{"pointer":"/headers/x-key","text":"$secrets.api","input":{"no":"a/b"},"variables":[]}],"workflow":{"namespace":"test","name":"w","version":"1.0.0"},"task":"/do/0/safe/try/0/call","secrets":["api"]}}]
            > effect 1 attempt 1
              call effect_returned attempt=1 effect="000000000001A.1" outcome={"error":{"detail":"busy","instance":"","status":503,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"},"is":"faulted"}
              call task_faulted error={"detail":"busy","instance":"/do/0/safe/try/0/call","status":503,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              safe task_retried attempt=1 due=60s
              = Waiting, wakes 60s
            > wake
              call task_started
              call effect_requested effect="000000000001A.2" function="http"
              = Running
            > effect 2 attempt 1
              call effect_returned attempt=1 effect="000000000001A.2" outcome={"authorization":"Bearer","is":"done","output":{"ok":true}}
              call context_changed context={"parameter":"***","scheme":"Bearer"}
              call task_completed output={"ok":true}
              safe task_completed output={"ok":true}
              * completed output={"ok":true}
              = Completed
            > effect 1 attempt 1
              * result_ignored attempt=1 effect="000000000001A.1"
              = Completed
        "#]],
    );
}

#[test]
fn a_child_is_waited_for_and_cancelled_with_its_task() {
    check(
        r#"
        do:
          - child: {timeout: {after: PT1H}, run: {workflow: {namespace: test, name: c, version: '1.0.0', input: {n: 1}}}}
        "#,
        |run| {
            run.start(json!({}));
            pending(run);
            child_begins(run);
            assert!(run.state.pending_effects().is_empty());
            assert_eq!(run.state.children().map(|(_, child)| child).collect::<Vec<_>>(), [CHILD]);
            run.wake();
            pending(run);
            run.returned(2, 1, EffectOutcome::done(json!(null)));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              child task_started
              child timer_set due=3600s purpose="timeout"
              child effect_requested effect="000000000001A.1" function="workflow test/c"
              = Running, wakes 3600s
            [{"id":"000000000001A.1","attempt":1,"action":{"do":"start","workflow":"test/c","version":"1.0.0","input":{"n":1},"wait":true,"depth":1}}]
            > child begins
              child child_started effect="000000000001A.1" instance="000000000002D"
              = Waiting, wakes 3600s
            > wake
              child timer_fired due=3600s purpose="timeout"
              * effect_requested effect="000000000001A.2" function="cancel 000000000002D"
              child task_faulted error={"detail":"task `child` timed out","instance":"/do/0/child","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              * faulted error={"detail":"task `child` timed out","instance":"/do/0/child","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              = Faulted
            [{"id":"000000000001A.2","attempt":1,"action":{"do":"cancel","instance":"000000000002D"}}]
            > effect 2 attempt 1
              * effect_returned attempt=1 effect="000000000001A.2" outcome={"is":"done","output":null}
              = Faulted
        "#]],
    );
}

#[test]
fn a_child_tells_its_end_once() {
    let cause = yiwang_core::input::Cause::Parent {
        effect: EffectId { instance: CHILD, n: 3 },
        depth: 2,
        waits: true,
        quiet: false,
    };
    check(
        "do:\n  - rest: {wait: PT1H}\n",
        |run| {
            run.input("start", Input::Start { input: json!({}).into(), cause: cause.clone() });
            assert_eq!(run.state.parent().unwrap().depth, 2);
            run.operator(OperatorCommand::Cancel);
            pending(run);
            run.returned(1, 1, EffectOutcome::done(json!(null)));
        },
        expect![[r#"
            > start
              * started cause={"by":"parent","depth":2,"effect":"000000000002D.3","waits":true} input={}
              rest task_started
              rest timer_set due=3600s purpose="wait"
              = Waiting, wakes 3600s
            > Cancel
              * operator_acted by="admin" command="cancel" reason=null
              * cancelled
              * effect_requested effect="000000000001A.1" function="parent"
              = Cancelled
            [{"id":"000000000001A.1","attempt":1,"action":{"do":"tell","parent":"000000000002D.3","outcome":{"is":"faulted","error":{"type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime","status":500,"instance":"","detail":"the child workflow was cancelled"}}}}]
            > effect 1 attempt 1
              * effect_returned attempt=1 effect="000000000001A.1" outcome={"is":"done","output":null}
              = Cancelled
        "#]],
    );
}

#[test]
fn a_child_that_is_abandoned_tells_nobody() {
    let effect = EffectId { instance: CHILD, n: 3 };
    let cause = yiwang_core::input::Cause::Parent { effect, depth: 1, waits: true, quiet: false };
    check(
        "do:\n  - rest: {wait: PT1H}\n",
        |run| {
            run.input("start", Input::Start { input: json!({}).into(), cause: cause.clone() });
            run.input("abandoned", Input::Abandoned { by: effect });
            run.input("again", Input::Abandoned { by: effect });
        },
        expect![[r#"
            > start
              * started cause={"by":"parent","depth":1,"effect":"000000000002D.3","waits":true} input={}
              rest task_started
              rest timer_set due=3600s purpose="wait"
              = Waiting, wakes 3600s
            > abandoned
              * cancelled
              = Cancelled
            > again
              = Cancelled
        "#]],
    );
}

#[test]
fn a_call_that_is_too_large_or_one_too_many_is_refused() {
    let mut run = Run::new(
        "do:\n  - call: {call: http, with: {method: post, endpoint: 'http://a.cn', body: '${ . }', headers: {a: '${ $secrets.api }', b: '${ $secrets.api }'}}}\nuse: {secrets: [api]}\n",
        &[],
    );
    run.start(json!({"text": "x".repeat(500_000)}));
    assert!(run.log.contains("limit.data-bytes"), "its parts together: {}", &run.log[..300]);

    let mut run = Run::new(
        "do:\n  - all: {for: {in: '[range(1001)]'}, do: [{go: {run: {script: {language: js, code: 'x'}, await: false}}}]}\n",
        &[],
    );
    run.start(json!({}));
    assert!(run.log.contains("limit.calls"));
    let calls = |effect: &yiwang_core::Effect| matches!(effect.action, Action::Call(_));
    assert_eq!(run.transitions[0].effects.iter().filter(|effect| calls(effect)).count(), 1_000);
}

#[test]
fn a_result_that_is_too_large_is_a_fault() {
    let mut run =
        Run::new("do:\n  - call: {call: http, with: {method: get, endpoint: 'http://a.cn'}}\n", &[]);
    run.start(json!({})).quietly();
    run.returned(1, 1, EffectOutcome::done(json!("x".repeat(1 << 21))));
    assert!(run.log.contains("limit.data-bytes") && run.log.len() < 2_000, "{}", run.log);
}
