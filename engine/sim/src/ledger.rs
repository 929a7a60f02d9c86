//! What is durable, told by the store at the moment of each commit, and what must then hold.
//!
//! The ledger stands beside the disk: it sees every batch that was written, in order, and every effect that was
//! begun. It knows no engine and no client.

use std::collections::{BTreeMap, BTreeSet};

use yiwang_core::case::CaseCommand;
use yiwang_core::effect::{Action, Request};
use yiwang_core::history::What;
use yiwang_core::input::{Cause, EffectOutcome};
use yiwang_core::sweep::Sweep;
use yiwang_core::transition::Status;
use yiwang_core::{Case, CaseNo, EffectId, HistoryEvent, InstanceId, State, Timestamp, WorkItem, WorkItemId};
use yiwang_runtime::nodes::Stay;
use yiwang_runtime::ports::{Batch, Delivery, InboxRow, ServiceCall, TurnRow};
use yiwang_runtime::workflow_name;

use crate::epochs::Epochs;
use crate::violation::{Check, Violation};

/// The name of an event: source and id.
pub(crate) type EventName = (String, String);

/// All that has been written.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) step: usize,
    pub(crate) commits: u64,
    pub(crate) lives: BTreeMap<InstanceId, Life>,
    /// (workflow, key) → instance.
    pub(crate) started: BTreeMap<(String, String), InstanceId>,
    pub(crate) inbox: BTreeMap<u64, InboxRow>,
    pub(crate) events: BTreeMap<EventName, u64>,
    /// What clients write into their acts, and where it stands in history.
    pub(crate) marks: BTreeMap<String, Vec<(InstanceId, u64)>>,
    pub(crate) claims: BTreeMap<(WorkItemId, String), u32>,
    pub(crate) items: BTreeMap<WorkItemId, WorkItem>,
    pub(crate) cases: BTreeMap<InstanceId, Case>,
    pub(crate) deployments: BTreeSet<(String, String)>,
    pub(crate) references: BTreeSet<(String, u32)>,
    pub(crate) sweeps: BTreeMap<InstanceId, Sweep>,
    pub(crate) violations: Vec<Violation>,
    /// Where several machines share the store.
    pub(crate) epochs: Epochs,
    numbers: BTreeMap<CaseNo, InstanceId>,
    causes: BTreeMap<String, InstanceId>,
    targets: BTreeSet<(InstanceId, InstanceId, u32)>,
    owed: BTreeMap<EffectId, Owed>,
    /// What a message says → the effect that says it.
    said: BTreeMap<String, EffectId>,
}

/// One instance, as it was written.
pub(crate) struct Life {
    pub(crate) workflow: String,
    pub(crate) rev: u64,
    pub(crate) status: Status,
    pub(crate) wake_at: Option<Timestamp>,
    pub(crate) state: Vec<u8>,
    pub(crate) history: Vec<HistoryEvent>,
    /// Timers that history has set and not seen fire.
    timers: Vec<SetTimer>,
    /// An operator has tried again: its timers were put off.
    retried: bool,
    /// It may have been faulted for a while, in which its timers stood still.
    put_off: bool,
    taken: BTreeSet<EventName>,
}

struct SetTimer {
    task: Option<String>,
    purpose: String,
    due: Timestamp,
}

/// An effect that was requested of the outside.
struct Owed {
    content: String,
    /// Attempts that were requested.
    attempts: BTreeSet<u32>,
    begun: u32,
}

impl Life {
    /// Is there nothing left that it does by itself or for others?
    pub(crate) fn has_ended(&self) -> bool {
        match self.status {
            Status::Cancelled | Status::Faulted | Status::Completed => true,
            Status::Pending | Status::Running | Status::Waiting | Status::Suspended => false,
        }
    }
}

impl Ledger {
    pub(crate) fn violate(&mut self, check: Check, what: impl Into<String>) {
        let what = what.into();
        if !self.violations.iter().any(|known| known.check == check && known.what == what) {
            self.violations.push(Violation { check, step: self.step, what });
        }
    }

