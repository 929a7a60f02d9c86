//! Instances that cannot go on by themselves.

use sea_orm::DbErr;
use yiwang_core::transition::Status;
use yiwang_runtime::cursor;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{IncidentRow, Page, PageRequest, StoreError, TurnRow};

use crate::connection::Connection;
use crate::sql::{Sql, body, column, doing, insert, limit, list, parse};
use crate::writer::Numbers;

/// Closes the incidents of instances that have moved, and not into a fault; then opens these.
pub(crate) async fn write(
    tx: &impl Connection,
    turns: &[TurnRow],
    opened: &[IncidentRow],
    numbers: &mut Numbers,
) -> Result<(), DbErr> {
    let moved: Vec<_> = turns
        .iter()
        .filter(|turn| turn.status != Status::Faulted && turn.rev > 1)
        .map(|turn| signed(turn.instance.0))
        .collect();
    if !moved.is_empty() {
        let delete = "DELETE FROM incident WHERE instance {in numbers}";
        Sql::new(delete, [list(moved)]).run(tx).await?;
    }
    // The last of several incidents of one kind counts.
    let opened: std::collections::BTreeMap<_, _> =
        opened.iter().map(|row| ((signed(row.instance.0), &row.code), row)).collect();
    if opened.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = opened.keys().collect();
    Sql::new(
        "DELETE FROM incident WHERE (instance, code) IN
           (SELECT CAST(j.value ->> 0 AS BIGINT), j.value ->> 1 FROM {rows})",
        [list(names)],
    )
    .run(tx)
    .await?;
    let rows = opened.iter().map(|((instance, code), row)| {
        vec![numbers.next().into(), (*instance).into(), code.as_str().into(), body(row)]
    });
    insert(tx, "incident", &["number", "instance", "code", "body"], None, rows.collect()).await
}

/// A page of open incidents, newest first.
pub(crate) async fn page(db: &impl Connection, page: PageRequest) -> Result<Page<IncidentRow>, StoreError> {
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    let rows = Sql::new(
        "SELECT number, body FROM incident WHERE number < ? ORDER BY number DESC LIMIT ?",
        [before.into(), limit(page.size() + 1)],
    );
    let rows = rows.all(db).await.map_err(doing("listing incidents"))?;
    let items: Result<Vec<(i64, IncidentRow)>, StoreError> = rows
        .iter()
        .map(|row| {
            let number = column(row, 0).map_err(doing("listing incidents"))?;
            Ok((number, parse(row, 1, || format!("incident {number}"))?))
        })
        .collect();
    let Page { items, next_cursor } = cursor::page(items?, page.size(), |(number, _)| [*number]);
    Ok(Page { items: items.into_iter().map(|(_, row)| row).collect(), next_cursor })
}
