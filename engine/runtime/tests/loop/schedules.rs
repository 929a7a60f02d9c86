//! Workflows that start by the clock.

use yiwang_core::Timestamp;

use crate::world::{NOON, World, workflow};

const HOUR: u64 = 3_600_000;

fn every(policy: &str, task: &str) -> String {
    let text = workflow("sweep", "schedule: {every: PT1H}", &format!("  - run: {task}"));
    text.replace(
        "version: '1.0.0'}",
        &format!("version: '1.0.0', metadata: {{yiwang: {{schedule: {{{policy}}}}}}}}}"),
    )
}

async fn starts(world: &World) -> Vec<i64> {
    let mut times = Vec::new();
    for id in world.instances("test/sweep").await {
        times.extend(world.times(id, "started").await);
    }
    times.iter().map(|at| at / 60_000).collect()
}

#[tokio::test]
async fn a_schedule_fires_at_each_planned_time_once() {
    let mut world = World::running(&[&every("", "{set: {n: 1}}")]).await;
    world.later(HOUR - 1).await;
    assert!(starts(&world).await.is_empty());
    world.later(1).await;
    world.restart().await;
    world.later(2 * HOUR).await;
    assert_eq!(starts(&world).await, [60, 120, 180]);
}

#[tokio::test]
async fn missed_times_are_one_start_or_none() {
    for (policy, expected) in [("misfire: fire-once", vec![330]), ("misfire: skip", vec![])] {
        let mut world = World::running(&[&every(policy, "{set: {n: 1}}")]).await;
        world.engine.set_clock(Timestamp(NOON.0).plus_millis(5 * HOUR + HOUR / 2));
        world.restart().await;
        world.engine.settle().await.unwrap();
        assert_eq!(starts(&world).await, expected, "{policy}");
        world.later(HOUR / 2).await;
        assert_eq!(starts(&world).await.last(), Some(&360), "{policy}: then as planned");
        assert_eq!(world.rejections().await.len(), 1 - expected.len(), "{policy}: what is missed is told");
    }
}

#[tokio::test]
async fn a_run_that_still_goes_on_is_not_overtaken_if_so_decided() {
    for (policy, expected) in [("overlap: allow", vec![60, 120, 180, 240]), ("overlap: skip", vec![60, 180])]
    {
        let mut world = World::running(&[&every(policy, "{wait: PT90M}")]).await;
        world.later(HOUR).await;
        world.restart().await;
        world.later(3 * HOUR).await;
        assert_eq!(starts(&world).await, expected, "{policy}");
        let skipped = world.rejections().await;
        assert_eq!(skipped.len(), 4 - expected.len(), "{policy}: {skipped:?}");
        let overlap = "schedule.overlap: the run of test/sweep planned for ";
        assert!(skipped.iter().all(|row| row.starts_with(overlap)), "{skipped:?}");
    }
}
