//! One file, one server; what was written is there when it is opened again.

use yiwang_core::InstanceId;
use yiwang_runtime::ports::{Query as _, Store as _};
use yiwang_store::SqlStore;
use yiwang_store_suite::rows::{deployed, first, turn, turns};

#[tokio::test]
async fn a_file_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("区 里?.db");
    let store = SqlStore::open(&path).await.unwrap();
    let refused = SqlStore::open(&path).await.unwrap_err();
    assert!(refused.code().starts_with("store."), "{refused}");
    assert!(refused.to_string().contains("区 里?.db"), "{refused}");
    store.close().await;
    assert!(store.commit(turns([first(1)])).await.is_err(), "closed");
    SqlStore::open(&path).await.unwrap().close().await;
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yiwang.db");
    for round in 1..=5 {
        let store = SqlStore::open(&path).await.unwrap();
        if round == 1 {
            deployed(&store).await;
        }
        let loaded = store.load(vec![InstanceId(7)]).await.unwrap();
        assert_eq!(loaded.first().map_or(0, |row| row.rev), (round - 1) * 3);
        for rev in (round - 1) * 3 + 1..=round * 3 {
            store.commit(turns([turn(7, rev)])).await.unwrap();
        }
        assert_eq!(store.history(InstanceId(7), 0, 99).await.unwrap().len() as u64, round * 3);
        let audit = store.verify().await.unwrap();
        assert!(audit.broken.is_none(), "{audit:?}");
        store.close().await;
    }
}
