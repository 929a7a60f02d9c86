//! Why a store could not be opened. What fails later is a `StoreError` of the ports.

use std::path::PathBuf;

/// A store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process, or another store of this one, has the file.
    #[error("{} is in use by another server", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The lock file could not be made.
    #[error("making the lock file {}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A newer version of the program wrote it.
    #[error(
        "{store} was written by a newer version (schema {found}, this one knows {known}); upgrade the program"
    )]
    Newer {
        /// The database.
        store: String,
        /// Its schema.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// It is a database, but none of ours.
    #[error("{store} is a database of another program")]
    Foreign {
        /// The database.
        store: String,
    },
    /// The linked SQLite has a known corruption race in WAL mode.
    #[error("SQLite {found} is too old: 3.51.3 or newer is needed")]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// It is not the URL of a database.
    #[error("the database's URL is none: postgres://user:password@host:port/name is wanted")]
    Url,
    /// The server is not set up to keep what it acknowledges.
    #[error("{store} cannot be used: {what}")]
    Server {
        /// The database.
        store: String,
        /// What is wrong.
        what: String,
    },
    /// The connection to the server is not as safe as it was asked to be.
    #[error("{store} is not reached safely: {what}")]
    Tls {
        /// The database.
        store: String,
        /// What is wrong.
        what: String,
        /// What to do about it.
        help: &'static str,
        /// What the library said.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Opening, preparing or migrating failed.
    #[error("opening the store {store}: {doing}")]
    Open {
        /// The database.
        store: String,
        /// What was being done.
        doing: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The stable code, for people to look up.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "store.locked",
            Self::Lock { .. } => "store.lock",
            Self::Newer { .. } => "store.newer",
            Self::Foreign { .. } => "store.foreign",
            Self::OldSqlite { .. } => "store.sqlite",
            Self::Url => "store.url",
            Self::Server { .. } => "store.server",
            Self::Tls { .. } => "store.tls",
            Self::Open { .. } => "store.open",
        }
    }

    /// What to do about it, where the error itself knows more than the manual does.
    pub fn help(&self) -> Option<&'static str> {
        if let Self::Tls { help, .. } = self { Some(help) } else { None }
    }
}
