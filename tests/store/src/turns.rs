//! Instances: snapshots, revisions, start keys, history, timers, effects, subscriptions.

use serde_json::Value;
use yiwang_core::InstanceId;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::transition::Status;
use yiwang_runtime::ports::{Batch, CommitError, InstanceFilter, ScheduleRow, Started};

use crate::rows::{NOW, at, deployed, deployment, first, hash, inbox, key, line, rejection, turn, turns};
use crate::{Ports, all_pages};

/// Snapshot, revision and deployment come back.
pub async fn a_turn_is_read_back_as_it_was_written(store: &dyn Ports) {
    deployed(store).await;
    store.commit(turns([first(10), first(11)])).await.unwrap();
    let moved = yiwang_runtime::ports::TurnRow { status: Status::Completed, ..turn(10, 2) };
    store.commit(turns([moved.clone()])).await.unwrap();
    let loaded = store.load(vec![InstanceId(10)]).await.unwrap().remove(0);
    assert_eq!((loaded.instance, loaded.rev, loaded.seq), (InstanceId(10), 2, 2));
    assert_eq!(loaded.deployment, hash("a", "1.0.0"));
    assert_eq!(loaded.state, Ok(moved.state));
    let row = store.instance(InstanceId(10)).await.unwrap().unwrap();
    assert_eq!((row.rev, row.status, row.updated), (2, Status::Completed, NOW));
    assert_eq!(store.load(vec![InstanceId(11)]).await.unwrap().remove(0).rev, 1);
}

/// Only those that are there come back.
pub async fn a_missing_instance_is_left_out(store: &dyn Ports) {
    deployed(store).await;
    store.commit(turns([first(10)])).await.unwrap();
    let ids = vec![InstanceId(9), InstanceId(10), InstanceId(u64::MAX >> 1)];
    let loaded = store.load(ids).await.unwrap();
    assert_eq!(loaded.iter().map(|row| row.instance).collect::<Vec<_>>(), [InstanceId(10)]);
    assert!(store.load(Vec::new()).await.unwrap().is_empty());
    assert!(store.instance(InstanceId(9)).await.unwrap().is_none());
    assert!(store.history(InstanceId(9), 0, 10).await.unwrap().is_empty());
}

/// Compare and set on (instance, revision).
pub async fn a_revision_is_taken_once(store: &dyn Ports) {
    deployed(store).await;
    store.commit(turns([first(10)])).await.unwrap();
    for rev in [1, 3] {
        let refused = store.commit(turns([turn(10, rev)])).await.unwrap_err();
        assert!(matches!(refused, CommitError::Conflict { .. }), "revision {rev}: {refused:?}");
    }
    let refused = store.commit(turns([turn(99, 2)])).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict { .. }), "an instance begins at 1: {refused:?}");
    store.commit(turns([turn(10, 2)])).await.unwrap();
}

/// Unique by workflow and key.
pub async fn a_start_key_is_taken_once_per_workflow(store: &dyn Ports) {
    let both = vec![deployment("a", "1.0.0"), deployment("b", "1.0.0")];
    store.commit(Batch { now: NOW, deployments: both, ..Batch::default() }).await.unwrap();
    let mut row = first(10);
    row.start = Some((key("k"), "input".to_owned()));
    store.commit(turns([row.clone()])).await.unwrap();
    row.instance = InstanceId(11);
    assert!(matches!(store.commit(turns([row.clone()])).await, Err(CommitError::Conflict { .. })));
    assert!(store.instance(InstanceId(11)).await.unwrap().is_none());
    let mut other = key("k");
    other.workflow = "test/b".to_owned();
    row.start = Some((other.clone(), "other".to_owned()));
    row.deployment = hash("b", "1.0.0");
    row.workflow = crate::rows::definition("b", "1.0.0");
    store.commit(turns([row])).await.unwrap();

    let mut unknown = key("k");
    unknown.workflow = "test/c".to_owned();
    let asked = vec![key("k"), other.clone(), key("no"), unknown];
    let mut found = store.started(asked).await.unwrap();
    found.sort_by(|one, two| one.0.cmp(&two.0));
    let started =
        |instance, hash: &str| Started { instance: InstanceId(instance), input_hash: hash.to_owned() };
    assert_eq!(found, [(key("k"), started(10, "input")), (other, started(11, "other"))]);
    assert_eq!(store.instance(InstanceId(10)).await.unwrap().unwrap().start_key.as_deref(), Some("k"));
}

