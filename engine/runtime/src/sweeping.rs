//! What a turn does for sweeps: takes them up, lets people decide about them, and acts on their targets.
//!
//! A target's acts, its line in the ledger and the sweep's cursor are one transaction: killed at any point, each
//! target is acted on once.

use serde_json::{Value, json};
use yiwang_core::case::CaseCommand;
use yiwang_core::district::District;
use yiwang_core::input::{Cause, EffectOutcome};
use yiwang_core::selector::field::Found;
use yiwang_core::selector::{Selection, Subject};
use yiwang_core::sweep::line::target;
use yiwang_core::sweep::{
    Act, By, CaseAct, DECISION, Definition, ItemAct, Line, Phase, Receiver, Result as LineResult, Sweep,
    Wanted,
};
use yiwang_core::transition::{Refusal, RefusalKind};
use yiwang_core::work_item::{Act as Doing, Actor, WorkItemCommand};
use yiwang_core::{Case, EffectId, Event, Input, InstanceId, Timestamp, WorkItem, WorkItemId};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::Error;
use crate::deployments::workflow_name;
use crate::request::{Start, SweepAct};
use crate::sweeps::{Open, Read, SweepRead, retry_at};
use crate::turn::Turn;

/// A target as it is now, within the turn.
struct Target {
    instance: InstanceId,
    n: u32,
    case: Option<Case>,
    item: Option<WorkItem>,
    workflow: String,
    version: String,
    status: yiwang_core::transition::Status,
    touched: Timestamp,
}

