//! Lifecycle events on their way: into the inbox, and to the server's sink.

use serde_json::{Value, json};
use yiwang_core::lifecycle::Sink;
use yiwang_dsl::lifecycle::LifecycleEvent;
use yiwang_runtime::Config;

use crate::world::{World, workflow};

fn told(name: &str, top: &str, tasks: &str, events: &str) -> String {
    workflow(name, top, tasks).replace(
        "version: '1.0.0'}",
        &format!(
            "version: '1.0.0', metadata: {{yiwang: {{lifecycle: {{events: [{events}], to: inbox}}}}}}}}"
        ),
    )
}

#[tokio::test]
async fn another_workflow_can_begin_with_the_end_of_one() {
    let ends = told("ends", "", "  - do: {set: {n: 1}}", "workflow");
    // It makes lifecycle events itself, but not of these.
    let follows = told(
        "follows",
        "schedule: {on: {any: [{with: {type: io.serverlessworkflow.workflow.completed.v1}}, {with: {type: io.serverlessworkflow.task.started.v1}}]}}",
        "  - keep: {set: '${ .[0].name }'}",
        "workflow, task",
    );
    let mut world = World::running(&[&ends, &follows]).await;
    let id = world.start("test/ends", None, json!({})).await;
    world.engine.settle().await.unwrap();
    let followers = world.instances("test/follows").await;
    assert_eq!(followers.len(), 1);
    let name = format!("ends-{id}.test");
    assert_eq!(world.last(followers[0], "completed", "output").await, json!(name));
    let types: Vec<String> = world.inbox().await.iter().map(|row| row.event.r#type.clone()).collect();
    let expected = ["started", "completed"].map(|it| format!("io.serverlessworkflow.workflow.{it}.v1"));
    assert_eq!(types, expected);
}

#[tokio::test]
async fn a_sink_gets_each_event_until_it_has_taken_it() {
    let events = [LifecycleEvent::WorkflowFaulted, LifecycleEvent::WorkflowStatusChanged].into();
    let sink = Some(Sink { uri: "http://sink.cn/".to_owned(), events });
    let mut world = World::configured(Config { lifecycle: sink, ..Config::default() }).await;
    world
        .deploy(&workflow("w", "", "  - fail: {raise: {error: {type: 'https://x.cn/e', status: 409}}}"))
        .await;
    world.services.fails.lock().unwrap().insert("http://sink.cn/".to_owned(), 1);
    let id = world.start("test/w", None, json!({})).await;
    world.later(3_600_000).await;
    let calls = world.services.calls.lock().unwrap().clone();
    let bodies: Vec<Value> = calls.iter().map(|it| it.request.with.to_json()["body"].clone()).collect();
    let types: Vec<&str> = bodies.iter().map(|body| body["type"].as_str().unwrap()).collect();
    let faulted = "io.serverlessworkflow.workflow.faulted.v1";
    // The first is not taken at first, and keeps its id.
    let expected = [faulted, "io.serverlessworkflow.workflow.status-changed.v1"];
    assert_eq!(types[..2], expected);
    assert!(bodies.iter().all(|body| body["subject"] == json!(id)));
    assert_eq!(bodies[0]["data"]["error"]["status"], 409);
    assert_eq!(world.status(id).await, "faulted");
}
