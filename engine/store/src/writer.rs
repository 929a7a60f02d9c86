//! The one writer: a task that owns the only connection that may write.
//!
//! ```text
//!  jobs ──► Commit(batch) ──► BEGIN, hold the fence, check, write, COMMIT ──► reply
//!           Small(write)  ──► the same, for values and tokens
//! ```
//! What it remembers between transactions is a copy of what is stored. After any failure it is read again.
//! The writer of a file has a thread of its own, which waits for the disk; that of a server is a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{DbErr, SqliteTransactionMode, TransactionOptions};
use tokio::sync::{mpsc, oneshot};
use yiwang_runtime::nodes::Fenced;
use yiwang_runtime::ports::{CommitError, Forget, StoreError};

use crate::archive;
use crate::commit;
use crate::connection::{Connection, Link, Transaction};
use crate::dialect;
use crate::fence::Fence;
use crate::hash::{self, Hash};
use crate::names::Names;
use crate::prepare::Prepared;
use crate::sql::{Sql, column, doing};
use crate::tokens::TokenWrite;
use crate::values::{self, ValueWrite};

/// Jobs that may wait. More callers wait for a place: the queue in front of the loop is the one that refuses.
pub(crate) const JOBS_MAX: usize = 64;

/// Something to write.
pub(crate) enum Job {
    /// A batch of the loop.
    Commit(Box<Prepared>, oneshot::Sender<Result<(), CommitError>>),
    /// A write beside the loop. The answer says how many rows or instances it changed.
    Small(Small, oneshot::Sender<Result<u64, StoreError>>),
    /// The end.
    Close(oneshot::Sender<()>),
}

/// Writes beside the loop.
pub(crate) enum Small {
    Value(ValueWrite),
    Token(TokenWrite),
    Forget(Forget),
}

/// What was written since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) turns: AtomicU64,
}

/// The end of the journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// The last turn's place.
    pub(crate) lsn: i64,
    /// The last commit's hash.
    pub(crate) seal: Hash,
    /// Given to messages, incidents and deployments.
    pub(crate) numbers: Numbers,
}

/// Counts rows that are listed in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers(i64);

impl Numbers {
    /// The next one. Some are given and not used.
    pub(crate) fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// What the writer's task owns.
pub(crate) struct Writer {
    db: Link,
    head: Head,
    names: Names,
    /// When the first stored value expires, or earlier.
    next_expiry: Option<i64>,
    counters: Arc<Counters>,
    fence: Fence,
}

impl Writer {
    /// A writer that goes on where the journal ends.
    pub(crate) async fn new(db: Link, counters: Arc<Counters>, fence: Fence) -> Result<Self, DbErr> {
        let head = head(&db).await?;
        let next_expiry = values::next_expiry(&db).await?;
        Ok(Self { db, head, names: Names::default(), next_expiry, counters, fence })
    }

    /// Works until it is told to close, or nobody can send any more.
    pub(crate) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut closed = None;
        while let Some(job) = jobs.recv().await {
            // A caller that has gone away does not take its write back.
            match job {
                Job::Commit(prepared, reply) => drop(reply.send(self.commit(*prepared).await)),
                Job::Small(small, reply) => drop(reply.send(self.small(small).await)),
                Job::Close(reply) => {
                    closed = Some(reply);
                    jobs.close();
                    break;
                }
            }
        }
        // What was queued behind the end is answered by its dropped reply.
        drop(jobs);
        if let Err(error) = self.db.close().await {
            tracing::warn!(%error, "closing the store");
        }
        drop(self.fence);
        if let Some(reply) = closed {
            reply.send(()).unwrap_or_else(|()| tracing::debug!("nobody waits for the end"));
        }
    }

