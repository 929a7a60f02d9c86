//! The suite on the store in memory.

use std::sync::Arc;

use yiwang_runtime::memory::MemoryStore;

async fn open() -> (Arc<MemoryStore>, ()) {
    (Arc::new(MemoryStore::new()), ())
}

yiwang_store_suite::conformance!(open);
