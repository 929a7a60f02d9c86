//! Key-value state of channels.

use sea_orm::DbErr;
use yiwang_core::Timestamp;
use yiwang_runtime::ports::StoreError;

use crate::connection::Connection;
use crate::sql::{Sql, column, doing, unsigned};

/// A write to a channel's values.
#[derive(Debug)]
pub(crate) enum ValueWrite {
    /// Puts a value there.
    Set {
        channel: String,
        key: String,
        value: Vec<u8>,
        expires: Option<Timestamp>,
        only_if_absent: Option<Timestamp>,
    },
    /// Takes a value away.
    Delete { channel: String, key: String },
}

impl ValueWrite {
    /// When it expires.
    pub(crate) fn expires(&self) -> Option<i64> {
        match self {
            Self::Set { expires, .. } => expires.map(|at| at.0),
            Self::Delete { .. } => None,
        }
    }

    /// Does it; how many rows changed.
    pub(crate) async fn run(self, tx: &impl Connection) -> Result<u64, StoreError> {
        match self {
            Self::Set { channel, key, value, expires, only_if_absent } => {
                let mut sql = Sql::new(
                    "INSERT INTO kv (channel, key, value, expires) VALUES (?, ?, ?, ?)
                       ON CONFLICT (channel, key) DO UPDATE SET value = excluded.value, expires = excluded.expires",
                    [channel.into(), key.into(), value.into(), expires.map(|at| at.0).into()],
                );
                sql.push_some(
                    "WHERE kv.expires IS NOT NULL AND kv.expires <= ?",
                    only_if_absent.map(|at| at.0),
                );
                sql.run(tx).await.map_err(doing("setting a channel's value"))
            }
            Self::Delete { channel, key } => {
                let sql =
                    Sql::new("DELETE FROM kv WHERE channel = ? AND key = ?", [channel.into(), key.into()]);
                sql.run(tx).await.map_err(doing("removing a channel's value"))
            }
        }
    }
}

/// A value that has not expired.
pub(crate) async fn get(
    db: &impl Connection,
    channel: &str,
    key: &str,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, DbErr> {
    let row = Sql::new(
        "SELECT value FROM kv WHERE channel = ? AND key = ? AND (expires IS NULL OR expires > ?)",
        [channel.into(), key.into(), now.0.into()],
    );
    row.one(db).await?.map(|row| column(&row, 0)).transpose()
}

/// Bytes of keys and values that a channel holds.
pub(crate) async fn used(db: &impl Connection, channel: &str) -> Result<u64, DbErr> {
    let row = Sql::new(
        "SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM kv WHERE channel = ?",
        [channel.into()],
    );
    Ok(row.one(db).await?.map(|row| column(&row, 0)).transpose()?.map_or(0, unsigned))
}

/// When the first value expires.
pub(crate) async fn next_expiry(db: &impl Connection) -> Result<Option<i64>, DbErr> {
    let row = Sql::new("SELECT min(expires) FROM kv WHERE expires IS NOT NULL", []).one(db).await?;
    Ok(row.map(|row| column(&row, 0)).transpose()?.flatten())
}

/// Removes what has expired; says when the next one does.
pub(crate) async fn sweep(tx: &impl Connection, now: i64) -> Result<Option<i64>, DbErr> {
    Sql::new("DELETE FROM kv WHERE expires IS NOT NULL AND expires <= ?", [now.into()]).run(tx).await?;
    next_expiry(tx).await
}
