//! Selections, and the lists of sweeps and schedules.

use futures::FutureExt as _;

use yiwang_core::selector::field::Found;
use yiwang_core::selector::{Field, Of, Selection};
use yiwang_core::sweep::line::Summary;
use yiwang_core::sweep::{Line, Phase, Result as LineResult, Sweep};
use yiwang_core::{Case, InstanceId, Timestamp, WorkItem};
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{
    Answer, Census, Group, Page, PageRequest, Ranking, ScheduleRow, ScheduleRun, SelectFrom, StoreError,
};

use crate::connection::{Connection, Row};
use crate::open::SqlStore;
use crate::selection::{condition, instance, key, tables, value};
use crate::sql::{Sql, column, doing, from_word, limit, parse, unsigned};
use crate::{schedules, sweeps};

impl Census for SqlStore {
    fn select(&self, selection: Selection, from: SelectFrom, limit: usize) -> Answer<'_, Vec<Found>> {
        select(&self.query_reads, selection, from, limit).boxed()
    }

    fn ranked(&self, selection: Selection, by: Ranking, limit: usize) -> Answer<'_, Vec<Found>> {
        ranked(&self.query_reads, selection, by, limit).boxed()
    }

    fn tally(&self, selection: Selection, by: Vec<Field>) -> Answer<'_, Vec<Group>> {
        tally(&self.query_reads, selection, by).boxed()
    }

    fn sweeps(&self, phase: Option<Phase>, page: PageRequest) -> Answer<'_, Page<Sweep>> {
        sweeps::page(&self.query_reads, phase, page).boxed()
    }

    fn sweep(&self, id: InstanceId) -> Answer<'_, Option<Sweep>> {
        sweeps::one(&self.query_reads, id).boxed()
    }

    fn sweep_of_key(&self, key: String) -> Answer<'_, Option<Sweep>> {
        sweeps::of_key(&self.loop_reads, key).boxed()
    }

    fn open_sweeps(&self) -> Answer<'_, Vec<Sweep>> {
        sweeps::open(&self.loop_reads).boxed()
    }

    fn sweep_lines(
        &self,
        sweep: InstanceId,
        result: Option<LineResult>,
        page: PageRequest,
    ) -> Answer<'_, Page<Line>> {
        sweeps::lines(&self.query_reads, sweep, result, page).boxed()
    }

    fn sweep_summary(&self, sweep: InstanceId) -> Answer<'_, Summary> {
        sweeps::summary(&self.query_reads, sweep).boxed()
    }

    fn schedule_rows(&self) -> Answer<'_, Vec<ScheduleRow>> {
        async move { schedules::all(&self.query_reads).await.map_err(doing("reading schedules")) }.boxed()
    }

    fn schedule_runs(&self, workflow: Option<String>, page: PageRequest) -> Answer<'_, Page<ScheduleRun>> {
        schedules::runs(&self.query_reads, workflow, page).boxed()
    }
}

/// Columns of what is found. Of a case, there is no work item.
fn columns(of: Of) -> &'static str {
    match of {
        Of::Cases => "SELECT c.instance, c.body, NULL, w.name, i.status, i.touched, d.version",
        Of::WorkItems => "SELECT k.instance, c.body, k.body, w.name, i.status, i.touched, d.version",
        Of::Instances => "SELECT i.id, c.body, NULL, w.name, i.status, i.touched, d.version",
    }
}

async fn select(
    db: &impl Connection,
    selection: Selection,
    from: SelectFrom,
    len: usize,
) -> Result<Vec<Found>, StoreError> {
    let of = selection.of;
    let mut sql = Sql::new(columns(of), []);
    sql.push(tables(of), []).push("WHERE", []);
    condition(&mut sql, &selection);
    if let Some((after, number)) = from.after {
        match of {
            Of::Cases => sql.push("AND c.instance > ?", [signed(after.0).into()]),
            Of::Instances => sql.push("AND i.id > ?", [signed(after.0).into()]),
            Of::WorkItems => {
                sql.push("AND (k.instance, k.n) > (?, ?)", [signed(after.0).into(), i64::from(number).into()])
            }
        };
    }
    if let Some(until) = from.until {
        sql.push("AND", []).push(instance(of), []).push("< ?", [signed(until.0).into()]);
    }
    sql.push("ORDER BY", []).push(key(of), []).push("LIMIT ?", [limit(len)]);
    found(sql, db).await
}

async fn ranked(
    db: &impl Connection,
    selection: Selection,
    by: Ranking,
    len: usize,
) -> Result<Vec<Found>, StoreError> {
    let of = selection.of;
    let mut sql = Sql::new(columns(of), []);
    sql.push(tables(of), []).push("WHERE", []);
    condition(&mut sql, &selection);
    sql.push("ORDER BY", []);
    value(&mut sql, of, &by.field);
    sql.push(if by.descending { "DESC NULLS LAST," } else { "ASC NULLS LAST," }, []);
    sql.push(key(of), []).push("LIMIT ?", [limit(len)]);
    found(sql, db).await
}

async fn found(sql: Sql, db: &impl Connection) -> Result<Vec<Found>, StoreError> {
    let rows = sql.all(db).await.map_err(doing("selecting"))?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Found, StoreError> {
    let failed = doing("selecting");
    let id = unsigned(column(row, 0).map_err(&failed)?);
    let has = |at: usize| column::<Option<String>>(row, at).map(|text| text.is_some());
    let named = || format!("what instance {} has", InstanceId(id));
    let case: Option<Case> = if has(1).map_err(&failed)? { Some(parse(row, 1, named)?) } else { None };
    let item: Option<WorkItem> = if has(2).map_err(&failed)? { Some(parse(row, 2, named)?) } else { None };
    let status: String = column(row, 4).map_err(&failed)?;
    Ok(Found {
        instance: InstanceId(id),
        case,
        item,
        workflow: column(row, 3).map_err(&failed)?,
        version: column(row, 6).map_err(&failed)?,
        status: from_word(&status).map_err(|error| StoreError::new("selecting", error))?,
        touched: Timestamp(column(row, 5).map_err(&failed)?),
    })
}

async fn tally(db: &impl Connection, selection: Selection, by: Vec<Field>) -> Result<Vec<Group>, StoreError> {
    let of = selection.of;
    let mut sql = Sql::new("SELECT count(*)", []);
    for field in &by {
        sql.push(", CAST(", []);
        value(&mut sql, of, field);
        sql.push("AS TEXT)", []);
    }
    sql.push(tables(of), []).push("WHERE", []);
    condition(&mut sql, &selection);
    for at in 0..by.len() {
        // By position: what a field is made of may have values of its own.
        sql.push(if at == 0 { "GROUP BY" } else { "," }, []).push(&(at + 2).to_string(), []);
    }
    let rows = sql.all(db).await.map_err(doing("counting a selection"))?;
    let read = |row: &Row| {
        let values: Result<Vec<Option<String>>, _> = (0..by.len()).map(|at| column(row, at + 1)).collect();
        Ok(Group { values: values?, count: unsigned(column(row, 0)?) })
    };
    let groups: Result<Vec<Group>, sea_orm::DbErr> = rows.iter().map(read).collect();
    let mut groups = groups.map_err(doing("counting a selection"))?;
    groups.retain(|group| group.count > 0);
    groups.sort();
    Ok(groups)
}
