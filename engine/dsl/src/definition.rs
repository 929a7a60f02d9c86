//! A checked workflow: the tree that the interpreter walks.
//!
//! Tasks live in one arena and refer to each other by [`TaskId`], so that a position in a running
//! instance is a number that stays valid as long as the definition's hash does.
//! Nothing here can be built wrong: only [`crate::check()`] makes a [`Definition`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Data;
use crate::error::TypeAliases;
use crate::expression::{Expression, Template};
use crate::lifecycle::LifecycleEvent;

/// Which workflow, in which version. Immutable once deployed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DefinitionId {
    /// `document.namespace`.
    pub namespace: String,
    /// `document.name`.
    pub name: String,
    /// `document.version`, a semantic version.
    pub version: String,
}

/// SHA-256 of the source text and of the texts from elsewhere that it uses, in hex. An instance is pinned
/// to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DefinitionHash(pub Arc<str>);

/// Index of a task in its definition's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u32);

/// A list of tasks run in order: `do`, a loop's body, a `try`.
pub type Block = Vec<TaskId>;

/// One checked version of a workflow.
#[derive(Debug)]
pub struct Definition {
    /// Namespace, name and version.
    pub id: DefinitionId,
    /// Hash of [`Definition::source`] and [`Definition::resources`].
    pub hash: DefinitionHash,
    /// The text as written.
    pub source: Arc<str>,
    /// `document.title`, for people.
    pub title: Option<String>,
    /// `document.summary`.
    pub summary: Option<String>,
    /// `document.metadata.yiwang`: policy that the language has no word for. Null when absent.
    pub policy: Policy,
    /// When instances start by themselves.
    pub schedule: Option<Schedule>,
    /// Check and transformation of the workflow's raw input.
    pub input: InputSpec,
    /// Transformation and check of the last task's output.
    pub output: OutputSpec,
    /// Time after which the whole instance faults with `timeout`.
    pub timeout: Option<Span>,
    /// `use.secrets`: the names that `$secrets` may be asked for.
    pub secrets: Vec<String>,
    /// Texts from elsewhere that it was checked with, by URI. Checking it again needs the same.
    pub resources: BTreeMap<String, Arc<str>>,
    /// `use.extensions`, in order. A task names by index those that extend it.
    pub extensions: Vec<Extension>,
    /// The top-level `do`.
    pub root: Block,
    /// The arena. [`TaskId`] is an index into it.
    pub tasks: Vec<Task>,
}

impl Definition {
    /// The task with this id.
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.0 as usize]
    }
}

/// `document.metadata.yiwang`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// IANA name of the time zone of cron expressions. Default `Asia/Shanghai`.
    pub timezone: Option<String>,
    /// Id of the calendar that working time is counted by.
    pub calendar: Option<String>,
    /// What to do when a schedule fires while the last run is still active.
    pub overlap: Overlap,
    /// What to do about fire times missed while the server was down.
    pub misfire: Misfire,
    /// What becomes of fire times on days off.
    pub days_off: DaysOff,
    /// Which spellings of an error's type a `catch` takes for the same.
    pub error_types: TypeAliases,
    /// Which lifecycle events enter the inbox, where other workflows can wait for them.
    pub lifecycle: BTreeSet<LifecycleEvent>,
}

/// Overlap policy of `schedule.cron` and `schedule.every`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// Start another run (the specification's behaviour).
    #[default]
    Allow,
    /// Skip this fire time and record that it was skipped.
    Skip,
}

/// Misfire policy of `schedule.cron` and `schedule.every`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misfire {
    /// Start once for all the missed times together.
    #[default]
    FireOnce,
    /// Forget the missed times.
    Skip,
}

/// What becomes of the times of `schedule.cron` on days that are off in the workflow's calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DaysOff {
    /// They count as any other.
    #[default]
    Count,
    /// They are left out.
    Skip,
    /// They are put off to the next working day, to the same time of the day.
    Next,
    /// They are brought forward to the working day before.
    Previous,
}

/// `input` of a workflow or a task.
#[derive(Debug, Default)]
pub struct InputSpec {
    /// Checked against the raw input.
    pub schema: Option<Schema>,
    /// Makes the transformed input out of the raw one.
    pub from: Option<Template>,
}

/// `output` of a workflow or a task.
#[derive(Debug, Default)]
pub struct OutputSpec {
    /// Makes the transformed output out of the raw one.
    pub r#as: Option<Template>,
    /// Checked against the transformed output.
    pub schema: Option<Schema>,
}

