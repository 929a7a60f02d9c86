//! One turn: what a batch of inputs does to the instances in memory. No `await`, no clock, no store.
//!
//! Inputs of one instance are put together into one row; a panic throws that input away and parks the
//! instance; nothing here is visible to anyone before the commit.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use yiwang_core::case::repeat::RepeatQuery;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::district::District;
use yiwang_core::history::What;
use yiwang_core::lifecycle::Sink;
use yiwang_core::repair::standing;
use yiwang_core::sweep::Sweep;
use yiwang_core::transition::{Ambient, CaseNumbers, Status};
use yiwang_core::{
    Case, CaseNo, Deployment, Effect, EffectId, HistoryEvent, Input, InstanceId, State, Timestamp,
    Transition, Unsent, WorkItem, WorkItemId, step,
};
use yiwang_dsl::Data;

use crate::answers::Answers;
use crate::deployments::{Deployments, workflow_name};
use crate::hot::Instance;
use crate::ids::{Entropy, Ids};
use crate::ports::{
    Batch, Disposition, InboxRow, IncidentRow, InstanceSummary, MessageRow, ScheduleRow, StartKey, Started,
    TurnRow,
};
use crate::request::{Begun, Ended, Ending, Inspection, Reply, Standing, Start};
use crate::schedules::Schedules;
use crate::sweeps::Sweeps;
use crate::{Error, fingerprint, messages};

/// What a turn is made from and what it makes.
pub(crate) struct Turn<'a> {
    pub(crate) now: Timestamp,
    pub(crate) deployments: &'a Deployments,
    pub(crate) ids: &'a mut Ids,
    pub(crate) entropy: &'a mut Entropy,
    pub(crate) case_numbers: &'a mut CaseNumbers,
    /// Instances that cannot go on, and why.
    pub(crate) parked: &'a mut BTreeMap<InstanceId, Parked>,
    /// Where the operator wants lifecycle events.
    pub(crate) lifecycle: Option<&'a Sink>,
    /// The reference data, with what this turn puts.
    pub(crate) district: Arc<District>,
    /// How long an event is buffered.
    pub(crate) buffer_millis: u64,

    /// All instances that this turn may touch.
    pub(crate) working: BTreeMap<InstanceId, Working>,
    /// What is started under the keys of this turn.
    pub(crate) started: BTreeMap<StartKey, Started>,
    /// Who listened before this turn, by key.
    pub(crate) subscribers: BTreeMap<SubscriptionKey, BTreeSet<InstanceId>>,
    /// Which instances have the cases that somebody acts on.
    pub(crate) case_instances: BTreeMap<CaseNo, InstanceId>,
    /// What instances want to know of other cases.
    pub(crate) asks: BTreeMap<InstanceId, RepeatQuery>,
    /// Who began to listen in this turn, and has not yet been offered what is buffered.
    pub(crate) listeners: BTreeSet<InstanceId>,

    pub(crate) batch: Batch,
    /// What the new deployments of the batch compile to.
    pub(crate) deployed: Vec<(Arc<Deployment>, String)>,
    /// New dispositions of stored rows; they go into the batch at the end.
    pub(crate) dispositions: BTreeMap<u64, Disposition>,
    pub(crate) answers: Answers,
    /// Who waits for what the first turn of an instance makes of it.
    pub(crate) begun: Vec<(Begun, Reply<Begun>)>,
    /// Who waits for the end of an instance.
    pub(crate) waits: Vec<(InstanceId, Reply<Ended>)>,
    /// Runs of workflows that rest after each end.
    pub(crate) watched: BTreeMap<InstanceId, String>,
    /// Schedules as they stood before this turn.
    pub(crate) schedules: &'a Schedules,
    /// Sweeps as they stood before this turn.
    pub(crate) sweeps: &'a Sweeps,
    /// Sweeps that were asked for under the keys of this turn.
    pub(crate) sweep_keys: BTreeMap<String, Sweep>,
    /// Sweeps that are to be read for again, and when.
    pub(crate) sweeps_again: Vec<(InstanceId, Timestamp)>,
}

