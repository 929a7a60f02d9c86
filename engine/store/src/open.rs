//! A store that is open: its readers, its writer while there is one, and how it is closed.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::{mpsc, oneshot};
use yiwang_runtime::nodes::Fenced;
use yiwang_runtime::ports::StoreError;

use crate::connection::Link;
use crate::fence::Fence;
use crate::writer::{Counters, JOBS_MAX, Job, Small, Writer};

/// Connections that read for the loop from a server. Lists for people have others, so that none of them holds up
/// the loop.
pub(crate) const LOOP_READERS: u32 = 2;
/// Connections that read for people.
pub(crate) const QUERY_READERS: u32 = 4;

/// The durable store, in one SQLite file ([`SqlStore::open`]) or on a PostgreSQL server ([`SqlStore::connect`]).
#[derive(Debug)]
pub struct SqlStore {
    pub(crate) place: Place,
    /// None: this process may not write.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    /// The writer of a file.
    thread: Mutex<Option<JoinHandle<()>>>,
    pub(crate) loop_reads: Link,
    pub(crate) query_reads: DatabaseConnection,
    counters: Arc<Counters>,
}

/// Where the rows lie.
#[derive(Debug)]
pub(crate) enum Place {
    File(PathBuf),
    Server(Box<crate::Postgres>),
}

/// What the store wrote since it was opened, and how large its files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Transactions committed, each with one fsync.
    pub commits: u64,
    /// Turns in them.
    pub turns: u64,
    /// Size of the database file; 0 on a server.
    pub db_bytes: u64,
    /// Size of its write-ahead log; 0 on a server.
    pub wal_bytes: u64,
}

/// The file is free for the next store when this one is gone.
impl Drop for SqlStore {
    fn drop(&mut self) {
        drop(self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer panicked");
        }
    }
}

impl SqlStore {
    pub(crate) fn new(place: Place, loop_reads: Link, query_reads: DatabaseConnection) -> Self {
        let (jobs, thread) = (Mutex::default(), Mutex::default());
        Self { place, jobs, thread, loop_reads, query_reads, counters: Arc::default() }
    }

    /// Starts the writer, which goes on where the journal ends.
    pub(crate) async fn start_writer(&self, writing: Link, fence: Fence) -> Result<(), DbErr> {
        let writer = Writer::new(writing, Arc::clone(&self.counters), fence).await?;
        let (jobs, queue) = mpsc::channel(JOBS_MAX);
        match &self.place {
            // It waits for the disk where nobody else waits with it.
            Place::File(_) => {
                let work = move || futures::executor::block_on(writer.run(queue));
                let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(work);
                let failed = |error| DbErr::Custom(format!("starting the writer's thread: {error}"));
                *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread.map_err(failed)?);
            }
            Place::Server(_) => drop(tokio::spawn(writer.run(queue))),
        }
        *self.jobs.lock().unwrap_or_else(PoisonError::into_inner) = Some(jobs);
        Ok(())
    }

    /// Ends the writer after all that is queued. What is written after it fails; reading goes on.
    pub(crate) async fn end_writer(&self) {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(jobs) = jobs else { return };
        let (reply, done) = oneshot::channel();
        if jobs.send(Job::Close(reply)).await.is_ok() {
            // An error means that another call has closed it.
            drop(done.await);
        }
    }

    /// Ends the writer after all that is queued, closes the database and lets the lock go. What comes after it
    /// fails. A file's store that is only dropped does the same, and whoever drops it waits.
    pub async fn close(&self) {
        for closed in [self.loop_reads.close().await, self.query_reads.close_by_ref().await] {
            if let Err(error) = closed {
                tracing::warn!(%error, "closing a reader");
            }
        }
        self.end_writer().await;
    }

    /// Figures for benches and the health page.
    pub fn stats(&self) -> Stats {
        let len = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let (db_bytes, wal_bytes) = match &self.place {
            Place::Server(_) => (0, 0),
            Place::File(path) => {
                let mut wal = path.as_os_str().to_owned();
                wal.push("-wal");
                (len(path), len(Path::new(&wal)))
            }
        };
        Stats {
            commits: self.counters.commits.load(Ordering::Relaxed),
            turns: self.counters.turns.load(Ordering::Relaxed),
            db_bytes,
            wal_bytes,
        }
    }

    /// Hands a job to the writer and waits for its reply; none: there is no writer.
    pub(crate) async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Option<T> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let (reply, answer) = oneshot::channel();
        jobs.send(job(reply)).await.ok()?;
        answer.await.ok()
    }

    /// A write beside the loop.
    pub(crate) async fn small(&self, small: Small) -> Result<u64, StoreError> {
        let answer = self.ask(|reply| Job::Small(small, reply)).await;
        answer.unwrap_or_else(|| Err(self.no_writer()))
    }

    /// Why nothing is written.
    pub(crate) fn no_writer(&self) -> StoreError {
        match &self.place {
            Place::File(_) => StoreError::new("writing to the store", "it is closed"),
            Place::Server(_) => StoreError::new("writing to the store", Fenced),
        }
    }
}
