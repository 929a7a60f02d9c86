//! One small row per instance: where it stands, when it wakes, what lists show.

use sea_orm::sea_query::Expr;
use sea_orm::{DbErr, Value};
use yiwang_core::{CaseNo, InstanceId, Timestamp};
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};
use yiwang_runtime::cursor;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{
    InstanceFilter, InstanceSummary, Loaded, Page, PageRequest, StoreError, TurnRow,
};

use crate::check::Stand;
use crate::connection::{Connection, Row};
use crate::names::Names;
use crate::sql::{Sql, column, doing, from_word, insert, limit, list, replacing, unsigned, word};
use crate::{hash, pack};

const COLUMNS: &[&str] = &[
    "id",
    "definition",
    "workflow",
    "status",
    "rev",
    "seq",
    "last_lsn",
    "wake_at",
    "in_flight",
    "updated",
    "touched",
    "hash",
    "start_key",
];

/// `touched` never goes back.
const LATER: &str =
    "CASE WHEN excluded.touched > instance.touched THEN excluded.touched ELSE instance.touched END";

/// Writes the rows of these turns.
pub(crate) async fn write(
    tx: &impl Connection,
    now: Timestamp,
    turns: &[TurnRow],
    placed: &[Stand],
    names: &mut Names,
) -> Result<(), DbErr> {
    let mut rows = Vec::with_capacity(turns.len());
    for (turn, stand) in turns.iter().zip(placed) {
        let named = names.number(tx, turn).await?;
        rows.push(vec![
            signed(turn.instance.0).into(),
            named.definition.into(),
            named.workflow.into(),
            word(&turn.status).into(),
            signed(turn.rev).into(),
            signed(stand.seq).into(),
            stand.last_lsn.into(),
            turn.wake_at.map(|at| at.0).into(),
            i64::from(turn.in_flight).into(),
            now.0.into(),
            if turn.touched { now.0 } else { 0 }.into(),
            stand.hash.to_vec().into(),
            turn.start.as_ref().map(|(key, _)| key.key.clone()).into(),
        ]);
    }
    // A start key stays what it was at the first turn.
    let replaced: Vec<&str> =
        COLUMNS.iter().copied().filter(|name| !matches!(*name, "id" | "start_key" | "touched")).collect();
    let conflict = replacing(&["id"], &replaced).map(|mut conflict| {
        conflict.value("touched", Expr::cust(LATER));
        conflict
    });
    insert(tx, "instance", COLUMNS, conflict, rows).await
}

/// The snapshots of these instances.
pub(crate) async fn load(db: &impl Connection, ids: &[InstanceId]) -> Result<Vec<Loaded>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| signed(id.0)).collect();
    let rows = Sql::new(
        "SELECT i.id, i.rev, i.seq, d.hash, s.rev, s.hash, s.state
           FROM {numbers} CROSS JOIN instance i
           LEFT JOIN definition d ON d.id = i.definition LEFT JOIN snapshot s ON s.instance = i.id
          WHERE i.id = CAST(j.value AS BIGINT) ORDER BY j.key",
        [list(ids)],
    );
    let rows = rows.all(db).await.map_err(doing("loading instances"))?;
    rows.iter().map(|row| loaded(row).map_err(doing("loading instances"))).collect()
}

fn loaded(row: &Row) -> Result<Loaded, DbErr> {
    let rev = column(row, 1)?;
    let deployment: Option<String> = column(row, 3)?;
    Ok(Loaded {
        instance: InstanceId(unsigned(column(row, 0)?)),
        rev: unsigned(rev),
        seq: unsigned(column(row, 2)?),
        deployment: DefinitionHash(deployment.unwrap_or_default().into()),
        state: state(row, rev),
    })
}

/// A state that cannot be read is that instance's trouble, not the call's.
fn state(row: &Row, rev: i64) -> Result<Vec<u8>, String> {
    let broken = |error: DbErr| format!("its snapshot cannot be read: {error}");
    let stored: Option<i64> = column(row, 4).map_err(broken)?;
    match stored {
        None => return Err("its snapshot is missing".to_owned()),
        Some(stored) if stored != rev => {
            return Err(format!("its snapshot is of revision {stored}, not {rev}"));
        }
        Some(_) => {}
    }
    let expected: Vec<u8> = column(row, 5).map_err(broken)?;
    let packed: Vec<u8> = column(row, 6).map_err(broken)?;
    let state = pack::unpack(&packed).map_err(|error| error.to_string())?;
    if hash::of(&state)[..] != expected[..] {
        return Err("its snapshot was changed: the hash differs".to_owned());
    }
    Ok(state)
}

