//! The form of a scenario file. Unknown keys are mistakes.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;
use yiwang_core::organisation::Absence;
use yiwang_core::work_item::Priority;

/// One file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Scenario {
    /// What it shows, in one sentence.
    pub(super) name: String,
    /// When it begins, RFC 3339.
    #[serde(default = "usual_start")]
    pub(super) start: String,
    /// Other workflows to deploy: files or folders, relative to this file.
    #[serde(default)]
    pub(super) workflows: Vec<PathBuf>,
    /// What is there before it begins.
    #[serde(default)]
    pub(super) given: Given,
    /// Channels that exist besides those named by the workflows and the steps.
    #[serde(default)]
    pub(super) channels: Vec<String>,
    /// What happens, in order.
    #[serde(default)]
    pub(super) steps: Vec<Step>,
    /// What is to be true at the end.
    pub(super) expect: Option<Expect>,
}

fn usual_start() -> String {
    "2024-06-11T09:00:00+08:00".to_owned()
}

/// What is there before a scenario begins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Given {
    /// Calendars, as files relative to this one, besides those in `calendars/` of the workflows.
    #[serde(default)]
    pub(super) calendars: Vec<PathBuf>,
    /// Tables of promises, likewise.
    #[serde(default)]
    pub(super) sla: Vec<PathBuf>,
    /// Units, people, absences, experts: as they are written in a file of their own, or the name of that file,
    /// relative to this one.
    #[serde(default)]
    pub(super) organisation: Value,
}

