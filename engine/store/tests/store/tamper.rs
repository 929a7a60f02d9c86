//! Rows changed behind the store's back: seen by `verify`, told where they are read, never a panic.

use yiwang_core::transition::Status;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::{
    Archive, ArchiveRow, Batch, CaseFilter, Disposition, Forget, PageRequest, Query, Store, TurnRow,
    WorkItemFilter,
};
use yiwang_store::Broken;

use crate::rows::{Fresh, arrival, batch, case, fresh, item, state, turn};

/// Three instances, seven turns in four commits.
async fn seven_turns() -> Fresh {
    let fresh = fresh().await;
    fresh.commit([turn(1, 1), turn(2, 1)]).await;
    fresh.commit([turn(1, 2), turn(3, 1)]).await;
    fresh.commit([turn(1, 3), turn(2, 2)]).await;
    fresh.commit([turn(1, 4)]).await;
    fresh
}

async fn broken_by(sql: &str) -> Option<Broken> {
    seven_turns().await.tampered(sql).await.store.verify().await.unwrap().broken
}

fn at(lsn: i64, instance: Option<u64>, what: &str) -> Option<Broken> {
    Some(Broken { lsn: Some(lsn), instance: instance.map(InstanceId), what: what.to_owned() })
}

/// SQL for one byte, changed in the middle of a blob.
fn flipped(table: &str, column: &str, row: &str) -> String {
    let middle = format!("length({column}) / 2");
    format!(
        "UPDATE {table} SET {column} = CAST(substr({column}, 1, {middle}) ||
           CASE substr({column}, {middle} + 1, 1) WHEN x'41' THEN x'42' ELSE x'41' END ||
           substr({column}, {middle} + 2) AS BLOB) WHERE {row}"
    )
}

#[tokio::test]
async fn an_untouched_store_verifies() {
    let audit = seven_turns().await.store.verify().await.unwrap();
    assert_eq!((audit.turns, audit.instances, audit.broken), (7, 3, None));
    assert_eq!(audit.seal.len(), 64);
    assert_eq!(fresh().await.store.verify().await.unwrap().broken, None);
}

#[tokio::test]
async fn a_flipped_byte_is_found() {
    let broken = broken_by(&flipped("journal", "events", "lsn = 3")).await.unwrap();
    assert_eq!((broken.lsn, broken.instance), (Some(3), Some(InstanceId(1))));
    let broken = broken_by(&flipped("snapshot", "state", "instance = 2")).await.unwrap();
    assert_eq!((broken.lsn, broken.instance), (Some(6), Some(InstanceId(2))));
    let broken = broken_by(&flipped("journal", "state_hash", "lsn = 4")).await;
    assert_eq!(broken, at(4, Some(3), "the turn's hash differs"));
    let broken = broken_by(&flipped("seal", "hash", "last_lsn = 4")).await;
    assert_eq!(broken, at(4, Some(3), "the seal of its commit differs"));
    let broken = broken_by("UPDATE journal SET at = at + 1 WHERE lsn = 5").await;
    assert_eq!(broken, at(5, Some(1), "the turn's hash differs"));
    let broken = broken_by("UPDATE instance SET rev = rev - 1 WHERE id = 1").await;
    assert_eq!(broken, at(7, Some(1), "the instance does not stand where its journal ends"));
}

#[tokio::test]
async fn a_deleted_row_is_found() {
    let broken = broken_by("DELETE FROM journal WHERE lsn = 3").await;
    assert_eq!(broken, at(3, None, "the turn is missing"));
    let whole = "DELETE FROM journal WHERE instance = 3; DELETE FROM instance WHERE id = 3;
                 DELETE FROM snapshot WHERE instance = 3";
    assert_eq!(broken_by(whole).await, at(4, None, "the turn is missing"));
    let last = broken_by("DELETE FROM journal WHERE lsn = 7").await;
    assert_eq!(last, at(7, None, "the turn is missing"));
    let row = broken_by("DELETE FROM instance WHERE id = 3").await.unwrap();
    assert_eq!(row.what, "1 instances of the journal have no row");
    let seal = broken_by("DELETE FROM seal WHERE last_lsn = 7").await;
    assert_eq!(seal, at(7, None, "the turn is not sealed by its commit"));
}

#[tokio::test]
async fn a_broken_state_is_that_instances_trouble() {
    let fresh = seven_turns().await;
    let sql =
        [flipped("snapshot", "state", "instance = 1"), "DELETE FROM snapshot WHERE instance = 2".to_owned()];
    let fresh = fresh.tampered(&sql.join(";")).await;
    let loaded = fresh.store.load(vec![InstanceId(1), InstanceId(2), InstanceId(3)]).await.unwrap();
    assert!(loaded[0].state.as_ref().is_err(), "{:?}", loaded[0]);
    assert_eq!(loaded[0].rev, 4);
    assert_eq!(loaded[1].state, Err("its snapshot is missing".to_owned()));
    assert_eq!(loaded[2].state, Ok(state(3, 1)));
    // Neighbours go on, and so does the instance once an operator gives it a new state.
    fresh.commit([turn(3, 2), turn(1, 5)]).await;
    assert_eq!(fresh.store.load(vec![InstanceId(1)]).await.unwrap()[0].state, Ok(state(1, 5)));
}