    /// This stay does something now that only the owner may; none: there is one machine.
    pub(crate) fn done_by(&mut self, stay: Option<&Stay>, does: &str) {
        if let Some(wrong) = stay.and_then(|stay| self.epochs.wrong(stay, does)) {
            self.violate(Check::Owner, wrong);
        }
    }

    /// This batch is on the disk. `greatest`: the greatest time that the process has been shown.
    pub(crate) fn committed(&mut self, batch: &Batch, greatest: Timestamp) {
        self.commits += 1;
        if batch.now > greatest {
            let (now, ahead) = (batch.now, batch.now.millis_since(greatest));
            self.violate(Check::Timers, format!("a turn is of {now}, {ahead} ms after any time shown"));
        }
        for row in &batch.turns {
            self.turn(row, batch.now);
        }
        for row in &batch.arrivals {
            let name = (row.event.source.clone(), row.event.id.clone());
            if self.events.insert(name, row.id).is_some() {
                self.violate(Check::Once, format!("the event {} came into the inbox twice", row.event.id));
            }
            self.inbox.insert(row.id, row.clone());
        }
        for (id, disposition) in &batch.dispositions {
            if let Some(row) = self.inbox.get_mut(id) {
                row.disposition = disposition.clone();
            }
        }
        for row in &batch.deployments {
            self.deployments.insert((workflow_name(&row.id), row.id.version.clone()));
        }
        for row in &batch.references {
            if !self.references.insert((row.name.clone(), row.version)) {
                self.violate(Check::Once, format!("{} has the version {} twice", row.name, row.version));
            }
        }
        for sweep in &batch.sweeps {
            let same = |known: &&Sweep| known.key == sweep.key && known.id != sweep.id;
            if self.sweeps.values().any(|known| same(&known)) {
                self.violate(Check::Once, format!("the sweep {} was begun twice", sweep.key));
            }
            self.sweeps.insert(sweep.id, sweep.clone());
        }
        for line in &batch.sweep_lines {
            if !self.targets.insert((line.sweep, line.instance, line.n)) {
                self.violate(
                    Check::Once,
                    format!("the sweep {} came to {} twice", line.sweep, line.target()),
                );
            }
        }
    }

    fn turn(&mut self, row: &TurnRow, now: Timestamp) {
        let id = row.instance;
        let (rev, seq) = self.lives.get(&id).map_or((0, 0), |life| (life.rev, life.history.len() as u64));
        if row.rev != rev + 1 {
            self.violate(Check::Turns, format!("{id} went from revision {rev} to {}", row.rev));
        }
        if let Some((key, _)) = &row.start {
            let key = (key.workflow.clone(), key.key.clone());
            if let Some(known) = self.started.insert(key.clone(), id).filter(|known| *known != id) {
                self.violate(Check::Once, format!("the key {} began {known} and {id}", key.1));
            }
        }
        self.snapshot(row, seq);
        for (at, line) in row.history.iter().enumerate() {
            if line.seq != seq + 1 + at as u64 {
                self.violate(
                    Check::History,
                    format!("{id}: line {} follows line {}", line.seq, seq + at as u64),
                );
            }
            if line.at != now {
                self.violate(
                    Check::History,
                    format!("{id}: line {} is not of the time of its turn", line.seq),
                );
            }
        }
        let life = self.lives.entry(id).or_insert_with(|| Life {
            workflow: workflow_name(&row.workflow),
            rev: 0,
            status: row.status,
            wake_at: None,
            state: Vec::new(),
            history: Vec::new(),
            timers: Vec::new(),
            retried: false,
            put_off: false,
            taken: BTreeSet::new(),
        });
        life.rev = row.rev;
        life.status = row.status;
        life.wake_at = row.wake_at;
        life.state.clone_from(&row.state);
        life.history.extend(row.history.iter().cloned());
        for line in &row.history {
            self.line(id, line);
        }
        self.items.extend(row.work_items.iter().map(|item| (item.id, item.clone())));
        if let Some(case) = &row.case {
            if let Some(known) = self.numbers.insert(case.no.clone(), id).filter(|known| *known != id) {
                self.violate(Check::Once, format!("the number {} has {known} and {id}", case.no));
            }
            self.cases.insert(id, case.clone());
        }
    }

