//! Cases, their flags, their words, and the count of their numbers.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{DatabaseConnection, DbErr, TransactionTrait, Value};
use yiwang_core::case::{CaseState, TrackingCode};
use yiwang_core::history::What;
use yiwang_core::{Case, CaseNo, HistoryEvent, InstanceId, Timestamp};
use yiwang_runtime::cursor;
use yiwang_runtime::keys::{case_key, case_number, signed};
use yiwang_runtime::nodes::Fenced;
use yiwang_runtime::ports::{CaseFilter, CaseSort, Page, PageRequest, StoreError, TurnRow};
use yiwang_runtime::search::{self, Search, TAIL_LEN};

use crate::connection::{Connection, Row};
use crate::fence::Fence;
use crate::sql::{Sql, body, column, doing, insert, limit, list, parse, replacing, unsigned, word};

const COLUMNS: &[&str] = &[
    "instance", "no", "channel", "opened", "tracking", "indexed", "state", "outcome", "unit", "category",
    "kind", "open", "due", "phone", "tail", "body",
];
/// The first ones stay as they were.
const FIXED: usize = 6;
/// Cases that are filled in at a time.
const OLDER_MAX: usize = 500;

/// Writes the changed cases. `tells`: does a turn's history change what its case is found by?
pub(crate) async fn write(tx: &impl Connection, turns: &[TurnRow], tells: &[bool]) -> Result<(), DbErr> {
    let turns = turns.iter().zip(tells);
    let cases: Vec<_> = turns
        .filter_map(|(turn, tells)| Some((signed(turn.instance.0), turn.case.as_ref()?, *tells)))
        .collect();
    if cases.is_empty() {
        return Ok(());
    }
    let known = known(tx, cases.iter().map(|(instance, _, _)| *instance)).await?;
    let rows = cases.iter().map(|(instance, case, _)| row(*instance, case));
    insert(tx, "case_", COLUMNS, replacing(&["instance"], &COLUMNS[FIXED..]), rows.collect()).await?;
    let told = cases.iter().filter(|(instance, _, tells)| !known.contains(instance) || *tells);
    let told: Vec<_> = told.map(|(instance, case, _)| (*instance, *case)).collect();
    write_words(tx, &told).await?;
    let cases: Vec<_> = cases.iter().map(|(instance, case, _)| (*instance, *case)).collect();
    write_flags(tx, &cases).await?;
    write_counter(tx, &cases).await
}

/// Which of these cases are stored.
async fn known(tx: &impl Connection, instances: impl Iterator<Item = i64>) -> Result<BTreeSet<i64>, DbErr> {
    let ids = list(instances.collect::<Vec<_>>());
    let rows = Sql::new("SELECT instance FROM case_ WHERE instance {in numbers}", [ids]);
    rows.all(tx).await?.iter().map(|row| column(row, 0)).collect()
}

/// Do these lines change what the case is found by?
pub(crate) fn tells(history: &[HistoryEvent]) -> bool {
    history.iter().any(|line| match &line.what {
        What::CaseChanged { changes, .. } => {
            changes.get("petitioner").is_some() || changes.get("place").is_some()
        }
        _ => false,
    })
}

fn row(instance: i64, case: &Case) -> Vec<Value> {
    let phone = case.petitioner.as_ref().and_then(|petitioner| petitioner.digits());
    let tail = phone.as_ref().map(|phone| tail(phone).to_owned());
    vec![
        instance.into(),
        case.no.0.to_string().into(),
        case.channel.clone().into(),
        case.opened.0.into(),
        case.tracking.as_ref().map(ToString::to_string).into(),
        1_i64.into(),
        word(&case.state).into(),
        case.outcome.as_ref().map(word).into(),
        case.unit.clone().into(),
        case.category.clone().into(),
        case.kind.clone().into(),
        i64::from(case.state != CaseState::Closed).into(),
        due(case).into(),
        phone.into(),
        tail.into(),
        body(case),
    ]
}

fn due(case: &Case) -> i64 {
    case.next_due().map_or(i64::MAX, |due| due.0)
}

/// The last digits. Digits are ASCII.
fn tail(phone: &str) -> &str {
    &phone[phone.len().saturating_sub(TAIL_LEN)..]
}

async fn write_words(tx: &impl Connection, cases: &[(i64, &Case)]) -> Result<(), DbErr> {
    if cases.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = cases.iter().map(|(instance, _)| instance).collect();
    Sql::new("DELETE FROM case_text WHERE {text id} {in numbers}", [list(ids)]).run(tx).await?;
    let words = |case| search::case_words(case).into_iter().collect::<Vec<_>>().join(" ");
    let rows: Vec<_> = cases.iter().map(|(instance, case)| (instance, words(case))).collect();
    Sql::new(
        "INSERT INTO case_text ({text id}, words)
         SELECT CAST(j.value ->> 0 AS BIGINT), {text words} FROM {rows}",
        [list(rows)],
    )
    .run(tx)
    .await?;
    Ok(())
}