/// All lines, in order, from any line on.
pub async fn history_grows_in_order_and_is_read_in_parts(store: &dyn Ports) {
    deployed(store).await;
    let mut seq = 0;
    for rev in 1..=20 {
        let mut row = turn(10, rev);
        // Turns of no, one and several lines.
        row.history = (0..rev % 4).map(|n| line(seq + n + 1)).collect();
        seq += rev % 4;
        store.commit(turns([row, turn(11, rev)])).await.unwrap();
    }
    let numbers = async |after, limit| -> Vec<u64> {
        let lines = store.history(InstanceId(10), after, limit).await.unwrap();
        let parsed = lines.iter().map(|line| serde_json::from_str::<Value>(line.get()).unwrap());
        parsed.map(|line| line["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(0, 1_000).await, (1..=seq).collect::<Vec<_>>());
    assert_eq!(numbers(7, 5).await, (8..=12).collect::<Vec<_>>());
    assert_eq!(numbers(seq - 1, 10).await, [seq]);
    assert!(numbers(seq, 10).await.is_empty());
    assert!(numbers(u64::MAX, 10).await.is_empty());
    assert_eq!(store.history(InstanceId(11), 0, 1_000).await.unwrap().len(), 20);
    assert_eq!(store.load(vec![InstanceId(10)]).await.unwrap()[0].seq, seq);
}

/// `due` is what has come, earliest first; a turn moves it.
pub async fn timers_are_found_in_order_until_they_move(store: &dyn Ports) {
    deployed(store).await;
    assert_eq!(store.next_due().await.unwrap(), None);
    let with = |id, rev, wake_at| yiwang_runtime::ports::TurnRow { wake_at, ..turn(id, rev) };
    let rows =
        [with(1, 1, Some(at(30))), with(2, 1, Some(at(10))), with(3, 1, None), with(4, 1, Some(at(20)))];
    store.commit(turns(rows)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(10)));
    assert!(store.due(at(9), 10).await.unwrap().is_empty(), "never early");
    let due = store.due(at(20), 10).await.unwrap();
    assert_eq!(due, [(at(10), InstanceId(2)), (at(20), InstanceId(4))]);
    assert_eq!(store.due(at(99), 2).await.unwrap(), due);
    store.commit(turns([with(2, 2, None), with(4, 2, Some(at(40)))])).await.unwrap();
    let due = store.due(at(99), 10).await.unwrap();
    assert_eq!(due, [(at(30), InstanceId(1)), (at(40), InstanceId(4))]);
}

/// In order of id, after an id.
pub async fn instances_with_effects_under_way_are_found_page_by_page(store: &dyn Ports) {
    deployed(store).await;
    let with = |id, rev, in_flight| yiwang_runtime::ports::TurnRow { in_flight, ..turn(id, rev) };
    store.commit(turns((1..=9).map(|id| with(id, 1, id % 2 == 1)))).await.unwrap();
    store.commit(turns([with(5, 2, false), with(6, 2, true)])).await.unwrap();
    let page = store.in_flight(None, 3).await.unwrap();
    assert_eq!(page, [InstanceId(1), InstanceId(3), InstanceId(6)]);
    assert_eq!(store.in_flight(Some(InstanceId(6)), 3).await.unwrap(), [InstanceId(7), InstanceId(9)]);
}

/// `None` leaves them, `Some` replaces them.
pub async fn subscriptions_are_replaced_as_a_whole(store: &dyn Ports) {
    deployed(store).await;
    let keys = |numbers: &[i64]| Some(numbers.iter().copied().map(SubscriptionKey).collect());
    let with = |id, rev, numbers: &[i64]| yiwang_runtime::ports::TurnRow {
        subscriptions: keys(numbers),
        ..turn(id, rev)
    };
    store.commit(turns([with(1, 1, &[7, -8]), with(2, 1, &[7])])).await.unwrap();
    let found = async |numbers: &[i64]| {
        let asked = numbers.iter().copied().map(SubscriptionKey).collect();
        let mut found = store.subscribers(asked).await.unwrap();
        found.sort();
        found.into_iter().map(|(key, instance)| (key.0, instance.0)).collect::<Vec<_>>()
    };
    assert_eq!(found(&[7, -8, 9]).await, [(-8, 1), (7, 1), (7, 2)]);
    store.commit(turns([turn(1, 2), with(2, 2, &[9])])).await.unwrap();
    assert_eq!(found(&[7, -8, 9]).await, [(-8, 1), (7, 1), (9, 2)]);
    store.commit(turns([with(1, 3, &[])])).await.unwrap();
    assert_eq!(found(&[7, -8, 9]).await, [(9, 2)]);
    assert!(found(&[]).await.is_empty());
}

/// What a start of the engine reads.
pub async fn ids_and_deployments_and_schedules_are_remembered(store: &dyn Ports) {
    assert_eq!(store.greatest_id().await.unwrap(), 0);
    deployed(store).await;
    let mut two = deployment("a", "2.0.0");
    two.forms.clear();
    let batch = Batch { now: NOW, deployments: vec![two.clone()], ..Batch::default() };
    store.commit(batch).await.unwrap();
    assert_eq!(store.deployments().await.unwrap(), [deployment("a", "1.0.0"), two.clone()]);
    let again = Batch { now: NOW, deployments: vec![two], ..Batch::default() };
    assert!(matches!(store.commit(again).await, Err(CommitError::Conflict { .. })));

    let row = |fired, run| ScheduleRow { workflow: "test/a".to_owned(), fired: at(fired), run, paused: None };
    for schedule in [row(1, None), row(2, Some(InstanceId(10)))] {
        let batch = Batch { now: NOW, schedules: vec![schedule.clone()], ..Batch::default() };
        store.commit(batch).await.unwrap();
        assert_eq!(store.schedules().await.unwrap(), [schedule]);
    }

    store.commit(turns([first(10)])).await.unwrap();
    assert_eq!(store.greatest_id().await.unwrap(), 10);
    let arrivals = vec![inbox(20, "e", yiwang_runtime::ports::Disposition::Pending)];
    store.commit(Batch { now: NOW, arrivals, ..Batch::default() }).await.unwrap();
    assert_eq!(store.greatest_id().await.unwrap(), 20);
    store
        .commit(Batch { now: NOW, rejections: vec![rejection(30, "web")], ..Batch::default() })
        .await
        .unwrap();
    assert_eq!(store.greatest_id().await.unwrap(), 30);
}

/// More rows than one statement may bind.
pub async fn a_large_batch_is_one_batch(store: &dyn Ports) {
    deployed(store).await;
    let rows = (1..=5_000).map(|id| yiwang_runtime::ports::TurnRow {
        start: Some((key(&format!("k{id}")), "input".to_owned())),
        subscriptions: Some(vec![SubscriptionKey(id as i64)]),
        ..first(id)
    });
    store.commit(turns(rows)).await.unwrap();
    store.commit(turns((1..=5_000).map(|id| turn(id, 2)))).await.unwrap();
    let ids: Vec<InstanceId> = (1..=5_000).map(InstanceId).collect();
    let loaded = store.load(ids).await.unwrap();
    assert_eq!((loaded.len(), loaded.iter().all(|row| row.rev == 2)), (5_000, true));
    let keys = (1..=5_000).map(|id| key(&format!("k{id}"))).collect();
    assert_eq!(store.started(keys).await.unwrap().len(), 5_000);
    let listed = all_pages!(500, |page| store.instances(InstanceFilter::default(), page));
    assert_eq!(listed.len(), 5_000);
}