/// Who wakes up until then, earliest first.
pub(crate) async fn due(
    db: &impl Connection,
    until: Timestamp,
    len: usize,
) -> Result<Vec<(Timestamp, InstanceId)>, DbErr> {
    let rows = Sql::new(
        "SELECT wake_at, id FROM instance WHERE wake_at IS NOT NULL AND wake_at <= ?
          ORDER BY wake_at, id LIMIT ?",
        [until.0.into(), limit(len)],
    );
    let rows = rows.all(db).await?;
    rows.iter().map(|row| Ok((Timestamp(column(row, 0)?), InstanceId(unsigned(column(row, 1)?))))).collect()
}

/// The next one to wake up.
pub(crate) async fn next_wake(db: &impl Connection) -> Result<Option<Timestamp>, DbErr> {
    let row = Sql::new("SELECT min(wake_at) FROM instance WHERE wake_at IS NOT NULL", []).one(db).await?;
    Ok(row.map(|row| column::<Option<i64>>(&row, 0)).transpose()?.flatten().map(Timestamp))
}

/// Who waits for something outside.
pub(crate) async fn in_flight(
    db: &impl Connection,
    after: Option<InstanceId>,
    len: usize,
) -> Result<Vec<InstanceId>, DbErr> {
    let after = after.map_or(-1, |after| signed(after.0));
    let rows = Sql::new(
        "SELECT id FROM instance WHERE in_flight = 1 AND id > ? ORDER BY id LIMIT ?",
        [after.into(), limit(len)],
    );
    rows.all(db).await?.iter().map(|row| Ok(InstanceId(unsigned(column(row, 0)?)))).collect()
}

const SUMMARY: &str = "SELECT i.id, d.namespace, d.name, d.version, i.status, i.rev, i.wake_at, c.no,
        i.start_key, i.updated
   FROM instance i JOIN definition d ON d.id = i.definition LEFT JOIN case_ c ON c.instance = i.id";

/// A page of instances.
pub(crate) async fn page(
    db: &impl Connection,
    filter: InstanceFilter,
    page: PageRequest,
) -> Result<Page<InstanceSummary>, StoreError> {
    let mut sql = Sql::new(SUMMARY, []);
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    sql.push("WHERE i.id < ?", [before.into()])
        .push_some("AND i.workflow = (SELECT id FROM workflow WHERE name = ?)", filter.workflow)
        .push_some("AND i.status = ?", filter.status.as_ref().map(word))
        .push("ORDER BY i.id DESC LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("listing instances"))?;
    let items: Result<Vec<_>, _> = rows.iter().map(summary).collect();
    Ok(cursor::page(items?, page.size(), |item| [signed(item.id.0)]))
}

/// One instance.
pub(crate) async fn one(db: &impl Connection, id: InstanceId) -> Result<Option<InstanceSummary>, StoreError> {
    let mut sql = Sql::new(SUMMARY, []);
    sql.push("WHERE i.id = ?", [Value::from(signed(id.0))]);
    let row = sql.one(db).await.map_err(doing("reading an instance"))?;
    row.as_ref().map(summary).transpose()
}

fn summary(row: &Row) -> Result<InstanceSummary, StoreError> {
    let id = InstanceId(unsigned(column(row, 0).map_err(doing("reading an instance"))?));
    let read = || -> Result<InstanceSummary, Box<dyn std::error::Error + Send + Sync>> {
        Ok(InstanceSummary {
            id,
            workflow: DefinitionId {
                namespace: column(row, 1)?,
                name: column(row, 2)?,
                version: column(row, 3)?,
            },
            status: from_word(&column::<String>(row, 4)?)?,
            rev: unsigned(column(row, 5)?),
            wake_at: column::<Option<i64>>(row, 6)?.map(Timestamp),
            case_no: column::<Option<String>>(row, 7)?.map(|no| CaseNo(no.into())),
            start_key: column(row, 8)?,
            updated: Timestamp(column(row, 9)?),
        })
    };
    read().map_err(|source| StoreError::new(format!("reading instance {id}"), source))
}
