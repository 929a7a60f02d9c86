//! Who gets an event: the definitions it starts, the instances that listen to it, or nobody yet.
//!
//! ```text
//! arrived ──► starts, takers ──► Delivered
//!        └──► nobody, but somebody could listen ──► Buffered ──► offered to each new listener, oldest first
//!        └──► nobody could ──► Unmatched, with the reason
//! ```
//! Whether an instance really wants an event is decided by its own step; a look-up only says whom to ask.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;

use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::input::Cause;
use yiwang_core::transition::RefusalKind;
use yiwang_core::{Deployment, Event, Input, InstanceId};
use yiwang_dsl::Data;

use crate::deployments::workflow_name;
use crate::ports::{Disposition, InboxRow};
use crate::turn::Turn;
use crate::{Error, fingerprint};

/// An event with all that is needed to route it.
pub(crate) struct Route {
    /// Its row, in the store or among this turn's arrivals.
    pub(crate) inbox: u64,
    pub(crate) event: Arc<Event>,
    /// What it starts.
    pub(crate) starts: Vec<(Arc<Deployment>, Data)>,
    /// Which put it into a set that an instance begins with.
    pub(crate) gatherers: Vec<Arc<Deployment>>,
    /// Where its takers may stand.
    pub(crate) keys: Vec<SubscriptionKey>,
}

/// The start key of an instance that an event begins.
pub(crate) fn start_key(event: &Event) -> String {
    format!("event:{}:{}", event.source, event.id)
}

