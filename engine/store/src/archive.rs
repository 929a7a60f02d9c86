//! What has ended leaves the store: its rows go, its turns keep their hashes and lose their lines.
//!
//! The journal stays append-only in all that its chains are made of. Who holds the archive can work every hash of a
//! turn out again and compare; who does not still sees that nothing is missing. It does not know how an archive looks.

use std::collections::HashMap;

use futures::FutureExt as _;
use sea_orm::Value;
use yiwang_core::{CaseNo, InstanceId, Timestamp};
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{
    Answer, Archive, ArchiveRow, ArchivedRow, EndedRow, Forget, JournalTurn, StoreError,
};

use crate::SqlStore;
use crate::connection::{Connection, Row};
use crate::hash::{self, Hash};
use crate::pack::{pack, unpack};
use crate::sql::{Sql, body, column, doing, insert, limit, list, parse, unsigned};
use crate::writer::Small;

/// Rows of an instance, besides its own: table and the column that names it.
const ROWS: [(&str, &str); 10] = [
    ("work_item_candidate", "instance"),
    ("work_item", "instance"),
    ("case_flag", "instance"),
    ("case_text", "{text id}"),
    ("case_", "instance"),
    ("message", "instance"),
    ("incident", "instance"),
    ("subscription", "instance"),
    ("start_key", "instance"),
    ("snapshot", "instance"),
];

impl Archive for SqlStore {
    fn ended(&self, until: Timestamp, after: Option<InstanceId>, max: usize) -> Answer<'_, Vec<EndedRow>> {
        async move {
            let mut sql = Sql::new(
                "SELECT i.id, w.name, i.updated, c.no, i.hash
                   FROM instance i JOIN workflow w ON w.id = i.workflow LEFT JOIN case_ c ON c.instance = i.id
                  WHERE i.status IN ('completed', 'cancelled') AND i.in_flight = 0 AND i.updated <= ?",
                [until.0.into()],
            );
            sql.push_some("AND i.id > ?", after.map(|id| signed(id.0)));
            sql.push("ORDER BY i.id LIMIT ?", [limit(max)]);
            let rows = sql.all(&self.query_reads).await.map_err(doing("listing what has ended"))?;
            rows.iter().map(ended).collect()
        }
        .boxed()
    }

    fn turns_of(&self, instances: Vec<InstanceId>) -> Answer<'_, Vec<JournalTurn>> {
        async move {
            let mut turns = Vec::new();
            let failed = doing("reading turns");
            for row in walk(&self.query_reads, &instances).await? {
                let lsn: i64 = column(&row, 0).map_err(&failed)?;
                let broken = |source: Box<dyn std::error::Error + Send + Sync>| {
                    StoreError::new(format!("reading turn {lsn} of the journal"), source)
                };
                let packed: Vec<u8> = column(&row, 6).map_err(&failed)?;
                let lines = unpack(&packed).map_err(|error| broken(error.into()))?;
                turns.push(JournalTurn {
                    instance: InstanceId(unsigned(column(&row, 1).map_err(&failed)?)),
                    rev: unsigned(column(&row, 2).map_err(&failed)?),
                    at: Timestamp(column(&row, 3).map_err(&failed)?),
                    state_hash: column(&row, 4).map_err(&failed)?,
                    hash: column(&row, 5).map_err(&failed)?,
                    lines: String::from_utf8(lines).map_err(|error| broken(error.into()))?,
                });
            }
            Ok(turns)
        }
        .boxed()
    }

    fn forget(&self, wish: Forget) -> Answer<'_, usize> {
        async move {
            let gone = self.small(Small::Forget(wish)).await?;
            Ok(usize::try_from(gone).unwrap_or(usize::MAX))
        }
        .boxed()
    }

    fn archives(&self) -> Answer<'_, Vec<ArchiveRow>> {
        async move {
            let rows = Sql::new("SELECT body FROM archive ORDER BY number DESC", []);
            let rows = rows.all(&self.query_reads).await.map_err(doing("listing archives"))?;
            rows.iter().map(|row| parse(row, 0, || "an archive".to_owned())).collect()
        }
        .boxed()
    }

    fn archived(&self, digest: &str) -> Answer<'_, Vec<ArchivedRow>> {
        let digest = digest.to_owned();
        async move {
            let failed = doing("looking what stayed of an archive");
            let db = &self.query_reads;
            let mut numbers = Vec::new();
            // A file that was made twice is in two rows: its instances went in two goes.
            for row in Sql::new("SELECT number, body FROM archive", []).all(db).await.map_err(&failed)? {
                let archive: ArchiveRow = parse(&row, 1, || "an archive".to_owned())?;
                if archive.digest == digest {
                    numbers.push(column::<i64>(&row, 0).map_err(&failed)?);
                }
            }
            let rows = Sql::new(
                "SELECT instance, hash FROM archived WHERE archive {in numbers} ORDER BY instance",
                [list(numbers)],
            );
            let mut archived = Vec::new();
            for row in rows.all(db).await.map_err(&failed)? {
                let instance = InstanceId(unsigned(column(&row, 0).map_err(&failed)?));
                archived.push(ArchivedRow { instance, hash: column(&row, 1).map_err(&failed)? });
            }
            Ok(archived)
        }
        .boxed()
    }
}

