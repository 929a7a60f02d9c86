//! Sweeps and their ledgers.

use sea_orm::DbErr;
use yiwang_core::sweep::line::{Group, Summary};
use yiwang_core::sweep::{Line, Phase, Result as LineResult, Sweep};
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::cursor;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{Batch, Page, PageRequest, StoreError};

use crate::connection::{Connection, Row};
use crate::sql::{
    Sql, body, column, doing, from_word, insert, last_of_each, limit, list, parse, replacing, unsigned, word,
};

const COLUMNS: &[&str] = &["id", "key", "state", "open", "until", "body"];
const LINE: &[&str] = &["sweep", "instance", "n", "result", "cause", "unit", "since", "body"];

/// Writes sweeps that moved, and new lines.
pub(crate) async fn write(tx: &impl Connection, sweeps: &[Sweep], lines: &[Line]) -> Result<(), DbErr> {
    let rows = sweeps.iter().map(|sweep| {
        let row = vec![
            signed(sweep.id.0).into(),
            sweep.key.clone().into(),
            word(&sweep.state).into(),
            i64::from(!sweep.state.is_over()).into(),
            sweep.until.map_or(0, |until| signed(until.0)).into(),
            body(sweep),
        ];
        (sweep.id, row)
    });
    insert(tx, "sweep", COLUMNS, replacing(&["id"], &COLUMNS[2..]), last_of_each(rows)).await?;
    let rows = lines.iter().map(|line| {
        vec![
            signed(line.sweep.0).into(),
            signed(line.instance.0).into(),
            i64::from(line.n).into(),
            word(&line.result).into(),
            line.cause.clone().into(),
            line.unit.clone().into(),
            line.since.0.into(),
            body(line),
        ]
    });
    insert(tx, "sweep_line", LINE, None, rows.collect()).await
}

/// Which key or target of a batch is taken, if one is.
pub(crate) async fn taken(db: &impl Connection, batch: &Batch) -> Result<Option<String>, DbErr> {
    if !batch.sweeps.is_empty() {
        let keys: Vec<_> = batch.sweeps.iter().map(|sweep| (signed(sweep.id.0), &sweep.key)).collect();
        let row = Sql::new(
            "SELECT s.key FROM {rows} JOIN sweep s ON s.key = j.value ->> 1
              WHERE s.id <> CAST(j.value ->> 0 AS BIGINT) LIMIT 1",
            [list(keys)],
        );
        if let Some(row) = row.one(db).await? {
            return Ok(Some(format!("sweep key {}", column::<String>(&row, 0)?)));
        }
    }
    if !batch.sweep_lines.is_empty() {
        let mut seen = std::collections::BTreeSet::new();
        let keys: Vec<_> = batch
            .sweep_lines
            .iter()
            .map(|line| (signed(line.sweep.0), signed(line.instance.0), line.n))
            .collect();
        if let Some(twice) = keys.iter().find(|key| !seen.insert(**key)) {
            return Ok(Some(format!("a target of sweep {} twice", InstanceId(unsigned(twice.0)))));
        }
        let row = Sql::new(
            "SELECT l.sweep, l.instance FROM {rows} JOIN sweep_line l ON l.sweep = CAST(j.value ->> 0 AS BIGINT)
                AND l.instance = CAST(j.value ->> 1 AS BIGINT) AND l.n = CAST(j.value ->> 2 AS BIGINT)
              LIMIT 1",
            [list(keys)],
        );
        if let Some(row) = row.one(db).await? {
            let (sweep, instance) = (unsigned(column(&row, 0)?), unsigned(column(&row, 1)?));
            return Ok(Some(format!("target {} of sweep {}", InstanceId(instance), InstanceId(sweep))));
        }
    }
    Ok(None)
}

/// A page of sweeps, newest first.
pub(crate) async fn page(
    db: &impl Connection,
    phase: Option<Phase>,
    page: PageRequest,
) -> Result<Page<Sweep>, StoreError> {
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    let mut sql = Sql::new("SELECT id, body FROM sweep WHERE id < ?", [before.into()]);
    sql.push_some("AND state = ?", phase.as_ref().map(word));
    sql.push("ORDER BY id DESC LIMIT ?", [limit(page.size() + 1)]);
    let found = read_all(sql, db).await?;
    Ok(cursor::page(found, page.size(), |sweep| [signed(sweep.id.0)]))
}

