//! Events: taken once, routed to all who want them, kept for those who come later.

use serde_json::json;
use yiwang_core::Timestamp;
use yiwang_runtime::ports::Disposition;

use crate::world::{World, event, part, workflow};

const INTAKE: &str = "cn.test.intake.v1";
const PAID: &str = "cn.test.paid.v1";
const DAY: u64 = 24 * 3_600_000;

fn on_intake() -> String {
    workflow(
        "intake",
        "schedule: {on: {one: {with: {type: cn.test.intake.v1}}}}",
        "  - keep: {set: '${ .[0] }'}",
    )
}

/// Listens for a payment of its own order.
fn pays() -> String {
    let correlate = "correlate: {order: {from: .data.order, expect: '${ $context.order }'}}";
    workflow(
        "pay",
        "",
        &format!(
            "  - know: {{set: {{order: '${{ .order }}'}}, export: {{as: '${{ . }}'}}}}\n  \
             - hear: {{listen: {{to: {{one: {{with: {{type: {PAID}}}, {correlate}}}}}}}}}"
        ),
    )
}

#[tokio::test]
async fn an_event_that_comes_twice_counts_once() {
    let mut world = World::running(&[&on_intake()]).await;
    let twice = vec![event("m1", INTAKE, json!(1)), event("m1", INTAKE, json!(1))];
    let accepted = world.engine.publish(twice).await.unwrap();
    assert_eq!(accepted.iter().map(|it| it.duplicate).collect::<Vec<_>>(), [false, true]);
    world.restart().await;
    let again = world.engine.publish(vec![event("m1", INTAKE, json!(1))]).await.unwrap();
    assert!(again[0].duplicate);
    assert!(accepted.iter().chain(&again).all(|it| it.inbox == accepted[0].inbox));
    world.engine.settle().await.unwrap();
    assert_eq!(world.instances("test/intake").await.len(), 1);
}

#[tokio::test]
async fn an_event_and_the_instance_it_starts_are_one_commit() {
    let mut world = World::running(&[&on_intake()]).await;
    let before = world.store.commits.load(std::sync::atomic::Ordering::Relaxed);
    world.engine.publish(vec![event("m1", INTAKE, json!({"title": "路灯"}))]).await.unwrap();
    world.engine.settle().await.unwrap();
    assert_eq!(world.store.commits.load(std::sync::atomic::Ordering::Relaxed), before + 1);
    let started = world.instances("test/intake").await;
    let disposition = world.inbox().await[0].disposition.clone();
    assert_eq!(disposition, Disposition::Delivered { instances: started });
}

#[tokio::test]
async fn an_event_goes_to_the_listener_it_correlates_with() {
    let mut world = World::running(&[&pays()]).await;
    let one = world.start("test/pay", None, json!({"order": 1})).await;
    let two = world.start("test/pay", None, json!({"order": 2})).await;
    world.engine.publish(vec![event("p", PAID, json!({"order": 2}))]).await.unwrap();
    assert_eq!((world.status(one).await, world.status(two).await), ("waiting".into(), "completed".into()));
    let disposition = world.inbox().await[0].disposition.clone();
    assert_eq!(disposition, Disposition::Delivered { instances: vec![two] });
}

#[tokio::test]
async fn an_event_that_comes_too_soon_waits_for_its_listener() {
    let mut world = World::running(&[&pays()]).await;
    world.engine.publish(vec![event("p", PAID, json!({"order": 1}))]).await.unwrap();
    assert_eq!(world.dispositions().await, ["buffered"]);
    let other = world.start("test/pay", None, json!({"order": 2})).await;
    assert_eq!(world.status(other).await, "waiting");
    let mine = world.start("test/pay", None, json!({"order": 1})).await;
    assert_eq!(world.status(mine).await, "completed");
    assert_eq!(world.dispositions().await, ["delivered"]);
}

#[tokio::test]
async fn buffered_events_are_taken_in_the_order_they_came() {
    let hears = |n: u32| format!("  - hear{n}: {{listen: {{to: {{one: {{with: {{type: {PAID}}}}}}}}}}}");
    let three = workflow("three", "", &[hears(1), hears(2), hears(3)].join("\n"));
    let mut world = World::running(&[&three]).await;
    for n in 1..=2 {
        world.engine.publish(vec![event(&format!("p{n}"), PAID, json!(n))]).await.unwrap();
    }
    let id = world.start("test/three", None, json!({})).await;
    world.engine.publish(vec![event("p3", PAID, json!(3))]).await.unwrap();
    let history = world.history(id).await;
    let taken: Vec<_> = history.iter().filter(|line| line["event"] == "event_taken").collect();
    assert_eq!(taken.iter().map(|line| line["id"].as_str().unwrap()).collect::<Vec<_>>(), ["p1", "p2", "p3"]);
    assert_eq!(world.status(id).await, "completed");
    assert_eq!(world.dispositions().await, ["delivered"; 3]);
}

