//! `schedule.on.all`: one instance for each complete set of events.

use serde_json::{Value, json};
use yiwang_core::input::OperatorCommand;
use yiwang_core::work_item::Actor;
use yiwang_runtime::OperatorAct;
use yiwang_runtime::ports::IncomingEvent;

use crate::plug::{Life, pulled_everywhere};
use crate::world::{World, event, workflow};

const BOTH: &str = "schedule: {on: {all: [{with: {type: cn.a.v1}}, {with: {type: cn.b.v1}}]}}";
const CORRELATED: &str = "schedule: {on: {all: [{with: {type: cn.a.v1}, correlate: {no: {from: .data.no}}}, {with: {type: cn.b.v1}, correlate: {no: {from: .data.case}}}]}}";

fn gathers(schedule: &str) -> String {
    workflow("w", schedule, "  - keep: {set: '${ . }'}")
}

async fn publish(world: &mut World, event: IncomingEvent) {
    world.engine.publish(vec![event]).await.unwrap();
    world.engine.settle().await.unwrap();
}

/// Phase and output of each instance.
async fn instances(world: &World) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for id in world.instances("test/w").await {
        all.push((world.status(id).await, world.last(id, "completed", "output").await));
    }
    all
}

#[tokio::test]
async fn an_instance_begins_with_all_events_in_the_order_of_the_filters() {
    let mut world = World::running(&[&gathers(BOTH)]).await;
    publish(&mut world, event("e1", "cn.b.v1", json!("b1"))).await;
    assert_eq!(instances(&world).await, [("pending".to_owned(), Value::Null)]);
    world.restart().await;
    publish(&mut world, event("e1", "cn.b.v1", json!("b1"))).await;
    publish(&mut world, event("e2", "cn.a.v1", json!("a1"))).await;
    assert_eq!(instances(&world).await, [("completed".to_owned(), json!(["a1", "b1"]))]);
    assert_eq!(world.dispositions().await, ["delivered", "delivered"]);
}

#[tokio::test]
async fn an_event_belongs_to_the_oldest_set_that_wants_it() {
    let mut world = World::running(&[&gathers(BOTH)]).await;
    for (id, kind) in [("a1", "cn.a.v1"), ("a2", "cn.a.v1"), ("b1", "cn.b.v1")] {
        publish(&mut world, event(id, kind, json!(id))).await;
    }
    let expected = [("completed".to_owned(), json!(["a1", "b1"])), ("pending".to_owned(), Value::Null)];
    assert_eq!(instances(&world).await, expected);
}

#[tokio::test]
async fn events_that_come_together_belong_together() {
    let mut world = World::running(&[&gathers(BOTH)]).await;
    let events = vec![event("a1", "cn.a.v1", json!("a1")), event("b1", "cn.b.v1", json!("b1"))];
    world.engine.publish(events).await.unwrap();
    world.engine.settle().await.unwrap();
    assert_eq!(instances(&world).await, [("completed".to_owned(), json!(["a1", "b1"]))]);
}

#[tokio::test]
async fn sets_are_kept_apart_by_what_they_correlate_by() {
    let mut world = World::running(&[&gathers(CORRELATED)]).await;
    publish(&mut world, event("a1", "cn.a.v1", json!({"no": 1}))).await;
    publish(&mut world, event("a2", "cn.a.v1", json!({"no": 2}))).await;
    publish(&mut world, event("a3", "cn.a.v1", json!({}))).await;
    publish(&mut world, event("b2", "cn.b.v1", json!({"case": 2}))).await;
    let second = json!([{"no": 2}, {"case": 2}]);
    let expected = [("pending".to_owned(), Value::Null), ("completed".to_owned(), second)];
    assert_eq!(instances(&world).await, expected);
}

#[tokio::test]
async fn a_set_that_is_never_complete_can_be_cancelled() {
    let mut world = World::running(&[&gathers(BOTH)]).await;
    publish(&mut world, event("a1", "cn.a.v1", json!("a1"))).await;
    let by = Actor::new("li", Vec::new());
    let instance = world.instances("test/w").await[0];
    let act = OperatorAct { instance, command: OperatorCommand::Cancel, by, reason: None };
    world.engine.operator(act).await.unwrap();
    publish(&mut world, event("b1", "cn.b.v1", json!("b1"))).await;
    let phases: Vec<String> = instances(&world).await.into_iter().map(|(phase, _)| phase).collect();
    assert_eq!(phases, ["cancelled", "pending"]);
}

#[tokio::test]
async fn sets_survive_any_crash() {
    let life = Life {
        workflows: vec![gathers(CORRELATED)],
        events: vec![
            event("a1", "cn.a.v1", json!({"no": 1})),
            event("b2", "cn.b.v1", json!({"case": 2})),
            event("b1", "cn.b.v1", json!({"case": 1})),
            event("a2", "cn.a.v1", json!({"no": 2})),
        ],
        ..Life::default()
    };
    let picture = pulled_everywhere(life, &["test/w"]).await;
    assert_eq!(picture["lives"]["test/w#0"]["output"], json!([{"no": 1}, {"case": 1}]));
    assert_eq!(picture["lives"]["test/w#1"]["output"], json!([{"no": 2}, {"case": 2}]));
}