/// Why an instance cannot go on.
#[derive(Clone, Debug)]
pub(crate) struct Parked {
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

/// One instance within a turn.
pub(crate) struct Working {
    pub(crate) instance: Instance,
    pub(crate) moved: bool,
    /// Did a person or an event move it?
    pub(crate) touched: bool,
    start: Option<(StartKey, String)>,
    history: Vec<HistoryEvent>,
    work_items: BTreeMap<WorkItemId, WorkItem>,
    case: Option<Case>,
    subscriptions: Option<Vec<SubscriptionKey>>,
    messages: BTreeMap<EffectId, MessageRow>,
    effects: Vec<Effect>,
    /// Those under way before any step of this turn.
    under_way: BTreeSet<(EffectId, u32)>,
    ending: Option<Ending>,
}

/// What is left of an instance's turn once its row is made.
pub(crate) struct Moved {
    pub(crate) instance: Instance,
    pub(crate) wake_at: Option<Timestamp>,
    pub(crate) effects: Vec<Effect>,
    /// Were under way and are waited for no more, returned or not.
    pub(crate) withdrawn: Vec<(EffectId, u32)>,
    pub(crate) ending: Option<Ending>,
}

impl Working {
    pub(crate) fn new(instance: Instance) -> Self {
        Self {
            instance,
            moved: false,
            touched: false,
            start: None,
            history: Vec::new(),
            work_items: BTreeMap::new(),
            case: None,
            subscriptions: None,
            messages: BTreeMap::new(),
            effects: Vec::new(),
            under_way: BTreeSet::new(),
            ending: None,
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        match self.instance.state.status() {
            Status::Cancelled | Status::Faulted | Status::Completed => true,
            Status::Pending | Status::Running | Status::Waiting | Status::Suspended => false,
        }
    }
}

impl Turn<'_> {
    /// Begins an instance, or finds the one that its key began before.
    pub(crate) fn start(&mut self, start: Start) -> Result<Begun, Error> {
        let Start { workflow, version, key, input, cause } = start;
        let deployment = self.deployments.find(&workflow, version.as_deref());
        let Some(deployment) = deployment else { return Err(Error::UnknownWorkflow { workflow, version }) };
        self.start_deployment(deployment, key, input, cause)
    }

    /// The same for a deployment that is known already.
    pub(crate) fn start_deployment(
        &mut self,
        deployment: Arc<Deployment>,
        key: Option<String>,
        input: Data,
        cause: yiwang_core::input::Cause,
    ) -> Result<Begun, Error> {
        let key = key.map(|key| (key, fingerprint::of(&input)));
        self.begin(deployment, key, Input::Start { input, cause })
    }

    /// A new instance with its first input. The key goes with the hash of what it began with.
    pub(crate) fn begin(
        &mut self,
        deployment: Arc<Deployment>,
        key: Option<(String, String)>,
        first: Input,
    ) -> Result<Begun, Error> {
        let key = key.map(|(key, hash)| {
            let workflow = workflow_name(&deployment.definition.id);
            (StartKey { workflow, key }, hash)
        });
        if let Some((key, hash)) = &key
            && let Some(started) = self.started.get(key)
        {
            return if started.input_hash == *hash {
                Ok(Begun { instance: started.instance, existing: true, standing: None })
            } else {
                Err(Error::StartConflict { key: key.key.clone(), instance: started.instance })
            };
        }
        let id = self.ids.instance(self.now);
        let instance = Instance { deployment, state: State::new(id), rev: 0, bytes: 0 };
        self.working.insert(id, Working::new(instance));
        if let Err(error) = self.apply(id, first) {
            self.working.remove(&id);
            return Err(error);
        }
        if let Some((key, input_hash)) = key {
            self.started.insert(key.clone(), Started { instance: id, input_hash: input_hash.clone() });
            if let Some(working) = self.working.get_mut(&id) {
                working.start = Some((key, input_hash));
            }
        }
        Ok(Begun { instance: id, existing: false, standing: None })
    }

    /// Registers somebody who waits for the end of an instance.
    pub(crate) fn wait(&mut self, instance: InstanceId, reply: Reply<Ended>) {
        let working = self.working.get(&instance);
        if let Some(parked) = self.parked.get(&instance) {
            let error = parked.error(instance);
            self.answers.later(reply, Err(error));
        } else if working.is_none() {
            self.answers.later(reply, Err(Error::UnknownInstance(instance)));
        } else if working.is_some_and(|it| it.has_ended() && !it.moved) {
            self.answers.later(reply, Err(Error::EndedBefore(instance)));
        } else {
            self.waits.push((instance, reply));
        }
    }