/// One sweep.
pub(crate) async fn one(db: &impl Connection, id: InstanceId) -> Result<Option<Sweep>, StoreError> {
    let found =
        read_all(Sql::new("SELECT id, body FROM sweep WHERE id = ?", [signed(id.0).into()]), db).await?;
    Ok(found.into_iter().next())
}

/// The sweep of this key.
pub(crate) async fn of_key(db: &impl Connection, key: String) -> Result<Option<Sweep>, StoreError> {
    let found = read_all(Sql::new("SELECT id, body FROM sweep WHERE key = ?", [key.into()]), db).await?;
    Ok(found.into_iter().next())
}

/// Those that are not over.
pub(crate) async fn open(db: &impl Connection) -> Result<Vec<Sweep>, StoreError> {
    read_all(Sql::new("SELECT id, body FROM sweep WHERE open = 1 ORDER BY id", []), db).await
}

async fn read_all(sql: Sql, db: &impl Connection) -> Result<Vec<Sweep>, StoreError> {
    let rows = sql.all(db).await.map_err(doing("reading sweeps"))?;
    rows.iter()
        .map(|row| parse(row, 1, || format!("sweep {}", InstanceId(unsigned(column(row, 0).unwrap_or(0))))))
        .collect()
}

/// A page of a ledger.
pub(crate) async fn lines(
    db: &impl Connection,
    sweep: InstanceId,
    result: Option<LineResult>,
    page: PageRequest,
) -> Result<Page<Line>, StoreError> {
    let after = cursor::read::<2>(&page)?.unwrap_or([-1, -1]);
    let mut sql = Sql::new(
        "SELECT instance, n, body FROM sweep_line WHERE sweep = ? AND (instance, n) > (?, ?)",
        [signed(sweep.0).into(), after[0].into(), after[1].into()],
    );
    sql.push_some("AND result = ?", result.as_ref().map(word));
    sql.push("ORDER BY instance, n LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("reading the ledger of a sweep"))?;
    let found: Result<Vec<Line>, StoreError> =
        rows.iter().map(|row| parse(row, 2, || format!("a line of sweep {sweep}"))).collect();
    Ok(cursor::page(found?, page.size(), |line: &Line| [signed(line.instance.0), i64::from(line.n)]))
}

/// A ledger in numbers.
pub(crate) async fn summary(db: &impl Connection, sweep: InstanceId) -> Result<Summary, StoreError> {
    let failed = doing("adding up the ledger of a sweep");
    let id = signed(sweep.0);
    let rows = Sql::new(
        "SELECT result, cause, unit, count(*) FROM sweep_line WHERE sweep = ? GROUP BY 1, 2, 3",
        [id.into()],
    );
    let rows = rows.all(db).await.map_err(&failed)?;
    let mut groups = rows.iter().map(group).collect::<Result<Vec<_>, _>>()?;
    groups.sort_by(|left, right| {
        (left.result, &left.cause, &left.unit).cmp(&(right.result, &right.cause, &right.unit))
    });
    let median = Sql::new(
        "SELECT since FROM sweep_line WHERE sweep = ? AND result = 'acted' ORDER BY since LIMIT 1
          OFFSET (SELECT count(*) / 2 FROM sweep_line WHERE sweep = ? AND result = 'acted')",
        [id.into(), id.into()],
    );
    let median = median.one(db).await.map_err(&failed)?;
    let median_since = median.map(|row| column(&row, 0)).transpose().map_err(&failed)?.map(Timestamp);
    Ok(Summary { groups, median_since })
}

fn group(row: &Row) -> Result<Group, StoreError> {
    let failed = doing("adding up the ledger of a sweep");
    let result: String = column(row, 0).map_err(&failed)?;
    Ok(Group {
        result: from_word(&result).map_err(|error| StoreError::new("reading a result", error))?,
        cause: column(row, 1).map_err(&failed)?,
        unit: column(row, 2).map_err(&failed)?,
        count: unsigned(column(row, 3).map_err(&failed)?),
    })
}