async fn write_flags(tx: &impl Connection, cases: &[(i64, &Case)]) -> Result<(), DbErr> {
    let ids: Vec<_> = cases.iter().map(|(instance, _)| instance).collect();
    let delete = "DELETE FROM case_flag WHERE instance {in numbers}";
    Sql::new(delete, [list(ids)]).run(tx).await?;
    let rows = cases.iter().flat_map(|(instance, case)| {
        case.flags.iter().map(|flag| vec![word(flag).into(), case.opened.0.into(), (*instance).into()])
    });
    insert(tx, "case_flag", &["flag", "opened", "instance"], None, rows.collect()).await
}

/// Fills in what older versions did not write of a case.
pub(crate) async fn index_older(db: &DatabaseConnection, fence: &Fence) -> Result<(), DbErr> {
    loop {
        let rows = Sql::new(
            "SELECT instance, body FROM case_ WHERE indexed = 0 ORDER BY instance LIMIT ?",
            [limit(OLDER_MAX)],
        );
        let rows = rows.all(db).await?;
        if rows.is_empty() {
            return Ok(());
        }
        tracing::info!(cases = rows.len(), "indexing older cases");
        let tx = db.begin_with_options(crate::writer::immediate()).await?;
        if !fence.hold(&tx).await? {
            return Err(DbErr::Custom(Fenced.to_string()));
        }
        let mut cases = Vec::new();
        for row in &rows {
            let instance: i64 = column(row, 0)?;
            Sql::new("UPDATE case_ SET indexed = 1 WHERE instance = ?", [instance.into()]).run(&tx).await?;
            // One that cannot be read is told when somebody asks for it.
            if let Ok(case) = serde_json::from_str::<Case>(&column::<String>(row, 1)?) {
                cases.push((instance, case));
            }
        }
        let rows = cases.iter().map(|(instance, case)| row(*instance, case));
        insert(&tx, "case_", COLUMNS, replacing(&["instance"], &COLUMNS[1..]), rows.collect()).await?;
        let cases: Vec<_> = cases.iter().map(|(instance, case)| (*instance, case)).collect();
        write_words(&tx, &cases).await?;
        write_flags(&tx, &cases).await?;
        tx.commit().await?;
    }
}

