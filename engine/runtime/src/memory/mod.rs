//! A store in memory: for `yiwang run`, tests and the simulator. It keeps every promise of the ports but
//! durability, and is the plainest statement of what they mean.

mod archive;
mod census;
mod files;
mod query;
mod small;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::value::RawValue;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::reference::Reference;
use yiwang_core::sweep::{Line, Sweep};
use yiwang_core::transition::Status;
use yiwang_core::{Case, CaseNo, EffectId, InstanceId, Timestamp, WorkItem, WorkItemId};
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};

use crate::ports::{
    ArchiveRow, Batch, CommitError, DeliveryReport, DeploymentRow, Disposition, InboxRow, IncidentRow,
    Loaded, MessageRow, PollCursor, RejectionRow, ScheduleRow, ScheduleRun, StartKey, Started, Store,
    StoreError, TokenRow,
};

pub use self::files::MemoryFiles;

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    instances: BTreeMap<InstanceId, Instance>,
    wakes: BTreeSet<(Timestamp, InstanceId)>,
    started: BTreeMap<StartKey, Started>,
    subscriptions: BTreeSet<(SubscriptionKey, InstanceId)>,
    work_items: BTreeMap<WorkItemId, WorkItem>,
    cases: BTreeMap<InstanceId, Case>,
    case_numbers: BTreeMap<CaseNo, InstanceId>,
    inbox: BTreeMap<u64, InboxRow>,
    inbox_names: BTreeMap<(String, String), u64>,
    /// In order of request.
    messages: Vec<MessageRow>,
    message_numbers: BTreeMap<EffectId, usize>,
    rejections: BTreeMap<u64, RejectionRow>,
    /// Open ones, by number.
    incidents: BTreeMap<u64, IncidentRow>,
    incidents_opened: u64,
    deployments: Vec<DeploymentRow>,
    schedules: BTreeMap<String, ScheduleRow>,
    poll_cursors: BTreeMap<String, PollCursor>,
    /// By channel and the provider's id.
    delivery_reports: BTreeMap<(String, String), DeliveryReport>,
    /// By number.
    references: BTreeMap<u64, Reference>,
    schedule_runs: BTreeMap<u64, ScheduleRun>,
    sweeps: BTreeMap<InstanceId, Sweep>,
    sweep_lines: BTreeMap<(InstanceId, InstanceId, u32), Line>,
    values: BTreeMap<(String, String), Value>,
    tokens: BTreeMap<String, TokenRow>,
    archives: Vec<ArchiveRow>,
    /// What stayed of instances that went, and the digest of the archive that they are in.
    archived: BTreeMap<InstanceId, (String, Vec<u8>)>,
    /// The greatest number of the cases that went.
    last_gone: Option<(String, u32)>,
}

#[derive(Debug)]
struct Instance {
    rev: u64,
    deployment: DefinitionHash,
    workflow: DefinitionId,
    status: Status,
    wake_at: Option<Timestamp>,
    in_flight: bool,
    state: Vec<u8>,
    history: Vec<Box<RawValue>>,
    start_key: Option<String>,
    updated: Timestamp,
    /// When a person or an event last moved it.
    touched: Timestamp,
}

#[derive(Debug)]
struct Value {
    bytes: Vec<u8>,
    expires: Option<Timestamp>,
}

impl Tables {
    /// Takes all rows of an instance out.
    fn forget(&mut self, id: InstanceId) {
        self.instances.remove(&id);
        self.started.retain(|_, started| started.instance != id);
        self.subscriptions.retain(|(_, instance)| *instance != id);
        self.work_items.retain(|item, _| item.instance != id);
        if let Some(case) = self.cases.remove(&id) {
            self.case_numbers.remove(&case.no);
            self.last_gone = self.last_gone.take().max(crate::keys::case_number(&case.no));
        }
        let messages = std::mem::take(&mut self.messages);
        self.messages = messages.into_iter().filter(|message| message.effect.instance != id).collect();
        let numbers = self.messages.iter().enumerate().map(|(n, message)| (message.effect, n));
        self.message_numbers = numbers.collect();
        self.incidents.retain(|_, incident| incident.instance != id);
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic while the tables are held would be a bug of this file; the tables are then still usable.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&Tables) -> T + Send + 'a,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        async move { Ok(read(&self.tables())) }.boxed()
    }
}