impl Turn<'_> {
    /// A person asks for a sweep, or decides about one.
    pub(crate) fn sweep(&mut self, act: SweepAct) -> Result<Sweep, Error> {
        match act {
            SweepAct::Begin(wanted) => self.begin_sweep(*wanted),
            SweepAct::Approve { id, person, reason } => {
                let until = self.ids.instance(self.now);
                let mut sweep = self.open_sweep(id)?.sweep;
                sweep.approve(By { person, at: self.now, reason }, until).map_err(Error::Refused)?;
                Ok(self.sweep_moved(sweep))
            }
            SweepAct::Cancel { id, person, reason } => {
                let mut sweep = self.open_sweep(id)?.sweep;
                sweep.cancel(By { person, at: self.now, reason }).map_err(Error::Refused)?;
                let sweep = self.sweep_moved(sweep);
                self.tell_end(&sweep);
                Ok(sweep)
            }
        }
    }

    pub(crate) fn begin_sweep(&mut self, wanted: Wanted) -> Result<Sweep, Error> {
        let staged = self.batch.sweeps.iter().find(|sweep| sweep.key == wanted.key);
        let open = self.sweeps.of_key(&wanted.key);
        let known = staged.or(open).or_else(|| self.sweep_keys.get(&wanted.key));
        if let Some(known) = known {
            if known.digest == wanted.definition.digest() {
                return Ok(known.clone());
            }
            let message =
                format!("the key `{}` was used for sweep {} of another definition", known.key, known.id);
            return Err(Error::Refused(Refusal::new(RefusalKind::Conflict, message)));
        }
        let id = self.ids.instance(self.now);
        let sweep = Sweep::begin(wanted, id, self.now).map_err(Error::Refused)?;
        Ok(self.sweep_moved(sweep))
    }

    /// A workflow asks for a sweep. What it is told comes when the sweep is over.
    pub(crate) fn sweep_for(
        &mut self,
        effect: EffectId,
        attempt: u32,
        definition: Data,
        person: String,
        reason: Option<String>,
    ) {
        let begun = Definition::parse(&definition.to_json()).map_err(|mistakes| {
            mistakes.iter().map(|mistake| mistake.message.clone()).collect::<Vec<_>>().join("; ")
        });
        let begun = begun.and_then(|definition| {
            if definition.is_operators() {
                return Err("what operators do is asked for by people, not by workflows".to_owned());
            }
            let (key, waiter) = (effect_key(effect), Some((effect, attempt)));
            let wanted = Wanted { definition, key, person, reason, preview: None, waiter };
            self.begin_sweep(wanted).map_err(|error| error.to_string())
        });
        match begun {
            // It was over before a crash, and its end was told with it.
            Ok(sweep) => self.tell_end(&sweep),
            Err(problem) => {
                let error = Fault::new(Kind::Validation, "", problem);
                let outcome = EffectOutcome::Faulted { error };
                self.give(effect.instance, Input::EffectDone { effect, attempt, outcome });
            }
        }
    }

    /// One that is not over, as this turn has left it.
    fn open_sweep(&self, id: InstanceId) -> Result<Open, Error> {
        let mut open = self.sweeps.get(id).cloned().ok_or(Error::NoOpenSweep(id))?;
        if let Some(staged) = self.batch.sweeps.iter().find(|sweep| sweep.id == id) {
            open.sweep = staged.clone();
        }
        Ok(open)
    }

    fn sweep_moved(&mut self, sweep: Sweep) -> Sweep {
        self.batch.sweeps.retain(|other| other.id != sweep.id);
        self.batch.sweeps.push(sweep.clone());
        sweep
    }

    /// Goes on with what was read for a sweep.
    pub(crate) fn sweep_read(&mut self, read: SweepRead) {
        let Ok(Open { mut sweep, definition }) = self.open_sweep(read.sweep) else { return };
        match read.what {
            Read::Unread => {
                self.sweeps_again.push((read.sweep, retry_at(self.now)));
                return;
            }
            Read::Meaningless(problem) => {
                sweep.state = Phase::Refused;
                sweep.ended = Some(self.now);
                sweep.refused = Some(problem);
            }
            Read::Counted(found) => {
                let margin = definition.approval.map_or(100, |approval| approval.margin);
                sweep.counted(found, margin, self.now);
            }
            Read::Page { found, selection, after, last } => {
                // What was read before a failure may come twice: only what goes on from the cursor counts.
                if sweep.state != Phase::Running || after != sweep.cursor {
                    self.sweeps_again.push((read.sweep, self.now));
                    return;
                }
                let cursor = found.last().map(Found::key);
                let lines: Vec<Line> = found
                    .into_iter()
                    .map(|found| self.line(&sweep, &definition, &selection, found))
                    .collect();
                sweep.stepped(&lines, cursor, definition.rate, self.now);
                if last && sweep.state == Phase::Running {
                    sweep.stepped(&[], None, definition.rate, self.now);
                }
                self.batch.sweep_lines.extend(lines);
            }
        }
        let sweep = self.sweep_moved(sweep);
        self.tell_end(&sweep);
    }

    /// The workflow that waits for its end is told.
    fn tell_end(&mut self, sweep: &Sweep) {
        let Some((effect, attempt)) = sweep.waiter.filter(|_| sweep.state.is_over()) else { return };
        let outcome = EffectOutcome::done(Data::from(report(sweep)));
        if let Err(error) = self.apply(effect.instance, Input::EffectDone { effect, attempt, outcome }) {
            tracing::warn!(sweep = %sweep.id, %effect, %error, "nobody took the report of a sweep");
        }
    }

    /// Acts on one target, if it is still one.
    fn line(&mut self, sweep: &Sweep, definition: &Definition, selection: &Selection, found: Found) -> Line {
        let (instance, n) = found.key();
        let mut line = Line {
            sweep: sweep.id,
            instance,
            n,
            case_no: case_no(found.case.as_ref(), found.item.as_ref()),
            unit: found.case.as_ref().and_then(|case| case.unit.clone()),
            cause: None,
            result: LineResult::Failed,
            acts: 0,
            why: None,
            at: self.now,
            since: since(found.case.as_ref(), found.item.as_ref()).unwrap_or(self.now),
        };
        let target = match self.target(found) {
            Ok(target) => target,
            Err(error) => {
                line.why = Some((error.code().to_owned(), error.to_string()));
                return line;
            }
        };
        if !selection.admits(&target.subject()) {
            line.result = LineResult::Skipped;
            line.why =
                Some(("sweep.changed".to_owned(), "it is not what the selector wants any more".to_owned()));
            return line;
        }
        line.cause = cause(definition, &target, sweep.as_of.unwrap_or(self.now), &self.district);
        for (index, act) in definition.acts.iter().enumerate() {
            if let Err(error) = self.act(sweep, act, index, &target) {
                line.why = Some((error.code().to_owned(), error.to_string()));
                return line;
            }
            line.acts += 1;
        }
        line.result = LineResult::Acted;
        line
    }

    /// The target as its instance has it now.
    fn target(&self, found: Found) -> Result<Target, Error> {
        let (instance, n) = found.key();
        // What an operator can still get on is a target; other acts on it are refused.
        if let Some(parked) = self.parked.get(&instance).filter(|parked| !parked.may_go_on()) {
            return Err(parked.error(instance));
        }
        let Some(working) = self.working.get(&instance) else { return Err(Error::UnknownInstance(instance)) };
        let state = &working.instance.state;
        let item = found.item.map(|item| {
            let open = state.open_work_items().find(|open| open.id == item.id);
            open.cloned().unwrap_or_else(|| ended(item))
        });
        Ok(Target {
            instance,
            n,
            case: state.case().cloned(),
            item,
            workflow: workflow_name(&working.instance.deployment.definition.id),
            version: working.instance.deployment.definition.id.version.clone(),
            status: state.status(),
            touched: if working.touched { self.now } else { found.touched },
        })
    }

    fn act(&mut self, sweep: &Sweep, act: &Act, index: usize, target: &Target) -> Result<(), Error> {
        let decision = decision(sweep, index, target);
        match act {
            Act::Case(act) => self.sweep_case(sweep, act, decision, target),
            Act::Operate { command, reason } => {
                let reason = Some(told_by(sweep, &target.told(reason)));
                let input = Input::Operator { command: *command, by: asker(sweep), reason };
                self.apply_untouched(target.instance, input).map(drop)
            }
            Act::Repair { repair, reason } => {
                let (repair, reason) = (repair.clone(), told_by(sweep, &target.told(reason)));
                let to = self.migrates_to(target.instance, &repair);
                let input = Input::Repair { repair, by: asker(sweep), reason, decision, to };
                self.apply_untouched(target.instance, input).map(drop)
            }
            Act::Item(act) => self.sweep_item(sweep, act, decision, target),
            Act::Start { workflow, version, input } => {
                let person = actor(sweep).person;
                let start = Start {
                    workflow: workflow.clone(),
                    version: version.clone(),
                    key: Some(decision),
                    input: Data::from(with_target(sweep, target, input)),
                    cause: Cause::Request { person },
                };
                self.start(start).map(drop)
            }
            Act::Emit { r#type, data } => self.tell_target(sweep, target, decision, r#type, data),
            Act::Decide { outcome, reason } => {
                let data = json!({"outcome": outcome, "reason": target.told(reason)});
                self.tell_target(sweep, target, decision, DECISION, &data)
            }
        }
    }

    /// An event for the target's instance alone.
    fn tell_target(
        &mut self,
        sweep: &Sweep,
        target: &Target,
        decision: String,
        r#type: &str,
        data: &Value,
    ) -> Result<(), Error> {
        let event = Event {
            id: decision,
            source: format!("/sweeps/{}", sweep.name),
            r#type: r#type.to_owned(),
            subject: target.case.as_ref().map(|case| case.no.to_string()),
            time: self.now,
            data: Data::from(with_target(sweep, target, data)),
            extensions: Default::default(),
        };
        self.apply_untouched(target.instance, Input::Event(std::sync::Arc::new(event))).map(drop)
    }
}