/// `export` of a task: what becomes the new `$context`.
#[derive(Debug, Default)]
pub struct ExportSpec {
    /// Evaluated on the transformed output; its result *replaces* the context.
    pub r#as: Option<Template>,
    /// Checked against the new context.
    pub schema: Option<Schema>,
}

/// A compiled JSON Schema (draft 2020-12 unless its `$schema` says otherwise).
#[derive(Debug)]
pub struct Schema {
    /// The schema as written.
    pub document: serde_json::Value,
    /// Ready to validate; it never fetches a remote `$ref`.
    pub validator: jsonschema::Validator,
}

/// One step of the definition.
#[derive(Debug)]
pub struct Task {
    /// Its place in the arena.
    pub id: TaskId,
    /// The key it is written under.
    pub name: String,
    /// `metadata.title`, for people.
    pub title: Option<String>,
    /// JSON Pointer into the document, e.g. `/do/0/register`; `instance` of its errors.
    pub reference: String,
    /// Bytes of the name in the source.
    pub span: Range<usize>,
    /// `if`: false skips the task; its raw input is then its output.
    pub condition: Option<Expression>,
    /// `input`.
    pub input: InputSpec,
    /// `output`.
    pub output: OutputSpec,
    /// `export`.
    pub export: ExportSpec,
    /// `timeout`.
    pub timeout: Option<Span>,
    /// `then`: where to go after it.
    pub then: Flow,
    /// Extensions of this kind of task, the outermost first: indexes into [`Definition::extensions`].
    pub extensions: Vec<usize>,
    /// What it does.
    pub kind: TaskKind,
}

/// One entry of `use.extensions`.
#[derive(Debug)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Does it apply? Evaluated on the raw input of the extended task, which `$task` describes.
    pub when: Option<Expression>,
    /// Runs before the extended task, whose raw input it sees; `exit` in it skips the task.
    pub before: Block,
    /// Runs after the extended task, whose transformed output it sees.
    pub after: Block,
}

/// `then`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// The next task of the list.
    #[default]
    Continue,
    /// Leave the list: in a loop, end this round.
    Exit,
    /// End the workflow.
    End,
    /// A task of the same list.
    Goto(TaskId),
}

/// What a task does.
#[derive(Debug)]
pub enum TaskKind {
    /// `call`.
    Call {
        /// What is called.
        callee: Callee,
        /// Its whole input.
        with: Template,
        /// What is done with each message of a subscription.
        foreach: Option<Foreach>,
    },
    /// `do`: a nested list.
    Do {
        /// The list.
        body: Block,
    },
    /// `emit`: publish a CloudEvent.
    Emit {
        /// Attributes and data.
        event: EventTemplate,
    },
    /// `for`.
    For {
        /// Name of the item variable, without `$`. Default `item`.
        each: String,
        /// Name of the index variable, without `$`. Default `index`.
        at: String,
        /// What to go over: an expression or an inline array.
        over: Template,
        /// Checked before each round.
        until_false: Option<Expression>,
        /// One round.
        body: Block,
    },
    /// `fork`.
    Fork {
        /// One task each, all begun at once.
        branches: Vec<TaskId>,
        /// The first branch that completes wins, and the others are cancelled.
        compete: bool,
    },
    /// `listen`.
    Listen {
        /// What to wait for.
        to: Strategy,
        /// Go on listening until then. Only with `any`.
        until: Option<Until>,
        /// What of each event becomes output.
        read: Read,
        /// What is done with each event.
        foreach: Option<Foreach>,
    },
    /// `raise`.
    Raise {
        /// The error, its texts possibly expressions.
        error: ErrorTemplate,
    },
    /// `run`.
    Run {
        /// What is run.
        process: Process,
        /// Go on only when it has ended.
        wait: bool,
        /// What of it becomes output.
        output: ProcessOutput,
    },
    /// `set`.
    Set {
        /// The task's output.
        value: Template,
    },
    /// `switch`.
    Switch {
        /// In order; the first that holds is taken.
        cases: Vec<SwitchCase>,
    },
    /// `try`.
    Try {
        /// What may fail.
        body: Block,
        /// What to do then.
        catch: Catch,
    },
    /// `wait`.
    Wait {
        /// How long.
        duration: Span,
    },
}

/// What a `call` calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function that the engine itself provides, or `send` of a channel.
    Catalog(FunctionRef),
    /// A function written in the language, from `use.functions` or a catalog: one task, which stands in no
    /// list. It runs with `with` as its input and an empty context of its own.
    Defined(TaskId),
    /// A protocol of the language.
    Protocol(Protocol),
}

/// The protocols that `call` knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// From agent to agent.
    A2a,
    /// Messages, as an `AsyncAPI` document describes them.
    AsyncApi,
    /// gRPC.
    Grpc,
    /// HTTP.
    Http,
    /// Model Context Protocol.
    Mcp,
    /// Operations of an OpenAPI document.
    OpenApi,
}

