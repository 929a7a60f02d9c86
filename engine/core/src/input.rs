//! All that can happen to an instance: one closed list.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use yiwang_dsl::{Data, Fault};

use crate::case::CaseCommand;
use crate::repair::Repair;
use crate::work_item::{Actor, WorkItemCommand};
use crate::{Case, CaseNo, Deployment, EffectId, Event, InstanceId, WorkItemId};

/// Something that happened outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Begin. Only for an instance that has no state yet.
    Start {
        /// The raw workflow input.
        input: Data,
        /// Who or what started it.
        cause: Cause,
    },
    /// Time has passed: every timer that is due fires.
    Wake,
    /// An effect was tried.
    EffectDone {
        /// Which.
        effect: EffectId,
        /// Of which attempt this is the result; an older one is recorded and ignored.
        attempt: u32,
        /// What came of it.
        outcome: EffectOutcome,
    },
    /// The child that an effect asked for has begun.
    ChildStarted {
        /// The [`crate::effect::Action::Start`].
        effect: EffectId,
        /// The child.
        instance: InstanceId,
    },
    /// The parent waits for this instance no more: it is cancelled.
    Abandoned {
        /// The parent's [`crate::effect::Action::Cancel`].
        by: EffectId,
    },
    /// An event that one of the instance's subscriptions may want.
    Event(Arc<Event>),
    /// A person acts on a work item.
    WorkItem {
        /// Which.
        item: WorkItemId,
        /// What to do.
        command: WorkItemCommand,
        /// The version that the person saw; a newer one refuses the command.
        version: Option<u32>,
        /// Who.
        by: Actor,
    },
    /// There are new editions of calendars that the instance waits for: provisional due times are worked
    /// out again.
    CalendarsChanged,
    /// Somebody acts on the instance's case: a person, a sweep, another case.
    Case {
        /// What to do.
        command: CaseCommand,
        /// Who.
        by: Actor,
        /// Why.
        reason: Option<String>,
        /// The caller's id of this decision: deciding again with the same id is the same decision.
        decision: String,
        /// The version that the caller saw; a newer one refuses the command.
        version: Option<u32>,
    },
    /// Cases of the same petitioner, which the instance asked for.
    Repeats {
        /// As they are now.
        cases: Vec<Case>,
    },
    /// An operator intervenes.
    Operator {
        /// How.
        command: OperatorCommand,
        /// Who.
        by: Actor,
        /// Why.
        reason: Option<String>,
    },
    /// An operator changes where the instance stands or what it knows.
    Repair {
        /// How.
        repair: Repair,
        /// Who.
        by: Actor,
        /// Why. Nobody repairs without saying so.
        reason: String,
        /// The caller's id of this decision: deciding again with the same id is the same decision.
        decision: String,
        /// The version that a migration goes to. None: it is not deployed, or nothing is migrated.
        to: Option<Arc<Deployment>>,
    },
}

/// Why an instance began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Cause {
    /// A call of the API or the CLI.
    Request {
        /// Who asked.
        person: String,
    },
    /// Events that `schedule.on` waits for.
    Events {
        /// Their sources and ids.
        events: Vec<(String, String)>,
    },
    /// `schedule.cron` or `schedule.every`.
    Schedule {
        /// The planned time.
        at: crate::Timestamp,
    },
    /// A part of another case's matter became a case of its own.
    Split {
        /// The effect of the other case that asked for it.
        effect: EffectId,
        /// The other case.
        from: CaseNo,
        /// Who split it.
        person: String,
    },
    /// An operator ran an instance that had ended once more, with the same input.
    Rerun {
        /// The one that had ended.
        of: InstanceId,
        /// Who asked.
        person: String,
        /// Why.
        reason: String,
    },
    /// `run: workflow` of another instance.
    Parent {
        /// The parent's effect that asked for it.
        effect: EffectId,
        /// How many parents it has above it.
        depth: u32,
        /// Does the parent wait for its end?
        waits: bool,
        /// It makes no lifecycle events: its parent has to do with some.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        quiet: bool,
    },
}

/// What came of an effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum EffectOutcome {
    /// Done; the output.
    Done {
        /// What the receiver answered.
        output: Data,
        /// The scheme by which the performer of a call has proved who it is, e.g. `Bearer`: what
        /// `$authorization` shows. Never the parameter, which is a secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authorization: Option<String>,
    },
    /// Not done; may work later.
    Retryable {
        /// Stable code, e.g. `wechat.45015`.
        code: String,
        /// For people.
        message: String,
        /// The receiver's wish, milliseconds.
        retry_after: Option<u64>,
    },
    /// Not done, with an error of the language. Its `instance` is empty: the task that asked fills it in.
    Faulted {
        /// The error.
        error: Fault,
    },
    /// Will never work.
    Permanent {
        /// Stable code.
        code: String,
        /// For people.
        message: String,
    },
}

impl EffectOutcome {
    /// Done, with this output.
    pub fn done(output: impl Into<Data>) -> Self {
        Self::Done { output: output.into(), authorization: None }
    }
}

/// What an operator can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorCommand {
    /// End it; its work items are withdrawn.
    Cancel,
    /// Run the task that faulted again.
    Retry,
    /// Do nothing until resumed; timers and events wait.
    Suspend,
    /// Go on.
    Resume,
}