/// One thing that happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Step {
    /// A channel brings an event in.
    Receive(Receive),
    /// An event from elsewhere.
    Event(EventIn),
    /// Somebody starts an instance.
    Start(Start),
    /// Time passes: `+PT2H`, or until an RFC 3339 time.
    At(String),
    /// A person takes a work item.
    Claim(Person),
    /// A person gives it back.
    Release(Person),
    /// A person decides it; takes it first if nobody has it.
    Complete(Complete),
    /// Somebody lets another person do it.
    Delegate(ActOn),
    /// Somebody gives it to another candidate for good.
    HandOver(ActOn),
    /// Somebody gives it back with a reason.
    Return(ActOn),
    /// Somebody says something about it.
    Comment(ActOn),
    /// Somebody changes how urgent it is.
    SetPriority(ActOn),
    /// Somebody says to have an interest in the matter.
    DeclareConflict(ActOn),
    /// A member of a group is replaced.
    Replace(ActOn),
    /// Somebody is away.
    Absent(Absence),
    /// Somebody is back.
    Back(String),
    /// Somebody acts on a case.
    Case(CaseStep),
    /// An operator intervenes.
    Operator(Operator),
    /// A channel does not send for a while.
    FailChannel(FailChannel),
    /// A new version of a reference document is put.
    Put(Put),
    /// What a service answers to a task from now on.
    Mock(Mock),
    /// Somebody runs a sweep over the scenario's cases; time passes until it is over.
    Sweep(SweepOf),
    /// What is to be true now.
    Expect(Box<Expect>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Receive {
    pub(super) channel: String,
    #[serde(default = "intake")]
    pub(super) r#type: String,
    /// Without it `data.externalId`, or a number.
    pub(super) id: Option<String>,
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) data: Value,
    /// Gathered with others of this session.
    pub(super) session: Option<SessionOf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SessionOf {
    pub(super) key: String,
    /// ISO 8601 duration.
    pub(super) window: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Put {
    /// A calendar, as a file relative to this one.
    pub(super) calendar: Option<PathBuf>,
    /// A table of promises, likewise.
    pub(super) sla: Option<PathBuf>,
    #[serde(default = "tester")]
    pub(super) r#as: String,
}

fn intake() -> String {
    "cn.yiwang.intake.received.v1".to_owned()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EventIn {
    pub(super) r#type: String,
    #[serde(default = "elsewhere")]
    pub(super) source: String,
    pub(super) id: Option<String>,
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) data: Value,
}

fn elsewhere() -> String {
    "/scenario".to_owned()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Start {
    /// `namespace/name`; without it the workflow beside the scenario.
    pub(super) workflow: Option<String>,
    pub(super) key: Option<String>,
    #[serde(default)]
    pub(super) input: Value,
    #[serde(default = "tester")]
    pub(super) r#as: String,
}

fn tester() -> String {
    "scenario".to_owned()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Person {
    /// Who.
    pub(super) r#as: String,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    /// Name of the task, or a part of the title.
    pub(super) item: String,
    /// Of the n-th case, if there are several.
    pub(super) case: Option<usize>,
    /// Of this seat of a group, from 1; without it, the one that the person may have.
    pub(super) seat: Option<u32>,
    /// It is to be refused: `forbidden`, `conflict`, `invalid`, `not_found`, or a code such as
    /// `work-item.four-eyes`.
    pub(super) refused: Option<String>,
}

/// An act on a work item.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ActOn {
    pub(super) r#as: String,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    pub(super) item: String,
    pub(super) case: Option<usize>,
    pub(super) seat: Option<u32>,
    pub(super) refused: Option<String>,
    /// Whom to give it to.
    #[serde(default)]
    pub(super) to: String,
    /// Who takes the seat.
    pub(super) with: Option<String>,
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) priority: Priority,
    pub(super) reason: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Complete {
    pub(super) r#as: String,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    pub(super) item: String,
    pub(super) case: Option<usize>,
    pub(super) seat: Option<u32>,
    pub(super) refused: Option<String>,
    pub(super) outcome: Option<String>,
    #[serde(default)]
    pub(super) form: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaseStep {
    /// `note`, `merge`, `withdraw`, …: the words of the API.
    pub(super) act: String,
    pub(super) r#as: String,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    /// The n-th case, from 1.
    #[serde(default = "first")]
    pub(super) case: usize,
    /// The act's own members.
    #[serde(default)]
    pub(super) with: serde_json::Map<String, Value>,
    pub(super) reason: Option<String>,
    /// Id of the decision; without it a fresh one.
    pub(super) decision: Option<String>,
    /// It is to be refused: `forbidden`, `conflict`, `invalid`, `not_expected`.
    pub(super) refused: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Operator {
    /// `cancel`, `retry`, `suspend`, `resume`.
    pub(super) command: String,
    #[serde(default = "tester")]
    pub(super) r#as: String,
    /// The n-th instance, from 1.
    #[serde(default = "first")]
    pub(super) instance: usize,
    pub(super) reason: Option<String>,
}

fn first() -> usize {
    1
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SweepOf {
    /// Its definition: a file, relative to the scenario, or the definition itself.
    pub(super) definition: Value,
    #[serde(default = "tester")]
    pub(super) r#as: String,
    /// Who approves it. Without that, a sweep that needs it waits.
    pub(super) approved_by: Option<String>,
    /// What it has come to: `state`, `found`, `acted`, `skipped`, `failed`.
    pub(super) expect: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Mock {
    /// Name of the task that calls, or its JSON Pointer.
    pub(super) task: String,
    /// The answer: what the task has as raw output.
    #[serde(default)]
    pub(super) output: Value,
    /// The error instead: `status`, and perhaps `type` (one of the standard words, or a URI), `title`, `detail`.
    pub(super) error: Option<MockError>,
    /// So many calls are answered so, then the mock before it counts again; without it, all.
    pub(super) times: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MockError {
    #[serde(default = "communication")]
    pub(super) r#type: String,
    pub(super) status: u16,
    pub(super) title: Option<String>,
    pub(super) detail: Option<String>,
}

fn communication() -> String {
    "communication".to_owned()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FailChannel {
    pub(super) channel: String,
    /// How many sends fail; 0: it works again.
    #[serde(default = "first")]
    pub(super) times: usize,
    #[serde(default = "failed")]
    pub(super) code: String,
    /// It will never work; otherwise it is tried again.
    #[serde(default)]
    pub(super) permanent: bool,
    /// The receiver's wish, an ISO 8601 duration.
    pub(super) retry_after: Option<String>,
}

fn failed() -> String {
    "scenario.failed".to_owned()
}

/// What is to be true. Only what is named is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expect {
    /// The only case, or the first.
    pub(super) case: Option<Value>,
    /// `case` and `cases` as they were known then, RFC 3339.
    pub(super) as_of: Option<String>,
    /// All cases, in order of their numbers.
    pub(super) cases: Option<Vec<Value>>,
    /// How many cases there are.
    pub(super) case_count: Option<usize>,
    /// The open work items: exactly these, in any order.
    pub(super) items: Option<Vec<Value>>,
    /// Messages sent since the start: these are among them, in this order.
    pub(super) messages: Option<Vec<Value>>,
    /// How many messages were sent since the start.
    pub(super) message_count: Option<usize>,
    /// Which instance the next lines are about: the newest of the workflow with this name; none: the first of all.
    pub(super) of: Option<String>,
    /// Status of the only instance, or of the first.
    pub(super) instance: Option<String>,
    /// Statuses of all instances, in order of their start.
    pub(super) instances: Option<Vec<String>>,
    /// The output of the first instance.
    pub(super) output: Option<Value>,
    /// The error of the first instance.
    pub(super) error: Option<Value>,
    /// Lines of the first instance's history: these are among them, in this order.
    pub(super) history: Option<Vec<Value>>,
    /// Names of tasks of the first instance: they began, in this order, whatever began between them.
    pub(super) path: Option<Vec<String>>,
    /// Calls of services since the start: these are among them, in this order.
    pub(super) calls: Option<Vec<Value>>,
    /// How many events of the inbox nobody took.
    pub(super) undelivered: Option<usize>,
}

impl Person {
    /// The part of a decision that says who and what.
    pub(super) fn of(complete: &Complete) -> Self {
        Self {
            r#as: complete.r#as.clone(),
            roles: complete.roles.clone(),
            item: complete.item.clone(),
            case: complete.case,
            seat: complete.seat,
            refused: complete.refused.clone(),
        }
    }

    /// The part of another act.
    pub(super) fn acting(on: &ActOn) -> Self {
        Self {
            r#as: on.r#as.clone(),
            roles: on.roles.clone(),
            item: on.item.clone(),
            case: on.case,
            seat: on.seat,
            refused: on.refused.clone(),
        }
    }
}

/// Texts `$case` and `$case2` in data become numbers of cases.
pub(super) fn with_cases(value: &Value, cases: &[String]) -> Value {
    match value {
        Value::String(text) => {
            let index = match text.strip_prefix("$case") {
                Some("") => Some(1),
                Some(number) => number.parse::<usize>().ok(),
                None => None,
            };
            let number = index.and_then(|index| cases.get(index.checked_sub(1)?));
            Value::String(number.unwrap_or(text).clone())
        }
        Value::Array(items) => items.iter().map(|item| with_cases(item, cases)).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), with_cases(value, cases))).collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
