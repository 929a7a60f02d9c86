//! The journal: one row per turn, appended, never changed but for lines that went to an archive (`archive.rs`); and the
//! newest snapshot of each instance.
//!
//! The snapshot is kept apart and replaced in place, so that the journal stays append-only and does not grow
//! by a state per turn. The journal keeps the state's hash: the chain holds without the old states.

use sea_orm::{DbErr, Value};
use serde_json::value::RawValue;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{StoreError, TurnRow};

use crate::check::{Stand, Stands};
use crate::connection::Connection;
use crate::hash;
use crate::pack::unpack;
use crate::prepare::Texts;
use crate::sql::{Sql, column, doing, insert, limit, replacing, unsigned};
use crate::writer::Head;

/// Appends these turns; the new end, and where each instance stands now.
pub(crate) async fn append(
    tx: &impl Connection,
    now: Timestamp,
    rows: &[TurnRow],
    texts: Vec<Texts>,
    stands: &Stands,
    head: Head,
) -> Result<(Head, Vec<Stand>), DbErr> {
    if rows.is_empty() {
        return Ok((head, Vec::new()));
    }
    let none = Stand { rev: 0, seq: 0, last_lsn: 0, hash: hash::NONE };
    let mut lsn = head.lsn;
    let mut placed = Vec::with_capacity(rows.len());
    let mut turns = Vec::with_capacity(rows.len());
    let mut snapshots = Vec::with_capacity(rows.len());
    for (row, text) in rows.iter().zip(texts) {
        let prev = stands.get(&row.instance).unwrap_or(&none);
        let (instance, rev) = (signed(row.instance.0), signed(row.rev));
        let (first_seq, seq) = text.seqs.unwrap_or((prev.seq + 1, prev.seq));
        let hash = hash::turn(&prev.hash, instance, rev, now.0, &text.lines, &text.state_hash);
        lsn += 1;
        placed.push(Stand { rev: row.rev, seq, last_lsn: lsn, hash });
        turns.push(vec![
            lsn.into(),
            instance.into(),
            rev.into(),
            prev.last_lsn.into(),
            now.0.into(),
            signed(first_seq).into(),
            limit(text.n),
            text.state_hash.to_vec().into(),
            hash.to_vec().into(),
            text.events.into(),
        ]);
        snapshots.push(vec![
            Value::from(instance),
            rev.into(),
            text.state_hash.to_vec().into(),
            text.state.into(),
        ]);
    }
    let columns =
        &["lsn", "instance", "rev", "prev_lsn", "at", "first_seq", "n", "state_hash", "hash", "events"];
    insert(tx, "journal", columns, None, turns).await?;
    let replaced = replacing(&["instance"], &["rev", "hash", "state"]);
    insert(tx, "snapshot", &["instance", "rev", "hash", "state"], replaced, snapshots).await?;
    let first_lsn = head.lsn + 1;
    let seal = hash::seal(&head.seal, first_lsn, lsn, placed.iter().map(|stand| &stand.hash));
    insert(
        tx,
        "seal",
        &["last_lsn", "first_lsn", "hash"],
        None,
        vec![vec![lsn.into(), first_lsn.into(), seal.to_vec().into()]],
    )
    .await?;
    Ok((Head { lsn, seal, ..head }, placed))
}

/// The events of an instance after this seq, in order, by walking back over its turns.
pub(crate) async fn history(
    db: &impl Connection,
    id: InstanceId,
    after: u64,
    len: usize,
) -> Result<Vec<Box<RawValue>>, StoreError> {
    let rows = Sql::new(
        "WITH RECURSIVE turn (lsn, prev_lsn, first_seq, n) AS (
           SELECT lsn, prev_lsn, first_seq, n FROM journal
            WHERE lsn = (SELECT last_lsn FROM instance WHERE id = ?)
           UNION ALL
           SELECT j.lsn, j.prev_lsn, j.first_seq, j.n FROM turn t CROSS JOIN journal j
            WHERE j.lsn = t.prev_lsn AND t.first_seq > ?
         )
         SELECT j.lsn, t.first_seq, j.events
           FROM (SELECT lsn, first_seq FROM turn WHERE n > 0 AND first_seq + n > ? ORDER BY lsn LIMIT ?) t
           CROSS JOIN journal j WHERE j.lsn = t.lsn ORDER BY j.lsn",
        [
            signed(id.0).into(),
            signed(after.saturating_add(1)).into(),
            signed(after.saturating_add(1)).into(),
            limit(len),
        ],
    );
    let mut events = Vec::new();
    for row in rows.all(db).await.map_err(doing("reading history"))? {
        let lsn: i64 = column(&row, 0).map_err(doing("reading history"))?;
        let first_seq = unsigned(column(&row, 1).map_err(doing("reading history"))?);
        let broken = |source: Box<dyn std::error::Error + Send + Sync>| {
            StoreError::new(format!("reading turn {lsn} of instance {id}"), source)
        };
        let packed: Vec<u8> = column(&row, 2).map_err(|error| broken(error.into()))?;
        let lines = unpack(&packed).map_err(|error| broken(error.into()))?;
        let lines = String::from_utf8(lines).map_err(|error| broken(error.into()))?;
        for (seq, line) in (first_seq..).zip(lines.lines()) {
            if seq > after && events.len() < len {
                let event = RawValue::from_string(line.to_owned());
                events.push(event.map_err(|error| broken(error.into()))?);
            }
        }
    }
    Ok(events)
}