#[tokio::test]
async fn what_nobody_can_want_is_listed_with_a_reason() {
    let mut world = World::running(&[&pays()]).await;
    world.engine.publish(vec![event("x", "cn.test.other.v1", json!(1))]).await.unwrap();
    let disposition = world.inbox().await[0].disposition.clone();
    let Disposition::Unmatched { reason } = disposition else { panic!("{disposition:?}") };
    assert!(reason.contains("cn.test.other.v1"), "{reason}");
}

#[tokio::test]
async fn a_buffered_event_expires_into_the_list_of_the_unmatched() {
    let mut world = World::running(&[&pays()]).await;
    world.engine.publish(vec![event("p", PAID, json!({"order": 1}))]).await.unwrap();
    world.later(7 * DAY - 1).await;
    assert_eq!(world.dispositions().await, ["buffered"]);
    world.later(1).await;
    assert_eq!(world.dispositions().await, ["unmatched"]);
    let late = world.start("test/pay", None, json!({"order": 1})).await;
    assert_eq!(world.status(late).await, "waiting");
}

#[tokio::test]
async fn events_of_one_batch_are_one_turn_of_their_instance() {
    let hears = |n: u32| format!("  - hear{n}: {{listen: {{to: {{one: {{with: {{type: {PAID}}}}}}}}}}}");
    let mut world = World::running(&[&workflow("two", "", &[hears(1), hears(2)].join("\n"))]).await;
    let id = world.start("test/two", None, json!({})).await;
    let both = vec![event("p1", PAID, json!(1)), event("p2", PAID, json!(2))];
    world.engine.publish(both).await.unwrap();
    let row = yiwang_runtime::ports::Query::instance(&world.store.inner, id).await.unwrap().unwrap();
    assert_eq!((row.rev, world.status(id).await), (2, "completed".to_owned()));
}

#[tokio::test]
async fn an_emitted_event_starts_another_workflow_also_over_a_crash() {
    let emits = workflow(
        "emits",
        "",
        "  - tell: {emit: {event: {with: {type: cn.test.intake.v1, source: /emits, data: {n: 1}}}}}",
    );
    let mut world = World::running(&[&on_intake(), &emits]).await;
    world.start("test/emits", None, json!({})).await;
    assert_eq!(world.dispositions().await, ["pending"], "committed with the turn that emitted it");
    world.restart().await;
    world.engine.settle().await.unwrap();
    assert_eq!(world.dispositions().await, ["delivered"]);
    assert_eq!(world.instances("test/intake").await.len(), 1);
}

#[tokio::test]
async fn messages_of_a_session_become_one_event_when_its_window_closes() {
    let mut world = World::running(&[&on_intake()]).await;
    let first = json!({"content": "路灯坏了", "attachments": [1]});
    world.engine.publish(vec![part("m1", "o1", 10_000, first)]).await.unwrap();
    world.later(5_000).await;
    let second = json!({"content": "就在路口", "attachments": [2], "location": {"lat": 31}});
    world.engine.publish(vec![part("m2", "o1", 10_000, second)]).await.unwrap();
    world.engine.publish(vec![part("m3", "o2", 10_000, json!({"content": "别人"}))]).await.unwrap();
    world.restart().await;
    world.later(4_999).await;
    assert_eq!(world.dispositions().await, ["gathering"; 3]);
    world.later(1).await;
    assert_eq!(world.dispositions().await, ["gathered", "gathered", "gathering", "delivered"]);
    let merged = world.inbox().await[3].clone();
    assert_eq!((&*merged.event.id, merged.arrived), ("m1:session", Timestamp(world.engine.now().0)));
    let data = json!({"content": "路灯坏了\n就在路口", "attachments": [1, 2], "location": {"lat": 31}});
    assert_eq!(merged.event.data.to_json(), data);
    assert_eq!(world.instances("test/intake").await.len(), 1);
    let again = world.engine.publish(vec![part("m1", "o1", 10_000, json!({}))]).await.unwrap();
    assert!(again[0].duplicate, "a part is known after its session");
    world.later(5_000).await;
    assert_eq!(world.instances("test/intake").await.len(), 2, "the other session");
}
