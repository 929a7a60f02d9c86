//! What a turn needs of the store, read before it begins: at most one row per instance, one look-up per
//! kind of question.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::effect::Action;
use yiwang_core::sweep::Sweep;
use yiwang_core::{CaseNo, Event, InstanceId, State};

use crate::deployments::{Deployments, workflow_name};
use crate::family;
use crate::hot::Instance;
use crate::ports::{InboxRow, Loaded, StartKey, Started, Store, StoreError};
use crate::request::{Request, StartReply, SweepAct};
use crate::routing::{self, Route};
use crate::schedules::{self, Fired, Schedules};
use crate::scheduling::{self, ScheduleCommand};
use crate::sweeps::Sweeps;
use crate::turn::Parked;
use crate::{sessions, sweeping};

/// What the engine does by itself in this turn, besides what it is asked.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Instances whose timers have come.
    pub(crate) wakes: Vec<InstanceId>,
    /// Schedules that fire.
    pub(crate) fired: Vec<Fired>,
    /// Inbox rows to be routed.
    pub(crate) rows: Vec<InboxRow>,
    /// Instances with due times to be worked out again.
    pub(crate) renewals: Vec<InstanceId>,
}

/// The answers of the store.
#[derive(Default)]
pub(crate) struct Prepared {
    /// Start keys that are taken.
    pub(crate) started: BTreeMap<StartKey, Started>,
    /// Events that came before: (source, id) → row.
    pub(crate) known: BTreeMap<(String, String), u64>,
    /// Parts of the sessions that new events belong to.
    pub(crate) gathering: Vec<InboxRow>,
    /// All parts of the sessions that close now.
    pub(crate) closing: Vec<InboxRow>,
    pub(crate) subscribers: BTreeMap<SubscriptionKey, BTreeSet<InstanceId>>,
    /// Which instances have the cases that somebody acts on.
    pub(crate) case_instances: BTreeMap<CaseNo, InstanceId>,
    /// Routes of pending rows, by row.
    pub(crate) routes: BTreeMap<u64, Route>,
    /// Routes of events that are not stored yet, by source and id.
    pub(crate) new_routes: BTreeMap<(String, String), Route>,
    /// Instances in memory that the turn may touch.
    pub(crate) hot: Vec<InstanceId>,
    /// Stored instances that the turn may touch.
    pub(crate) instances: Vec<(InstanceId, Instance)>,
    /// Stored instances that cannot be read.
    pub(crate) unreadable: Vec<(InstanceId, Parked)>,
    /// Sweeps that were asked for under the keys of this turn.
    pub(crate) sweep_keys: BTreeMap<String, Sweep>,
}

/// What is held beside the instances, and says more about what a turn needs.
pub(crate) struct Beside<'a> {
    pub(crate) sweeps: &'a Sweeps,
    pub(crate) schedules: &'a Schedules,
}

/// Reads all that the requests and the due things need. `hot` says which instances are in memory.
pub(crate) async fn prepare(
    store: &dyn Store,
    deployments: &Deployments,
    requests: &[Request],
    due: &Due,
    beside: &Beside<'_>,
    is_hot: &(dyn Fn(InstanceId) -> bool + Sync),
) -> Result<Prepared, StoreError> {
    let mut prepared = Prepared::default();
    prepared.read_sessions(store, requests, &due.rows).await?;
    let merged = sessions::by_session(prepared.closing.clone());
    let merged: Vec<Arc<Event>> =
        merged.values().filter_map(|parts| sessions::merge(parts)).map(Arc::new).collect();
    prepared.read_known(store, requests, &merged).await?;
    prepared.make_routes(deployments, requests, due, merged);
    prepared.read_started(store, deployments, requests, &due.fired, beside).await?;
    prepared.read_sweep_keys(store, requests).await?;
    prepared.read_subscribers(store).await?;
    prepared.read_cases(store, requests).await?;
    let ids = prepared.instances_needed(requests, due, beside);
    let (hot, cold): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| is_hot(*id));
    prepared.hot = hot;
    if !cold.is_empty() {
        for loaded in store.load(cold).await? {
            prepared.add(deployments, loaded);
        }
    }
    Ok(prepared)
}

impl Prepared {
    async fn read_sessions(
        &mut self,
        store: &dyn Store,
        requests: &[Request],
        rows: &[InboxRow],
    ) -> Result<(), StoreError> {
        let named: BTreeSet<String> = incoming(requests).filter_map(sessions::name).collect();
        if !named.is_empty() {
            self.gathering = store.gathering(named.into_iter().collect()).await?;
        }
        let due: BTreeSet<_> = sessions::by_session(rows.to_vec()).into_keys().collect();
        if !due.is_empty() {
            let names: BTreeSet<String> = due.iter().map(|(_, name)| name.clone()).collect();
            let parts = store.gathering(names.into_iter().collect()).await?;
            let parts = sessions::by_session(parts).into_iter().filter(|(session, _)| due.contains(session));
            self.closing = parts.flat_map(|(_, parts)| parts).collect();
        }
        Ok(())
    }

