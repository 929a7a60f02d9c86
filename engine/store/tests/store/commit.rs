//! One batch: all of it or nothing, and only if nobody was there first.

use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::{
    Batch, CommitError, Disposition, InstanceFilter, PageRequest, Query, StartKey, Store,
};

use crate::rows::{Fresh, arrival, batch, case, fresh, turn};

/// What a batch that must conflict is told.
async fn conflict(fresh: &Fresh, batch: Batch) -> String {
    let before = fresh.store.counts().await.unwrap();
    let what = match fresh.store.commit(batch).await {
        Err(CommitError::Conflict { what }) => what,
        other => panic!("expected a conflict, not {other:?}"),
    };
    assert_eq!(fresh.store.counts().await.unwrap(), before, "nothing was written");
    assert_eq!(fresh.store.verify().await.unwrap().broken, None);
    what
}

fn key(key: &str) -> Option<(StartKey, String)> {
    Some((StartKey { workflow: "district/complaint".to_owned(), key: key.to_owned() }, "hash".to_owned()))
}

#[tokio::test]
async fn a_batch_that_meets_another_writer_writes_nothing_and_names_the_row() {
    let fresh = fresh().await;
    let mut first = batch([turn(1, 1)]);
    first.turns[0].start = key("k");
    first.turns[0].case = Some(case(1, 1));
    first.arrivals.push(arrival(10, "e", Disposition::Pending));
    fresh.store.commit(first).await.unwrap();

    let id = InstanceId(1);
    let told = conflict(&fresh, batch([turn(2, 1), turn(1, 1)])).await;
    assert_eq!(told, format!("instance {id} is at revision 1, not 0"));
    let told = conflict(&fresh, batch([turn(1, 3)])).await;
    assert_eq!(told, format!("instance {id} is at revision 1, not 2"));
    let told = conflict(&fresh, batch([turn(2, 1), turn(2, 1)])).await;
    assert!(told.starts_with("instance "), "{told}");

    let mut taken = batch([turn(2, 1)]);
    taken.turns[0].start = key("k");
    assert_eq!(conflict(&fresh, taken).await, "start key k of district/complaint");

    let mut taken = batch([turn(2, 1)]);
    taken.turns[0].case = Some(case(2, 1));
    assert_eq!(conflict(&fresh, taken).await, "case number QC-20240611-000001");

    let mut taken = batch([turn(2, 1)]);
    taken.arrivals.push(arrival(11, "e", Disposition::Pending));
    assert_eq!(conflict(&fresh, taken).await, "event e of /channels/wechat");
    let mut taken = batch([turn(2, 1)]);
    taken.arrivals.push(arrival(10, "other", Disposition::Pending));
    assert_eq!(conflict(&fresh, taken).await, "event e of /channels/wechat");

    fresh.commit([turn(2, 1), turn(1, 2)]).await;
}

