//! Events that came in, and what became of them. Which event goes where is decided by the runtime.

use sea_orm::{DbErr, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use yiwang_core::Timestamp;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_runtime::cursor;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{Disposition, InboxRow, Page, PageRequest, StoreError};

use crate::connection::{Connection, Row};
use crate::sql::{Sql, body, column, doing, insert, limit, list, parse, unsigned};

/// `ready_at` of an event that is to be routed now.
const NOW: i64 = -(1 << 62);

const COLUMNS: &[&str] =
    &["id", "source", "event_id", "arrived", "kind", "ready_at", "session", "disposition", "event"];

/// Keeps what came in, then what became of stored events.
pub(crate) async fn write(
    tx: &impl Connection,
    arrivals: &[InboxRow],
    dispositions: &[(u64, Disposition)],
) -> Result<(), DbErr> {
    let rows = arrivals.iter().map(|row| {
        let (ready_at, session) = readiness(&row.disposition);
        vec![
            signed(row.id).into(),
            row.event.source.clone().into(),
            row.event.id.clone().into(),
            row.arrived.0.into(),
            row.disposition.word().into(),
            ready_at.into(),
            session.map(str::to_owned).into(),
            body(&row.disposition),
            body(&*row.event),
        ]
    });
    insert(tx, "inbox", COLUMNS, None, rows.collect()).await?;
    // The last of several dispositions of one event counts.
    let moved: BTreeMap<u64, &Disposition> = dispositions.iter().map(|(id, to)| (*id, to)).collect();
    if !moved.is_empty() {
        move_rows(tx, &moved).await?;
    }
    let waiting =
        arrivals.iter().map(|row| (row.id, &row.disposition)).filter(|(id, _)| !moved.contains_key(id));
    let waiting: Vec<_> = waiting.chain(moved.iter().map(|(id, to)| (*id, *to))).collect();
    write_keys(tx, &waiting).await
}

async fn move_rows(tx: &impl Connection, moved: &BTreeMap<u64, &Disposition>) -> Result<(), DbErr> {
    #[derive(Serialize)]
    struct Moved<'a> {
        id: i64,
        kind: &'a str,
        ready_at: Option<i64>,
        session: Option<&'a str>,
        disposition: &'a Disposition,
    }
    let rows: Vec<_> = moved
        .iter()
        .map(|(id, disposition)| {
            let (ready_at, session) = readiness(disposition);
            Moved { id: signed(*id), kind: disposition.word(), ready_at, session, disposition }
        })
        .collect();
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    Sql::new("DELETE FROM inbox_key WHERE inbox {in numbers}", [list(ids)]).run(tx).await?;
    Sql::new(
        "UPDATE inbox SET kind = j.value ->> 'kind', ready_at = CAST(j.value ->> 'ready_at' AS BIGINT),
                session = j.value ->> 'session', disposition = CAST(j.value -> 'disposition' AS TEXT)
           FROM {rows} WHERE inbox.id = CAST(j.value ->> 'id' AS BIGINT)",
        [list(rows)],
    )
    .run(tx)
    .await?;
    Ok(())
}

async fn write_keys(tx: &impl Connection, rows: &[(u64, &Disposition)]) -> Result<(), DbErr> {
    let mut waits = BTreeSet::new();
    for (id, disposition) in rows {
        if let Disposition::Buffered { keys, .. } = disposition {
            waits.extend(keys.iter().map(|key| (key.0, signed(*id))));
        }
    }
    let rows = waits.into_iter().map(|(key, id)| vec![key.into(), id.into()]);
    insert(tx, "inbox_key", &["key", "inbox"], None, rows.collect()).await
}

/// From when on an event is to be routed, and the session that it is gathered for.
fn readiness(disposition: &Disposition) -> (Option<i64>, Option<&str>) {
    match disposition {
        Disposition::Pending => (Some(NOW), None),
        Disposition::Gathering { session, release_at } => (Some(release_at.0), Some(session)),
        Disposition::Buffered { expires, .. } => (Some(expires.0), None),
        Disposition::Gathered { .. } | Disposition::Delivered { .. } | Disposition::Unmatched { .. } => {
            (None, None)
        }
    }
}

const ROW: &str = "SELECT i.id, i.arrived, i.disposition, i.event";

