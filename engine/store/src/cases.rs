//! Cases, their flags, and the count of their numbers.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use yiwang_core::{Case, CaseNo};
use yiwang_runtime::cursor;
use yiwang_runtime::keys::{case_number, signed};
use yiwang_runtime::ports::{CaseFilter, Page, PageRequest, StoreError, TurnRow};

use crate::sql::{Sql, body, column, doing, insert, limit, list, parse, replacing, word};

const COLUMNS: &[&str] = &["instance", "no", "state", "outcome", "channel", "unit", "body"];

/// Writes the changed cases.
pub(crate) async fn write(tx: &impl ConnectionTrait, turns: &[TurnRow]) -> Result<(), DbErr> {
    let cases: Vec<_> =
        turns.iter().filter_map(|turn| Some((signed(turn.instance.0), turn.case.as_ref()?))).collect();
    if cases.is_empty() {
        return Ok(());
    }
    let rows = cases.iter().map(|(instance, case)| {
        vec![
            (*instance).into(),
            case.no.0.to_string().into(),
            word(&case.state).into(),
            case.outcome.as_ref().map(word).into(),
            case.channel.clone().into(),
            case.unit.clone().into(),
            body(case),
        ]
    });
    insert(tx, "case_", COLUMNS, replacing(&["instance"], &COLUMNS[1..]), rows.collect()).await?;
    write_flags(tx, &cases).await?;
    write_counter(tx, &cases).await
}

async fn write_flags(tx: &impl ConnectionTrait, cases: &[(i64, &Case)]) -> Result<(), DbErr> {
    let ids: Vec<_> = cases.iter().map(|(instance, _)| instance).collect();
    let delete = "DELETE FROM case_flag WHERE instance IN (SELECT value FROM json_each(?))";
    Sql::new(delete, [list(ids)]).run(tx).await?;
    let rows = cases.iter().flat_map(|(instance, case)| {
        case.flags.iter().map(|flag| vec![word(flag).into(), (*instance).into()])
    });
    insert(tx, "case_flag", &["flag", "instance"], None, rows.collect()).await
}

async fn write_counter(tx: &impl ConnectionTrait, cases: &[(i64, &Case)]) -> Result<(), DbErr> {
    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    for (date, number) in cases.iter().filter_map(|(_, case)| case_number(&case.no)) {
        let known = last.entry(date).or_default();
        *known = number.max(*known);
    }
    for (date, number) in last {
        Sql::new(
            "INSERT INTO counter (date, last) VALUES (?, ?)
               ON CONFLICT (date) DO UPDATE SET last = excluded.last WHERE excluded.last > counter.last",
            [date.into(), i64::from(number).into()],
        )
        .run(tx)
        .await?;
    }
    Ok(())
}

/// The last number of the greatest date.
pub(crate) async fn last_number(db: &impl ConnectionTrait) -> Result<Option<(String, u32)>, DbErr> {
    let row = Sql::new("SELECT date, last FROM counter ORDER BY date DESC LIMIT 1", []).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let last = u32::try_from(column::<i64>(&row, 1)?).unwrap_or(u32::MAX);
    Ok(Some((column(&row, 0)?, last)))
}

/// A page of cases.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    filter: CaseFilter,
    page: PageRequest,
) -> Result<Page<Case>, StoreError> {
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    let mut sql = Sql::new("SELECT c.no, c.body FROM case_ c WHERE c.instance < ?", [before.into()]);
    sql.push_some("AND c.state = ?", filter.state.as_ref().map(word))
        .push_some("AND c.outcome = ?", filter.outcome.as_ref().map(word))
        .push_some("AND c.channel = ?", filter.channel)
        .push_some("AND c.unit = ?", filter.unit)
        .push_some(
            "AND EXISTS (SELECT 1 FROM case_flag f WHERE f.flag = ? AND f.instance = c.instance)",
            filter.flag.as_ref().map(word),
        )
        .push("ORDER BY c.instance DESC LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("listing cases"))?;
    let items: Result<Vec<_>, _> = rows.iter().map(read).collect();
    Ok(cursor::page(items?, page.size(), |case: &Case| [signed(case.instance.0)]))
}

/// One case.
pub(crate) async fn one(db: &impl ConnectionTrait, no: &CaseNo) -> Result<Option<Case>, StoreError> {
    let row = Sql::new("SELECT no, body FROM case_ WHERE no = ?", [no.0.to_string().into()]);
    let row = row.one(db).await.map_err(doing("reading a case"))?;
    row.as_ref().map(read).transpose()
}

fn read(row: &QueryResult) -> Result<Case, StoreError> {
    parse(row, 1, || format!("case {}", column::<String>(row, 0).unwrap_or_default()))
}
