//! Compare and set: is everything that a batch takes still free? Asked in the writing transaction, before
//! anything is written, with one statement per kind of row.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::DbErr;
use yiwang_core::InstanceId;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::Batch;

use crate::connection::Connection;
use crate::hash::Hash;
use crate::sql::{Sql, column, list, unsigned};

/// Where an instance stands before its turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) rev: u64,
    pub(crate) seq: u64,
    pub(crate) last_lsn: i64,
    pub(crate) hash: Hash,
}

/// Where the instances of a batch stand.
pub(crate) type Stands = BTreeMap<InstanceId, Stand>;

/// Which row is taken, if one is.
pub(crate) async fn check(db: &impl Connection, batch: &Batch) -> Result<Result<Stands, String>, DbErr> {
    let stands = stands(db, batch).await?;
    if let Some(taken) = moved(batch, &stands) {
        return Ok(Err(taken));
    }
    let taken = [
        start_key(db, batch).await?,
        case_number(db, batch).await?,
        arrival(db, batch).await?,
        deployment(db, batch).await?,
        rejection(db, batch).await?,
        reference(db, batch).await?,
        crate::sweeps::taken(db, batch).await?,
    ];
    if let Some(taken) = taken.into_iter().flatten().next() {
        return Ok(Err(taken));
    }
    Ok(Ok(stands))
}

async fn stands(db: &impl Connection, batch: &Batch) -> Result<Stands, DbErr> {
    let ids: Vec<i64> = batch.turns.iter().map(|row| signed(row.instance.0)).collect();
    if ids.is_empty() {
        return Ok(Stands::new());
    }
    let rows =
        Sql::new("SELECT id, rev, seq, last_lsn, hash FROM instance WHERE id {in numbers}", [list(ids)]);
    let mut stands = Stands::new();
    for row in rows.all(db).await? {
        let id = InstanceId(unsigned(column(&row, 0)?));
        let hash = column::<Vec<u8>>(&row, 4)?.try_into();
        let stand = Stand {
            rev: unsigned(column(&row, 1)?),
            seq: unsigned(column(&row, 2)?),
            last_lsn: column(&row, 3)?,
            hash: hash.map_err(|_| DbErr::Custom(format!("the hash of instance {id} is broken")))?,
        };
        stands.insert(id, stand);
    }
    Ok(stands)
}

fn moved(batch: &Batch, stands: &Stands) -> Option<String> {
    let mut seen = BTreeSet::new();
    let stands_elsewhere = |row: &&yiwang_runtime::ports::TurnRow| {
        stands.get(&row.instance).map_or(0, |stand| stand.rev) + 1 != row.rev || !seen.insert(row.instance)
    };
    let row = batch.turns.iter().find(stands_elsewhere)?;
    let stored = stands.get(&row.instance).map_or(0, |stand| stand.rev);
    let expected = row.rev.saturating_sub(1);
    Some(format!("instance {} is at revision {stored}, not {expected}", row.instance))
}

async fn start_key(db: &impl Connection, batch: &Batch) -> Result<Option<String>, DbErr> {
    let mut keys = BTreeSet::new();
    for key in batch.turns.iter().filter_map(|row| row.start.as_ref()).map(|(key, _)| key) {
        if !keys.insert((&key.workflow, &key.key)) {
            return Ok(Some(format!("start key {} of {} twice", key.key, key.workflow)));
        }
    }
    if keys.is_empty() {
        return Ok(None);
    }
    let taken = Sql::new(
        "SELECT s.workflow, s.key FROM {rows} CROSS JOIN start_key s
         WHERE s.workflow = j.value ->> 0 AND s.key = j.value ->> 1 LIMIT 1",
        [list(keys)],
    );
    let Some(row) = taken.one(db).await? else { return Ok(None) };
    Ok(Some(format!("start key {} of {}", column::<String>(&row, 1)?, column::<String>(&row, 0)?)))
}

async fn case_number(db: &impl Connection, batch: &Batch) -> Result<Option<String>, DbErr> {
    let mut owners = BTreeMap::new();
    for row in &batch.turns {
        let Some(case) = &row.case else { continue };
        if owners.insert(&*case.no.0, signed(row.instance.0)).is_some() {
            return Ok(Some(format!("case number {} twice", case.no)));
        }
    }
    if owners.is_empty() {
        return Ok(None);
    }
    let numbers: Vec<_> = owners.keys().collect();
    let rows = Sql::new("SELECT no, instance FROM case_ WHERE no {in texts}", [list(numbers)]);
    for row in rows.all(db).await? {
        let no: String = column(&row, 0)?;
        if owners.get(&*no) != Some(&column(&row, 1)?) {
            return Ok(Some(format!("case number {no}")));
        }
    }
    Ok(None)
}

async fn arrival(db: &impl Connection, batch: &Batch) -> Result<Option<String>, DbErr> {
    let mut names = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for row in &batch.arrivals {
        let event = &*row.event;
        if !names.insert((&event.source, &event.id)) || !ids.insert(signed(row.id)) {
            return Ok(Some(format!("event {} of {} twice", event.id, event.source)));
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let taken = Sql::new(
        "SELECT i.source, i.event_id FROM {rows} CROSS JOIN inbox i
         WHERE i.source = j.value ->> 0 AND i.event_id = j.value ->> 1
         UNION ALL
         SELECT source, event_id FROM inbox WHERE id {in numbers} LIMIT 1",
        [list(names), list(ids)],
    );
    let Some(row) = taken.one(db).await? else { return Ok(None) };
    Ok(Some(format!("event {} of {}", column::<String>(&row, 1)?, column::<String>(&row, 0)?)))
}

async fn deployment(db: &impl Connection, batch: &Batch) -> Result<Option<String>, DbErr> {
    for row in &batch.deployments {
        let taken = Sql::new(
            "SELECT 1 FROM deployment WHERE hash = ? OR (namespace = ? AND name = ? AND version = ?)",
            [&*row.hash.0, &row.id.namespace, &row.id.name, &row.id.version].map(|text| text.into()),
        );
        if taken.one(db).await?.is_some() {
            return Ok(Some(format!("workflow {} {}", row.id.name, row.id.version)));
        }
    }
    Ok(None)
}

async fn rejection(db: &impl Connection, batch: &Batch) -> Result<Option<String>, DbErr> {
    let ids: Vec<i64> = batch.rejections.iter().map(|row| signed(row.id)).collect();
    if ids.is_empty() {
        return Ok(None);
    }
    let taken = Sql::new("SELECT id FROM rejection WHERE id {in numbers}", [list(ids)]);
    let Some(row) = taken.one(db).await? else { return Ok(None) };
    Ok(Some(format!("rejection {}", column::<i64>(&row, 0)?)))
}

async fn reference(db: &impl Connection, batch: &Batch) -> Result<Option<String>, DbErr> {
    for row in &batch.references {
        let taken = Sql::new(
            "SELECT 1 FROM reference WHERE number = ? OR (kind = ? AND name = ? AND version = ?)",
            [
                signed(row.number).into(),
                row.kind.word().into(),
                row.name.clone().into(),
                i64::from(row.version).into(),
            ],
        );
        if taken.one(db).await?.is_some() {
            return Ok(Some(format!("version {} of the {} {}", row.version, row.kind.word(), row.name)));
        }
    }
    Ok(None)
}
