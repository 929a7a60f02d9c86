//! Child workflows: begun once, told of once, cancelled with the task that waits for them.

use serde_json::{Value, json};
use yiwang_core::InstanceId;
use yiwang_core::input::OperatorCommand;
use yiwang_core::work_item::Actor;
use yiwang_runtime::OperatorAct;

use crate::plug::{Life, pulled_everywhere};
use crate::world::{World, workflow};

fn runs(child: &str, more: &str) -> String {
    format!(
        "  - child: {{run: {{workflow: {{namespace: test, name: {child}, version: '1.0.0', input: {{n: '${{ .n }}'}}}}{more}}}}}"
    )
}

fn parent(more: &str) -> String {
    workflow("parent", "", &runs("child", more))
}

fn child(task: &str) -> String {
    workflow("child", "", &format!("  - do: {task}"))
}

async fn run(world: &mut World, workflow: &str) -> InstanceId {
    let id = world.start(workflow, None, json!({"n": 1})).await;
    world.engine.settle().await.unwrap();
    id
}

async fn operate(world: &mut World, instance: InstanceId, command: OperatorCommand) {
    let by = Actor::new("li", Vec::new());
    world.engine.operator(OperatorAct { instance, command, by, reason: None }).await.unwrap();
    world.engine.settle().await.unwrap();
}

#[tokio::test]
async fn a_parent_goes_on_with_the_output_of_its_child() {
    let mut world = World::running(&[&parent(""), &child("{set: {n: '${ .n + 1 }'}}")]).await;
    let id = run(&mut world, "test/parent").await;
    assert_eq!(world.last(id, "completed", "output").await, json!({"n": 2}));
    let child = world.instances("test/child").await[0];
    assert_eq!(world.last(id, "child_started", "instance").await, json!(child));
    let cause = world.last(child, "started", "cause").await;
    assert_eq!(cause, json!({"by": "parent", "effect": format!("{id}.1"), "depth": 1, "waits": true}));
}

#[tokio::test]
async fn the_error_of_a_child_is_that_of_the_task() {
    let raise = "{raise: {error: {type: 'https://x.cn/e', status: 409, title: T}}}";
    let mut world = World::running(&[&parent(""), &child(raise)]).await;
    let id = run(&mut world, "test/parent").await;
    let error = world.last(id, "faulted", "error").await;
    assert_eq!((&error["type"], &error["instance"]), (&json!("https://x.cn/e"), &json!("/do/0/child")));
}

#[tokio::test]
async fn an_unknown_workflow_is_a_configuration_error() {
    for more in ["", ", await: false"] {
        let mut world = World::running(&[&parent(more)]).await;
        let id = run(&mut world, "test/parent").await;
        let error = world.last(id, "faulted", "error").await;
        assert!(error["type"].as_str().unwrap().ends_with("configuration"), "{error}");
        assert_eq!((&error["status"], &error["instance"]), (&json!(400), &json!("/do/0/child")));
    }
}

#[tokio::test]
async fn who_does_not_wait_goes_on_with_its_input() {
    let mut world = World::running(&[&parent(", await: false"), &child("{wait: PT1H}")]).await;
    let id = run(&mut world, "test/parent").await;
    assert_eq!(world.last(id, "completed", "output").await, json!({"n": 1}));
    let child = world.instances("test/child").await[0];
    assert_eq!(world.status(child).await, "waiting");
    world.later(3_600_000).await;
    assert_eq!(world.status(child).await, "completed");
}

#[tokio::test]
async fn the_input_schema_of_the_child_applies() {
    let text = workflow("child", "input: {schema: {document: {required: [m]}}}", "  - do: {set: {n: 1}}");
    let mut world = World::running(&[&parent(""), &text]).await;
    let id = run(&mut world, "test/parent").await;
    let error = world.last(id, "faulted", "error").await;
    assert!(error["type"].as_str().unwrap().ends_with("validation"), "{error}");
}

#[tokio::test]
async fn children_are_cancelled_with_the_task_that_waits_for_them() {
    let grandparent = workflow(
        "top",
        "",
        "  - child: {timeout: {after: PT1H}, run: {workflow: {namespace: test, name: parent, version: '1.0.0', input: {n: 1}}}}",
    );
    let mut world = World::running(&[&grandparent, &parent(""), &child("{wait: P1D}")]).await;
    let top = run(&mut world, "test/top").await;
    world.restart().await;
    world.later(3_600_000).await;
    assert_eq!(world.status(top).await, "faulted");
    for workflow in ["test/parent", "test/child"] {
        let id = world.instances(workflow).await[0];
        assert_eq!(world.status(id).await, "cancelled", "{workflow}");
    }
    let id = run(&mut world, "test/parent").await;
    operate(&mut world, id, OperatorCommand::Cancel).await;
    let child = world.instances("test/child").await[1];
    assert_eq!(world.status(child).await, "cancelled");
}

#[tokio::test]
async fn a_cancelled_child_is_an_error_of_its_parent() {
    let mut world = World::running(&[&parent(""), &child("{wait: P1D}")]).await;
    let id = run(&mut world, "test/parent").await;
    let child = world.instances("test/child").await[0];
    operate(&mut world, child, OperatorCommand::Cancel).await;
    let error = world.last(id, "faulted", "error").await;
    assert!(error["type"].as_str().unwrap().ends_with("runtime"), "{error}");
}

#[tokio::test]
async fn a_suspended_parent_keeps_the_result() {
    let mut world = World::running(&[&parent(""), &child("{wait: PT1H}")]).await;
    let id = run(&mut world, "test/parent").await;
    operate(&mut world, id, OperatorCommand::Suspend).await;
    world.later(3_600_000).await;
    assert_eq!(world.status(id).await, "suspended");
    operate(&mut world, id, OperatorCommand::Resume).await;
    assert_eq!(world.status(id).await, "completed");
}

#[tokio::test]
async fn a_workflow_cannot_run_itself_for_ever() {
    let mut world = World::running(&[&workflow("self", "", &runs("self", ""))]).await;
    let id = run(&mut world, "test/self").await;
    assert_eq!(world.last(id, "faulted", "error").await["title"], "limit.child-depth");
    assert_eq!(world.instances("test/self").await.len(), 33);
}

#[tokio::test]
async fn children_survive_any_crash() {
    let rounds = workflow(
        "parent",
        "",
        "  - rounds: {for: {in: '[1, 2]'}, do: [{child: {run: {workflow: {namespace: test, name: child, version: '1.0.0', input: {n: '${ $item }'}}}}}]}\n  - late: {try: [{slow: {timeout: {after: PT1H}, run: {workflow: {namespace: test, name: slow, version: '1.0.0', input: {}}}}}], catch: {do: [{then: {set: {late: true}}}]}}",
    );
    let life = Life {
        workflows: vec![
            rounds,
            child("{call: http, with: {method: post, endpoint: 'http://a.cn/x', body: {n: '${ .n }'}}}"),
            workflow("slow", "", "  - wait: {wait: P1D}"),
        ],
        starts: vec![("test/parent", json!({}))],
        times: vec![2 * 3_600_000],
        ..Life::default()
    };
    let picture = pulled_everywhere(life, &["test/parent", "test/child", "test/slow"]).await;
    let lives = &picture["lives"];
    assert_eq!(lives["test/parent#0"]["output"], json!({"late": true}));
    assert_eq!(lives["test/child#1"]["output"], json!({"n": 2}));
    assert_eq!(lives["test/child#2"], Value::Null);
    assert_eq!(lives["test/slow#0"]["status"], "cancelled");
}