    async fn read_known(
        &mut self,
        store: &dyn Store,
        requests: &[Request],
        merged: &[Arc<Event>],
    ) -> Result<(), StoreError> {
        let events = incoming(requests).map(|it| &it.event).chain(merged.iter().map(|event| &**event));
        let ids: BTreeSet<(String, String)> = events.map(name).collect();
        if !ids.is_empty() {
            let rows = store.known(ids.into_iter().collect()).await?;
            self.known = rows.into_iter().map(|row| (name(&row.event), row.id)).collect();
        }
        Ok(())
    }

    fn make_routes(
        &mut self,
        deployments: &Deployments,
        requests: &[Request],
        due: &Due,
        merged: Vec<Arc<Event>>,
    ) {
        let route = |inbox: u64, event: Arc<Event>| Route {
            inbox,
            starts: deployments.starts(&event),
            gatherers: deployments.gatherers(&event),
            keys: deployments.keys(&event),
            event,
        };
        for row in &due.rows {
            if matches!(row.disposition, crate::ports::Disposition::Pending) {
                self.routes.insert(row.id, route(row.id, Arc::clone(&row.event)));
            }
        }
        let new = incoming(requests).filter(|it| it.session.is_none()).map(|it| Arc::new(it.event.clone()));
        for event in merged.into_iter().chain(new) {
            let name = name(&event);
            if !self.known.contains_key(&name) && !self.new_routes.contains_key(&name) {
                self.new_routes.insert(name, route(0, event));
            }
        }
    }

    async fn read_started(
        &mut self,
        store: &dyn Store,
        deployments: &Deployments,
        requests: &[Request],
        fired: &[Fired],
        beside: &Beside<'_>,
    ) -> Result<(), StoreError> {
        let mut keys = BTreeSet::new();
        for request in requests {
            if let Request::Start { start, .. } = request
                && let Some(key) = &start.key
                && deployments.find(&start.workflow, None).is_some()
            {
                keys.insert(StartKey { workflow: start.workflow.clone(), key: key.clone() });
            }
            if let Request::Internal { effect } = request {
                keys.extend(family::start_key(effect));
            }
            if let Request::SweepRead(read) = request
                && let Some(open) = beside.sweeps.get(read.sweep)
            {
                keys.extend(sweeping::start_keys(open, read));
            }
            if let Request::Schedule { act, .. } = request
                && let ScheduleCommand::Run { key } = &act.command
            {
                keys.insert(StartKey { workflow: act.workflow.clone(), key: scheduling::start_key(key) });
            }
        }
        for route in self.routes.values().chain(self.new_routes.values()) {
            let starts = route.starts.iter().map(|(deployment, _)| deployment);
            for deployment in starts.chain(&route.gatherers) {
                let workflow = workflow_name(&deployment.definition.id);
                keys.insert(StartKey { workflow, key: routing::start_key(&route.event) });
            }
        }
        for fired in fired {
            let workflow = &fired.workflow;
            let planned = fired.starts.iter().map(|planned| schedules::start_key(*planned));
            keys.extend(planned.map(|key| StartKey { workflow: workflow.clone(), key }));
        }
        if !keys.is_empty() {
            self.started = store.started(keys.into_iter().collect()).await?.into_iter().collect();
        }
        Ok(())
    }

    async fn read_sweep_keys(&mut self, store: &dyn Store, requests: &[Request]) -> Result<(), StoreError> {
        for request in requests {
            let key = match request {
                Request::Sweep { act: SweepAct::Begin(wanted), .. } => wanted.key.clone(),
                Request::Internal { effect } if matches!(effect.action, Action::Sweep { .. }) => {
                    sweeping::effect_key(effect.id)
                }
                _ => continue,
            };
            if let Some(sweep) = store.sweep_of_key(key.clone()).await? {
                self.sweep_keys.insert(key, sweep);
            }
        }
        Ok(())
    }

    async fn read_subscribers(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let routes = self.routes.values().chain(self.new_routes.values());
        let keys: BTreeSet<_> = routes.flat_map(|route| route.keys.iter().copied()).collect();
        if !keys.is_empty() {
            for (key, instance) in store.subscribers(keys.into_iter().collect()).await? {
                self.subscribers.entry(key).or_default().insert(instance);
            }
        }
        Ok(())
    }

