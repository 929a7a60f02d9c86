//! Lifecycle events: what the lines of one step tell those who follow workflows from outside.
//!
//! They are derived from history, so that nothing can happen without them; and nothing that is done to send
//! them makes another one. An instance that has begun with a lifecycle event, or has taken one, makes none
//! from then on, nor do its children: nobody keeps itself awake (ADR 0014).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yiwang_dsl::definition::{DefinitionId, Protocol, Task, TaskId, TaskKind};
use yiwang_dsl::lifecycle::LifecycleEvent;
use yiwang_dsl::{Data, Definition};

use crate::effect::{Action, Request, Service};
use crate::history::What;
use crate::input::{Cause, EffectOutcome, OperatorCommand};
use crate::machine::Machine;
use crate::operator::phase;
use crate::state::{Owner, Repeat, State};
use crate::transition::Status;
use crate::{Deployment, EffectId, Event, HistoryEvent, InstanceId, Timestamp, outbox};

/// Begins the source of every lifecycle event.
const SOURCE: &str = "/lifecycle/";
/// Begins the type of every lifecycle event.
const TYPE: &str = "io.serverlessworkflow.";
/// Lifecycle events of one instance that its sink has not taken yet. Of more, the oldest are given up, with
/// a line in history: a sink that is down for long must not fill the outbox.
const UNSENT_MAX: usize = 200;

/// Where a server posts the lifecycle events of all its workflows, whatever they say themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sink {
    /// CloudEvents are posted here, one at a time, in structured mode.
    pub uri: String,
    /// Which.
    pub events: BTreeSet<LifecycleEvent>,
}

/// What must be known of an instance before its step.
#[derive(Debug)]
pub(crate) struct Before {
    status: Status,
    tasks: Vec<TaskId>,
}

impl Before {
    /// None: nobody wants to know.
    pub(crate) fn new(deployment: &Deployment, state: &State, sink: Option<&Sink>) -> Option<Self> {
        let told = sink.is_some() || !deployment.definition.policy.lifecycle.is_empty();
        told.then(|| Self { status: state.status, tasks: under_way(state).collect() })
    }
}

fn under_way(state: &State) -> impl Iterator<Item = TaskId> {
    state.strands.iter().flat_map(|strand| &strand.frames).map(|frame| frame.task)
}

/// Is this the name of a lifecycle event?
fn is_ours(source: &str) -> bool {
    source.starts_with(SOURCE)
}

/// An instance that has to do with lifecycle events makes none itself.
pub(crate) fn hush(state: &mut State, history: &[HistoryEvent]) {
    state.quiet |= history.iter().any(|line| match &line.what {
        What::EventTaken { source, .. } => is_ours(source),
        What::Started { cause: Cause::Events { events }, .. } => {
            events.iter().any(|(source, _)| is_ours(source))
        }
        What::Started { cause: Cause::Parent { quiet, .. }, .. } => *quiet,
        _ => false,
    });
}

/// Makes the events of a step that is over: into the inbox what the definition wants, to the sink what the
/// server wants.
pub(crate) fn tell(machine: &mut Machine<'_>, history: &[HistoryEvent], before: &Before) {
    if machine.state.quiet {
        return;
    }
    let definition = machine.definition();
    let sink = machine.sink;
    let inbox = &definition.policy.lifecycle;
    let (instance, now) = (machine.state.instance, machine.now);
    let mut telling = Telling { definition, instance, now, told: Vec::new() };
    for line in history {
        telling.line(line, before);
    }
    telling.cancelled(history, before, machine.state);
    if machine.state.status != before.status {
        telling.workflow(
            LifecycleEvent::WorkflowStatusChanged,
            "updatedAt",
            json!({"status": phase(machine.state.status)}),
        );
    }
    for (kind, event) in telling.numbered(machine.state.counters.history) {
        if let Some(sink) = sink.filter(|sink| sink.events.contains(&kind)) {
            post(machine, &sink.uri, &event);
        }
        if inbox.contains(&kind) {
            machine.published.push(event);
        }
    }
}