/// The key of the sweep that an effect asks for.
pub(crate) fn effect_key(effect: EffectId) -> String {
    format!("effect:{effect}")
}

/// Who acts in the name of a sweep.
fn actor(sweep: &Sweep) -> Actor {
    Actor::new(format!("sweep:{}", sweep.name), vec!["sweep".to_owned()])
}

/// What an operator does by the hundred is still that person's act.
fn asker(sweep: &Sweep) -> Actor {
    Actor::new(sweep.requested.person.clone(), vec!["sweep".to_owned()])
}

fn told_by(sweep: &Sweep, reason: &str) -> String {
    format!("{reason} (sweep {})", sweep.id)
}

/// The id of one act on one target.
fn decision(sweep: &Sweep, index: usize, target: &Target) -> String {
    let decision = sweep.decision(&target.name());
    if index == 0 { decision } else { format!("{decision}:{}", index + 1) }
}

/// The keys under which a sweep starts workflows for what was found.
pub(crate) fn start_keys(open: &Open, read: &SweepRead) -> Vec<crate::ports::StartKey> {
    let Read::Page { found, .. } = &read.what else { return Vec::new() };
    let acts = open.definition.acts.iter().enumerate();
    let starts = acts.filter_map(|(index, act)| match act {
        Act::Start { workflow, .. } => Some((index, workflow)),
        Act::Case(_)
        | Act::Item(_)
        | Act::Emit { .. }
        | Act::Decide { .. }
        | Act::Operate { .. }
        | Act::Repair { .. } => None,
    });
    let mut keys = Vec::new();
    for (index, workflow) in starts {
        for one in found {
            let (instance, n) = one.key();
            let decision = open.sweep.decision(&target(instance, n));
            let key = if index == 0 { decision } else { format!("{decision}:{}", index + 1) };
            keys.push(crate::ports::StartKey { workflow: workflow.clone(), key });
        }
    }
    keys
}

