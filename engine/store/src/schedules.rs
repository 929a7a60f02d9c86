//! Where each schedule stands, and what became of its planned times.

use sea_orm::DbErr;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::cursor;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{Page, PageRequest, ScheduleRow, ScheduleRun, StoreError};

use crate::connection::Connection;
use crate::sql::{Sql, body, column, doing, insert, last_of_each, limit, parse, replacing, unsigned};

/// Moves these.
pub(crate) async fn write(tx: &impl Connection, schedules: &[ScheduleRow]) -> Result<(), DbErr> {
    let rows = schedules.iter().map(|row| {
        let values = vec![
            row.workflow.clone().into(),
            row.fired.0.into(),
            row.run.map(|run| signed(run.0)).into(),
            row.paused.as_ref().and_then(|paused| serde_json::to_string(paused).ok()).into(),
        ];
        (&row.workflow, values)
    });
    let replaced = replacing(&["workflow"], &["fired", "run", "paused"]);
    insert(tx, "schedule", &["workflow", "fired", "run", "paused"], replaced, last_of_each(rows)).await
}

/// Notes what became of planned times.
pub(crate) async fn write_runs(tx: &impl Connection, runs: &[ScheduleRun]) -> Result<(), DbErr> {
    let rows = runs.iter().map(|run| vec![signed(run.id).into(), run.workflow.clone().into(), body(run)]);
    insert(tx, "schedule_run", &["id", "workflow", "body"], None, rows.collect()).await
}

/// All of them.
pub(crate) async fn all(db: &impl Connection) -> Result<Vec<ScheduleRow>, DbErr> {
    let rows =
        Sql::new("SELECT workflow, fired, run, paused FROM schedule ORDER BY workflow", []).all(db).await?;
    let read = |row| {
        let paused: Option<String> = column(row, 3)?;
        let paused = paused.map(|text| serde_json::from_str(&text)).transpose();
        Ok(ScheduleRow {
            workflow: column(row, 0)?,
            fired: Timestamp(column(row, 1)?),
            run: column::<Option<i64>>(row, 2)?.map(|run| InstanceId(unsigned(run))),
            paused: paused.map_err(|error| DbErr::Custom(error.to_string()))?,
        })
    };
    rows.iter().map(read).collect()
}

/// A page of runs, newest first.
pub(crate) async fn runs(
    db: &impl Connection,
    workflow: Option<String>,
    page: PageRequest,
) -> Result<Page<ScheduleRun>, StoreError> {
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    let mut sql = Sql::new("SELECT id, body FROM schedule_run WHERE id < ?", [before.into()]);
    sql.push_some("AND workflow = ?", workflow).push("ORDER BY id DESC LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("listing runs of schedules"))?;
    let runs: Result<Vec<ScheduleRun>, StoreError> = rows
        .iter()
        .map(|row| parse(row, 1, || format!("run {}", column::<i64>(row, 0).unwrap_or_default())))
        .collect();
    Ok(cursor::page(runs?, page.size(), |run| [signed(run.id)]))
}
