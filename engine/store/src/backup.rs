//! A copy of the store in a file, taken while others write to it; and what stands in its journal, turn by turn.
//!
//! A copy is one moment of the store: SQLite reads it within one transaction, and nothing waits for it. It does not
//! know what else belongs to an installation, such as the files that channels kept.

use std::path::Path;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use serde_json::value::RawValue;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::StoreError;

use crate::SqlStore;
use crate::connection::Row;
use crate::error::Error;
use crate::pack::unpack;
use crate::sql::{Sql, column, doing, limit, unsigned};

/// One turn, as it stands in the journal.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its place in the journal.
    pub lsn: i64,
    /// Whose.
    pub instance: InstanceId,
    /// `namespace/name` of the instance's workflow.
    pub workflow: Option<String>,
    /// When it was.
    pub at: Timestamp,
    /// The lines of history that it added.
    pub lines: Vec<Box<RawValue>>,
}

impl SqlStore {
    /// Copies the store in this file to another one, which must not be there. The store may be open elsewhere.
    ///
    /// # Errors
    /// When there is no store, the copy is there already, or the disk is full.
    pub async fn copy(from: &Path, to: &Path) -> Result<(), Error> {
        let name = from.display().to_string();
        let failed = |doing: &'static str| {
            let store = name.clone();
            move |source: DbErr| Error::Open { store, doing, source: source.into() }
        };
        let db = existing(from).await.map_err(failed("connecting to copy"))?;
        let target = to.display().to_string();
        let copied = Sql::new("VACUUM INTO ?", [target.into()]).run(&db).await;
        if let Err(error) = db.close().await {
            tracing::warn!(%error, "closing what was copied from");
        }
        copied.map(drop).map_err(failed("copying"))
    }

    /// The turns behind this place of the journal, in order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn recorded(&self, after: i64, len: usize) -> Result<Vec<Recorded>, StoreError> {
        let rows = Sql::new(
            "SELECT j.lsn, j.instance, w.name, j.at, j.events
               FROM journal j LEFT JOIN instance i ON i.id = j.instance LEFT JOIN workflow w ON w.id = i.workflow
              WHERE j.lsn > ? ORDER BY j.lsn LIMIT ?",
            [after.into(), limit(len)],
        );
        let rows = rows.all(&self.query_reads).await.map_err(doing("reading the journal"))?;
        rows.iter().map(read).collect()
    }

    /// When the last turn was committed. None: there was none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn last_turn_at(&self) -> Result<Option<Timestamp>, StoreError> {
        last_turn_at(&self.query_reads).await.map_err(doing("reading the end of the journal"))
    }
}

/// See [`SqlStore::last_turn_at`].
pub(crate) async fn last_turn_at(db: &DatabaseConnection) -> Result<Option<Timestamp>, DbErr> {
    let row = Sql::new("SELECT at FROM journal ORDER BY lsn DESC LIMIT 1", []).one(db).await?;
    Ok(row.map(|row| column(&row, 0)).transpose()?.map(Timestamp))
}

/// A connection to a store that is there. It takes no lock: the server may have it.
async fn existing(path: &Path) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new("sqlite://file");
    options.max_connections(1).sqlx_logging(false).record_stmt_in_spans(false);
    let path = path.to_owned();
    options.map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path).create_if_missing(false));
    Database::connect(options).await
}

fn read(row: &Row) -> Result<Recorded, StoreError> {
    let failed = doing("reading the journal");
    let lsn: i64 = column(row, 0).map_err(&failed)?;
    let broken = |source: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::new(format!("reading turn {lsn} of the journal"), source)
    };
    let packed: Vec<u8> = column(row, 4).map_err(&failed)?;
    let text = unpack(&packed).map_err(|error| broken(error.into()))?;
    let text = String::from_utf8(text).map_err(|error| broken(error.into()))?;
    let lines = text.lines().map(|line| RawValue::from_string(line.to_owned()));
    Ok(Recorded {
        lsn,
        instance: InstanceId(unsigned(column(row, 1).map_err(&failed)?)),
        workflow: column(row, 2).map_err(&failed)?,
        at: Timestamp(column(row, 3).map_err(&failed)?),
        lines: lines.collect::<Result<_, _>>().map_err(|error| broken(error.into()))?,
    })
}
