//! Flipped bytes anywhere in the file: reported, never a panic, and what can still be read is read.

use std::path::Path;

use yiwang_core::InstanceId;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_runtime::ports::{
    Batch, Disposition, MessageFilter, MessageState, PageRequest, Query as _, ScheduleRow, Store as _,
    Tokens as _, TurnRow, WorkItemFilter,
};
use yiwang_runtime::ports::{CaseFilter, InstanceFilter, KeyValue as _};
use yiwang_store::SqlStore;
use yiwang_store_suite::rows::{
    NOW, at, case, deployed, first, inbox, incident, item, key, message, rejection, turn,
};

/// Something in every table.
async fn fill(store: &SqlStore) {
    deployed(store).await;
    for id in 1..=20_u64 {
        let row = TurnRow {
            start: Some((key(&format!("k{id}")), "input".to_owned())),
            wake_at: Some(at(5)),
            in_flight: true,
            work_items: vec![item(id, 1, &["handler"], Some(at(9)))],
            case: Some(case(id, &format!("QC-20240611-{id:06}"))),
            subscriptions: Some(vec![SubscriptionKey(7)]),
            messages: vec![message(id, 1, "sms", MessageState::Requested)],
            ..first(id)
        };
        let buffered = Disposition::Buffered { keys: vec![SubscriptionKey(7)], expires: at(50) };
        let batch = Batch {
            now: NOW,
            turns: vec![row],
            arrivals: vec![
                inbox(1_000 + id, &format!("p{id}"), Disposition::Pending),
                inbox(2_000 + id, &format!("b{id}"), buffered),
            ],
            rejections: vec![rejection(3_000 + id, "web")],
            schedules: vec![ScheduleRow {
                workflow: format!("test/s{id}"),
                fired: NOW,
                run: None,
                paused: None,
            }],
            incidents: vec![incident(id, "instance.stuck")],
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
        store.set("web", &format!("k{id}"), vec![7; 40], Some(at(99)), None).await.unwrap();
    }
}

/// Asks for everything. How many calls failed, and how many instances could be read.
async fn ask(store: &SqlStore) -> (usize, usize) {
    let page = || PageRequest { cursor: None, limit: 500 };
    let ids: Vec<InstanceId> = (1..=20).map(InstanceId).collect();
    let loaded = store.load(ids).await;
    let whole = loaded.iter().flatten().filter(|row| row.state.is_ok()).count();
    let unreadable = loaded.iter().flatten().filter(|row| row.state.is_err()).count();
    let mut failed = unreadable + usize::from(loaded.is_err());
    failed += usize::from(store.started(vec![key("k1")]).await.is_err());
    failed += usize::from(store.due(at(9), 99).await.is_err());
    failed += usize::from(store.next_due().await.is_err());
    failed += usize::from(store.next_release().await.is_err());
    failed += usize::from(store.in_flight(None, 99).await.is_err());
    failed += usize::from(store.subscribers(vec![SubscriptionKey(7)]).await.is_err());
    failed += usize::from(store.known(vec![("/channels/web".to_owned(), "p1".to_owned())]).await.is_err());
    failed += usize::from(store.routable(at(99), 99).await.is_err());
    failed += usize::from(store.buffered(vec![SubscriptionKey(7)], NOW).await.is_err());
    failed += usize::from(store.deployments().await.is_err());
    failed += usize::from(store.last_case_number().await.is_err());
    failed += usize::from(store.schedules().await.is_err());
    failed += usize::from(store.greatest_id().await.is_err());
    failed += usize::from(store.instances(InstanceFilter::default(), page()).await.is_err());
    for id in 1..=20 {
        failed += usize::from(store.history(InstanceId(id), 0, 99).await.is_err());
    }
    failed += usize::from(store.work_items(WorkItemFilter::default(), page()).await.is_err());
    failed += usize::from(store.cases(CaseFilter::default(), page()).await.is_err());
    failed += usize::from(store.messages(MessageFilter::default(), page()).await.is_err());
    failed += usize::from(store.rejections(None, page()).await.is_err());
    failed += usize::from(store.inbox(false, page()).await.is_err());
    failed += usize::from(store.incidents(page()).await.is_err());
    failed += usize::from(store.counts().await.is_err());
    failed += usize::from(store.get("web", "k1", NOW).await.is_err());
    failed += usize::from(store.tokens().await.is_err());
    failed += usize::from(
        store.commit(Batch { now: NOW, turns: vec![turn(20, 2)], ..Batch::default() }).await.is_err(),
    );
    (failed, whole)
}

async fn flipped(original: &[u8], at: usize, path: &Path) -> (bool, usize) {
    let mut bytes = original.to_vec();
    bytes[at] ^= 0x15;
    std::fs::write(path, &bytes).unwrap();
    let Ok(store) = SqlStore::open(path).await else { return (true, 0) };
    let audit = store.verify().await;
    let (failed, whole) = ask(&store).await;
    store.close().await;
    (failed > 0 || !audit.is_ok_and(|audit| audit.broken.is_none()), whole)
}

#[tokio::test]
async fn no_flipped_byte_panics_and_most_instances_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yiwang.db");
    let store = SqlStore::open(&path).await.unwrap();
    fill(&store).await;
    assert_eq!(ask(&store).await, (0, 20));
    store.close().await;
    let original = std::fs::read(&path).unwrap();
    let used: Vec<usize> = (0..original.len()).filter(|at| original[*at] != 0).collect();
    let (mut tried, mut told, mut readable) = (0, 0, 0);
    for at in used.iter().step_by(used.len() / 300) {
        let (reported, whole) = flipped(&original, *at, &path).await;
        tried += 1;
        told += usize::from(reported);
        readable += usize::from(whole >= 19);
    }
    // Not every byte has a checksum: a flipped letter in a name is another name.
    assert!(told * 4 >= tried, "{told} of {tried} were reported");
    assert!(readable * 3 >= tried * 2, "{readable} of {tried} left the instances readable");
}
