//! What has ended leaves the store in memory. There are no chains: of a turn only its lines are told.

use futures::FutureExt as _;
use yiwang_core::transition::Status;
use yiwang_core::{InstanceId, Timestamp};

use super::MemoryStore;
use crate::ports::{Answer, Archive, ArchiveRow, ArchivedRow, EndedRow, Forget, JournalTurn};

impl Archive for MemoryStore {
    fn ended(&self, until: Timestamp, after: Option<InstanceId>, limit: usize) -> Answer<'_, Vec<EndedRow>> {
        let tables = self.tables();
        let rows: Vec<EndedRow> = tables
            .instances
            .iter()
            .filter(|(_, it)| matches!(it.status, Status::Completed | Status::Cancelled) && !it.in_flight)
            .map(|(id, it)| EndedRow {
                instance: *id,
                workflow: format!("{}/{}", it.workflow.namespace, it.workflow.name),
                ended: it.updated,
                case: tables.cases.get(id).map(|case| case.no.clone()),
                hash: it.rev.to_be_bytes().to_vec(),
            })
            .filter(|row| row.ended <= until && after.is_none_or(|after| row.instance > after))
            .take(limit)
            .collect();
        async move { Ok(rows) }.boxed()
    }

    fn turns_of(&self, instances: Vec<InstanceId>) -> Answer<'_, Vec<JournalTurn>> {
        let tables = self.tables();
        let turn = |id: InstanceId| {
            let it = tables.instances.get(&id)?;
            let lines: Vec<&str> = it.history.iter().map(|line| line.get()).collect();
            let hash = it.rev.to_be_bytes().to_vec();
            let (rev, at, lines) = (it.rev, it.updated, lines.join("\n"));
            Some(JournalTurn { instance: id, rev, at, state_hash: Vec::new(), hash, lines })
        };
        let turns = instances.into_iter().filter_map(turn).collect();
        async move { Ok(turns) }.boxed()
    }

    fn forget(&self, wish: Forget) -> Answer<'_, usize> {
        let mut tables = self.tables();
        let mut gone = 0;
        for (id, hash) in &wish.instances {
            let stands = tables.instances.get(id).is_some_and(|it| it.rev.to_be_bytes()[..] == hash[..]);
            if stands {
                tables.forget(*id);
                tables.archived.insert(*id, (wish.archive.digest.clone(), hash.clone()));
                gone += 1;
            }
        }
        if gone > 0 {
            tables.archives.push(ArchiveRow { instances: gone, ..wish.archive });
        }
        let gone = usize::try_from(gone).unwrap_or(usize::MAX);
        async move { Ok(gone) }.boxed()
    }

    fn archives(&self) -> Answer<'_, Vec<ArchiveRow>> {
        let archives = self.tables().archives.iter().rev().cloned().collect();
        async move { Ok(archives) }.boxed()
    }

    fn archived(&self, digest: &str) -> Answer<'_, Vec<ArchivedRow>> {
        let tables = self.tables();
        let of = tables.archived.iter().filter(|(_, (known, _))| known == digest);
        let rows = of.map(|(id, (_, hash))| ArchivedRow { instance: *id, hash: hash.clone() }).collect();
        async move { Ok(rows) }.boxed()
    }
}
