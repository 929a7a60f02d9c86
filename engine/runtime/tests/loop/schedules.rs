//! Workflows that start by the clock.

use yiwang_core::Timestamp;
use yiwang_core::reference::Kind;
use yiwang_runtime::ports::{Census as _, PageRequest, ScheduleRun};
use yiwang_runtime::{PutReference, ScheduleAct, ScheduleCommand};

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

async fn runs(world: &World) -> Vec<String> {
    let page = PageRequest { cursor: None, limit: 100 };
    let mut runs = world.store.schedule_runs(None, page).await.unwrap().items;
    runs.reverse();
    let line = |run: &ScheduleRun| {
        let by = run.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let reason = run.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} {:?}{by}{reason}", (run.planned.0 - NOON.0) / 60_000, run.outcome)
    };
    runs.iter().map(line).collect()
}

fn act(command: ScheduleCommand, reason: &str) -> ScheduleAct {
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    ScheduleAct { workflow: "test/sweep".to_owned(), command, by: "li".to_owned(), reason }
}

#[tokio::test]
async fn what_becomes_of_planned_times_is_listed() {
    let mut world = World::running(&[&every("overlap: skip", "{wait: PT90M}")]).await;
    world.later(3 * HOUR).await;
    let runs = runs(&world).await;
    assert_eq!(runs.len(), 3, "{runs:?}");
    assert_eq!((&*runs[0], &*runs[2]), ("60 Started", "180 Started"));
    assert!(runs[1].starts_with("120 Overlapped: the last run"), "{}", runs[1]);
}

#[tokio::test]
async fn a_paused_schedule_starts_nothing_and_makes_up_for_nothing() {
    let mut world = World::running(&[&every("", "{set: {n: 1}}")]).await;
    world.engine.schedule(act(ScheduleCommand::Pause, "检修")).await.unwrap();
    world.engine.schedule(act(ScheduleCommand::Pause, "再次")).await.unwrap();
    world.later(2 * HOUR + HOUR / 2).await;
    world.restart().await;
    world.later(HOUR / 4).await;
    assert!(starts(&world).await.is_empty());
    world.engine.schedule(act(ScheduleCommand::Resume, "")).await.unwrap();
    world.later(HOUR / 4).await;
    assert_eq!(starts(&world).await, [180]);
    assert_eq!(runs(&world).await, ["0 Paused by li: 检修", "165 Resumed by li", "180 Started"]);
    assert!(world.rejections().await.is_empty());
}

#[tokio::test]
async fn a_run_that_a_person_wants_is_started_once_per_key() {
    let mut world = World::running(&[&every("overlap: skip", "{wait: PT20M}")]).await;
    let run = |key: &str| act(ScheduleCommand::Run { key: key.to_owned() }, "补跑");
    let first = world.engine.schedule(run("a")).await.unwrap();
    world.restart().await;
    let again = world.engine.schedule(run("a")).await.unwrap();
    assert_eq!(first.instance, again.instance);
    let refused = world.engine.schedule(run("b")).await.unwrap_err();
    assert!(refused.to_string().contains("still active"), "{refused}");
    world.later(HOUR / 2).await;
    world.engine.schedule(run("b")).await.unwrap();
    world.later(HOUR / 2).await;
    assert_eq!(starts(&world).await, [0, 30, 60], "and the planned one");
    assert_eq!(runs(&world).await, ["0 Started by li: 补跑", "30 Started by li: 补跑", "60 Started"]);
    let unknown = ScheduleAct { workflow: "test/nothing".to_owned(), ..run("a") };
    let unknown = world.engine.schedule(unknown).await.unwrap_err();
    assert_eq!(unknown.code(), "schedule.unknown");
}

#[tokio::test]
async fn a_new_calendar_moves_what_is_planned() {
    let text = workflow("sweep", "schedule: {cron: '0 9 * * *'}", "  - run: {set: {n: 1}}");
    let text = text.replace(
        "version: '1.0.0'}",
        "version: '1.0.0', metadata: {yiwang: {calendar: hall, schedule: {daysOff: skip}}}}",
    );
    let mut world = World::running(&[&text]).await;
    let calendar = |body: &str| PutReference {
        kind: Kind::Calendar,
        name: "hall".to_owned(),
        body: body.to_owned(),
        by: "li".to_owned(),
        reason: None,
        version: None,
    };
    // Without the calendar every day counts.
    world.later(21 * HOUR).await;
    world.engine.put_reference(calendar("id: hall\ndaysOff: [2024-06-13]\n")).await.unwrap();
    world.later(2 * 24 * HOUR).await;
    world.restart().await;
    // 15 and 16 June 2024 are a weekend.
    world.later(3 * 24 * HOUR).await;
    assert_eq!(starts(&world).await, [21, 69, 141].map(|hours| hours * 60), "12, 14 and 17 June");
}