/// What is done with each item of a stream of events or messages, one after the other.
#[derive(Debug)]
pub struct Foreach {
    /// Name of the item variable, without `$`. Default `item`.
    pub item: String,
    /// Name of the index variable, without `$`. Default `index`.
    pub at: String,
    /// What to do; empty: the item itself is the output.
    pub body: Block,
    /// Transforms the output of each round.
    pub output: OutputSpec,
    /// What becomes of the context after each round.
    pub export: ExportSpec,
}

/// `listen.to.until`.
#[derive(Debug)]
pub enum Until {
    /// Until this holds. Evaluated on the events so far after each of them.
    Condition(Expression),
    /// Until these events have come. They are no part of the output.
    Events(Strategy),
}

/// What `run` runs.
#[derive(Debug)]
pub enum Process {
    /// Another workflow, as a child.
    Workflow {
        /// `namespace/name`.
        workflow: String,
        /// None: the latest.
        version: Option<String>,
        /// Its input.
        input: Template,
    },
    /// A script in a sandbox. `with` is an object of `code` or `source`, `arguments`, `environment`, `stdin`.
    Script {
        /// In which language.
        language: ScriptLanguage,
        /// The rest.
        with: Template,
    },
    /// A command of the operating system: `command`, `arguments`, `environment`, `stdin`.
    Shell {
        /// All of it.
        with: Template,
    },
    /// A container: `image`, `name`, `command`, `ports`, `volumes`, `environment`, `stdin`, `arguments`,
    /// `lifetime`, `pullPolicy`.
    Container {
        /// All of it.
        with: Template,
    },
}

/// Languages of scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScriptLanguage {
    /// ECMAScript 2024.
    Js,
    /// Python 3.14.
    Python,
}

/// `run.return`. A child workflow has only an output, whatever is said here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessOutput {
    /// What it wrote to its standard output.
    #[default]
    Stdout,
    /// What it wrote to its standard error.
    Stderr,
    /// Its exit code.
    Code,
    /// All three, as `{ code, stdout, stderr }`.
    All,
    /// Null.
    None,
}

/// A function of a catalog: `name:version@catalog`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FunctionRef {
    /// Function name, e.g. `human-task`.
    pub name: String,
    /// Version, e.g. `1.0.0`.
    pub version: String,
    /// Catalog: `default`, or the id of a channel.
    pub catalog: String,
}

/// `emit.event.with`.
#[derive(Debug)]
pub struct EventTemplate {
    /// Object of attributes; `data` among them. `type` is always there.
    pub with: Template,
}

/// `listen.to`, `schedule.on`.
#[derive(Debug)]
pub enum Strategy {
    /// The first event that matches.
    One(EventFilter),
    /// The first event that matches any filter; no filter: any event.
    Any(Vec<EventFilter>),
    /// One event for each filter.
    All(Vec<EventFilter>),
}

impl TaskKind {
    /// The lists inside of it, in the order as written. The branches of a fork are one of them.
    pub fn blocks(&self) -> Vec<&[TaskId]> {
        match self {
            Self::Do { body } | Self::For { body, .. } => vec![body],
            Self::Try { body, catch } => {
                [Some(body), catch.body.as_ref()].into_iter().flatten().map(Vec::as_slice).collect()
            }
            Self::Fork { branches, .. } => vec![branches],
            Self::Call { foreach, .. } | Self::Listen { foreach, .. } => {
                foreach.iter().map(|foreach| foreach.body.as_slice()).collect()
            }
            Self::Emit { .. }
            | Self::Raise { .. }
            | Self::Run { .. }
            | Self::Set { .. }
            | Self::Switch { .. }
            | Self::Wait { .. } => Vec::new(),
        }
    }

    /// The word it is written by.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Call { .. } => "call",
            Self::Do { .. } => "do",
            Self::Emit { .. } => "emit",
            Self::For { .. } => "for",
            Self::Fork { .. } => "fork",
            Self::Listen { .. } => "listen",
            Self::Raise { .. } => "raise",
            Self::Run { .. } => "run",
            Self::Set { .. } => "set",
            Self::Switch { .. } => "switch",
            Self::Try { .. } => "try",
            Self::Wait { .. } => "wait",
        }
    }
}

impl Strategy {
    /// All filters, in order.
    pub fn filters(&self) -> &[EventFilter] {
        match self {
            Self::One(filter) => std::slice::from_ref(filter),
            Self::Any(filters) | Self::All(filters) => filters,
        }
    }
}

