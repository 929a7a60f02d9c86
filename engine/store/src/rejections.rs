//! Messages that a channel did not accept, kept for people to look at.

use sea_orm::DbErr;
use yiwang_runtime::cursor;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{Page, PageRequest, RejectionRow, StoreError};

use crate::connection::Connection;
use crate::sql::{Sql, body, column, doing, insert, limit, parse};

/// Keeps these.
pub(crate) async fn write(tx: &impl Connection, rejections: &[RejectionRow]) -> Result<(), DbErr> {
    let rows = rejections.iter().map(|row| {
        vec![signed(row.id).into(), row.channel.clone().into(), row.code.clone().into(), body(row)]
    });
    insert(tx, "rejection", &["id", "channel", "code", "body"], None, rows.collect()).await
}

/// A page of them, newest first.
pub(crate) async fn page(
    db: &impl Connection,
    channel: Option<String>,
    page: PageRequest,
) -> Result<Page<RejectionRow>, StoreError> {
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    let mut sql = Sql::new("SELECT id, body FROM rejection WHERE id < ?", [before.into()]);
    sql.push_some("AND channel = ?", channel).push("ORDER BY id DESC LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("listing rejections"))?;
    let items: Result<Vec<RejectionRow>, StoreError> = rows
        .iter()
        .map(|row| parse(row, 1, || format!("rejection {}", column::<i64>(row, 0).unwrap_or_default())))
        .collect();
    Ok(cursor::page(items?, page.size(), |row| [signed(row.id)]))
}
