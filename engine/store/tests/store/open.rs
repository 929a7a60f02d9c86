//! Opening: again, twice, a newer file, a foreign one, none at all.

use sea_orm::ConnectionTrait;
use yiwang_core::InstanceId;
use yiwang_runtime::ports::{CommitError, Store};
use yiwang_store::SqlStore;

use crate::rows::{batch, fresh, raw, state, turn};

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let fresh = fresh().await;
    fresh.commit([turn(1, 1), turn(2, 1)]).await;
    fresh.commit([turn(2, 2)]).await;
    let fresh = fresh.tampered("SELECT 1").await;
    let loaded = fresh.store.load(vec![InstanceId(2), InstanceId(3), InstanceId(1)]).await.unwrap();
    let found: Vec<_> = loaded.iter().map(|row| (row.instance.0, row.rev, row.seq)).collect();
    assert_eq!(found, [(2, 2, 4), (1, 1, 2)]);
    assert_eq!(loaded[0].state, Ok(state(2, 2)));
    assert_eq!(&*loaded[0].deployment.0, "d1");
    fresh.commit([turn(1, 2)]).await;
    assert_eq!(fresh.store.verify().await.unwrap().broken, None);
}

#[tokio::test]
async fn a_second_server_is_kept_out_until_the_first_one_closes() {
    let fresh = fresh().await;
    let error = SqlStore::open(&fresh.path).await.unwrap_err();
    assert_eq!(error.code(), "store.locked");
    assert!(error.to_string().contains("in use by another server"), "{error}");
    fresh.store.close().await;
    let second = SqlStore::open(&fresh.path).await.unwrap();
    second.commit(batch([turn(1, 1)])).await.unwrap();
    let error = fresh.store.commit(batch([turn(2, 1)])).await.unwrap_err();
    assert!(matches!(error, CommitError::Failed(_)), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let fresh = fresh().await;
    fresh.store.close().await;
    let file = raw(&fresh.path).await;
    file.execute_unprepared("INSERT INTO migration VALUES (99, 'from the future')").await.unwrap();
    file.close().await.unwrap();
    let error = SqlStore::open(&fresh.path).await.unwrap_err();
    assert_eq!(error.code(), "store.newer");
    assert!(error.to_string().contains("99"), "{error}");
}

#[tokio::test]
async fn files_of_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let file = raw(&path).await;
    file.execute_unprepared("CREATE TABLE theirs (x)").await.unwrap();
    file.close().await.unwrap();
    assert_eq!(SqlStore::open(&path).await.unwrap_err().code(), "store.foreign");

    std::fs::write(folder.path().join("text.db"), "这不是数据库".repeat(500)).unwrap();
    let error = SqlStore::open(folder.path().join("text.db")).await.unwrap_err();
    assert_eq!(error.code(), "store.open");

    let error = SqlStore::open(folder.path().join("no/such/folder.db")).await.unwrap_err();
    assert_eq!(error.code(), "store.lock");
}

#[tokio::test]
async fn the_file_is_as_durable_as_it_can_be() {
    let fresh = fresh().await;
    fresh.commit([turn(1, 1)]).await;
    assert_eq!((fresh.store.stats().commits, fresh.store.stats().turns), (1, 1));
    assert!(fresh.store.stats().wal_bytes > 0);
    fresh.store.close().await;
    let file = raw(&fresh.path).await;
    for (pragma, expected) in [("journal_mode", "wal"), ("page_size", "8192")] {
        let statement = sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"),
        );
        let row = file.query_one_raw(statement).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), expected);
    }
}