/// Takes these out, but for those that have moved; how many went.
pub(crate) async fn forget(tx: &impl Connection, wish: Forget) -> Result<u64, StoreError> {
    let Forget { mut archive, instances } = wish;
    let still = standing(tx, &instances).await?;
    if still.is_empty() {
        return Ok(0);
    }
    let failed = doing("taking instances out");
    let ids: Vec<InstanceId> = still.iter().map(|(id, _)| *id).collect();
    let lsns: Result<Vec<i64>, _> = walk(tx, &ids).await?.iter().map(|row| column(row, 0)).collect();
    let lsns = lsns.map_err(&failed)?;
    (archive.instances, archive.turns) = (ids.len() as u64, lsns.len() as u64);
    let number = Sql::new("SELECT coalesce(max(number), 0) + 1 FROM archive", []).one(tx).await;
    let number = number.and_then(|row| row.map(|row| column::<i64>(&row, 0)).transpose());
    let number = number.map_err(&failed)?.unwrap_or(1);
    let row = vec![number.into(), body(&archive)];
    insert(tx, "archive", &["number", "body"], None, vec![row]).await.map_err(&failed)?;
    let rows =
        still.iter().map(|(id, hash)| vec![Value::from(signed(id.0)), number.into(), hash.clone().into()]);
    let columns = &["instance", "archive", "hash"];
    insert(tx, "archived", columns, None, rows.collect()).await.map_err(&failed)?;
    let cleared =
        Sql::new("UPDATE journal SET events = ? WHERE lsn {in numbers}", [pack(b"").into(), list(&lsns)]);
    cleared.run(tx).await.map_err(&failed)?;
    let ids: Vec<i64> = ids.iter().map(|id| signed(id.0)).collect();
    let reports = Sql::new(
        "DELETE FROM delivery_report WHERE (channel, provider_id) IN
           (SELECT channel, provider_id FROM message WHERE instance {in numbers} AND provider_id IS NOT NULL)",
        [list(&ids)],
    );
    reports.run(tx).await.map_err(&failed)?;
    for (table, column) in ROWS.iter().chain(&[("instance", "id")]) {
        let delete = format!("DELETE FROM {table} WHERE {column} {{in numbers}}");
        Sql::new(delete, [list(&ids)]).run(tx).await.map_err(&failed)?;
    }
    Ok(archive.instances)
}