    async fn commit(&mut self, prepared: Prepared) -> Result<(), CommitError> {
        let turns = prepared.turns.len() as u64;
        let result = self.try_commit(prepared).await;
        match &result {
            Ok(()) => {
                self.counters.commits.fetch_add(1, Ordering::Relaxed);
                self.counters.turns.fetch_add(turns, Ordering::Relaxed);
            }
            // Nothing was written, and nothing was remembered but names that are perhaps not there.
            Err(CommitError::Conflict { .. } | CommitError::Failed(_)) => self.names.forget(),
            Err(CommitError::Unknown(_)) => {
                self.names.forget();
                self.read_head_again().await;
            }
        }
        result
    }

    async fn try_commit(&mut self, prepared: Prepared) -> Result<(), CommitError> {
        let now = prepared.batch.now.0;
        let tx = self.begin().await.map_err(CommitError::Failed)?;
        match commit::write(&tx, prepared, self.head, &mut self.names).await {
            Ok(head) => {
                if self.next_expiry.is_some_and(|at| at <= now) {
                    let swept = values::sweep(&tx, now).await;
                    let next = swept.map_err(doing("removing expired values"));
                    self.next_expiry = next.map_err(CommitError::Failed)?;
                }
                let backend = tx.backend();
                tx.commit().await.map_err(|error| {
                    let taken_back = dialect::is_taken_back(backend, &error);
                    let error = doing("committing")(error);
                    if taken_back { CommitError::Failed(error) } else { CommitError::Unknown(error) }
                })?;
                self.head = head;
                Ok(())
            }
            Err(error) => {
                tx.roll_back().await;
                Err(error)
            }
        }
    }

    /// A transaction that holds the fence.
    async fn begin(&self) -> Result<Transaction, StoreError> {
        let tx = self.db.begin().await.map_err(doing("beginning a transaction"))?;
        match self.fence.hold(&tx).await {
            Ok(true) => Ok(tx),
            Ok(false) => {
                tx.roll_back().await;
                Err(StoreError::new("beginning a transaction", Fenced))
            }
            Err(error) => {
                tx.roll_back().await;
                Err(doing("holding the fence")(error))
            }
        }
    }

    async fn small(&mut self, small: Small) -> Result<u64, StoreError> {
        let tx = self.begin().await?;
        let written = match small {
            Small::Value(write) => {
                if let Some(expires) = write.expires() {
                    self.next_expiry = Some(self.next_expiry.map_or(expires, |next| next.min(expires)));
                }
                write.run(&tx).await
            }
            Small::Token(write) => write.run(&tx).await,
            Small::Forget(wish) => archive::forget(&tx, wish).await,
        };
        match written {
            Ok(changed) => {
                tx.commit().await.map_err(doing("committing"))?;
                self.counters.commits.fetch_add(1, Ordering::Relaxed);
                Ok(changed)
            }
            Err(error) => {
                tx.roll_back().await;
                Err(error)
            }
        }
    }

    /// After a commit of unknown outcome. If this fails too, the head is wrong by at most that commit, and
    /// the next one fails on the journal's key instead of writing wrongly.
    async fn read_head_again(&mut self) {
        match head(&self.db).await {
            Ok(head) => self.head = head,
            Err(error) => tracing::error!(%error, "reading the end of the journal"),
        }
    }
}

/// A transaction that takes the write lock at once instead of failing half-way.
pub(crate) fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

async fn head(db: &impl Connection) -> Result<Head, DbErr> {
    let row = Sql::new(
        "SELECT (SELECT coalesce(max(lsn), 0) FROM journal),
                (SELECT hash FROM seal ORDER BY last_lsn DESC LIMIT 1),
                (SELECT coalesce(max(number), 0) FROM
                  (SELECT max(number) AS number FROM message UNION ALL SELECT max(number) FROM incident
                   UNION ALL SELECT max(number) FROM deployment) numbers)",
        [],
    );
    let Some(row) = row.one(db).await? else {
        return Ok(Head { lsn: 0, seal: hash::NONE, numbers: Numbers(0) });
    };
    let seal = column::<Option<Vec<u8>>>(&row, 1)?.and_then(|seal| seal.try_into().ok());
    let numbers = Numbers(column(&row, 2)?);
    Ok(Head { lsn: column(&row, 0)?, seal: seal.unwrap_or(hash::NONE), numbers })
}