    async fn read_cases(&mut self, store: &dyn Store, requests: &[Request]) -> Result<(), StoreError> {
        let mut numbers: BTreeSet<CaseNo> = BTreeSet::new();
        for request in requests {
            match request {
                Request::Case { act, .. } => {
                    numbers.insert(act.no.clone());
                    numbers.extend(act.command.other().cloned());
                }
                Request::Internal { effect } => numbers.extend(family::case_no(effect).cloned()),
                _ => {}
            }
        }
        if !numbers.is_empty() {
            self.case_instances =
                store.case_instances(numbers.into_iter().collect()).await?.into_iter().collect();
        }
        Ok(())
    }

    fn instances_needed(&self, requests: &[Request], due: &Due, beside: &Beside<'_>) -> BTreeSet<InstanceId> {
        let mut ids: BTreeSet<InstanceId> = due.wakes.iter().chain(&due.renewals).copied().collect();
        ids.extend(self.subscribers.values().flatten());
        ids.extend(due.fired.iter().filter_map(|fired| fired.unless_active));
        ids.extend(self.case_instances.values());
        for request in requests {
            match request {
                Request::WorkItem { act, .. } => {
                    ids.insert(act.item.instance);
                }
                Request::Operator { act, .. } => {
                    ids.insert(act.instance);
                }
                Request::Repair { act, .. } => {
                    ids.insert(act.instance);
                }
                Request::Inspect { instance, .. } | Request::PreviewMigration { instance, .. } => {
                    ids.insert(*instance);
                }
                Request::EffectDone { effect, .. } => {
                    ids.insert(effect.instance);
                }
                Request::Internal { effect } => {
                    ids.insert(effect.id.instance);
                    ids.extend(family::other(effect));
                }
                Request::Start { start, reply: StartReply::End(_) | StartReply::Both(..) } => {
                    let key = start.key.clone().map(|key| StartKey { workflow: start.workflow.clone(), key });
                    let started = key.and_then(|key| self.started.get(&key));
                    ids.extend(started.map(|started| started.instance));
                }
                Request::Wait { instance, .. } => {
                    ids.insert(*instance);
                }
                Request::SweepRead(read) => ids.extend(read.instances()),
                Request::Sweep { act: SweepAct::Cancel { id, .. }, .. } => {
                    let waiter = beside.sweeps.get(*id).and_then(|open| open.sweep.waiter);
                    ids.extend(waiter.map(|(effect, _)| effect.instance));
                }
                Request::Schedule { act, .. } => {
                    ids.extend(beside.schedules.standing(&act.workflow).and_then(|(_, row)| row.run));
                }
                Request::Sweep { act: SweepAct::Begin(_) | SweepAct::Approve { .. }, .. }
                | Request::Start { reply: StartReply::Begin(_), .. }
                | Request::Case { .. }
                | Request::Deploy { .. }
                | Request::Publish { .. }
                | Request::PutReference { .. }
                | Request::Reject { .. } => {}
            }
        }
        ids
    }

    fn add(&mut self, deployments: &Deployments, loaded: Loaded) {
        let id = loaded.instance;
        match readable(deployments, loaded) {
            Ok(instance) => self.instances.push((id, instance)),
            Err(parked) => {
                tracing::error!(instance = %id, code = parked.code, parked.detail, "unreadable");
                self.unreadable.push((id, parked));
            }
        }
    }
}

/// A stored instance, or why it cannot go on.
pub(crate) fn readable(deployments: &Deployments, loaded: Loaded) -> Result<Instance, Parked> {
    let corrupt = |detail: String| Parked { code: "instance.corrupt", detail };
    let bytes = loaded.state.map_err(corrupt)?;
    let bytes_len = bytes.len();
    let state: State = serde_json::from_slice(&bytes)
        .map_err(|error| corrupt(format!("its snapshot is not readable: {error}")))?;
    let deployment = deployments
        .pinned(&loaded.deployment)
        .map_err(|detail| Parked { code: "instance.unknown-definition", detail })?;
    Ok(Instance { deployment: Arc::clone(deployment), state, rev: loaded.rev, bytes: bytes_len })
}

/// All new events, in order.
fn incoming(requests: &[Request]) -> impl Iterator<Item = &crate::ports::IncomingEvent> {
    let published = requests.iter().filter_map(|request| match request {
        Request::Publish { intake, .. } => Some(&intake.events),
        _ => None,
    });
    published.flatten()
}

/// What an event is unique by.
pub(crate) fn name(event: &Event) -> (String, String) {
    (event.source.clone(), event.id.clone())
}