/// Those that stand where they stood when they were read.
async fn standing(
    tx: &impl Connection,
    wanted: &[(InstanceId, Vec<u8>)],
) -> Result<Vec<(InstanceId, Vec<u8>)>, StoreError> {
    let failed = doing("looking at what is to be taken out");
    let ids: Vec<i64> = wanted.iter().map(|(id, _)| signed(id.0)).collect();
    let rows = Sql::new(
        "SELECT id, hash FROM instance
          WHERE id {in numbers} AND status IN ('completed', 'cancelled') AND in_flight = 0",
        [list(ids)],
    );
    let mut still = Vec::new();
    for row in rows.all(tx).await.map_err(&failed)? {
        let id = InstanceId(unsigned(column(&row, 0).map_err(&failed)?));
        let hash: Vec<u8> = column(&row, 1).map_err(&failed)?;
        if wanted.contains(&(id, hash.clone())) {
            still.push((id, hash));
        }
    }
    Ok(still)
}

/// The rows of the journal of these instances, walked back from where they stand.
async fn walk(db: &impl Connection, instances: &[InstanceId]) -> Result<Vec<Row>, StoreError> {
    let ids: Vec<i64> = instances.iter().map(|id| signed(id.0)).collect();
    let rows = Sql::new(
        "WITH RECURSIVE turn (lsn, prev_lsn) AS (
           SELECT lsn, prev_lsn FROM journal
            WHERE lsn IN (SELECT last_lsn FROM instance WHERE id {in numbers})
           UNION ALL
           SELECT j.lsn, j.prev_lsn FROM turn t CROSS JOIN journal j WHERE j.lsn = t.prev_lsn
         )
         SELECT j.lsn, j.instance, j.rev, j.at, j.state_hash, j.hash, j.events
           FROM turn t CROSS JOIN journal j WHERE j.lsn = t.lsn ORDER BY j.lsn",
        [list(ids)],
    );
    rows.all(db).await.map_err(doing("walking the journal"))
}

/// Works the hashes of these turns out again: each instance from its first turn on, in order.
///
/// # Errors
/// The place of the first turn that does not fit, and what is wrong with it.
pub fn check_turns(turns: &[JournalTurn]) -> Result<(), (usize, &'static str)> {
    let mut stands: HashMap<InstanceId, (u64, Hash)> = HashMap::new();
    for (n, turn) in turns.iter().enumerate() {
        let (rev, prev) = stands.get(&turn.instance).copied().unwrap_or((0, hash::NONE));
        if turn.rev != rev + 1 {
            return Err((n, "the turn does not follow the one before it"));
        }
        let state = turn.state_hash[..].try_into().map_err(|_| (n, "the state's hash is broken"))?;
        let instance = signed(turn.instance.0);
        let hash = hash::turn(&prev, instance, signed(turn.rev), turn.at.0, turn.lines.as_bytes(), &state);
        if turn.hash != hash {
            return Err((n, "the turn's hash differs"));
        }
        stands.insert(turn.instance, (turn.rev, hash));
    }
    Ok(())
}

/// Holds an archive, whose hashes are right, against what stayed of its instances in the store.
///
/// # Errors
/// The first instance that ends otherwise here, or is not here, and what is wrong with it.
pub fn check_against(
    turns: &[JournalTurn],
    archived: &[ArchivedRow],
) -> Result<(), (InstanceId, &'static str)> {
    let ends: HashMap<InstanceId, &[u8]> =
        turns.iter().map(|turn| (turn.instance, turn.hash.as_slice())).collect();
    for row in archived {
        match ends.get(&row.instance) {
            None => return Err((row.instance, "it went into this archive, and is not there")),
            Some(hash) if *hash != row.hash => {
                return Err((row.instance, "it ends otherwise here than it did in the store"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn ended(row: &Row) -> Result<EndedRow, StoreError> {
    let failed = doing("listing what has ended");
    Ok(EndedRow {
        instance: InstanceId(unsigned(column(row, 0).map_err(&failed)?)),
        workflow: column(row, 1).map_err(&failed)?,
        ended: Timestamp(column(row, 2).map_err(&failed)?),
        case: column::<Option<String>>(row, 3).map_err(&failed)?.map(|no| CaseNo(no.into())),
        hash: column(row, 4).map_err(&failed)?,
    })
}