/// The rows of these (source, id).
pub(crate) async fn known(
    db: &impl Connection,
    events: &[(String, String)],
) -> Result<Vec<InboxRow>, StoreError> {
    let mut sql = Sql::new(ROW, []);
    sql.push(
        "FROM {rows} CROSS JOIN inbox i
          WHERE i.source = j.value ->> 0 AND i.event_id = j.value ->> 1 ORDER BY j.key",
        [list(events)],
    );
    for_loop(sql, db).await
}

/// Rows to be routed now.
pub(crate) async fn routable(
    db: &impl Connection,
    now: Timestamp,
    len: usize,
) -> Result<Vec<InboxRow>, StoreError> {
    let mut sql = Sql::new(ROW, []);
    sql.push(
        "FROM (SELECT id FROM inbox WHERE ready_at IS NOT NULL AND ready_at <= ? ORDER BY id LIMIT ?) r
           CROSS JOIN inbox i WHERE i.id = r.id ORDER BY i.id",
        [now.0.into(), limit(len)],
    );
    for_loop(sql, db).await
}

/// The next time at which a row is to be routed that is not to be routed now.
pub(crate) async fn next_release(db: &impl Connection) -> Result<Option<Timestamp>, DbErr> {
    let row =
        Sql::new("SELECT min(ready_at) FROM inbox WHERE ready_at IS NOT NULL AND ready_at > ?", [NOW.into()]);
    let row = row.one(db).await?;
    Ok(row.map(|row| column::<Option<i64>>(&row, 0)).transpose()?.flatten().map(Timestamp))
}

/// The gathering rows of these sessions.
pub(crate) async fn gathering(
    db: &impl Connection,
    sessions: &[String],
) -> Result<Vec<InboxRow>, StoreError> {
    let mut sql = Sql::new(ROW, []);
    sql.push(
        "FROM inbox i WHERE i.session IS NOT NULL AND i.session {in texts} ORDER BY i.id",
        [list(sessions)],
    );
    for_loop(sql, db).await
}

/// Rows that wait under one of these keys and have not expired.
pub(crate) async fn buffered(
    db: &impl Connection,
    keys: &[SubscriptionKey],
    now: Timestamp,
) -> Result<Vec<InboxRow>, StoreError> {
    let keys: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let mut sql = Sql::new(ROW, []);
    sql.push(
        "FROM inbox i WHERE i.ready_at > ? AND i.id IN
           (SELECT k.inbox FROM inbox_key k WHERE k.key {in numbers}) ORDER BY i.id",
        [now.0.into(), list(keys)],
    );
    for_loop(sql, db).await
}

/// Rows for the loop. One that cannot be read is passed over with a loud line in the log: it must not keep
/// the others from being routed. It stays in the inbox, and lists for people name it.
async fn for_loop(sql: Sql, db: &impl Connection) -> Result<Vec<InboxRow>, StoreError> {
    let rows = sql.all(db).await.map_err(doing("reading the inbox"))?;
    let readable = rows.iter().map(read).filter_map(|row| {
        row.inspect_err(|error| tracing::error!(%error, reason = %error.source, "an event is passed over"))
            .ok()
    });
    Ok(readable.collect())
}

/// A page of events, newest first.
pub(crate) async fn page(
    db: &impl Connection,
    undelivered: bool,
    page: PageRequest,
) -> Result<Page<InboxRow>, StoreError> {
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    let mut sql = Sql::new(ROW, []);
    sql.push("FROM inbox i WHERE i.id < ?", [Value::from(before)]);
    if undelivered {
        sql.push("AND i.kind IN ('buffered', 'unmatched')", []);
    }
    sql.push("ORDER BY i.id DESC LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("listing the inbox"))?;
    let items: Result<Vec<_>, _> = rows.iter().map(read).collect();
    Ok(cursor::page(items?, page.size(), |row| [signed(row.id)]))
}

fn read(row: &Row) -> Result<InboxRow, StoreError> {
    let id = unsigned(column(row, 0).map_err(doing("reading the inbox"))?);
    Ok(InboxRow {
        id,
        arrived: Timestamp(column(row, 1).map_err(doing("reading the inbox"))?),
        disposition: parse(row, 2, || format!("the disposition of inbox row {id}"))?,
        event: parse(row, 3, || format!("the event of inbox row {id}"))?,
    })
}