    /// The snapshot says what the row and history say.
    fn snapshot(&mut self, row: &TurnRow, seq: u64) {
        let id = row.instance;
        let state: State = match serde_json::from_slice(&row.state) {
            Ok(state) => state,
            Err(error) => return self.violate(Check::History, format!("{id}: unreadable snapshot: {error}")),
        };
        let pending = state.pending_effects();
        let told = seq + row.history.len() as u64;
        let known = (state.status(), state.wake_at(), state.history_len(), !pending.is_empty());
        let wanted = (row.status, row.wake_at, told, row.in_flight);
        if known != wanted {
            let what = format!("{id}: the snapshot of revision {} is {known:?}, the row {wanted:?}", row.rev);
            self.violate(Check::History, what);
        }
        for effect in pending {
            if let Some(content) = content(&effect.action) {
                let fresh = || Owed { content: content.clone(), attempts: BTreeSet::new(), begun: 0 };
                let owed = self.owed.entry(effect.id).or_insert_with(fresh);
                owed.attempts.insert(effect.attempt);
                if owed.content != content {
                    self.violate(Check::Effects, format!("{}: another attempt, another content", effect.id));
                }
            }
        }
    }

    fn line(&mut self, id: InstanceId, line: &HistoryEvent) {
        let seq = line.seq;
        match &line.what {
            What::Started { cause, .. } => self.begun(id, cause),
            What::TimerSet { due, purpose } => {
                let set = SetTimer { task: line.task.clone(), purpose: purpose.clone(), due: *due };
                self.with(id, |life| life.timers.push(set));
            }
            What::TimerFired { due, purpose } => self.fired(id, line, *due, purpose),
            What::TaskRetried { .. } => {}
            What::EffectReturned { effect, outcome, .. } => {
                let never = self.owed.get(effect).is_some_and(|owed| owed.begun == 0);
                if never && !matches!(outcome, EffectOutcome::Retryable { .. }) {
                    self.violate(Check::Effects, format!("{effect} returned and was never begun"));
                }
            }
            What::EventTaken { source, id: event, .. } => {
                let name = (source.clone(), event.clone());
                if !self.with(id, |life| life.taken.insert(name)) {
                    self.violate(Check::Once, format!("{id} took the event {event} twice"));
                }
            }
            What::WorkItemClaimed { item, by, .. } => {
                *self.claims.entry((*item, by.clone())).or_default() += 1;
            }
            What::WorkItemCommented { text: Some(text), .. } => self.mark(text, id, seq),
            What::WorkItemCompleted { form, .. } => {
                if let Some(mark) = form.get("mark").and_then(|mark| mark.as_str().map(str::to_owned)) {
                    self.mark(&mark, id, seq);
                }
            }
            // What another case is told of it is not the act itself.
            What::CaseActed { command: CaseCommand::Linked { .. }, .. } => {}
            What::CaseActed { reason: Some(reason), .. } => self.mark(reason, id, seq),
            What::Repaired { reason, .. } => {
                self.with(id, |life| life.put_off = true);
                self.mark(reason, id, seq);
            }
            What::OperatorActed { command, reason, .. } => {
                if *command == yiwang_core::input::OperatorCommand::Retry {
                    self.with(id, |life| life.retried = true);
                }
                if let Some(reason) = reason {
                    self.mark(reason, id, seq);
                }
            }
            _ => {}
        }
    }

    fn with<T>(&mut self, id: InstanceId, change: impl FnOnce(&mut Life) -> T) -> T {
        change(self.lives.get_mut(&id).expect("its row was entered before its lines"))
    }

    fn mark(&mut self, mark: &str, id: InstanceId, seq: u64) {
        self.marks.entry(mark.to_owned()).or_default().push((id, seq));
    }

