//! Timers: never early, once, also after a restart.

use serde_json::json;
use yiwang_core::Timestamp;

use crate::world::{Crash, NOON, World, workflow};

fn waits(name: &str, duration: &str) -> String {
    workflow(name, "", &format!("  - rest: {{wait: {duration}}}\n  - done: {{set: {{late: false}}}}"))
}

#[tokio::test]
async fn a_timer_fires_once_at_its_time_and_never_before() {
    let mut world = World::running(&[&waits("a", "PT1H")]).await;
    let id = world.start("test/a", None, json!({})).await;
    world.later(3_599_999).await;
    assert_eq!(world.status(id).await, "waiting");
    assert!(world.times(id, "timer_fired").await.is_empty());
    world.later(1).await;
    assert_eq!(world.status(id).await, "completed");
    world.later(3_600_000).await;
    assert_eq!(world.times(id, "timer_fired").await, [3_600_000]);
}

#[tokio::test]
async fn timers_fire_in_order_of_their_times() {
    let mut world = World::running(&[&waits("slow", "P1D"), &waits("fast", "PT5S")]).await;
    let slow = world.start("test/slow", None, json!({})).await;
    let fast = world.start("test/fast", None, json!({})).await;
    world.later(48 * 3_600_000).await;
    assert_eq!(world.times(fast, "completed").await, [5_000]);
    assert_eq!(world.times(slow, "completed").await, [86_400_000]);
}

#[tokio::test]
async fn a_timer_that_came_due_while_the_engine_was_down_fires_once_and_late() {
    let mut world = World::running(&[&waits("a", "PT1H")]).await;
    let id = world.start("test/a", None, json!({})).await;
    world.engine.set_clock(NOON.plus_millis(7_200_000));
    world.restart().await;
    assert_eq!(world.status(id).await, "waiting", "nothing has moved yet");
    world.engine.settle().await.unwrap();
    assert_eq!(world.times(id, "timer_fired").await, [7_200_000]);
}

#[tokio::test]
async fn a_clock_that_goes_back_delays_and_repeats_nothing() {
    let mut world = World::running(&[&waits("a", "PT1H")]).await;
    let first = world.start("test/a", None, json!({})).await;
    world.later(1_800_000).await;
    world.engine.set_clock(NOON.plus_millis(600_000));
    world.engine.settle().await.unwrap();
    assert_eq!(world.status(first).await, "waiting");
    let second = world.start("test/a", None, json!({})).await;
    assert!(second > first);
    world.later(24 * 3_600_000).await;
    assert_eq!(world.times(first, "timer_fired").await, [3_600_000]);
    assert_eq!(world.times(second, "timer_fired").await, [4_200_000]);
}

/// Found by the simulator: seed 7 of its first version stood still for an hour.
#[tokio::test]
async fn a_clock_that_goes_back_does_not_hold_up_what_is_emitted() {
    let emits =
        workflow("emits", "", "  - tell: {emit: {event: {with: {type: cn.test.a.v1, source: /emits}}}}");
    let hears =
        workflow("hears", "schedule: {on: {one: {with: {type: cn.test.a.v1}}}}", "  - keep: {set: {n: 1}}");
    let mut world = World::running(&[&emits, &hears]).await;
    world.start("test/emits", None, json!({})).await;
    assert_eq!(world.dispositions().await, ["pending"]);
    world.engine.set_clock(Timestamp(NOON.0 - 3_600_000));
    world.engine.settle().await.unwrap();
    assert_eq!(world.dispositions().await, ["delivered"]);
}

/// Found by the simulator: the pause of a second after a failed commit became one of an hour.
#[tokio::test]
async fn a_clock_that_goes_back_does_not_prolong_the_pause_after_a_failure() {
    let mut world = World::running(&[&waits("a", "PT1H")]).await;
    world.engine.set_clock(NOON.plus_millis(3_600_000));
    let commits = world.store.commits.load(std::sync::atomic::Ordering::Relaxed);
    *world.store.crash.lock().unwrap() = Some((commits + 1, Crash::Before));
    let start = crate::world::start("test/a", None, json!({}));
    world.engine.start(start).await.unwrap_err();
    world.engine.set_clock(NOON);
    let id = world.start("test/a", None, json!({})).await;
    // The index of timers is read again as soon as anything is asked.
    world.later(3_600_000).await;
    assert_eq!(world.times(id, "timer_fired").await, [3_600_000]);
}

#[tokio::test]
async fn thousands_of_timers_at_one_moment_all_fire() {
    let mut world = World::running(&[&waits("a", "PT1M")]).await;
    for _ in 0..5_000 {
        world.start("test/a", None, json!({})).await;
    }
    world.later(60_000).await;
    assert_eq!(world.count("instances.completed").await, 5_000);
}

#[tokio::test]
async fn a_parked_instance_is_read_when_it_is_wanted() {
    let mut world = World::running(&[&waits("a", "PT1H")]).await;
    world.start("test/a", None, json!({})).await;
    world.restart().await;
    world.engine.settle().await.unwrap();
    assert_eq!(world.store.loads.load(std::sync::atomic::Ordering::Relaxed), 0, "a start reads no instance");
    world.later(3_600_000).await;
    assert_eq!(world.store.loads.load(std::sync::atomic::Ordering::Relaxed), 1);
}
