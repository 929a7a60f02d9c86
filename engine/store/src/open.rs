//! Opens a store: takes the lock, checks versions, brings the schema up to date, starts the writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use tokio::sync::{mpsc, oneshot};
use yiwang_runtime::ports::StoreError;

use crate::cases;
use crate::error::Error;
use crate::lock::Lock;
use crate::migration::migrate;
use crate::sql::{Sql, column};
use crate::writer::{Counters, JOBS_MAX, Job, Small, Writer};

/// The first version without the corruption race of WAL mode (fixed in March 2026).
const SQLITE_MIN: [u32; 3] = [3, 51, 3];
/// A packed turn fits one page, and most checkpoints move fewer of them (ADR 0003 has the doubt).
const PAGE_BYTES: u32 = 8192;
/// Pages in the write-ahead log before it is copied back: 32 MB, so that a checkpoint is rare and large.
const CHECKPOINT_PAGES: &str = "4000";
/// Connections that read for the loop. Lists for people have others, so that none of them holds up the loop.
const LOOP_READERS: u32 = 2;
/// Connections that read for people.
const QUERY_READERS: u32 = 4;
/// Another process may hold the file for a moment: a backup, a look with the `sqlite3` tool.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The durable store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    jobs: mpsc::Sender<Job>,
    pub(crate) loop_reads: DatabaseConnection,
    pub(crate) query_reads: DatabaseConnection,
    counters: Arc<Counters>,
}

/// What the store wrote since it was opened, and how large its files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Transactions committed, each with one fsync.
    pub commits: u64,
    /// Turns in them.
    pub turns: u64,
    /// Size of the database file.
    pub db_bytes: u64,
    /// Size of its write-ahead log.
    pub wal_bytes: u64,
}

impl SqliteStore {
    /// Opens the store in this file, and makes it if it is not there. One store per file: a lock beside it
    /// keeps every other server out.
    ///
    /// # Errors
    /// See [`Error`]; each has a stable code.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let lock = Arc::new(Lock::take(&path)?);
        let failed = |doing: &'static str| {
            let path = path.clone();
            move |source: DbErr| Error::Open { path, doing, source: source.into() }
        };
        let writing = connect(&path, Access::Write).await.map_err(failed("connecting"))?;
        check_sqlite(&writing).await.map_err(failed("asking SQLite's version"))??;
        migrate(&writing, &path).await?;
        cases::index_older(&writing).await.map_err(failed("indexing cases"))?;
        let loop_reads =
            connect(&path, Access::Read(LOOP_READERS)).await.map_err(failed("connecting to read"))?;
        let query_reads =
            connect(&path, Access::Read(QUERY_READERS)).await.map_err(failed("connecting to read"))?;
        let counters = Arc::new(Counters::default());
        let writer = Writer::new(writing, Arc::clone(&counters), lock);
        let writer = writer.await.map_err(failed("reading the end of the journal"))?;
        let (jobs, queue) = mpsc::channel(JOBS_MAX);
        tokio::spawn(writer.run(queue));
        Ok(Self { path, jobs, loop_reads, query_reads, counters })
    }

    /// Ends the writer after all that is queued, closes the file and lets the lock go. What comes after it
    /// fails. A store that is only dropped does the same, but nobody knows when.
    pub async fn close(&self) {
        let (reply, done) = oneshot::channel();
        for readers in [&self.loop_reads, &self.query_reads] {
            if let Err(error) = readers.close_by_ref().await {
                tracing::warn!(%error, "closing a reader");
            }
        }
        if self.jobs.send(Job::Close(reply)).await.is_ok() {
            // An error means that another call has closed it.
            drop(done.await);
        }
    }

    /// Figures for benches and the health page.
    pub fn stats(&self) -> Stats {
        let mut wal = self.path.as_os_str().to_owned();
        wal.push("-wal");
        let len = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        Stats {
            commits: self.counters.commits.load(Ordering::Relaxed),
            turns: self.counters.turns.load(Ordering::Relaxed),
            db_bytes: len(&self.path),
            wal_bytes: len(Path::new(&wal)),
        }
    }

    /// Hands a job to the writer and waits for its reply; none: the store is closed.
    pub(crate) async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.ok()?;
        answer.await.ok()
    }

    /// A write beside the loop.
    pub(crate) async fn small(&self, small: Small) -> Result<bool, StoreError> {
        let answer = self.ask(|reply| Job::Small(small, reply)).await;
        answer.unwrap_or_else(|| Err(closed()))
    }
}

/// The writer is gone.
pub(crate) fn closed() -> StoreError {
    StoreError::new("writing to the store", "it is closed")
}

/// What a connection is for.
#[derive(Clone, Copy)]
enum Access {
    Write,
    /// With this many connections.
    Read(u32),
}

async fn connect(path: &Path, access: Access) -> Result<DatabaseConnection, DbErr> {
    // The path does not go through the URL: it may hold any character.
    let mut options = ConnectOptions::new("sqlite://file");
    let connections = match access {
        Access::Write => 1,
        Access::Read(connections) => connections,
    };
    options
        .max_connections(connections)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    let path = path.to_owned();
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .filename(&path)
            .create_if_missing(true)
            .busy_timeout(BUSY_TIMEOUT)
            .page_size(PAGE_BYTES)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("temp_store", "MEMORY")
            .pragma("mmap_size", "0");
        match access {
            Access::Write => sqlite.pragma("cache_size", "-65536"),
            Access::Read(_) => sqlite.pragma("cache_size", "-8192").pragma("query_only", "ON"),
        }
    });
    Database::connect(options).await
}

async fn check_sqlite(db: &DatabaseConnection) -> Result<Result<(), Error>, DbErr> {
    let row = Sql::new("SELECT sqlite_version()", []).one(db).await?;
    let found: String = row.map(|row| column(&row, 0)).transpose()?.unwrap_or_default();
    let parts: Vec<u32> = found.split('.').filter_map(|part| part.parse().ok()).collect();
    Ok(if parts[..] >= SQLITE_MIN[..] { Ok(()) } else { Err(Error::OldSqlite { found }) })
}
