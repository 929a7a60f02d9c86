//! Walks all chains and says where the first one is broken.
//!
//! It finds what was changed, taken out or put in anywhere before the end. Who can rewrite the whole file can
//! also compute new hashes: against that, keep the last seal's hash somewhere else.

use std::collections::HashMap;

use sea_orm::DbErr;
use yiwang_core::InstanceId;
use yiwang_runtime::ports::StoreError;

use crate::SqlStore;
use crate::connection::Row;
use crate::hash::{self, Hash};
use crate::pack::unpack;
use crate::sql::{Sql, column, doing, unsigned};

/// Rows read at once.
const PAGE_LEN: i64 = 500;

/// What a walk over the journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Turns that were read.
    pub turns: u64,
    /// Instances they belong to.
    pub instances: u64,
    /// Of these, the ones that are in an archive now: of their turns only the hashes are here.
    pub archived: u64,
    /// The last seal's hash in hex: keep it elsewhere to prove later that nothing was rewritten.
    pub seal: String,
    /// The first place that does not fit; none: all fit.
    pub broken: Option<Broken>,
}

/// A place that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Place in the journal, if it is there.
    pub lsn: Option<i64>,
    /// Whose, if it is about one instance.
    pub instance: Option<InstanceId>,
    /// What is wrong.
    pub what: String,
}

/// Where an instance stands after the turns read so far: 100 bytes per instance while it runs.
struct Stand {
    rev: i64,
    lsn: i64,
    hash: Hash,
    state: Hash,
}

struct Walk {
    /// Instances that are in an archive, with the hash that they ended with.
    archived: HashMap<i64, Hash>,
    stands: HashMap<i64, Stand>,
    lsn: i64,
    seal: Hash,
    /// Hashes of the turns since the last seal.
    unsealed: Vec<Hash>,
}

/// Why a walk ended.
enum Stop {
    Broken(Broken),
    Failed(DbErr),
}

impl From<DbErr> for Stop {
    fn from(error: DbErr) -> Self {
        Self::Failed(error)
    }
}

impl SqlStore {
    /// Walks the whole journal, the seals, the instances and their snapshots.
    ///
    /// # Errors
    /// When the database cannot be read. What was tampered with is no error but [`Audit::broken`].
    pub async fn verify(&self) -> Result<Audit, StoreError> {
        let archived = archived(self).await.map_err(doing("reading what is in archives"))?;
        let mut walk =
            Walk { archived, stands: HashMap::new(), lsn: 0, seal: hash::NONE, unsealed: Vec::new() };
        let broken = match walk.run(self).await {
            Ok(()) => None,
            Err(Stop::Broken(broken)) => Some(broken),
            Err(Stop::Failed(error)) => return Err(doing("verifying the store")(error)),
        };
        let seal = walk.seal.iter().map(|byte| format!("{byte:02x}")).collect();
        let (instances, archived) = (walk.stands.len() as u64, walk.archived.len() as u64);
        Ok(Audit { turns: unsigned(walk.lsn), instances, archived, seal, broken })
    }
}

impl Walk {
    async fn run(&mut self, store: &SqlStore) -> Result<(), Stop> {
        let db = &store.query_reads;
        // What is committed meanwhile is left for the next time.
        let end = Sql::new("SELECT coalesce(max(last_lsn), 0) FROM seal", []).one(db).await?;
        let end: i64 = end.map(|row| column(&row, 0)).transpose()?.unwrap_or(0);
        while self.lsn < end {
            let rows = Sql::new(
                "SELECT j.lsn, j.instance, j.rev, j.prev_lsn, j.at, j.state_hash, j.hash, j.events,
                        s.first_lsn, s.hash
                   FROM journal j LEFT JOIN seal s ON s.last_lsn = j.lsn
                  WHERE j.lsn > ? AND j.lsn <= ? ORDER BY j.lsn LIMIT ?",
                [self.lsn.into(), end.into(), PAGE_LEN.into()],
            );
            let rows = rows.all(db).await?;
            if rows.is_empty() {
                return Err(missing(self.lsn + 1));
            }
            for row in &rows {
                self.turn(row)?;
            }
        }
        let beyond = Sql::new(
            "SELECT j.lsn FROM journal j WHERE j.lsn > ? AND j.lsn > (SELECT max(last_lsn) FROM seal) LIMIT 1",
            [end.into()],
        );
        if let Some(row) = beyond.one(db).await? {
            return Err(at(column(&row, 0)?, None, "the turn is not sealed by its commit"));
        }
        self.instances(store).await
    }

