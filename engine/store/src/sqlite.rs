//! Opens a store in one SQLite file: takes the lock, checks versions, brings the schema up to date.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};

use crate::SqlStore;
use crate::cases;
use crate::connection::Link;
use crate::error::Error;
use crate::fence::Fence;
use crate::lock::Lock;
use crate::migration::migrate;
use crate::native::Native;
use crate::open::{Place, QUERY_READERS};
use crate::sql::{Sql, column};

/// The first version without the corruption race of WAL mode (fixed in March 2026).
const SQLITE_MIN: [u32; 3] = [3, 51, 3];
/// A packed turn fits one page, and most checkpoints move fewer of them (ADR 0003 has the doubt).
const PAGE_BYTES: u32 = 8192;
/// Pages in the write-ahead log before it is copied back: 32 MB, so that a checkpoint is rare and large.
const CHECKPOINT_PAGES: &str = "4000";
/// Another process may hold the file for a moment: a backup, a look with the `sqlite3` tool.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

impl SqlStore {
    /// Opens the store in this file, and makes it if it is not there. One store per file: a lock beside it
    /// keeps every other server out.
    ///
    /// # Errors
    /// See [`Error`]; each has a stable code.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let lock = Lock::take(&path)?;
        let name = path.display().to_string();
        let failed = |doing: &'static str| {
            let store = name.clone();
            move |source: DbErr| Error::Open { store, doing, source: source.into() }
        };
        let setup = connect(&path, Access::Setup).await.map_err(failed("connecting"))?;
        check_sqlite(&setup).await.map_err(failed("asking SQLite's version"))??;
        migrate(&setup, &name).await?;
        let fence = Fence::File { _lock: lock };
        cases::index_older(&setup, &fence).await.map_err(failed("indexing older cases"))?;
        let query_reads =
            connect(&path, Access::Read(QUERY_READERS)).await.map_err(failed("connecting to read"))?;
        let reading = Native::open(&path, &settings(READER)).map_err(failed("connecting to read"))?;
        let writing = Native::open(&path, &settings(WRITER)).map_err(failed("connecting to write"))?;
        setup.close().await.map_err(failed("closing a connection"))?;
        let store = Self::new(Place::File(path), Link::File(reading), query_reads);
        let writer = store.start_writer(Link::File(writing), fence).await;
        writer.map_err(failed("reading the end of the journal"))?;
        Ok(store)
    }
}

/// What every connection is told, in the words of `PRAGMA`. A commit is on the disk when it is acknowledged.
const COMMON: &[(&str, &str)] = &[
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("wal_autocheckpoint", CHECKPOINT_PAGES),
    ("temp_store", "MEMORY"),
    ("mmap_size", "0"),
    ("foreign_keys", "ON"),
];
/// What one that writes is told besides.
const WRITER: &[(&str, &str)] = &[("cache_size", "-65536")];
/// What one that reads is told besides.
const READER: &[(&str, &str)] = &[("cache_size", "-8192"), ("query_only", "ON")];

/// For connections that are not sea-orm's own.
fn settings(besides: &[(&str, &str)]) -> String {
    let busy = BUSY_TIMEOUT.as_millis().to_string();
    let all = [("busy_timeout", &*busy)].into_iter().chain(COMMON.iter().chain(besides).copied());
    all.map(|(name, value)| format!("PRAGMA {name} = {value};")).collect()
}

/// What a connection of sea-orm is for.
#[derive(Clone, Copy)]
enum Access {
    /// Making the file and its tables.
    Setup,
    /// With this many connections.
    Read(u32),
}

async fn connect(path: &Path, access: Access) -> Result<DatabaseConnection, DbErr> {
    // The path does not go through the URL: it may hold any character.
    let mut options = ConnectOptions::new("sqlite://file");
    let (connections, besides) = match access {
        Access::Setup => (1, WRITER),
        Access::Read(connections) => (connections, READER),
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
        let sqlite =
            sqlite.filename(&path).create_if_missing(true).busy_timeout(BUSY_TIMEOUT).page_size(PAGE_BYTES);
        COMMON.iter().chain(besides).fold(sqlite, |sqlite, (name, value)| sqlite.pragma(*name, *value))
    });
    Database::connect(options).await
}

async fn check_sqlite(db: &DatabaseConnection) -> Result<Result<(), Error>, DbErr> {
    let row = Sql::new("SELECT sqlite_version()", []).one(db).await?;
    let found: String = row.map(|row| column(&row, 0)).transpose()?.unwrap_or_default();
    let parts: Vec<u32> = found.split('.').filter_map(|part| part.parse().ok()).collect();
    Ok(if parts[..] >= SQLITE_MIN[..] { Ok(()) } else { Err(Error::OldSqlite { found }) })
}
