//! Opens a store on a PostgreSQL server, or on one that speaks its protocol.
//!
//! Everybody may read; who writes is decided by the nodes' rows ([`crate::Nodes`]).

use std::fmt;
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use sqlx::postgres::PgConnectOptions;
use yiwang_core::Timestamp;
use yiwang_runtime::nodes::Membership;

use crate::SqlStore;
use crate::backup::last_turn_at;
use crate::cases;
use crate::connection::Link;
use crate::error::Error;
use crate::fence::Fence;
use crate::migration::{migrate, pending};
use crate::open::{LOOP_READERS, Place, QUERY_READERS};
use crate::sql::{Sql, column};
use crate::tls;

/// Longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A connection that lay unused for so long is asked whether it still stands: the server may have been restarted.
const ASK_AFTER: Duration = Duration::from_millis(500);
/// The server gives up a statement that runs longer.
const STATEMENT_MILLIS: &str = "30000";
/// One writes; the other takes over while the first one is being looked after between two transactions.
const WRITERS: u32 = 2;

/// Which database on which server.
#[derive(Clone)]
pub struct Postgres {
    url: String,
    shown: String,
    options: PgConnectOptions,
}

/// Without the password.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Display for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// What a connection is for.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    /// Schema changes.
    Migrate,
    /// The writer. A transaction of a process that stands still is ended by the server after so long: it must
    /// not hold up those who declare the process dead.
    Write { standstill: Duration },
    /// Membership.
    Node { standstill: Duration },
    /// With this many connections.
    Read(u32),
}

impl Postgres {
    /// A database by its URL, `postgres://user:password@host:port/name`; what it leaves out is taken from
    /// `PGHOST`, `PGUSER`, `PGPASSWORD` and their like, or `~/.pgpass`. `?sslmode=verify-full&sslrootcert=…` and
    /// the other modes but `allow` are served.
    ///
    /// # Errors
    /// When it is no such URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        // One scheme for both spellings: the driver's connector takes only this one.
        let url = match url.strip_prefix("postgresql://") {
            Some(rest) => format!("postgres://{rest}"),
            None => url.to_owned(),
        };
        // The driver's own words might repeat the password.
        let options: PgConnectOptions = match url.parse() {
            Ok(options) if url.starts_with("postgres://") => options,
            Ok(_) | Err(_) => return Err(Error::Url),
        };
        let name = options.get_database().unwrap_or(options.get_username());
        let shown = match options.get_socket() {
            Some(folder) => format!("postgres:{}/{name}", folder.display()),
            None => format!("postgres://{}:{}/{name}", options.get_host(), options.get_port()),
        };
        match tls::refused(&options) {
            Some((what, help)) => Err(Error::Tls { store: shown, what, help, source: None }),
            None => Ok(Self { url, shown, options }),
        }
    }

    pub(crate) async fn connect(&self, access: Access) -> Result<DatabaseConnection, DbErr> {
        let mut options = ConnectOptions::new(&self.url);
        let connections = match access {
            Access::Migrate | Access::Node { .. } => 1,
            Access::Write { .. } => WRITERS,
            Access::Read(connections) => connections,
        };
        options
            .max_connections(connections)
            .connect_timeout(CONNECT_WITHIN)
            .acquire_timeout(CONNECT_WITHIN)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .test_before_acquire_if_idle_for(ASK_AFTER)
            .idle_timeout(None)
            .max_lifetime(None);
        options.map_sqlx_postgres_opts(move |server| {
            let server = server.application_name("yiwang").options([
                // The fence is read again after a wait, which is what this level does.
                ("default_transaction_isolation", "read committed"),
                ("statement_timeout", STATEMENT_MILLIS),
            ]);
            match access {
                Access::Migrate => server,
                Access::Read(_) => server.options([("default_transaction_read_only", "on")]),
                Access::Write { standstill } | Access::Node { standstill } => {
                    let millis = standstill.as_millis().to_string();
                    server.options([("idle_in_transaction_session_timeout", millis)])
                }
            }
        });
        Database::connect(options).await
    }

    /// Says what was being done with which database.
    pub(crate) fn failed(&self, doing: &'static str) -> impl FnOnce(DbErr) -> Error {
        let (store, options) = (self.shown.clone(), self.options.clone());
        move |source| match tls::problem(&source, &options) {
            Some((what, help)) => Error::Tls { store, what, help, source: Some(source.into()) },
            None => Error::Open { store, doing, source: source.into() },
        }
    }
}

