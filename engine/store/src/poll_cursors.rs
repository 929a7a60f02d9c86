//! How far each channel that asks for what is new has come.

use sea_orm::DbErr;
use yiwang_core::Timestamp;
use yiwang_runtime::ports::PollCursor;

use crate::connection::Connection;
use crate::sql::{Sql, column, insert, last_of_each, replacing};

/// Moves these.
pub(crate) async fn write(tx: &impl Connection, cursors: &[PollCursor]) -> Result<(), DbErr> {
    let rows = cursors.iter().map(|row| {
        (&row.channel, vec![row.channel.clone().into(), row.cursor.clone().into(), row.at.0.into()])
    });
    let replaced = replacing(&["channel"], &["next", "at"]);
    insert(tx, "poll_cursor", &["channel", "next", "at"], replaced, last_of_each(rows)).await
}

/// All of them.
pub(crate) async fn all(db: &impl Connection) -> Result<Vec<PollCursor>, DbErr> {
    let rows = Sql::new("SELECT channel, next, at FROM poll_cursor ORDER BY channel", []).all(db).await?;
    let read = |row| {
        Ok(PollCursor { channel: column(row, 0)?, cursor: column(row, 1)?, at: Timestamp(column(row, 2)?) })
    };
    rows.iter().map(read).collect()
}