/// The events of one step, as they come.
struct Telling<'t> {
    definition: &'t Definition,
    instance: InstanceId,
    now: Timestamp,
    told: Vec<(LifecycleEvent, Value)>,
}

impl Telling<'_> {
    fn line(&mut self, line: &HistoryEvent, before: &Before) {
        use LifecycleEvent as L;
        let task = line.task.as_deref();
        match &line.what {
            What::Started { .. } => {
                let DefinitionId { namespace, name, version } = &self.definition.id;
                let definition = json!({"namespace": namespace, "name": name, "version": version});
                self.workflow(L::WorkflowStarted, "startedAt", json!({"definition": definition}));
            }
            What::Listening { .. } => self.workflow(L::WorkflowCorrelationStarted, "startedAt", json!({})),
            What::TaskStarted => {
                self.task(L::TaskCreated, task, "createdAt", json!({}));
                self.task(L::TaskStarted, task, "startedAt", json!({}));
                self.task_phase(task, "running");
            }
            What::TaskRetried { .. } => self.task(L::TaskRetried, task, "retriedAt", json!({})),
            What::TaskFaulted { error } => {
                self.task(L::TaskFaulted, task, "faultedAt", json!({"error": error}));
                self.task_phase(task, "faulted");
            }
            What::TaskCancelled => {
                self.task(L::TaskCancelled, task, "cancelledAt", json!({}));
                self.task_phase(task, "cancelled");
            }
            What::TaskCompleted { .. } => {
                if self.listens(task) {
                    self.workflow(L::WorkflowCorrelationCompleted, "completedAt", json!({}));
                }
                let output = json!({"outputUri": self.output_uri(task)});
                self.task(L::TaskCompleted, task, "completedAt", output);
                self.task_phase(task, "completed");
            }
            What::OperatorActed { command: OperatorCommand::Suspend, .. } => {
                self.workflow(L::WorkflowSuspended, "suspendedAt", json!({}));
                self.tasks(before, L::TaskSuspended, "suspendedAt", "suspended");
            }
            What::OperatorActed { command: OperatorCommand::Resume, .. } => {
                self.workflow(L::WorkflowResumed, "resumedAt", json!({}));
                self.tasks(before, L::TaskResumed, "resumedAt", "running");
            }
            What::Completed { .. } => {
                let output = json!({"outputUri": self.output_uri(None)});
                self.workflow(L::WorkflowCompleted, "completedAt", output);
            }
            What::Faulted { error } => {
                self.workflow(L::WorkflowFaulted, "faultedAt", json!({"error": error}));
            }
            What::Cancelled => self.workflow(L::WorkflowCancelled, "cancelledAt", json!({})),
            // The rest is about what tasks do, not about their lives.
            _ => {}
        }
    }

    /// Tasks that are over without having completed or failed: their scope ended.
    fn cancelled(&mut self, history: &[HistoryEvent], before: &Before, state: &State) {
        let mut alive: BTreeMap<&str, i64> = BTreeMap::new();
        let reference = |id: TaskId| self.definition.task(id).reference.as_str();
        for id in &before.tasks {
            *alive.entry(reference(*id)).or_default() += 1;
        }
        for line in history {
            let Some(task) = line.task.as_deref() else { continue };
            match &line.what {
                What::TaskStarted => *alive.entry(task).or_default() += 1,
                What::TaskCompleted { .. } | What::TaskFaulted { .. } | What::TaskCancelled => {
                    *alive.entry(task).or_default() -= 1;
                }
                _ => {}
            }
        }
        for id in under_way(state) {
            *alive.entry(reference(id)).or_default() -= 1;
        }
        let gone: Vec<String> =
            alive.into_iter().flat_map(|(task, count)| (0..count).map(move |_| task.to_owned())).collect();
        for task in gone {
            self.task(LifecycleEvent::TaskCancelled, Some(&task), "cancelledAt", json!({}));
            self.task_phase(Some(&task), "cancelled");
        }
    }

    fn tasks(&mut self, before: &Before, event: LifecycleEvent, at: &str, phase: &str) {
        for id in &before.tasks {
            let reference = &self.definition.task(*id).reference;
            self.task(event, Some(reference), at, json!({}));
            self.task_phase(Some(reference), phase);
        }
    }

    fn workflow(&mut self, event: LifecycleEvent, at: &str, more: Value) {
        self.add(event, json!({"name": self.name(), at: self.now.rfc3339()}), more);
    }

    fn task(&mut self, event: LifecycleEvent, task: Option<&str>, at: &str, more: Value) {
        let data = json!({"workflow": self.name(), "task": task, at: self.now.rfc3339()});
        self.add(event, data, more);
    }

    fn task_phase(&mut self, task: Option<&str>, phase: &str) {
        self.task(LifecycleEvent::TaskStatusChanged, task, "updatedAt", json!({"status": phase}));
    }

    fn add(&mut self, event: LifecycleEvent, mut data: Value, more: Value) {
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        self.told.push((event, data));
    }

    /// `{name}-{id}.{namespace}`.
    fn name(&self) -> String {
        let DefinitionId { namespace, name, version: _ } = &self.definition.id;
        format!("{name}-{}.{namespace}", self.instance)
    }

    /// Where the output can be had from the server; its address is not known here.
    fn output_uri(&self, task: Option<&str>) -> String {
        match task {
            None => format!("/api/v1/instances/{}", self.instance),
            Some(_) => format!("/api/v1/instances/{}/history", self.instance),
        }
    }

    fn listens(&self, task: Option<&str>) -> bool {
        let listens = |it: &&Task| matches!(it.kind, TaskKind::Listen { .. });
        task.is_some_and(|task| self.definition.tasks.iter().filter(listens).any(|it| it.reference == task))
    }

    /// As CloudEvents. `line` is the last line of the step's history: it makes the ids unique.
    fn numbered(self, line: u64) -> Vec<(LifecycleEvent, Event)> {
        let DefinitionId { namespace, name, version } = &self.definition.id;
        let source = format!("{SOURCE}{namespace}/{name}/{version}");
        let event = |(n, (kind, data)): (usize, (LifecycleEvent, Value))| {
            let event = Event {
                id: format!("{}-{line}-{}", self.instance, n + 1),
                source: source.clone(),
                r#type: format!("{TYPE}{}.v1", kind.name()),
                subject: Some(self.instance.to_string()),
                time: self.now,
                data: Data::from(data),
                extensions: BTreeMap::new(),
            };
            (kind, event)
        };
        self.told.into_iter().enumerate().map(event).collect()
    }
}

