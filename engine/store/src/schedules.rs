//! Where each schedule stands.

use sea_orm::{ConnectionTrait, DbErr};
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::ScheduleRow;

use crate::sql::{Sql, column, insert, replacing, unsigned};

/// Moves these.
pub(crate) async fn write(tx: &impl ConnectionTrait, schedules: &[ScheduleRow]) -> Result<(), DbErr> {
    let rows = schedules.iter().map(|row| {
        vec![row.workflow.clone().into(), row.fired.0.into(), row.run.map(|run| signed(run.0)).into()]
    });
    let replaced = replacing(&["workflow"], &["fired", "run"]);
    insert(tx, "schedule", &["workflow", "fired", "run"], replaced, rows.collect()).await
}

/// All of them.
pub(crate) async fn all(db: &impl ConnectionTrait) -> Result<Vec<ScheduleRow>, DbErr> {
    let rows = Sql::new("SELECT workflow, fired, run FROM schedule ORDER BY workflow", []).all(db).await?;
    let read = |row| {
        Ok(ScheduleRow {
            workflow: column(row, 0)?,
            fired: Timestamp(column(row, 1)?),
            run: column::<Option<i64>>(row, 2)?.map(|run| InstanceId(unsigned(run))),
        })
    };
    rows.iter().map(read).collect()
}