    /// What begins an instance begins one of each workflow.
    fn begun(&mut self, id: InstanceId, cause: &Cause) {
        let workflow = self.lives.get(&id).map(|life| life.workflow.clone()).unwrap_or_default();
        let cause = match cause {
            Cause::Request { .. } | Cause::Rerun { .. } => return,
            Cause::Events { events } => format!("{workflow} by the events {events:?}"),
            Cause::Schedule { at } => format!("{workflow} as planned for {at}"),
            Cause::Split { effect, .. } => format!("{workflow} split by {effect}"),
            Cause::Parent { effect, .. } => format!("{workflow} as the child of {effect}"),
        };
        if let Some(known) = self.causes.insert(cause.clone(), id).filter(|known| *known != id) {
            self.violate(Check::Once, format!("{cause}: both {known} and {id}"));
        }
    }

    fn fired(&mut self, id: InstanceId, line: &HistoryEvent, due: Timestamp, purpose: &str) {
        if due > line.at {
            let early = due.millis_since(line.at);
            self.violate(Check::Timers, format!("{id}: the timer `{purpose}` fired {early} ms early"));
        }
        let set = self.with(id, |life| {
            let put_off = life.retried || life.put_off;
            let same = |set: &SetTimer| {
                set.task == line.task
                    && set.purpose == purpose
                    && (set.due == due || put_off && set.due <= due)
            };
            let at = life.timers.iter().position(same)?;
            Some(life.timers.remove(at))
        });
        if set.is_none() {
            let what = format!("{id}: the timer `{purpose}` of {due} fired twice, or was never set");
            self.violate(Check::Timers, what);
        }
    }

    /// A channel was handed a message.
    pub(crate) fn sent(&mut self, channel: &str, delivery: &Delivery) {
        let action = Action::Send { channel: channel.to_owned(), message: delivery.message.clone() };
        self.effect_begun(delivery.effect, delivery.attempt, &action);
        let said = delivery.message.body.clone();
        // An operator who lets a task run again wants it done again.
        let redone = self.lives.values().any(|life| life.retried);
        match self.said.get(&said) {
            Some(known) if *known != delivery.effect && !redone => {
                let what = format!("`{said}` was said by {known} and by {}", delivery.effect);
                self.violate(Check::Effects, what);
            }
            Some(_) => {}
            None => {
                self.said.insert(said, delivery.effect);
            }
        }
    }

    /// A service was called.
    pub(crate) fn called(&mut self, call: &ServiceCall) {
        self.effect_begun(call.effect, call.attempt, &Action::Call(call.request.clone()));
    }

    fn effect_begun(&mut self, id: EffectId, attempt: u32, action: &Action) {
        let Some(owed) = self.owed.get_mut(&id) else {
            return self.violate(Check::Effects, format!("{id} was begun, and no durable turn asked for it"));
        };
        owed.begun += 1;
        let unasked = !owed.attempts.contains(&attempt);
        let differs = content(action).as_ref() != Some(&owed.content);
        if unasked {
            self.violate(
                Check::Effects,
                format!("attempt {attempt} of {id} was begun before it was durable"),
            );
        }
        if differs {
            self.violate(Check::Effects, format!("{id} was begun with another content than was stored"));
        }
    }

    /// The next time at which an instance wants to be woken, or a sweep goes on.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let wakes = self.lives.values().filter_map(|life| life.wake_at);
        let sweeps = self.sweeps.values().filter(|sweep| !sweep.state.is_over());
        wakes.chain(sweeps.map(|sweep| sweep.next_at)).min()
    }

    /// Effects of the outside that live instances wait for.
    pub(crate) fn is_at_rest(&self, id: InstanceId) -> bool {
        let Some(life) = self.lives.get(&id) else { return true };
        life.has_ended() && life.wake_at.is_none()
    }
}

/// What the outside is asked to do, word for word; none: the outside is not asked.
fn content(action: &Action) -> Option<String> {
    match action {
        Action::Send { .. } | Action::Call(Request { .. }) => serde_json::to_string(action).ok(),
        Action::Start { .. }
        | Action::Tell { .. }
        | Action::Cancel { .. }
        | Action::Query { .. }
        | Action::Sweep { .. }
        | Action::Case { .. }
        | Action::Split { .. } => None,
    }
}