impl Turn<'_> {
    /// Routes events in order. One whose taker has just begun to listen stays in the queue: what is
    /// buffered for that taker is older and comes first.
    pub(crate) fn route_all(&mut self, routes: &mut VecDeque<Route>) {
        let mut postponed = VecDeque::new();
        while let Some(route) = routes.pop_front() {
            let candidates = self.candidates(&route.keys);
            if candidates.is_disjoint(&self.listeners) {
                self.route(route, candidates);
            } else {
                postponed.push_back(route);
            }
        }
        *routes = postponed;
    }

    fn candidates(&self, keys: &[SubscriptionKey]) -> BTreeSet<InstanceId> {
        keys.iter().filter_map(|key| self.subscribers.get(key)).flatten().copied().collect()
    }

    fn route(&mut self, route: Route, candidates: BTreeSet<InstanceId>) {
        let Route { inbox, event, starts, gatherers, keys } = route;
        let mut takers = BTreeSet::new();
        let mut reason = None;
        for (deployment, input) in starts {
            let cause = Cause::Events { events: vec![(event.source.clone(), event.id.clone())] };
            match self.start_deployment(deployment, Some(start_key(&event)), input, cause) {
                Ok(started) => {
                    takers.insert(started.instance);
                }
                // An event is unique by source and id: what its key began, it began.
                Err(Error::StartConflict { instance, .. }) => {
                    takers.insert(instance);
                }
                Err(error) => {
                    tracing::warn!(event = event.id, source = event.source, %error, "not started");
                    reason = Some(format!("{}: {error}", error.code()));
                }
            }
        }
        // An event belongs to one set of a workflow: the oldest that wants it.
        let mut gathered = BTreeSet::new();
        for id in candidates {
            let gathers = self.gathers(id);
            if gathers.as_ref().is_some_and(|workflow| gathered.contains(workflow)) {
                continue;
            }
            match self.apply(id, Input::Event(Arc::clone(&event))) {
                Ok(_) => {
                    takers.insert(id);
                    gathered.extend(gathers);
                }
                Err(Error::Refused(refusal)) if refusal.kind == RefusalKind::NotExpected => {}
                Err(error) => {
                    tracing::warn!(instance = %id, event = event.id, %error, "an event was not taken");
                    reason = Some(format!("{}: {error}", error.code()));
                }
            }
        }
        for deployment in gatherers {
            if gathered.contains(&workflow_name(&deployment.definition.id)) {
                continue;
            }
            match self.begin_gathering(deployment, &event) {
                Ok(instance) => {
                    takers.insert(instance);
                }
                Err(error) => {
                    tracing::warn!(event = event.id, source = event.source, %error, "not gathered");
                    reason = Some(format!("{}: {error}", error.code()));
                }
            }
        }
        let disposition = if !takers.is_empty() {
            Disposition::Delivered { instances: takers.into_iter().collect() }
        } else if !keys.is_empty() {
            Disposition::Buffered { keys, expires: self.now.plus_millis(self.buffer_millis) }
        } else {
            let nobody = || format!("no workflow waits for events of the type {}", event.r#type);
            Disposition::Unmatched { reason: reason.unwrap_or_else(nobody) }
        };
        self.dispose(inbox, disposition);
    }

    /// The workflow of an instance that gathers the events it is to begin with.
    fn gathers(&self, id: InstanceId) -> Option<String> {
        let instance = &self.working.get(&id)?.instance;
        instance.state.is_gathering().then(|| workflow_name(&instance.deployment.definition.id))
    }

    /// A new instance, with the first event of its set.
    fn begin_gathering(
        &mut self,
        deployment: Arc<Deployment>,
        event: &Arc<Event>,
    ) -> Result<InstanceId, Error> {
        let key = Some((start_key(event), fingerprint::of(&event.data)));
        match self.begin(deployment, key, Input::Event(Arc::clone(event))) {
            Ok(begun) => Ok(begun.instance),
            Err(Error::StartConflict { instance, .. }) => Ok(instance),
            Err(error) => Err(error),
        }
    }

    /// Notes what became of a row, whether it is stored already or comes with this turn.
    pub(crate) fn dispose(&mut self, inbox: u64, disposition: Disposition) {
        match self.arrival(inbox) {
            Some(at) => self.batch.arrivals[at].disposition = disposition,
            None => {
                self.dispositions.insert(inbox, disposition);
            }
        }
    }

    /// Where a row stands among this turn's arrivals: their ids grow.
    fn arrival(&self, inbox: u64) -> Option<usize> {
        self.batch.arrivals.binary_search_by_key(&inbox, |row| row.id).ok()
    }

    /// The keys that new listeners wait under: what is buffered there is to be offered.
    pub(crate) fn keys_to_offer(&self) -> Vec<SubscriptionKey> {
        let working = self.listeners.iter().filter_map(|id| self.working.get(id));
        let keys: BTreeSet<_> = working.flat_map(|it| it.instance.state.subscriptions()).collect();
        keys.into_iter().collect()
    }

    /// Offers buffered events to those who began to listen in this turn: each to the first who takes it.
    /// `stored` is what the store holds under [`Turn::keys_to_offer`], oldest first.
    pub(crate) fn offer(&mut self, stored: &[InboxRow]) {
        // Events that came in this very turn are the youngest.
        let arrived = self.batch.arrivals.iter().filter(|row| is_buffered(&row.disposition)).cloned();
        let rows: Vec<InboxRow> = stored.iter().cloned().chain(arrived).collect();
        for id in std::mem::take(&mut self.listeners) {
            for row in &rows {
                let Disposition::Buffered { keys, .. } = &row.disposition else { continue };
                if !self.is_still_buffered(row.id) {
                    continue;
                }
                let Some(working) = self.working.get(&id) else { break };
                let wanted = working.instance.state.subscriptions();
                if !keys.iter().any(|key| wanted.contains(key)) {
                    continue;
                }
                match self.apply(id, Input::Event(Arc::clone(&row.event))) {
                    Ok(_) => self.dispose(row.id, Disposition::Delivered { instances: vec![id] }),
                    Err(Error::Refused(_)) => {}
                    Err(error) => {
                        tracing::warn!(instance = %id, %error, "a buffered event was not taken");
                        break;
                    }
                }
            }
        }
    }

    fn is_still_buffered(&self, inbox: u64) -> bool {
        match self.dispositions.get(&inbox) {
            Some(disposition) => is_buffered(disposition),
            None => {
                let arrived = self.arrival(inbox).map(|at| &self.batch.arrivals[at]);
                arrived.is_none_or(|row| is_buffered(&row.disposition))
            }
        }
    }
}

fn is_buffered(disposition: &Disposition) -> bool {
    match disposition {
        Disposition::Buffered { .. } => true,
        Disposition::Pending
        | Disposition::Gathering { .. }
        | Disposition::Gathered { .. }
        | Disposition::Delivered { .. }
        | Disposition::Unmatched { .. } => false,
    }
}
