//! `schedule.after`: a run, a rest, a run.

use serde_json::json;

use crate::plug::{Life, pulled_everywhere};
use crate::world::{World, workflow};

const MINUTE: u64 = 60_000;

fn after(task: &str) -> String {
    workflow("sweep", "schedule: {after: PT1H}", &format!("  - run: {task}"))
}

async fn starts(world: &World) -> Vec<i64> {
    let mut times = Vec::new();
    for id in world.instances("test/sweep").await {
        times.extend(world.times(id, "started").await);
    }
    times.iter().map(|at| at / 60_000).collect()
}

#[tokio::test]
async fn the_first_run_begins_with_the_deployment_and_the_next_so_long_after_its_end() {
    let mut world = World::running(&[&after("{wait: PT30M}")]).await;
    world.engine.settle().await.unwrap();
    assert_eq!(starts(&world).await, [0]);
    world.later(20 * MINUTE).await;
    world.restart().await;
    world.later(180 * MINUTE).await;
    assert_eq!(starts(&world).await, [0, 90, 180]);
    // It is down while the rest ends: it begins as soon as it can.
    world.restart().await;
    world.engine.set_clock(world.engine.now().plus_millis(600 * MINUTE));
    world.restart().await;
    world.engine.settle().await.unwrap();
    world.later(60 * MINUTE).await;
    assert_eq!(starts(&world).await, [0, 90, 180, 860]);
}

#[tokio::test]
async fn a_run_that_ends_at_once_or_fails_rests_as_well() {
    for task in ["{set: {n: 1}}", "{raise: {error: {type: 'https://x.cn/e', status: 409}}}"] {
        let mut world = World::running(&[&after(task)]).await;
        world.later(125 * MINUTE).await;
        assert_eq!(starts(&world).await, [0, 60, 120], "{task}");
    }
}

#[tokio::test]
async fn a_new_version_waits_for_the_run_of_the_old_one() {
    let mut world = World::running(&[&after("{wait: PT30M}")]).await;
    world.later(10 * MINUTE).await;
    world.deploy(&after("{set: {n: 1}}").replace("'1.0.0'", "'1.1.0'")).await;
    world.later(90 * MINUTE).await;
    assert_eq!(starts(&world).await, [0, 90]);
}

#[tokio::test]
async fn runs_and_rests_survive_any_crash() {
    let life = Life {
        workflows: vec![after("{wait: PT30M}")],
        times: vec![40 * MINUTE, 60 * MINUTE, 60 * MINUTE],
        ..Life::default()
    };
    let picture = pulled_everywhere(life, &["test/sweep"]).await;
    assert_eq!(picture["lives"]["test/sweep#0"]["status"], "completed");
    assert_eq!(picture["lives"]["test/sweep#1"]["status"], "completed");
    assert_eq!(picture["lives"]["test/sweep#2"], json!(null));
}