    /// Does one input. `Err`: nothing changed, but for a line about a forbidden attempt.
    pub(crate) fn apply(&mut self, id: InstanceId, input: Input) -> Result<Data, Error> {
        // Time and results of effects are not what keeps a case from being forgotten.
        let touches = !matches!(
            input,
            Input::Wake | Input::EffectDone { .. } | Input::ChildStarted { .. } | Input::Abandoned { .. }
        );
        let reply = self.apply_untouched(id, input)?;
        if let Some(working) = self.working.get_mut(&id) {
            working.touched |= touches;
        }
        Ok(reply)
    }

    /// The same for what neither a person nor an event does.
    pub(crate) fn apply_untouched(&mut self, id: InstanceId, input: Input) -> Result<Data, Error> {
        let operator = matches!(input, Input::Operator { .. } | Input::Repair { .. });
        let wake = matches!(input, Input::Wake);
        let to = if let Input::Repair { to, .. } = &input { to.clone() } else { None };
        if let Some(parked) = self.parked.get(&id).filter(|parked| !(operator && parked.may_go_on())) {
            return Err(parked.error(id));
        }
        let Some(working) = self.working.get_mut(&id) else { return Err(Error::UnknownInstance(id)) };
        // The first input of a turn needs no copy: the state before it is in the store.
        let backup = working.moved.then(|| working.instance.state.clone());
        let before = working.instance.state.outstanding_effects();
        let unsent = working.instance.state.unsent();
        let wake_at = working.instance.state.wake_at();
        let ambient = Ambient {
            instance: id,
            now: self.now,
            entropy: self.entropy.next(),
            case_numbers: self.case_numbers,
            lifecycle: self.lifecycle,
            district: &self.district,
        };
        let Instance { deployment, state, .. } = &mut working.instance;
        match catch_unwind(AssertUnwindSafe(|| step(deployment, state, input, ambient))) {
            Ok(Ok(mut transition)) => {
                self.parked.remove(&id);
                if let Some(to) = to.filter(|to| state.definition() == Some(&to.hash)) {
                    *deployment = to;
                }
                let refused = transition.refused.take();
                // A wake-up that fires nothing is the only input that changes nothing.
                let idle = wake && transition.history.is_empty() && state.wake_at() == wake_at;
                working.moved |= !idle;
                let reply = self.absorb(id, &before, &unsent, transition);
                // What is committed then is the line about the attempt.
                refused.map_or(Ok(reply), |refusal| Err(Error::Refused(refusal)))
            }
            Ok(Err(refusal)) => Err(Error::Refused(refusal)),
            Err(panic) => {
                match backup {
                    Some(state) => working.instance.state = state,
                    None => {
                        self.working.remove(&id);
                    }
                }
                let detail = panic_text(&*panic);
                tracing::error!(instance = %id, detail, "an instance panicked");
                Err(self.park(id, "instance.panicked", detail))
            }
        }
    }

    /// Where an instance stands.
    pub(crate) fn inspect(&self, id: InstanceId) -> Result<Inspection, Error> {
        if let Some(parked) = self.parked.get(&id).filter(|parked| !parked.may_go_on()) {
            return Err(parked.error(id));
        }
        let Some(working) = self.working.get(&id) else { return Err(Error::UnknownInstance(id)) };
        let Instance { deployment, state, .. } = &working.instance;
        let standing = standing(deployment, state);
        Ok(Inspection { deployment: Arc::clone(deployment), status: state.status(), standing })
    }

    /// Time has passed for this instance.
    pub(crate) fn wake(&mut self, id: InstanceId) {
        if let Err(error) = self.apply(id, Input::Wake) {
            tracing::debug!(instance = %id, %error, "a timer came to nothing");
        }
        let stuck = self.working.get(&id).is_some_and(|working| {
            !working.moved && working.instance.state.wake_at().is_some_and(|at| at <= self.now)
        });
        if stuck {
            // It would be woken again and again.
            let detail = "a timer is due, but firing it changes nothing".to_owned();
            tracing::error!(instance = %id, "{detail}");
            self.park(id, "instance.stuck", detail);
        }
    }

