//! The suite on SQLite, and what only a file can suffer: being opened twice, killed, damaged.

#![expect(clippy::unwrap_used, reason = "this crate is one test")]

mod crash;
mod damage;
mod engine;
mod file;

use std::sync::Arc;

use yiwang_store::SqlStore;

/// An empty store in a folder that lives as long as the second value.
async fn open() -> (Arc<SqlStore>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqlStore::open(folder.path().join("yiwang.db")).await.unwrap();
    (Arc::new(store), folder)
}

yiwang_store_suite::conformance!(open);