/// What was seen of a database without changing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Changes of its schema that the next start makes; all of them in an empty database.
    pub pending: usize,
    /// When the last turn was, if there was one and the schema is the newest.
    pub last_turn: Option<Timestamp>,
}

impl Postgres {
    /// Looks whether a store is there or could be, and changes nothing.
    ///
    /// # Errors
    /// As for [`SqlStore::connect`].
    pub async fn examine(&self) -> Result<Examined, Error> {
        let db = self.connect(Access::Read(1)).await.map_err(self.failed("connecting"))?;
        check_server(&db, self).await?;
        let pending = pending(&db, &self.shown).await?;
        let mut last_turn = None;
        if pending == 0 {
            last_turn = last_turn_at(&db).await.map_err(self.failed("reading the end of the journal"))?;
        }
        db.close().await.map_err(self.failed("closing a connection"))?;
        Ok(Examined { pending, last_turn })
    }
}

impl SqlStore {
    /// Opens the store in this database, and makes its tables if they are not there. It only reads until it is
    /// told to [own](Self::own) the instances.
    ///
    /// # Errors
    /// See [`Error`]; each has a stable code.
    pub async fn connect(database: &Postgres) -> Result<Self, Error> {
        let setup = database.connect(Access::Migrate).await.map_err(database.failed("connecting"))?;
        check_server(&setup, database).await?;
        migrate(&setup, &database.shown).await?;
        setup.close().await.map_err(database.failed("closing a connection"))?;
        let read = |readers| database.connect(Access::Read(readers));
        let loop_reads = read(LOOP_READERS).await.map_err(database.failed("connecting to read"))?;
        let query_reads = read(QUERY_READERS).await.map_err(database.failed("connecting to read"))?;
        Ok(Self::new(Place::Server(Box::new(database.clone())), Link::Pool(loop_reads), query_reads))
    }

    /// Begins to write, as long as this membership holds. `standstill`: after so long the server ends a
    /// transaction in which nothing happens.
    ///
    /// # Errors
    /// When the end of the journal cannot be read.
    pub async fn own(&self, membership: &Membership, standstill: Duration) -> Result<(), Error> {
        let Place::Server(database) = &self.place else { return Ok(()) };
        let writing = database.connect(Access::Write { standstill }).await;
        let writing = writing.map_err(database.failed("connecting to write"))?;
        let fence = Fence::Node(membership.clone());
        let indexed = cases::index_older(&writing, &fence).await;
        indexed.map_err(database.failed("indexing older cases"))?;
        let writer = self.start_writer(Link::Pool(writing), fence).await;
        writer.map_err(database.failed("reading the end of the journal"))
    }

    /// Writes what is queued and no more.
    pub async fn disown(&self) {
        self.end_writer().await;
    }
}

/// A commit that is acknowledged must be durable, and texts must be able to hold any character.
async fn check_server(db: &DatabaseConnection, database: &Postgres) -> Result<(), Error> {
    let failed = "asking the server's settings";
    let row = Sql::new(
        "SELECT current_setting('synchronous_commit'), current_setting('server_encoding'),
                current_setting('server_version')",
        [],
    );
    let row = row.one(db).await.map_err(database.failed(failed))?;
    let text = |at| row.as_ref().map(|row| column::<String>(row, at)).transpose();
    let read = || Ok((text(0)?, text(1)?, text(2)?));
    let (commit, encoding, version) = read().map_err(database.failed(failed))?;
    tracing::info!(%database, version, "connected to PostgreSQL");
    let unfit = |what: &str| Error::Server { store: database.shown.clone(), what: what.to_owned() };
    if commit.as_deref() == Some("off") {
        return Err(unfit("synchronous_commit is off: an acknowledged commit could be lost"));
    }
    if encoding.as_deref() != Some("UTF8") {
        return Err(unfit("its encoding is not UTF8"));
    }
    Ok(())
}