    /// Calendars that this instance waits for have new editions.
    pub(crate) fn renew(&mut self, id: InstanceId) {
        if let Err(error) = self.apply(id, Input::CalendarsChanged) {
            tracing::warn!(instance = %id, %error, "due times were not worked out again");
        }
    }

    /// Notes that an instance cannot go on, with an incident.
    pub(crate) fn park(&mut self, id: InstanceId, code: &'static str, detail: String) -> Error {
        let at = self.now;
        self.batch.incidents.push(IncidentRow {
            instance: id,
            code: code.to_owned(),
            detail: detail.clone(),
            at,
        });
        let parked = Parked { code, detail };
        let error = parked.error(id);
        self.parked.insert(id, parked);
        error
    }

    /// Adds what a step did to what its instance did before in this turn.
    fn absorb(
        &mut self,
        id: InstanceId,
        before: &[Effect],
        unsent: &[Unsent],
        transition: Transition,
    ) -> Data {
        let Some(working) = self.working.get_mut(&id) else { return Data::null() };
        working.under_way.extend(before.iter().map(|effect| (effect.id, effect.attempt)));
        let Instance { state, .. } = &working.instance;
        working.messages.extend(messages::rows(unsent, state, &transition, self.now));
        let Transition {
            history,
            effects,
            published,
            work_items,
            case,
            subscriptions,
            asks,
            reply,
            refused: _,
        } = transition;
        if let Some(query) = asks {
            self.asks.insert(id, query);
        }
        let listens = history.iter().any(|line| matches!(line.what, What::Listening { .. }));
        if let Some(keys) = &subscriptions {
            for key in keys {
                self.subscribers.entry(*key).or_default().insert(id);
            }
        }
        if (listens || subscriptions.is_some()) && !state.subscriptions().is_empty() {
            self.listeners.insert(id);
        }
        for line in &history {
            match &line.what {
                What::Completed { output } => working.ending = Some(Ending::Completed(output.clone())),
                What::Faulted { error } => {
                    working.ending = Some(Ending::Faulted(error.clone()));
                    self.batch.incidents.push(IncidentRow {
                        instance: id,
                        code: "instance.faulted".to_owned(),
                        detail: fault_text(error),
                        at: self.now,
                    });
                }
                What::Cancelled => working.ending = Some(Ending::Cancelled),
                // An operator may bring an ended instance back to life.
                What::OperatorActed { .. } => working.ending = None,
                _ => {}
            }
        }
        working.history.extend(history);
        working.effects.extend(effects);
        working.work_items.extend(work_items.into_iter().map(|item| (item.id, item)));
        working.case = case.or(working.case.take());
        working.subscriptions = subscriptions.or(working.subscriptions.take());
        for event in published {
            let row = InboxRow {
                id: self.ids.next(self.now),
                event: Arc::new(event),
                arrived: self.now,
                disposition: Disposition::Pending,
            };
            self.batch.arrivals.push(row);
        }
        reply
    }

    /// A schedule has been handled up to this time.
    pub(crate) fn schedule_fired(&mut self, row: ScheduleRow) {
        self.batch.schedules.retain(|other| other.workflow != row.workflow);
        self.batch.schedules.push(row);
    }

    /// Makes the rows of all that moved.
    pub(crate) fn finish(mut self) -> Finished {
        self.batch.now = self.now;
        self.note_ends();
        self.batch.dispositions = std::mem::take(&mut self.dispositions).into_iter().collect();
        let mut moved = BTreeMap::new();
        let mut untouched = Vec::new();
        for (id, working) in std::mem::take(&mut self.working) {
            if !working.moved {
                untouched.push((id, working.instance));
                continue;
            }
            let (row, rest) = working.into_row(id);
            self.batch.turns.push(row);
            moved.insert(id, rest);
        }
        for (mut begun, reply) in std::mem::take(&mut self.begun) {
            if !begun.existing {
                begun.standing = self.standing(begun.instance, &moved).map(Box::new);
            }
            self.answers.later(reply, Ok(begun));
        }
        // Only the incidents of this turn that still hold.
        let faulted: BTreeSet<InstanceId> = self
            .batch
            .turns
            .iter()
            .filter(|row| row.status == Status::Faulted)
            .map(|row| row.instance)
            .collect();
        self.batch.incidents.retain(|row| row.code != "instance.faulted" || faulted.contains(&row.instance));
        let Self { batch, deployed, answers, waits, district, sweeps_again, .. } = self;
        let district = (!batch.references.is_empty()).then_some(district);
        Finished { batch, deployed, district, moved, untouched, answers, waits, sweeps_again }
    }