impl Target {
    fn subject(&self) -> Subject<'_> {
        Subject {
            instance: self.instance,
            case: self.case.as_ref(),
            item: self.item.as_ref(),
            workflow: &self.workflow,
            version: &self.version,
            status: self.status,
            touched: self.touched,
        }
    }

    fn name(&self) -> String {
        target(self.instance, self.n)
    }

    /// Roles whose unit may be the target's own: `approver@{unit}`.
    fn at_unit(&self, roles: Vec<String>) -> Vec<String> {
        roles.into_iter().map(|role| self.told(&role)).collect()
    }

    /// A text with the target's own words in place of their names.
    fn told(&self, text: &str) -> String {
        let case = self.case.as_ref();
        let item = self.item.as_ref();
        let no = case_no(case, item).map(|no| no.to_string()).unwrap_or_default();
        let title = item.map(|item| item.title.clone()).or_else(|| case.map(|case| case.title.clone()));
        let due = item.map_or_else(|| case.and_then(|case| case.due), |item| item.due);
        let unit = case.and_then(|case| case.unit.clone());
        let assignee = item.and_then(|item| item.assignee.clone());
        text.replace("{caseNo}", &no)
            .replace("{assignee}", &assignee.unwrap_or_default())
            .replace("{title}", &title.unwrap_or_default())
            .replace("{unit}", &unit.unwrap_or_default())
            .replace("{due}", &due.map(Timestamp::rfc3339).unwrap_or_default())
    }
}

/// The target, over what the definition gives.
fn with_target(sweep: &Sweep, target: &Target, given: &Value) -> Value {
    let mut members = given.as_object().cloned().unwrap_or_default();
    let item = (target.n > 0).then_some(WorkItemId { instance: target.instance, n: target.n });
    let case = target.case.as_ref();
    members.insert("sweep".to_owned(), json!({"id": sweep.id, "name": sweep.name}));
    members.insert(
        "target".to_owned(),
        json!({
            "instance": target.instance,
            "workflow": target.workflow,
            "item": item,
            "caseNo": case_no(case, target.item.as_ref()),
            "title": case.map(|case| &case.title),
            "state": case.map(|case| case.state),
            "unit": case.and_then(|case| case.unit.as_ref()),
            "due": case.and_then(|case| case.due).map(Timestamp::rfc3339),
        }),
    );
    Value::Object(members)
}

