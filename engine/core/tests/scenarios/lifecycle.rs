//! Lifecycle events: what of a step is told, in which words.

use yiwang_core::input::{Cause, EffectOutcome, OperatorCommand};
use yiwang_core::lifecycle::Sink;
use yiwang_core::{Input, Timestamp};
use yiwang_dsl::lifecycle::LifecycleEvent;

use crate::{Run, expect, json};

/// Runs with all events told into the inbox; their types and data.
fn told(tasks: &str, script: impl FnOnce(&mut Run)) -> String {
    let mut run = Run::new(tasks, &[]);
    run.deployment.definition.policy.lifecycle = LifecycleEvent::ALL.into();
    script(&mut run);
    let published = run.transitions.iter().flat_map(|transition| &transition.published);
    let ours = published.filter(|event| event.source.starts_with("/lifecycle/"));
    let mut lines = String::new();
    for event in ours {
        let name = event.r#type.strip_prefix("io.serverlessworkflow.").unwrap();
        let data = event.data.to_string().replace("-000000000001A.test", "").replace("2024-06-11T", "");
        lines += &format!("{} {name} {data}\n", event.id.strip_prefix("000000000001A-").unwrap());
    }
    lines
}

#[test]
fn a_life_is_told_from_its_beginning_to_its_end() {
    let told = told(
        r#"
        do:
          - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
          - safe: {try: [{fail: {raise: {error: {type: 'https://x.cn/e', status: 409}}}}], catch: {retry: {delay: PT1M, limit: {attempt: {count: 1}}}}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).operator(OperatorCommand::Resume);
            run.event("cn.x.v1", json!(1)).wake();
        },
    );
    expect![[r#"
        3-1 workflow.started.v1 {"definition":{"name":"w","namespace":"test","version":"1.0.0"},"name":"w","startedAt":"01:00:00Z"}
        3-2 task.created.v1 {"createdAt":"01:00:00Z","task":"/do/0/hear","workflow":"w"}
        3-3 task.started.v1 {"startedAt":"01:00:00Z","task":"/do/0/hear","workflow":"w"}
        3-4 task.status-changed.v1 {"status":"running","task":"/do/0/hear","updatedAt":"01:00:00Z","workflow":"w"}
        3-5 workflow.correlation-started.v1 {"name":"w","startedAt":"01:00:00Z"}
        3-6 workflow.status-changed.v1 {"name":"w","status":"waiting","updatedAt":"01:00:00Z"}
        4-1 workflow.suspended.v1 {"name":"w","suspendedAt":"01:00:00Z"}
        4-2 task.suspended.v1 {"suspendedAt":"01:00:00Z","task":"/do/0/hear","workflow":"w"}
        4-3 task.status-changed.v1 {"status":"suspended","task":"/do/0/hear","updatedAt":"01:00:00Z","workflow":"w"}
        4-4 workflow.status-changed.v1 {"name":"w","status":"suspended","updatedAt":"01:00:00Z"}
        5-1 workflow.resumed.v1 {"name":"w","resumedAt":"01:00:00Z"}
        5-2 task.resumed.v1 {"resumedAt":"01:00:00Z","task":"/do/0/hear","workflow":"w"}
        5-3 task.status-changed.v1 {"status":"running","task":"/do/0/hear","updatedAt":"01:00:00Z","workflow":"w"}
        5-4 workflow.status-changed.v1 {"name":"w","status":"waiting","updatedAt":"01:00:00Z"}
        11-1 workflow.correlation-completed.v1 {"completedAt":"01:00:00Z","name":"w"}
        11-2 task.completed.v1 {"completedAt":"01:00:00Z","outputUri":"/api/v1/instances/000000000001A/history","task":"/do/0/hear","workflow":"w"}
        11-3 task.status-changed.v1 {"status":"completed","task":"/do/0/hear","updatedAt":"01:00:00Z","workflow":"w"}
        11-4 task.created.v1 {"createdAt":"01:00:00Z","task":"/do/1/safe","workflow":"w"}
        11-5 task.started.v1 {"startedAt":"01:00:00Z","task":"/do/1/safe","workflow":"w"}
        11-6 task.status-changed.v1 {"status":"running","task":"/do/1/safe","updatedAt":"01:00:00Z","workflow":"w"}
        11-7 task.created.v1 {"createdAt":"01:00:00Z","task":"/do/1/safe/try/0/fail","workflow":"w"}
        11-8 task.started.v1 {"startedAt":"01:00:00Z","task":"/do/1/safe/try/0/fail","workflow":"w"}
        11-9 task.status-changed.v1 {"status":"running","task":"/do/1/safe/try/0/fail","updatedAt":"01:00:00Z","workflow":"w"}
        11-10 task.faulted.v1 {"error":{"instance":"/do/1/safe/try/0/fail","status":409,"type":"https://x.cn/e"},"faultedAt":"01:00:00Z","task":"/do/1/safe/try/0/fail","workflow":"w"}
        11-11 task.status-changed.v1 {"status":"faulted","task":"/do/1/safe/try/0/fail","updatedAt":"01:00:00Z","workflow":"w"}
        11-12 task.retried.v1 {"retriedAt":"01:00:00Z","task":"/do/1/safe","workflow":"w"}
        15-1 task.created.v1 {"createdAt":"01:01:00Z","task":"/do/1/safe/try/0/fail","workflow":"w"}
        15-2 task.started.v1 {"startedAt":"01:01:00Z","task":"/do/1/safe/try/0/fail","workflow":"w"}
        15-3 task.status-changed.v1 {"status":"running","task":"/do/1/safe/try/0/fail","updatedAt":"01:01:00Z","workflow":"w"}
        15-4 task.faulted.v1 {"error":{"instance":"/do/1/safe/try/0/fail","status":409,"type":"https://x.cn/e"},"faultedAt":"01:01:00Z","task":"/do/1/safe/try/0/fail","workflow":"w"}
        15-5 task.status-changed.v1 {"status":"faulted","task":"/do/1/safe/try/0/fail","updatedAt":"01:01:00Z","workflow":"w"}
        15-6 task.completed.v1 {"completedAt":"01:01:00Z","outputUri":"/api/v1/instances/000000000001A/history","task":"/do/1/safe","workflow":"w"}
        15-7 task.status-changed.v1 {"status":"completed","task":"/do/1/safe","updatedAt":"01:01:00Z","workflow":"w"}
        15-8 workflow.completed.v1 {"completedAt":"01:01:00Z","name":"w","outputUri":"/api/v1/instances/000000000001A"}
        15-9 workflow.status-changed.v1 {"name":"w","status":"completed","updatedAt":"01:01:00Z"}
    "#]].assert_eq(&told);
}

#[test]
fn what_is_given_up_is_cancelled() {
    let told = told("do:\n  - list: {timeout: {after: PT1M}, do: [{inner: {wait: PT1H}}]}\n", |run| {
        run.start(json!({})).wake();
    });
    expect![[r#"
        5-1 workflow.started.v1 {"definition":{"name":"w","namespace":"test","version":"1.0.0"},"name":"w","startedAt":"01:00:00Z"}
        5-2 task.created.v1 {"createdAt":"01:00:00Z","task":"/do/0/list","workflow":"w"}
        5-3 task.started.v1 {"startedAt":"01:00:00Z","task":"/do/0/list","workflow":"w"}
        5-4 task.status-changed.v1 {"status":"running","task":"/do/0/list","updatedAt":"01:00:00Z","workflow":"w"}
        5-5 task.created.v1 {"createdAt":"01:00:00Z","task":"/do/0/list/do/0/inner","workflow":"w"}
        5-6 task.started.v1 {"startedAt":"01:00:00Z","task":"/do/0/list/do/0/inner","workflow":"w"}
        5-7 task.status-changed.v1 {"status":"running","task":"/do/0/list/do/0/inner","updatedAt":"01:00:00Z","workflow":"w"}
        5-8 workflow.status-changed.v1 {"name":"w","status":"waiting","updatedAt":"01:00:00Z"}
        8-1 task.faulted.v1 {"error":{"detail":"task `list` timed out","instance":"/do/0/list","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"},"faultedAt":"01:01:00Z","task":"/do/0/list","workflow":"w"}
        8-2 task.status-changed.v1 {"status":"faulted","task":"/do/0/list","updatedAt":"01:01:00Z","workflow":"w"}
        8-3 workflow.faulted.v1 {"error":{"detail":"task `list` timed out","instance":"/do/0/list","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"},"faultedAt":"01:01:00Z","name":"w"}
        8-4 task.cancelled.v1 {"cancelledAt":"01:01:00Z","task":"/do/0/list/do/0/inner","workflow":"w"}
        8-5 task.status-changed.v1 {"status":"cancelled","task":"/do/0/list/do/0/inner","updatedAt":"01:01:00Z","workflow":"w"}
        8-6 workflow.status-changed.v1 {"name":"w","status":"faulted","updatedAt":"01:01:00Z"}
    "#]].assert_eq(&told);
}

#[test]
fn a_cancelled_workflow_cancels_its_tasks() {
    let told = told("do:\n  - rest: {wait: PT1H}\n", |run| {
        run.start(json!({})).operator(OperatorCommand::Cancel);
    });
    expect![[r#"
        3-1 workflow.started.v1 {"definition":{"name":"w","namespace":"test","version":"1.0.0"},"name":"w","startedAt":"01:00:00Z"}
        3-2 task.created.v1 {"createdAt":"01:00:00Z","task":"/do/0/rest","workflow":"w"}
        3-3 task.started.v1 {"startedAt":"01:00:00Z","task":"/do/0/rest","workflow":"w"}
        3-4 task.status-changed.v1 {"status":"running","task":"/do/0/rest","updatedAt":"01:00:00Z","workflow":"w"}
        3-5 workflow.status-changed.v1 {"name":"w","status":"waiting","updatedAt":"01:00:00Z"}
        5-1 workflow.cancelled.v1 {"cancelledAt":"01:00:00Z","name":"w"}
        5-2 task.cancelled.v1 {"cancelledAt":"01:00:00Z","task":"/do/0/rest","workflow":"w"}
        5-3 task.status-changed.v1 {"status":"cancelled","task":"/do/0/rest","updatedAt":"01:00:00Z","workflow":"w"}
        5-4 workflow.status-changed.v1 {"name":"w","status":"cancelled","updatedAt":"01:00:00Z"}
    "#]].assert_eq(&told);
}

#[test]
fn nobody_is_told_unless_somebody_wants_to_know() {
    let mut run = Run::new("do:\n  - a: {set: {n: 1}}\n", &[]);
    run.start(json!({}));
    assert!(run.transitions[0].published.is_empty() && run.transitions[0].effects.is_empty());
}

#[test]
fn who_has_to_do_with_lifecycle_events_makes_none() {
    let begins = told("do:\n  - a: {set: {n: 1}}\n", |run| {
        let events = vec![("/lifecycle/test/other/1.0.0".to_owned(), "e1".to_owned())];
        run.input("start", Input::Start { input: json!([]).into(), cause: Cause::Events { events } });
    });
    assert_eq!(begins, "");
    let takes = told("do:\n  - hear: {listen: {to: {any: []}}}\n  - a: {set: {n: 1}}\n", |run| {
        run.start(json!({}));
        run.transitions.clear();
        run.event_from("e1", "/lifecycle/test/w/1.0.0", "io.serverlessworkflow.task.started.v1", json!({}));
    });
    assert_eq!(takes, "");
}

#[test]
fn a_sink_that_is_down_does_not_fill_the_outbox() {
    let mut run = Run::new("do:\n  - all: {for: {in: '[range(300)]'}, do: [{a: {set: {n: 1}}}]}\n", &[]);
    let events = [LifecycleEvent::TaskCompleted].into();
    run.lifecycle = Some(Sink { uri: "http://sink.cn/".to_owned(), events });
    run.start(json!({}));
    // All rounds and the loop itself are told; the last 200 wait.
    assert_eq!(run.state.pending_effects().len(), 200);
    assert_eq!(run.log.matches("lifecycle.too-many").count(), 101);
    assert_eq!(run.state.status(), yiwang_core::transition::Status::Completed);
    let first = run.state.pending_effects()[0].id.n;
    let error = yiwang_dsl::Fault::new(yiwang_dsl::error::Kind::Communication, "", "down");
    run.quietly().returned(first, 1, EffectOutcome::Faulted { error });
    assert_eq!(run.state.wake_at(), Some(Timestamp(run.now.0 + 5_000)));
    run.wake();
    assert_eq!(run.state.pending_effects().len(), 200);
}