/// Which events are meant.
#[derive(Debug)]
pub struct EventFilter {
    /// Attributes that must be equal; an expression in place of a value is a predicate on that attribute
    /// (`data: ${ .amount > 5 }` on the event's data).
    pub with: Vec<(String, Template)>,
    /// `correlate`, in the order of its keys. All must hold.
    pub correlate: Vec<Correlation>,
}

impl EventFilter {
    /// The literal `type`, if the filter names one.
    pub fn event_type(&self) -> Option<&str> {
        self.with.iter().find(|(name, _)| name == "type").and_then(|(_, value)| match value {
            Template::Literal(data) => data.as_str(),
            _ => None,
        })
    }
}

/// One key of `correlate`.
#[derive(Debug)]
pub struct Correlation {
    /// Its name.
    pub key: String,
    /// Evaluated on the event's envelope (`.data.caseId`, `.roomid`).
    pub from: Expression,
    /// The value wanted, evaluated in the instance when the listening begins. Without it, the first event
    /// fixes the value for the others of an `all`.
    pub expect: Option<Template>,
}

/// `listen.read`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Read {
    /// The event's `data`.
    #[default]
    Data,
    /// The whole CloudEvent as an object.
    Envelope,
    /// The data as the raw text that came.
    Raw,
}

/// `raise.error`, `use.errors`.
#[derive(Debug)]
pub struct ErrorTemplate {
    /// URI of the type.
    pub r#type: Template,
    /// HTTP-like status.
    pub status: Template,
    /// Short text.
    pub title: Option<Template>,
    /// Long text.
    pub detail: Option<Template>,
    /// Overrides the raising task's reference.
    pub instance: Option<Template>,
}

/// One case of a `switch`.
#[derive(Debug)]
pub struct SwitchCase {
    /// Its name.
    pub name: String,
    /// Holds when true; none: the default case.
    pub when: Option<Expression>,
    /// Where to go.
    pub then: Flow,
}

/// `catch`.
#[derive(Debug)]
pub struct Catch {
    /// `errors.with`: members that must be equal. Empty: every error.
    pub with: ErrorFilter,
    /// Name of the error variable, without `$`. Default `error`.
    pub variable: String,
    /// Must hold.
    pub when: Option<Expression>,
    /// Must not hold.
    pub except_when: Option<Expression>,
    /// Run the tried list again.
    pub retry: Option<Retry>,
    /// After retries are exhausted.
    pub body: Option<Block>,
    /// Where to go after `body`; `Continue` follows the task's own `then`.
    pub then: Flow,
}

/// `catch.errors.with`.
#[derive(Debug, Default)]
pub struct ErrorFilter {
    /// URI; compared with both hosts of the specification taken as one.
    pub r#type: Option<String>,
    /// Status.
    pub status: Option<u16>,
    /// JSON Pointer of the raising task.
    pub instance: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Detail.
    pub detail: Option<String>,
}

/// `retry`.
#[derive(Debug)]
pub struct Retry {
    /// Must hold.
    pub when: Option<Expression>,
    /// Must not hold.
    pub except_when: Option<Expression>,
    /// Delay before the first retry.
    pub delay: Span,
    /// How it grows. Factor 2 when exponential, plus one delay each time when linear.
    pub backoff: Backoff,
    /// Random addition: from, to.
    pub jitter: Option<(Span, Span)>,
    /// Retries after the first try; none: no limit.
    pub attempts_max: Option<u32>,
    /// Longest time of one attempt.
    pub attempt_duration: Option<Span>,
    /// Longest time of all attempts together.
    pub duration: Option<Span>,
}

/// `retry.backoff`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backoff {
    /// Always the same delay.
    #[default]
    Constant,
    /// delay · n.
    Linear,
    /// delay · 2ⁿ.
    Exponential,
}

/// A length of time: fixed, or an expression that gives an ISO 8601 duration when it is reached.
#[derive(Debug)]
pub enum Span {
    /// Milliseconds. Days are 24 hours.
    Fixed(u64),
    /// Evaluated at run time.
    Computed(Expression),
}

/// `schedule`.
#[derive(Debug)]
pub enum Schedule {
    /// Fixed rate, in milliseconds.
    Every(u64),
    /// Five-field Unix cron, checked.
    Cron(String),
    /// So long after the last run has ended, in milliseconds. The first run begins with the deployment.
    After(u64),
    /// An instance for each event (each set of events, for `all`); its input is an array of events.
    On {
        /// Which events.
        strategy: Strategy,
        /// What of each event goes into the array.
        read: Read,
    },
}

/// The empty object, the initial `$context`.
pub fn empty_context() -> Data {
    Data::object([])
}