/// What the workflow that started a sweep is told of its end.
fn report(sweep: &Sweep) -> Value {
    json!({
        "sweep": sweep.id,
        "name": sweep.name,
        "state": sweep.state,
        "reason": sweep.refused.clone().or_else(|| sweep.cancelled.as_ref()?.reason.clone()),
        "found": sweep.found.unwrap_or(0),
        "acted": sweep.acted,
        "skipped": sweep.skipped,
        "failed": sweep.failed,
    })
}

fn cause(definition: &Definition, target: &Target, as_of: Timestamp, district: &District) -> Option<String> {
    let mut causes = definition.causes.iter();
    let holds = |cause: &&yiwang_core::sweep::Cause| {
        cause.selector.resolve(as_of, district).is_ok_and(|it| it.admits(&target.subject()))
    };
    causes.find(holds).map(|cause| cause.name.clone())
}

fn case_no(case: Option<&Case>, item: Option<&WorkItem>) -> Option<yiwang_core::CaseNo> {
    case.map(|case| case.no.clone()).or_else(|| item?.case_no.clone())
}

fn since(case: Option<&Case>, item: Option<&WorkItem>) -> Option<Timestamp> {
    item.map(|item| item.created).or_else(|| case.map(|case| case.opened))
}

/// A work item that was open when it was found, and is not any more: by whom it was ended does not matter here.
fn ended(mut item: WorkItem) -> WorkItem {
    use yiwang_core::work_item::WorkItemState;
    item.state = match item.state {
        WorkItemState::Offered | WorkItemState::Claimed => WorkItemState::Cancelled,
        over @ (WorkItemState::Completed | WorkItemState::Cancelled) => over,
    };
    item
}

impl Turn<'_> {
    /// Acts on the target's case, in the sweep's own name.
    fn sweep_case(
        &mut self,
        sweep: &Sweep,
        act: &CaseAct,
        decision: String,
        target: &Target,
    ) -> Result<(), Error> {
        let (command, reason) = match act.clone() {
            CaseAct::Note { text } => (CaseCommand::Note { text }, None),
            CaseAct::Flag { flag } => (CaseCommand::Flag { flag }, None),
            CaseAct::Urge { reason } => (CaseCommand::Urge, Some(reason)),
            CaseAct::Supervise { reason } => (CaseCommand::Supervise, Some(reason)),
            CaseAct::Redispatch { unit, reason } => (CaseCommand::Redispatch { unit }, Some(reason)),
        };
        let input = Input::Case { command, by: actor(sweep), reason, decision, version: None };
        self.apply_untouched(target.instance, input).map(drop)
    }

    /// Acts on the target's work item, in the sweep's own name.
    fn sweep_item(
        &mut self,
        sweep: &Sweep,
        act: &ItemAct,
        decision: String,
        target: &Target,
    ) -> Result<(), Error> {
        let (act, reason) = match act.clone() {
            ItemAct::Comment { text } => (Doing::Comment { text: target.told(&text) }, None),
            ItemAct::Escalate { roles, priority, reason } => {
                (Doing::Escalate { roles: target.at_unit(roles), priority }, Some(target.told(&reason)))
            }
            ItemAct::Reassign { to: Receiver::Person(to), reason } => {
                (Doing::HandOver { to }, Some(target.told(&reason)))
            }
            ItemAct::Reassign { to: Receiver::Roles(roles), reason } => {
                (Doing::Offer { roles: target.at_unit(roles) }, Some(target.told(&reason)))
            }
            ItemAct::Notify { channel, mut message } => {
                message.recipient = target.told(&message.recipient);
                message.subject = message.subject.map(|subject| target.told(&subject));
                message.body = target.told(&message.body);
                message.case_no = case_no(target.case.as_ref(), target.item.as_ref());
                (Doing::Notify { channel, message }, None)
            }
        };
        let item = WorkItemId { instance: target.instance, n: target.n };
        let command = WorkItemCommand::Act { act, reason, decision: Some(decision) };
        let input = Input::WorkItem { item, command, version: None, by: actor(sweep) };
        self.apply_untouched(target.instance, input).map(drop)
    }
}