#[tokio::test]
async fn broken_rows_of_lists_are_named() {
    let fresh = fresh().await;
    let mut row = turn(1, 1);
    row.work_items = vec![item(1, 1)];
    row.case = Some(case(1, 1));
    let arrivals = vec![arrival(5, "a", Disposition::Pending), arrival(6, "b", Disposition::Pending)];
    fresh.store.commit(Batch { arrivals, ..batch([row]) }).await.unwrap();
    let sql = "UPDATE work_item SET body = '{'; UPDATE case_ SET body = CAST(x'ff' AS TEXT);
               UPDATE inbox SET event = '[]' WHERE id = 5; UPDATE instance SET status = 'lost'";
    let fresh = fresh.tampered(sql).await;
    let page = PageRequest::default;
    let id = InstanceId(1);
    let error = fresh.store.work_items(WorkItemFilter::default(), page()).await.unwrap_err();
    assert_eq!(error.doing, format!("reading work item {id}-1"));
    let error = fresh.store.cases(CaseFilter::default(), page()).await.unwrap_err();
    assert_eq!(error.doing, "reading case QC-20240611-000001");
    let error = fresh.store.inbox(false, page()).await.unwrap_err();
    assert_eq!(error.doing, "reading the event of inbox row 5");
    let error = fresh.store.instance(id).await.unwrap_err();
    assert_eq!(error.doing, format!("reading instance {id}"));
    let routable = fresh.store.routable(Timestamp(0), 10).await.unwrap();
    assert_eq!(routable.iter().map(|row| row.id).collect::<Vec<_>>(), [6], "the loop goes on without it");
}

/// The chains hold without the lines, and the archive's own hashes are those of before.
#[tokio::test]
async fn an_archived_instance_leaves_its_hashes() {
    let fresh = fresh().await;
    let ended = |id, rev| TurnRow { status: Status::Completed, ..turn(id, rev) };
    fresh.commit([turn(1, 1), turn(2, 1)]).await;
    fresh.commit([ended(1, 2), ended(2, 2)]).await;
    let rows = fresh.store.ended(Timestamp(i64::MAX), None, 10).await.unwrap();
    let mut turns = fresh.store.turns_of(vec![InstanceId(1)]).await.unwrap();
    assert_eq!(yiwang_store::check_turns(&turns), Ok(()));
    let archive = ArchiveRow {
        digest: "sha256:1".into(),
        size: 1,
        at: Timestamp(0),
        by: "li".into(),
        instances: 1,
        turns: 2,
    };
    let instances =
        rows.into_iter().filter(|row| row.instance == InstanceId(1)).map(|row| (row.instance, row.hash));
    let gone = fresh.store.forget(Forget { archive, instances: instances.collect() }).await.unwrap();
    assert_eq!(gone, 1);
    let audit = fresh.store.verify().await.unwrap();
    assert_eq!((audit.turns, audit.instances, audit.archived, audit.broken), (4, 2, 1, None));
    assert_eq!(
        fresh.store.recorded(0, 10).await.unwrap()[0].lines.len(),
        0,
        "the lines are in the archive alone"
    );
    let mut stayed = fresh.store.archived("sha256:1").await.unwrap();
    assert_eq!(yiwang_store::check_against(&turns, &stayed), Ok(()));
    let (id, other) = (InstanceId(1), "it ends otherwise here than it did in the store");
    let cut = yiwang_store::check_against(&turns[..1], &stayed);
    assert_eq!(cut, Err((id, other)), "an archive without its last line has right hashes by itself");
    let missing = "it went into this archive, and is not there";
    assert_eq!(yiwang_store::check_against(&[], &stayed), Err((id, missing)));
    stayed.clear();
    assert_eq!(yiwang_store::check_against(&turns, &stayed), Ok(()), "what moved on is in both");
    turns[0].lines.push(' ');
    assert_eq!(yiwang_store::check_turns(&turns), Err((0, "the turn's hash differs")));
    let turned =
        fresh.tampered("UPDATE archived SET hash = zeroblob(32)").await.store.verify().await.unwrap();
    assert!(turned.broken.is_some_and(|broken| broken.what.contains("archived")));
}

#[tokio::test]
async fn an_archived_turn_is_not_taken_out_unseen() {
    let fresh = fresh().await;
    fresh.commit([TurnRow { status: Status::Completed, ..turn(1, 1) }]).await;
    fresh.commit([turn(2, 1)]).await;
    let row = fresh.store.ended(Timestamp(i64::MAX), None, 10).await.unwrap().remove(0);
    let archive = ArchiveRow {
        digest: "sha256:1".into(),
        size: 1,
        at: Timestamp(0),
        by: "li".into(),
        instances: 1,
        turns: 1,
    };
    let wish = Forget { archive, instances: vec![(row.instance, row.hash)] };
    assert_eq!(fresh.store.forget(wish).await.unwrap(), 1);
    let without = fresh.tampered("DELETE FROM journal WHERE lsn = 1").await.store.verify().await.unwrap();
    assert_eq!(without.broken, at(1, None, "the turn is missing"));
}
