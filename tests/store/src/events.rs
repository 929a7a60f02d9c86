//! The inbox.

use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::{Disposition, InboxRow};

use crate::Ports;
use crate::rows::{NOW, arrivals, at, dispositions, inbox};

fn ids(rows: &[InboxRow]) -> Vec<u64> {
    rows.iter().map(|row| row.id).collect()
}

fn name(event: &str) -> (String, String) {
    ("/channels/web".to_owned(), event.to_owned())
}

fn gathering(session: &str, release_at: Timestamp) -> Disposition {
    Disposition::Gathering { session: session.to_owned(), release_at }
}

fn buffered(keys: &[i64], expires: Timestamp) -> Disposition {
    Disposition::Buffered { keys: keys.iter().copied().map(SubscriptionKey).collect(), expires }
}

/// Whatever became of it.
pub async fn an_event_is_known_by_source_and_id(store: &dyn Ports) {
    let row = inbox(1, "m1", Disposition::Pending);
    store.commit(arrivals([row.clone()])).await.unwrap();
    let asked = vec![name("m1"), name("m2"), ("/channels/sms".to_owned(), "m1".to_owned())];
    assert_eq!(store.known(asked.clone()).await.unwrap(), [row]);
    let delivered = Disposition::Delivered { instances: vec![InstanceId(7)] };
    store.commit(dispositions([(1, delivered.clone())])).await.unwrap();
    assert_eq!(store.known(asked).await.unwrap()[0].disposition, delivered);
    assert!(store.known(Vec::new()).await.unwrap().is_empty());
}

/// In order of arrival.
pub async fn pending_events_are_routable_until_they_are_disposed_of(store: &dyn Ports) {
    let rows = (1..=5).map(|id| inbox(id, &format!("m{id}"), Disposition::Pending));
    store.commit(arrivals(rows)).await.unwrap();
    assert_eq!(ids(&store.routable(NOW, 3).await.unwrap()), [1, 2, 3]);
    let unmatched = Disposition::Unmatched { reason: "没有流程等待它".to_owned() };
    let done = [(2, unmatched.clone()), (3, Disposition::Gathered { into: 9 })];
    store.commit(dispositions(done)).await.unwrap();
    assert_eq!(ids(&store.routable(NOW, 9).await.unwrap()), [1, 4, 5]);
    let row = store.known(vec![name("m2")]).await.unwrap().remove(0);
    assert_eq!((row.disposition, row.event.data.to_json()["title"].as_str()), (unmatched, Some("路灯")));
}

/// Parts of a session are found by its name, and are routable at its time.
pub async fn a_session_gathers_until_its_time_has_come(store: &dyn Ports) {
    let rows = [
        inbox(1, "m1", gathering("web/a", at(10))),
        inbox(2, "m2", gathering("web/b", at(5))),
        inbox(3, "m3", gathering("web/a", at(10))),
    ];
    store.commit(arrivals(rows)).await.unwrap();
    assert_eq!(store.next_release().await.unwrap(), Some(at(5)));
    assert_eq!(store.next_due().await.unwrap(), Some(at(5)));
    assert!(store.routable(at(4), 9).await.unwrap().is_empty());
    assert_eq!(ids(&store.routable(at(9), 9).await.unwrap()), [2]);
    assert_eq!(ids(&store.routable(at(10), 9).await.unwrap()), [1, 2, 3]);
    assert_eq!(ids(&store.gathering(vec!["web/a".to_owned()]).await.unwrap()), [1, 3]);
    store.commit(dispositions([(1, Disposition::Gathered { into: 4 })])).await.unwrap();
    assert_eq!(ids(&store.gathering(vec!["web/a".to_owned()]).await.unwrap()), [3]);
    assert!(store.gathering(Vec::new()).await.unwrap().is_empty());
}

/// Under any of its keys, until it is taken or has expired.
pub async fn buffered_events_are_found_by_key_oldest_first(store: &dyn Ports) {
    let rows = [
        inbox(1, "m1", buffered(&[7, 8], at(100))),
        inbox(2, "m2", buffered(&[8], at(50))),
        inbox(3, "m3", Disposition::Pending),
    ];
    store.commit(arrivals(rows)).await.unwrap();
    store.commit(dispositions([(3, buffered(&[8, -9], at(100)))])).await.unwrap();
    let found = async |keys: &[i64], now| {
        let keys = keys.iter().copied().map(SubscriptionKey).collect();
        ids(&store.buffered(keys, now).await.unwrap())
    };
    assert_eq!(found(&[8], NOW).await, [1, 2, 3]);
    assert_eq!(found(&[7, 8], NOW).await, [1, 2, 3], "each once");
    assert_eq!(found(&[-9], NOW).await, [3]);
    assert_eq!(found(&[8], at(50)).await, [1, 3], "expired");
    assert!(found(&[5], NOW).await.is_empty());
    assert!(found(&[], NOW).await.is_empty());
    let taken = Disposition::Delivered { instances: vec![InstanceId(7)] };
    store.commit(dispositions([(1, taken)])).await.unwrap();
    assert_eq!(found(&[7, 8], NOW).await, [2, 3]);
}

/// So that it can be told why it was never taken.
pub async fn a_buffered_event_that_expires_becomes_routable(store: &dyn Ports) {
    store.commit(arrivals([inbox(1, "m1", buffered(&[7], at(100)))])).await.unwrap();
    assert_eq!(store.next_release().await.unwrap(), Some(at(100)));
    assert!(store.routable(at(99), 9).await.unwrap().is_empty());
    assert_eq!(ids(&store.routable(at(100), 9).await.unwrap()), [1]);
    let unmatched = Disposition::Unmatched { reason: "过期".to_owned() };
    store.commit(dispositions([(1, unmatched)])).await.unwrap();
    assert!(store.routable(at(100), 9).await.unwrap().is_empty());
    assert_eq!(store.next_release().await.unwrap(), None);
}