/// Requests that an event is posted. It is tried again for some days, like a message.
fn post(machine: &mut Machine<'_>, uri: &str, event: &Event) {
    let unsent = machine.state.outbox.iter().filter(|pending| pending.is_notice()).count();
    if unsent >= UNSENT_MAX {
        give_up_oldest(machine);
    }
    let with = json!({
        "method": "post",
        "endpoint": {"uri": uri},
        "headers": {"content-type": "application/cloudevents+json"},
        "body": event.envelope().to_json(),
    });
    let request = Request {
        service: Service::Protocol(Protocol::Http),
        with: Data::from(with),
        deferred: Vec::new(),
        workflow: machine.definition().id.clone(),
        task: "/".to_owned(),
        secrets: Vec::new(),
    };
    let function = format!("lifecycle {}", event.r#type);
    outbox::request(machine, Owner::Nobody, Repeat::Default, function, Action::Call(request));
}

fn give_up_oldest(machine: &mut Machine<'_>) {
    let Some(at) = machine.state.outbox.iter().position(|pending| pending.is_notice()) else { return };
    let pending = machine.state.outbox.remove(at);
    let effect = EffectId { instance: machine.state.instance, n: pending.n };
    let code = "lifecycle.too-many".to_owned();
    let message = format!("more than {UNSENT_MAX} lifecycle events wait to be posted");
    let outcome = EffectOutcome::Permanent { code, message };
    machine.record(None, What::EffectReturned { effect, attempt: pending.attempt, outcome });
}