async fn write_counter(tx: &impl Connection, cases: &[(i64, &Case)]) -> Result<(), DbErr> {
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
pub(crate) async fn last_number(db: &impl Connection) -> Result<Option<(String, u32)>, DbErr> {
    let row = Sql::new("SELECT date, last FROM counter ORDER BY date DESC LIMIT 1", []).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let last = u32::try_from(column::<i64>(&row, 1)?).unwrap_or(u32::MAX);
    Ok(Some((column(&row, 0)?, last)))
}

/// A page of cases.
pub(crate) async fn page(
    db: &impl Connection,
    filter: CaseFilter,
    page: PageRequest,
) -> Result<Page<Case>, StoreError> {
    let after = cursor::read::<2>(&page)?;
    let mut sql = listing(&filter, after);
    sql.push("LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("listing cases"))?;
    let items: Result<Vec<_>, _> = rows.iter().map(read).collect();
    Ok(cursor::page(items?, page.size(), |case: &Case| case_key(case, &filter)))
}

/// The rows of a list, in its order. What drives it comes first, so that the order is that of an index: words,
/// then a flag, then the case's own columns.
fn listing(filter: &CaseFilter, after: Option<[i64; 2]>) -> Sql {
    let by_due = filter.sort == CaseSort::Due;
    let Search { number, phone, words } = &filter.search;
    let mut sql = if !words.is_empty() {
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.replace('"', ""))).collect();
        Sql::new(
            "SELECT c.no, c.body FROM case_text t CROSS JOIN case_ c
               WHERE c.instance = t.{text id} AND {text match}",
            [quoted.join(" ").into()],
        )
    } else if let (Some(flag), false) = (&filter.flag, by_due) {
        Sql::new(
            "SELECT c.no, c.body FROM case_flag f CROSS JOIN case_ c
               WHERE c.instance = f.instance AND f.flag = ?",
            [word(flag).into()],
        )
    } else {
        Sql::new("SELECT c.no, c.body FROM case_ c WHERE TRUE", [])
    };
    let by_words = !words.is_empty();
    let by_flag = !by_words && !by_due && filter.flag.is_some();
    if filter.flag.is_some() && !by_flag {
        sql.push_some(
            "AND EXISTS (SELECT 1 FROM case_flag f
               WHERE f.flag = ? AND f.opened = c.opened AND f.instance = c.instance)",
            filter.flag.as_ref().map(word),
        );
    }
    sql.push_some("AND c.state = ?", filter.state.as_ref().map(word))
        .push_some("AND c.outcome = ?", filter.outcome.as_ref().map(word))
        .push_some("AND c.channel = ?", filter.channel.clone())
        .push_some("AND c.unit = ?", filter.unit.clone())
        .push_some("AND c.category = ?", filter.category.clone())
        .push_some("AND c.kind = ?", filter.kind.clone())
        .push_some("AND c.open = ?", filter.is_open().map(i64::from))
        .push_some("AND c.due < ?", filter.due_before.map(|at| at.0))
        .push_some("AND c.opened >= ?", filter.opened_from.map(|at| at.0))
        .push_some("AND c.opened < ?", filter.opened_until.map(|at| at.0));
    if let Some(number) = number {
        let behind = format!("{number}\u{10ffff}");
        sql.push("AND c.no BETWEEN ? AND ?", [number.clone().into(), behind.into()]);
    }
    if let Some(phone) = phone {
        sql.push("AND c.tail = ?", [tail(phone).into()]);
        if phone.len() > TAIL_LEN {
            sql.push("AND c.phone LIKE ?", [format!("%{phone}").into()]);
        }
    }
    let order = match (by_words, by_flag, by_due) {
        (true, _, false) => "t.{text id} DESC",
        (_, _, true) => "c.due, c.instance",
        (false, true, false) => "f.opened DESC, f.instance DESC",
        (false, false, false) => "c.opened DESC, c.instance DESC",
    };
    if let Some([first, second]) = after {
        match (by_words, by_flag, by_due) {
            (_, _, true) => sql.push("AND (c.due, c.instance) > (?, ?)", [first.into(), second.into()]),
            (true, _, false) => sql.push("AND t.{text id} < ?", [(-second).into()]),
            (false, true, false) => {
                sql.push("AND (f.opened, f.instance) < (?, ?)", [(-first).into(), (-second).into()])
            }
            (false, false, false) => {
                sql.push("AND (c.opened, c.instance) < (?, ?)", [(-first).into(), (-second).into()])
            }
        };
    }
    sql.push(&format!("ORDER BY {order}"), []);
    sql
}

/// Which instances have these cases.
pub(crate) async fn instances(
    db: &impl Connection,
    numbers: &[CaseNo],
) -> Result<Vec<(CaseNo, InstanceId)>, DbErr> {
    let numbers: Vec<&str> = numbers.iter().map(|no| &*no.0).collect();
    let rows = Sql::new("SELECT no, instance FROM case_ WHERE no {in texts}", [list(numbers)]);
    let rows = rows.all(db).await?;
    let found = rows.iter().map(|row| {
        let no: String = column(row, 0)?;
        Ok((CaseNo(no.into()), InstanceId(unsigned(column(row, 1)?))))
    });
    found.collect()
}

/// The cases of these phones since the times beside them, the newest of each first.
pub(crate) async fn of_phones(
    db: &impl Connection,
    phones: &[(String, Timestamp)],
    max: usize,
) -> Result<Vec<Case>, StoreError> {
    let mut cases = Vec::new();
    for (phone, since) in phones {
        let rows = Sql::new(
            "SELECT no, body FROM case_ WHERE phone = ? AND opened >= ? ORDER BY opened DESC, instance DESC LIMIT ?",
            [phone.clone().into(), since.0.into(), limit(max)],
        );
        let rows = rows.all(db).await.map_err(doing("looking for cases of a phone"))?;
        for row in &rows {
            cases.push(read(row)?);
        }
    }
    Ok(cases)
}

/// The case with this tracking code.
pub(crate) async fn of_code(db: &impl Connection, code: &TrackingCode) -> Result<Option<Case>, StoreError> {
    let row = Sql::new("SELECT no, body FROM case_ WHERE tracking = ?", [code.to_string().into()]);
    let row = row.one(db).await.map_err(doing("reading a case"))?;
    row.as_ref().map(read).transpose()
}

/// One case.
pub(crate) async fn one(db: &impl Connection, no: &CaseNo) -> Result<Option<Case>, StoreError> {
    let row = Sql::new("SELECT no, body FROM case_ WHERE no = ?", [no.0.to_string().into()]);
    let row = row.one(db).await.map_err(doing("reading a case"))?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Case, StoreError> {
    parse(row, 1, || format!("case {}", column::<String>(row, 0).unwrap_or_default()))
}