    fn turn(&mut self, row: &Row) -> Result<(), Stop> {
        let lsn: i64 = column(row, 0)?;
        if lsn != self.lsn + 1 {
            return Err(missing(self.lsn + 1));
        }
        let (instance, rev, prev_lsn): (i64, i64, i64) = (column(row, 1)?, column(row, 2)?, column(row, 3)?);
        let wrong = |what: &str| at(lsn, Some(instance), what);
        let (prev_rev, expected_lsn, prev_hash) =
            self.stands.get(&instance).map_or((0, 0, hash::NONE), |stand| (stand.rev, stand.lsn, stand.hash));
        if (rev, prev_lsn) != (prev_rev + 1, expected_lsn) {
            return Err(wrong("the turn does not follow the one before it"));
        }
        let events: Vec<u8> = column(row, 7)?;
        let lines = unpack(&events).map_err(|_| wrong("the events cannot be read"))?;
        let state = stored(row, 5).ok_or_else(|| wrong("the state's hash is broken"))?;
        let kept = stored(row, 6).ok_or_else(|| wrong("the turn's hash is broken"))?;
        // Of what is in an archive the lines are there: the seals say that its hashes are those of before.
        let hash = match self.archived.contains_key(&instance) {
            true => kept,
            false => hash::turn(&prev_hash, instance, rev, column(row, 4)?, &lines, &state),
        };
        if kept != hash {
            return Err(wrong("the turn's hash differs"));
        }
        self.lsn = lsn;
        self.stands.insert(instance, Stand { rev, lsn, hash, state });
        self.unsealed.push(hash);
        if let Some(first_lsn) = column::<Option<i64>>(row, 8)? {
            let seal = hash::seal(&self.seal, first_lsn, lsn, &self.unsealed);
            if stored(row, 9) != Some(seal) {
                return Err(wrong("the seal of its commit differs"));
            }
            self.seal = seal;
            self.unsealed.clear();
        }
        Ok(())
    }

    /// Do the instances and their snapshots stand where the journal ends?
    async fn instances(&self, store: &SqlStore) -> Result<(), Stop> {
        let mut after = -1_i64;
        let mut seen = 0;
        loop {
            let rows = Sql::new(
                "SELECT i.id, i.rev, i.last_lsn, i.hash, s.rev, s.hash, s.state
                   FROM instance i LEFT JOIN snapshot s ON s.instance = i.id
                  WHERE i.id > ? ORDER BY i.id LIMIT ?",
                [after.into(), PAGE_LEN.into()],
            );
            let rows = rows.all(&store.query_reads).await?;
            let Some(last) = rows.last() else { break };
            after = column(last, 0)?;
            for row in &rows {
                seen += usize::from(self.instance(row)?);
            }
        }
        for (id, hash) in &self.archived {
            match self.stands.get(id) {
                Some(stand) if stand.hash == *hash => seen += 1,
                Some(stand) => {
                    return Err(at(stand.lsn, Some(*id), "it does not end as it did when it was archived"));
                }
                None => {
                    return Err(at(self.lsn, Some(*id), "the archived instance has no turn in the journal"));
                }
            }
        }
        if seen < self.stands.len() {
            let what = format!("{} instances of the journal have no row", self.stands.len() - seen);
            return Err(Stop::Broken(Broken { lsn: None, instance: None, what }));
        }
        Ok(())
    }

    /// Was the instance there before the walk began?
    fn instance(&self, row: &Row) -> Result<bool, Stop> {
        let (id, rev, last_lsn): (i64, i64, i64) = (column(row, 0)?, column(row, 1)?, column(row, 2)?);
        let Some(stand) = self.stands.get(&id) else {
            if last_lsn > self.lsn {
                return Ok(false);
            }
            return Err(at(last_lsn, Some(id), "the instance has no turn in the journal"));
        };
        if last_lsn > self.lsn {
            return Ok(true);
        }
        let wrong = |what: &str| Err(at(stand.lsn, Some(id), what));
        if (rev, last_lsn, stored(row, 3)) != (stand.rev, stand.lsn, Some(stand.hash)) {
            return wrong("the instance does not stand where its journal ends");
        }
        let state = column::<Option<Vec<u8>>>(row, 6)?.and_then(|packed| unpack(&packed).ok());
        let Some(state) = state else { return wrong("the snapshot cannot be read") };
        if column::<Option<i64>>(row, 4)? != Some(rev)
            || stored(row, 5) != Some(stand.state)
            || hash::of(&state) != stand.state
        {
            return wrong("the snapshot's hash differs");
        }
        Ok(true)
    }
}

async fn archived(store: &SqlStore) -> Result<HashMap<i64, Hash>, DbErr> {
    let rows = Sql::new("SELECT instance, hash FROM archived", []).all(&store.query_reads).await?;
    let broken = || DbErr::Custom("a hash of an archived instance is broken".to_owned());
    rows.iter().map(|row| Ok((column(row, 0)?, stored(row, 1).ok_or_else(broken)?))).collect()
}

fn stored(row: &Row, at: usize) -> Option<Hash> {
    column::<Vec<u8>>(row, at).ok()?.try_into().ok()
}

fn missing(lsn: i64) -> Stop {
    at(lsn, None, "the turn is missing")
}

fn at(lsn: i64, instance: Option<i64>, what: &str) -> Stop {
    let instance = instance.map(|id| InstanceId(unsigned(id)));
    Stop::Broken(Broken { lsn: Some(lsn), instance, what: what.to_owned() })
}