#[tokio::test]
async fn of_two_writers_at_the_same_revision_one_wins() {
    let fresh = fresh().await;
    let tries = (0..8).map(|_| fresh.store.commit(batch([turn(1, 1)])));
    let won = futures::future::join_all(tries).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_large_batch_is_one_commit() {
    let fresh = fresh().await;
    for rev in 1..=2 {
        let turns = (1..=1024).map(|id| {
            let mut row = turn(id, rev);
            row.wake_at = Some(Timestamp(i64::try_from(id).unwrap()));
            row.subscriptions = Some(vec![SubscriptionKey(-5), SubscriptionKey(-5)]);
            row
        });
        fresh.commit(turns).await;
    }
    assert_eq!(fresh.store.stats().commits, 2);
    assert_eq!(fresh.store.counts().await.unwrap()["instances.waiting"], 1024);
    assert_eq!(fresh.store.subscribers(vec![SubscriptionKey(-5)]).await.unwrap().len(), 1024);
    assert_eq!(fresh.store.due(Timestamp(3), 9).await.unwrap().len(), 3);
    let audit = fresh.store.verify().await.unwrap();
    assert_eq!((audit.turns, audit.instances, audit.broken), (2048, 1024, None));
}

#[tokio::test]
async fn history_is_read_from_any_event_on() {
    let fresh = fresh().await;
    for rev in 1..=5 {
        fresh.commit([turn(1, rev), turn(2, rev)]).await;
    }
    let seqs = async |after, limit| -> Vec<u64> {
        let lines = fresh.store.history(InstanceId(1), after, limit).await.unwrap();
        let seq = |line: &serde_json::value::RawValue| {
            serde_json::from_str::<serde_json::Value>(line.get()).unwrap()["seq"].as_u64().unwrap()
        };
        lines.iter().map(|line| seq(line)).collect()
    };
    assert_eq!(seqs(0, 100).await, (1..=10).collect::<Vec<_>>());
    assert_eq!(seqs(3, 4).await, [4, 5, 6, 7]);
    assert_eq!(seqs(4, 1).await, [5]);
    assert_eq!(seqs(9, 100).await, [10]);
    assert_eq!(seqs(10, 100).await, [0_u64; 0]);
    assert_eq!(seqs(u64::MAX, 100).await, [0_u64; 0]);
    assert!(fresh.store.history(InstanceId(9), 0, 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn events_are_routed_gathered_buffered_and_expire() {
    let fresh = fresh().await;
    let store = &fresh.store;
    let gathering =
        |at| Disposition::Gathering { session: "wechat/u1".to_owned(), release_at: Timestamp(at) };
    let buffered = |key, at| Disposition::Buffered {
        keys: vec![SubscriptionKey(key), SubscriptionKey(7)],
        expires: Timestamp(at),
    };
    let arrivals = vec![
        arrival(1, "a", Disposition::Pending),
        arrival(2, "b", gathering(50)),
        arrival(3, "c", buffered(1, 90)),
        arrival(4, "d", buffered(2, 95)),
        arrival(5, "e", Disposition::Unmatched { reason: "nobody".to_owned() }),
    ];
    store.commit(Batch { arrivals, ..batch([]) }).await.unwrap();
    let ids = |rows: Vec<yiwang_runtime::ports::InboxRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();

    assert_eq!(ids(store.routable(Timestamp(0), 10).await.unwrap()), [1]);
    assert_eq!(ids(store.routable(Timestamp(50), 10).await.unwrap()), [1, 2]);
    assert_eq!(ids(store.routable(Timestamp(100), 3).await.unwrap()), [1, 2, 3]);
    assert_eq!(store.next_release().await.unwrap(), Some(Timestamp(50)));
    assert_eq!(store.next_due().await.unwrap(), Some(Timestamp(50)));
    assert_eq!(ids(store.gathering(vec!["wechat/u1".to_owned()]).await.unwrap()), [2]);
    let keys = vec![SubscriptionKey(7), SubscriptionKey(1)];
    assert_eq!(ids(store.buffered(keys.clone(), Timestamp(0)).await.unwrap()), [3, 4]);
    assert_eq!(ids(store.buffered(keys, Timestamp(90)).await.unwrap()), [4]);
    let known = store.known(vec![("/channels/wechat".to_owned(), "d".to_owned())]).await.unwrap();
    assert_eq!(known, [arrival(4, "d", buffered(2, 95))]);
    assert_eq!(ids(store.inbox(true, PageRequest::default()).await.unwrap().items), [5, 4, 3]);

    let delivered = Disposition::Delivered { instances: vec![InstanceId(1)] };
    let dispositions = vec![
        (1, delivered.clone()),
        (2, Disposition::Gathered { into: 6 }),
        (3, Disposition::Pending),
        (4, delivered),
    ];
    store.commit(Batch { dispositions, ..batch([]) }).await.unwrap();
    assert_eq!(ids(store.routable(Timestamp(100), 10).await.unwrap()), [3]);
    assert_eq!(store.next_release().await.unwrap(), None);
    assert!(store.buffered(vec![SubscriptionKey(7)], Timestamp(0)).await.unwrap().is_empty());
    assert!(store.gathering(vec!["wechat/u1".to_owned()]).await.unwrap().is_empty());
    assert_eq!(ids(store.inbox(false, PageRequest::default()).await.unwrap().items), [5, 4, 3, 2, 1]);
    assert_eq!(store.greatest_id().await.unwrap(), 5);
}

#[tokio::test]
async fn start_keys_names_and_numbers_are_found_again() {
    let fresh = fresh().await;
    let mut row = turn(3, 1);
    row.start = key("k");
    row.case = Some(case(3, 17));
    row.in_flight = true;
    fresh.commit([row]).await;
    fresh.commit([turn(3, 2), turn(4, 1)]).await;
    let wanted = key("k").unwrap().0;
    let started = fresh.store.started(vec![wanted.clone()]).await.unwrap();
    assert_eq!((&started[0].0, started[0].1.instance), (&wanted, InstanceId(3)));
    assert_eq!(fresh.store.last_case_number().await.unwrap(), Some(("20240611".to_owned(), 17)));
    assert_eq!(fresh.store.greatest_id().await.unwrap(), 4);
    assert!(fresh.store.in_flight(None, 9).await.unwrap().is_empty(), "the second turn got its results");
    let page = fresh.store.instances(InstanceFilter::default(), PageRequest::default()).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.items[1].start_key.as_deref(), Some("k"));
    assert_eq!(page.items[1].case_no, Some(case(3, 17).no));
}