impl Store for MemoryStore {
    fn load(&self, ids: Vec<InstanceId>) -> BoxFuture<'_, Result<Vec<Loaded>, StoreError>> {
        self.read(move |tables| {
            let found = ids.iter().filter_map(|id| Some((*id, tables.instances.get(id)?)));
            let loaded = found.map(|(instance, row)| Loaded {
                instance,
                rev: row.rev,
                seq: row.history.len() as u64,
                deployment: row.deployment.clone(),
                state: Ok(row.state.clone()),
            });
            loaded.collect()
        })
    }

    fn started(&self, keys: Vec<StartKey>) -> BoxFuture<'_, Result<Vec<(StartKey, Started)>, StoreError>> {
        self.read(move |tables| {
            let found = keys.into_iter().filter_map(|key| Some((tables.started.get(&key)?.clone(), key)));
            found.map(|(started, key)| (key, started)).collect()
        })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), CommitError>> {
        async move { self.tables().commit(batch) }.boxed()
    }

    fn due(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Timestamp, InstanceId)>, StoreError>> {
        self.read(move |tables| {
            tables.wakes.iter().take_while(|(at, _)| *at <= until).take(limit).copied().collect()
        })
    }

    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        self.read(|tables| {
            let wake = tables.wakes.first().map(|(at, _)| *at);
            wake.into_iter().chain(tables.next_release()).min()
        })
    }

    fn next_release(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        self.read(Tables::next_release)
    }

    fn in_flight(
        &self,
        after: Option<InstanceId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<InstanceId>, StoreError>> {
        self.read(move |tables| {
            let after = after.map_or(0, |after| after.0 + 1);
            let rows = tables.instances.range(InstanceId(after)..).filter(|(_, row)| row.in_flight);
            rows.map(|(id, _)| *id).take(limit).collect()
        })
    }

    fn subscribers(
        &self,
        keys: Vec<SubscriptionKey>,
    ) -> BoxFuture<'_, Result<Vec<(SubscriptionKey, InstanceId)>, StoreError>> {
        self.read(move |tables| {
            let all = keys.into_iter().flat_map(|key| {
                tables.subscriptions.range((key, InstanceId(0))..=(key, InstanceId(u64::MAX)))
            });
            all.copied().collect()
        })
    }

    fn known(&self, events: Vec<(String, String)>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.read(move |tables| {
            let ids = events.iter().filter_map(|name| tables.inbox_names.get(name));
            ids.filter_map(|id| tables.inbox.get(id)).cloned().collect()
        })
    }

    fn routable(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.read(move |tables| {
            let due = |row: &&InboxRow| match &row.disposition {
                Disposition::Pending => true,
                Disposition::Gathering { release_at: at, .. } | Disposition::Buffered { expires: at, .. } => {
                    *at <= now
                }
                Disposition::Gathered { .. }
                | Disposition::Delivered { .. }
                | Disposition::Unmatched { .. } => false,
            };
            tables.inbox.values().filter(due).take(limit).cloned().collect()
        })
    }

    fn gathering(&self, sessions: Vec<String>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.read(move |tables| {
            let of_session = |row: &&InboxRow| match &row.disposition {
                Disposition::Gathering { session, .. } => sessions.contains(session),
                _ => false,
            };
            tables.inbox.values().filter(of_session).cloned().collect()
        })
    }

    fn buffered(
        &self,
        wanted: Vec<SubscriptionKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.read(move |tables| {
            let waiting = |row: &&InboxRow| match &row.disposition {
                Disposition::Buffered { keys, expires } => {
                    *expires > now && keys.iter().any(|key| wanted.contains(key))
                }
                _ => false,
            };
            tables.inbox.values().filter(waiting).cloned().collect()
        })
    }

    fn deployments(&self) -> BoxFuture<'_, Result<Vec<DeploymentRow>, StoreError>> {
        self.read(|tables| tables.deployments.clone())
    }

    fn references(&self) -> BoxFuture<'_, Result<Vec<Reference>, StoreError>> {
        self.read(|tables| tables.references.values().cloned().collect())
    }

    fn last_case_number(&self) -> BoxFuture<'_, Result<Option<(String, u32)>, StoreError>> {
        self.read(|tables| {
            let kept = tables.case_numbers.keys().filter_map(crate::keys::case_number);
            kept.chain(tables.last_gone.clone()).max()
        })
    }

    fn case_instances(
        &self,
        numbers: Vec<CaseNo>,
    ) -> BoxFuture<'_, Result<Vec<(CaseNo, InstanceId)>, StoreError>> {
        self.read(move |tables| {
            let found = numbers.into_iter().filter_map(|no| Some((*tables.case_numbers.get(&no)?, no)));
            found.map(|(instance, no)| (no, instance)).collect()
        })
    }

    fn cases_of_phones(
        &self,
        phones: Vec<(String, Timestamp)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Case>, StoreError>> {
        self.read(move |tables| {
            let of_phone = |(phone, since): &(String, Timestamp)| {
                let digits = |case: &Case| case.petitioner.as_ref().and_then(|it| it.digits());
                let fits = |case: &&Case| case.opened >= *since && digits(case).as_ref() == Some(phone);
                let mut cases: Vec<_> = tables.cases.values().filter(fits).cloned().collect();
                cases.sort_by_key(|case| std::cmp::Reverse((case.opened, case.instance)));
                cases.truncate(limit);
                cases
            };
            phones.iter().flat_map(of_phone).collect()
        })
    }

    fn schedules(&self) -> BoxFuture<'_, Result<Vec<ScheduleRow>, StoreError>> {
        self.read(|tables| tables.schedules.values().cloned().collect())
    }

    fn poll_cursors(&self) -> BoxFuture<'_, Result<Vec<PollCursor>, StoreError>> {
        self.read(|tables| tables.poll_cursors.values().cloned().collect())
    }

    fn greatest_id(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.read(|tables| {
            let instance = tables.instances.last_key_value().map_or(0, |(id, _)| id.0);
            let inbox = tables.inbox.last_key_value().map_or(0, |(id, _)| *id);
            let rejection = tables.rejections.last_key_value().map_or(0, |(id, _)| *id);
            let run = tables.schedule_runs.last_key_value().map_or(0, |(id, _)| *id);
            let sweeps = tables.sweeps.values().map(|sweep| sweep.until.map_or(0, |it| it.0).max(sweep.id.0));
            let sweep = sweeps.max().unwrap_or(0);
            instance.max(inbox).max(rejection).max(run).max(sweep)
        })
    }
}

impl Tables {
    fn next_release(&self) -> Option<Timestamp> {
        let times = self.inbox.values().filter_map(|row| match &row.disposition {
            Disposition::Gathering { release_at: at, .. } | Disposition::Buffered { expires: at, .. } => {
                Some(*at)
            }
            Disposition::Pending
            | Disposition::Gathered { .. }
            | Disposition::Delivered { .. }
            | Disposition::Unmatched { .. } => None,
        });
        times.min()
    }
}
