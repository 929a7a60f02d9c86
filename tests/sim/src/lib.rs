//! What the tests of simulated worlds share: a real file as the disk, and how a broken world is told.

#![expect(clippy::unwrap_used, reason = "a disk that cannot be used fails its test")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use tokio::runtime::Runtime;
use yiwang_sim::{Disk, Report, Shelf};
use yiwang_store::SqlStore;

/// A world in a few words, and how to see it again.
pub fn tell(report: &Report) -> String {
    let violations: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
    let (seed, processes) = (report.seed, report.processes.join(", "));
    let (broken, trace) = (violations.join("\n  "), report.trace.join("\n"));
    format!("{trace}\nseed {seed} ({processes}):\n  {broken}\n  again: yiwang sim --seed {seed} --trace")
}

/// A SQLite file. Each process gets threads of its own, which die with it.
pub struct FileDisk {
    path: PathBuf,
    open: Mutex<Option<Arc<Runtime>>>,
}

impl FileDisk {
    /// In this file, which is not there yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), open: Mutex::new(None) }
    }

    /// Waits on a thread of its own: the caller's has a runtime already.
    fn wait<T: Send>(runtime: &Runtime, work: impl Future<Output = T> + Send) -> T {
        std::thread::scope(|scope| scope.spawn(|| runtime.block_on(work)).join().unwrap())
    }

    fn runtime(&self) -> Arc<Runtime> {
        Arc::clone(self.open.lock().unwrap().as_ref().unwrap())
    }
}

impl Disk for FileDisk {
    fn open(&self) -> Arc<dyn Shelf> {
        // The threads of the process before end here, wherever they are.
        if let Some(runtime) = self.open.lock().unwrap().take().and_then(Arc::into_inner) {
            std::thread::scope(|scope| drop(scope.spawn(|| drop(runtime)).join()));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = Arc::new(runtime.unwrap());
        let store = Self::wait(&runtime, SqlStore::open(&self.path)).unwrap();
        *self.open.lock().unwrap() = Some(runtime);
        Arc::new(store)
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn finish(&self, work: BoxFuture<'_, ()>) {
        Self::wait(&self.runtime(), work);
    }

    fn audit(&self) -> Option<String> {
        // Whoever has it open is done with it.
        if let Some(runtime) = self.open.lock().unwrap().take().and_then(Arc::into_inner) {
            std::thread::scope(|scope| drop(scope.spawn(|| drop(runtime)).join()));
        }
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self::wait(&runtime, async {
            let store = SqlStore::open(&self.path).await.unwrap();
            let audit = store.verify().await.unwrap();
            store.close().await;
            audit.broken.map(|broken| broken.what)
        })
    }
}
