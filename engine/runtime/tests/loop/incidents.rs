//! Broken instances: told with a code, and the neighbours go on.

use serde_json::json;
use yiwang_core::input::OperatorCommand;
use yiwang_core::work_item::Actor;
use yiwang_runtime::OperatorAct;
use yiwang_runtime::ports::{IncidentRow, PageRequest, Query as _, Store as _};

use crate::world::{World, event, workflow};

fn waits() -> String {
    workflow("a", "", "  - rest: {wait: PT1H}")
}

fn operator(instance: yiwang_core::InstanceId, command: OperatorCommand) -> OperatorAct {
    let by = Actor::new("admin", vec!["platform_admin".to_owned()]);
    OperatorAct { instance, command, by, reason: Some("测试".to_owned()) }
}

async fn incidents(world: &World) -> Vec<IncidentRow> {
    world.store.inner.incidents(PageRequest::default()).await.unwrap().items
}

#[tokio::test]
async fn a_corrupt_snapshot_is_an_incident_and_the_others_go_on() {
    let mut world = World::running(&[&waits()]).await;
    let bad = world.start("test/a", None, json!({})).await;
    let good = world.start("test/a", None, json!({})).await;
    world.store.snapshots.lock().unwrap().insert(bad, Err("the checksum is wrong".to_owned()));
    world.restart().await;
    world.later(7_200_000).await;
    assert_eq!(world.status(good).await, "completed");
    let found = incidents(&world).await;
    assert_eq!(found.len(), 1, "told once, not at every wake-up");
    assert_eq!((found[0].instance, &*found[0].code), (bad, "instance.corrupt"));
    let error = world.engine.operator(operator(bad, OperatorCommand::Cancel)).await.unwrap_err();
    assert_eq!(error.code(), "instance.corrupt");
    world.restart().await;
    world.engine.settle().await.unwrap();
    assert_eq!(incidents(&world).await.len(), 1, "also not once more after a restart");
}

#[tokio::test]
async fn an_incident_outlives_the_failure_of_its_turn() {
    let hears = workflow(
        "hears",
        "",
        "  - rest: {wait: PT1H}\n  - hear: {listen: {to: {one: {with: {type: cn.test.paid.v1}}}}}",
    );
    let mut world = World::running(&[&waits(), &hears]).await;
    let bad = world.start("test/a", None, json!({})).await;
    let good = world.start("test/hears", None, json!({})).await;
    world.store.snapshots.lock().unwrap().insert(bad, Err("the checksum is wrong".to_owned()));
    world.restart().await;
    // The turn that finds the broken one begins to listen too, and cannot read what it is to be offered.
    world.store.deaf.store(true, std::sync::atomic::Ordering::SeqCst);
    world.later(7_200_000).await;
    world.later(60_000).await;
    assert!(!world.store.deaf.load(std::sync::atomic::Ordering::SeqCst), "the read was asked for");
    assert_eq!(world.status(good).await, "waiting");
    let found = incidents(&world).await;
    assert_eq!(
        found.iter().map(|row| (row.instance, &*row.code)).collect::<Vec<_>>(),
        [(bad, "instance.corrupt")]
    );
}

#[tokio::test]
async fn a_panic_is_an_incident_until_an_operator_tries_again() {
    let mut world = World::running(&[&waits()]).await;
    let bad = world.start("test/a", None, json!({})).await;
    let good = world.start("test/a", None, json!({})).await;
    // A snapshot of another instance breaks an invariant of the interpreter.
    let other = world.store.inner.load(vec![good]).await.unwrap().remove(0).state;
    world.store.snapshots.lock().unwrap().insert(bad, other);
    world.restart().await;
    world.later(7_200_000).await;
    assert_eq!((world.status(bad).await, world.status(good).await), ("waiting".into(), "completed".into()));
    assert_eq!(incidents(&world).await[0].code, "instance.panicked");
    world.store.snapshots.lock().unwrap().clear();
    world.engine.operator(operator(bad, OperatorCommand::Cancel)).await.unwrap();
    assert_eq!(world.status(bad).await, "cancelled");
    assert_eq!(incidents(&world).await, [], "overcome");
}

#[tokio::test]
async fn an_event_for_a_broken_instance_is_kept() {
    let hears = workflow("hears", "", "  - hear: {listen: {to: {one: {with: {type: cn.test.paid.v1}}}}}");
    let mut world = World::running(&[&hears]).await;
    let bad = world.start("test/hears", None, json!({})).await;
    world.store.snapshots.lock().unwrap().insert(bad, Err("unreadable".to_owned()));
    world.restart().await;
    world.engine.publish(vec![event("p", "cn.test.paid.v1", json!(1))]).await.unwrap();
    assert_eq!(world.dispositions().await, ["buffered"]);
    assert_eq!(incidents(&world).await[0].code, "instance.corrupt");
}

#[tokio::test]
async fn a_faulted_instance_is_an_incident_until_it_is_retried_well() {
    let picky = workflow(
        "picky",
        "",
        "  - check: {raise: {error: {type: 'https://x.cn/e', status: 500, title: 坏}}}",
    );
    let mut world = World::running(&[&picky]).await;
    let id = world.start("test/picky", None, json!({})).await;
    assert_eq!(incidents(&world).await[0].code, "instance.faulted");
    world.engine.operator(operator(id, OperatorCommand::Retry)).await.unwrap();
    assert_eq!(incidents(&world).await.len(), 1, "faulted again, still one");
    world.engine.operator(operator(id, OperatorCommand::Cancel)).await.unwrap();
    assert_eq!(incidents(&world).await, []);
}

#[tokio::test]
async fn a_refusal_answers_only_its_caller() {
    let mut world = World::running(&[&waits()]).await;
    let id = world.start("test/a", None, json!({})).await;
    let error = world.engine.operator(operator(id, OperatorCommand::Resume)).await.unwrap_err();
    assert_eq!(error.code(), "refused.conflict");
    let unknown = yiwang_core::InstanceId(5);
    let error = world.engine.operator(operator(unknown, OperatorCommand::Cancel)).await.unwrap_err();
    assert_eq!(error.code(), "instance.unknown");
    assert_eq!(world.status(id).await, "waiting");
    assert_eq!(incidents(&world).await, []);
}