    /// What its first turn, whose row is made, makes of an instance.
    fn standing(&self, id: InstanceId, moved: &BTreeMap<InstanceId, Moved>) -> Option<Standing> {
        let moved = moved.get(&id)?;
        // The rows are in the order of instances.
        let at = self.batch.turns.binary_search_by_key(&id, |row| row.instance).ok()?;
        let row = &self.batch.turns[at];
        let summary = InstanceSummary {
            id,
            workflow: row.workflow.clone(),
            status: row.status,
            rev: row.rev,
            wake_at: row.wake_at,
            case_no: moved.instance.state.case().map(|case| case.no.clone()),
            start_key: row.start.as_ref().map(|(key, _)| key.key.clone()),
            updated: self.now,
        };
        Some(Standing { summary, ending: moved.ending.clone() })
    }
}

/// A turn that is ready to be committed.
pub(crate) struct Finished {
    pub(crate) batch: Batch,
    pub(crate) deployed: Vec<(Arc<Deployment>, String)>,
    /// The reference data with what this turn puts, if it puts some.
    pub(crate) district: Option<Arc<District>>,
    pub(crate) moved: BTreeMap<InstanceId, Moved>,
    pub(crate) untouched: Vec<(InstanceId, Instance)>,
    pub(crate) answers: Answers,
    pub(crate) waits: Vec<(InstanceId, Reply<Ended>)>,
    pub(crate) sweeps_again: Vec<(InstanceId, Timestamp)>,
}

impl Working {
    fn into_row(self, id: InstanceId) -> (TurnRow, Moved) {
        let mut instance = self.instance;
        instance.rev += 1;
        let state = serde_json::to_vec(&instance.state).expect("a state is made of JSON values only");
        let pending = instance.state.pending_effects();
        let wake_at = instance.state.wake_at();
        instance.bytes = state.len();
        let row = TurnRow {
            instance: id,
            rev: instance.rev,
            deployment: instance.deployment.hash.clone(),
            workflow: instance.deployment.definition.id.clone(),
            start: self.start,
            status: instance.state.status(),
            wake_at,
            in_flight: !pending.is_empty(),
            state,
            history: self.history,
            work_items: self.work_items.into_values().collect(),
            case: self.case,
            subscriptions: self.subscriptions,
            messages: self.messages.into_values().collect(),
            touched: self.touched,
        };
        // What a later input of the same turn withdrew is not begun.
        let wanted = |effect: &Effect| {
            pending.iter().any(|other| other.id == effect.id && other.attempt == effect.attempt)
        };
        let effects = self.effects.into_iter().filter(wanted).collect();
        let mut withdrawn: Vec<_> = self.under_way.into_iter().collect();
        withdrawn.retain(|(id, attempt)| {
            !pending.iter().any(|other| other.id == *id && other.attempt == *attempt)
        });
        (row, Moved { instance, wake_at, effects, withdrawn, ending: self.ending })
    }
}

impl Parked {
    pub(crate) fn error(&self, instance: InstanceId) -> Error {
        Error::Incident { instance, code: self.code, detail: self.detail.clone() }
    }

    /// May an operator try again? Not when there is nothing to try it with.
    pub(crate) fn may_go_on(&self) -> bool {
        matches!(self.code, "instance.panicked" | "instance.stuck")
    }
}

fn fault_text(fault: &yiwang_dsl::Fault) -> String {
    let kind = fault.r#type.rsplit('/').next().unwrap_or_default();
    let text = fault.detail.as_deref().or(fault.title.as_deref()).unwrap_or_default();
    format!("{kind} at {}: {text}", fault.instance)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}
