//! The disk: what outlives a process. What a process holds of it is a shelf.

use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use yiwang_runtime::memory::MemoryStore;
use yiwang_runtime::ports::{Batch, Query, Store};

/// A store as a process has it open.
pub trait Shelf: Store + Query {}

impl<T: Store + Query> Shelf for T {}

/// Something durable, of which one process at a time opens a store.
///
/// Batches are written by [`Store::commit`] of the shelf. The other methods are for disks that only pretend:
/// they learn what was written, and what was not written to the end.
pub trait Disk: Send + Sync {
    /// What a new process finds. The one before is dead.
    fn open(&self) -> Arc<dyn Shelf>;

    /// May several processes have one shelf of it open?
    fn is_shared(&self) -> bool {
        true
    }

    /// Waits for what a shelf does, here and now.
    fn finish(&self, work: BoxFuture<'_, ()>) {
        assert!(work.now_or_never().is_some(), "a store in memory never waits");
    }

    /// This batch was committed.
    fn written(&self, batch: &Batch) {
        let _ = batch;
    }

    /// The plug was pulled while this batch was being written. `whole`: only a world that is broken on purpose
    /// takes it for a whole one afterwards.
    fn torn(&self, batch: &Batch, whole: bool) {
        let _ = (batch, whole);
    }

    /// The last batch was never on the disk, whatever it said. Only worlds that are broken on purpose do that.
    fn forget_last(&self) {}

    /// Looks whether what is written has been tampered with, or is damaged: the problem, if there is one.
    fn audit(&self) -> Option<String> {
        None
    }
}

/// A disk in memory: a journal of batches. What was not written to its end is thrown away by whoever opens it.
#[derive(Default)]
pub struct MemoryDisk {
    journal: Mutex<Vec<Record>>,
}

struct Record {
    batch: Batch,
    /// Its end is there.
    whole: bool,
}

impl MemoryDisk {
    fn with<T>(&self, look: impl FnOnce(&mut Vec<Record>) -> T) -> T {
        look(&mut self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Disk for MemoryDisk {
    fn open(&self) -> Arc<dyn Shelf> {
        let shelf = MemoryStore::new();
        self.with(|journal| {
            journal.retain(|record| record.whole);
            for record in journal.iter() {
                let committed = shelf.commit(record.batch.clone()).now_or_never();
                // Only a disk that was broken on purpose holds batches that do not fit together.
                drop(committed);
            }
        });
        Arc::new(shelf)
    }

    fn written(&self, batch: &Batch) {
        self.with(|journal| journal.push(Record { batch: batch.clone(), whole: true }));
    }

    fn torn(&self, batch: &Batch, whole: bool) {
        self.with(|journal| journal.push(Record { batch: batch.clone(), whole }));
    }

    fn forget_last(&self) {
        self.with(|journal| drop(journal.pop()));
    }
}
