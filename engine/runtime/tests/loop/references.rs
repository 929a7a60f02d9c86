//! Reference documents: committed before they are read, kept over restarts, and due times that follow them.

use std::sync::atomic::Ordering;

use serde_json::json;
use yiwang_core::Timestamp;
use yiwang_core::reference::Kind;
use yiwang_runtime::{Error, PutReference};

use crate::world::{Crash, World, workflow};

const HOLIDAYS: &str = "id: cn-mainland
valid: { from: 2024-01-01, to: 2027-12-31 }
daysOff: [2027-01-01]
";

fn calendar(name: &str, body: &str) -> PutReference {
    PutReference {
        kind: Kind::Calendar,
        name: name.to_owned(),
        body: body.to_owned(),
        by: "li".to_owned(),
        reason: Some("通知".to_owned()),
        version: None,
    }
}

/// The next commit goes wrong.
fn pull_plug(world: &World, crash: Crash) {
    let next = world.store.commits.load(Ordering::Relaxed) + 1;
    *world.store.crash.lock().unwrap() = Some((next, crash));
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn asks(due: &str) -> String {
    let with = format!("{{title: t, candidateRoles: [a], due: {due}}}");
    workflow("a", "", &format!("  - ask: {{call: 'human-task:1.0.0@default', with: {with}}}"))
}

#[tokio::test]
async fn a_document_gets_a_version_and_the_same_text_none() {
    let mut world = World::running(&[]).await;
    let first = world.engine.put_reference(calendar("hall", "id: hall\n")).await.unwrap();
    assert_eq!((first.version, first.existing), (1, false));
    let same = world.engine.put_reference(calendar("hall", "id: hall\n")).await.unwrap();
    assert_eq!((same.version, same.existing), (1, true));
    let seen = PutReference { version: Some(0), ..calendar("hall", "id: hall\nweek: [sat]\n") };
    let changed = world.engine.put_reference(seen.clone()).await;
    assert!(matches!(changed, Err(Error::ReferenceChanged { version: 1, .. })), "{changed:?}");
    let second = world.engine.put_reference(PutReference { version: Some(1), ..seen }).await.unwrap();
    assert_eq!(second.version, 2);
    let broken = world.engine.put_reference(calendar("hall", "id: hall\ndaysOff: [2024-02-30]\n")).await;
    assert!(matches!(&broken, Err(Error::InvalidReference(remarks)) if remarks.len() == 1), "{broken:?}");
    world.restart().await;
    let district = world.engine.district();
    assert_eq!(district.document(Kind::Calendar, "hall").map(|newest| newest.version), Some(2));
    assert_eq!(district.calendars.editions("hall").collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_document_that_was_not_committed_is_not_read() {
    let mut world = World::running(&[]).await;
    pull_plug(&world, Crash::Before);
    let failed = world.engine.put_reference(calendar("hall", "id: hall\n")).await;
    assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");
    assert!(world.engine.district().document(Kind::Calendar, "hall").is_none());
    // Written, but nobody was told: it is found when the store is read again.
    pull_plug(&world, Crash::After);
    let unknown = world.engine.put_reference(calendar("hall", "id: hall\n")).await;
    assert!(matches!(unknown, Err(Error::Unavailable(_))), "{unknown:?}");
    let again = world.engine.put_reference(calendar("hall", "id: hall\n")).await.unwrap();
    assert!(again.existing);
}

#[tokio::test]
async fn provisional_due_times_follow_a_new_calendar_and_fixed_ones_do_not() {
    let mut world = World::running(&[&asks("{workingDays: '${ .days }'}")]).await;
    world.engine.set_clock(at("2026-12-30T09:00:00+08:00"));
    let soon = world.start("test/a", None, json!({"days": 1})).await;
    let late = world.start("test/a", None, json!({"days": 2})).await;
    world.engine.put_reference(calendar("cn-mainland", HOLIDAYS)).await.unwrap();
    world.engine.settle().await.unwrap();
    assert!(world.times(soon, "due_recomputed").await.is_empty());
    assert_eq!(world.last(late, "due_recomputed", "new").await, json!(at("2027-01-04T17:30:00+08:00").0));
    assert_eq!(world.last(late, "due_recomputed", "old").await, json!(at("2027-01-01T17:30:00+08:00").0));
    let dues: Vec<_> = world.open_items().await.iter().map(|item| item.due.unwrap()).collect();
    assert!(
        dues.contains(&at("2027-01-04T17:30:00+08:00")) && dues.contains(&at("2026-12-31T17:30:00+08:00"))
    );
}

#[tokio::test]
async fn what_a_crash_left_behind_is_worked_out_after_the_restart() {
    let mut world = World::running(&[&asks("{workingDays: 2}")]).await;
    world.engine.set_clock(at("2026-12-30T09:00:00+08:00"));
    let id = world.start("test/a", None, json!({})).await;
    world.engine.settle().await.unwrap();
    world.engine.put_reference(calendar("cn-mainland", HOLIDAYS)).await.unwrap();
    // Dies between the import and the first due time.
    world.restart().await;
    assert!(world.times(id, "due_recomputed").await.is_empty());
    world.engine.settle().await.unwrap();
    assert_eq!(world.times(id, "due_recomputed").await.len(), 1);
    world.restart().await;
    world.engine.settle().await.unwrap();
    assert_eq!(world.times(id, "due_recomputed").await.len(), 1, "once");
}
