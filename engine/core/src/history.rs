//! The append-only record of an instance. What outsiders rely on: golden files hold its form.

use serde::{Deserialize, Serialize};
use yiwang_dsl::{Data, Fault};

use crate::ballot::{ClosedBy, Tally};
use crate::calendar::{Amount, Length};
use crate::case::{CaseCommand, CaseState, Flag, Outcome};
use crate::clock::{Card, Stage};
use crate::input::{Cause, EffectOutcome, OperatorCommand};
use crate::repair::Repair;
use crate::work_item::File;
use crate::{CaseNo, EffectId, InstanceId, Timestamp, WorkItemId};

/// One line of history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// 1, 2, 3 … within the instance, without gaps.
    pub seq: u64,
    /// The transition's time.
    pub at: Timestamp,
    /// JSON Pointer of the task it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub task: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen. The fields are the things that the variant's sentence names.
#[expect(missing_docs, reason = "a field says no more than its name and its variant's sentence")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum What {
    /// The instance began.
    Started { cause: Cause, input: Data },
    /// A task began.
    TaskStarted,
    /// Its `if` was false.
    TaskSkipped,
    /// A task ended.
    TaskCompleted { output: Data },
    /// A task failed; a `try` may still catch it.
    TaskFaulted { error: Fault },
    /// A `try` caught an error and will run its list again.
    TaskRetried { attempt: u32, due: Timestamp },
    /// A `switch` took one of its cases; none: no case held.
    Switched {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        case: Option<String>,
    },
    /// A branch of a `fork` was given up: another one won or failed, or the `fork` was given up itself. Or an
    /// operator moved on from the task.
    TaskCancelled,
    /// `export` or the join of a `fork` replaced the context.
    ContextChanged { context: Data },
    /// A timer was set.
    TimerSet { due: Timestamp, purpose: String },
    /// A timer fired.
    TimerFired { due: Timestamp, purpose: String },
    /// Something is to be done outside.
    EffectRequested { effect: EffectId, function: String },
    /// It was tried, and what came of it.
    EffectReturned { effect: EffectId, attempt: u32, outcome: EffectOutcome },
    /// A result of an old attempt, or a second result: recorded, not applied.
    ResultIgnored { effect: EffectId, attempt: u32 },
    /// A message that had failed for good is not kept any longer, because too many of this instance are: it cannot
    /// be sent again.
    MessageForgotten { message: EffectId },
    /// A child has begun. How it ended is what its effect returns.
    ChildStarted { effect: EffectId, instance: InstanceId },
    /// The instance waits for events.
    Listening { types: Vec<String> },
    /// An event was taken.
    EventTaken { source: String, id: String, r#type: String },
    /// An event was published.
    EventPublished { source: String, id: String, r#type: String },
    /// Work was offered.
    WorkItemOffered { item: WorkItemId, title: String, roles: Vec<String>, due: Option<Timestamp> },
    /// It was offered to roles and people of whom nobody is there; these may do it as well.
    WorkItemUnheld { item: WorkItemId, candidates: Vec<String>, fallback: Vec<String> },
    /// Somebody took it.
    WorkItemClaimed {
        item: WorkItemId,
        by: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        on_behalf_of: Option<String>,
    },
    /// Somebody gave it back.
    WorkItemReleased {
        item: WorkItemId,
        by: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        on_behalf_of: Option<String>,
    },
    /// Somebody gave it to somebody else, and stays responsible.
    WorkItemDelegated { item: WorkItemId, by: String, from: String, to: String, reason: Option<String> },
    /// Somebody else has it from now on.
    WorkItemHandedOver {
        item: WorkItemId,
        by: String,
        from: Option<String>,
        to: String,
        reason: Option<String>,
    },
    /// It went back to the candidates.
    WorkItemReturned {
        item: WorkItemId,
        by: String,
        reason: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        on_behalf_of: Option<String>,
    },
    /// Somebody said something about it; none: hidden until the group closes.
    WorkItemCommented { item: WorkItemId, by: String, text: Option<String> },
    /// Somebody attached a file; none: hidden until the group closes.
    WorkItemAttached { item: WorkItemId, by: String, file: Option<File> },
    /// Somebody changed how urgent it is, or when to look at it again.
    WorkItemChanged { item: WorkItemId, by: String, changes: Data, reason: Option<String> },
    /// Somebody said to have an interest in the matter.
    WorkItemConflict { item: WorkItemId, by: String, reason: String },
    /// Somebody tried what they must not do.
    WorkItemRefused { item: WorkItemId, by: String, attempt: String, code: String, reason: String },
    /// Somebody decided it. In a blind group the answer is hidden until the group closes.
    WorkItemCompleted {
        item: WorkItemId,
        by: String,
        outcome: String,
        form: Data,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        on_behalf_of: Option<String>,
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        sealed: bool,
    },
    /// Members were asked together.
    GroupOpened { members: Vec<String>, mode: String, rule: Data, blind: bool },
    /// A seat has another member; none: it does not count any more.
    GroupSeatChanged {
        seat: u32,
        from: String,
        to: Option<String>,
        reason: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<String>,
    },
    /// A group is decided.
    GroupClosed { by: ClosedBy, outcome: Option<String>, tally: Tally },
    /// It is no longer wanted.
    WorkItemCancelled { item: WorkItemId },
    /// A step of its escalation ladder was taken.
    WorkItemEscalated { item: WorkItemId, step: String, roles: Vec<String> },
    /// A due time was worked out again by a newer edition of its calendar.
    DueRecomputed {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        item: Option<WorkItemId>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        clock: Option<String>,
        old: Timestamp,
        new: Timestamp,
        calendar: String,
        edition: u64,
        provisional: bool,
    },
    /// A clock runs from the beginning.
    ClockStarted {
        clock: String,
        goal: Amount,
        calendar: String,
        edition: u64,
        from: Timestamp,
        due: Timestamp,
        provisional: bool,
    },
    /// A clock does not count for a while.
    ClockPaused { clock: String, reason: String, spent: Length },
    /// A clock counts on.
    ClockResumed { clock: String, due: Option<Timestamp>, edition: u64, provisional: bool },
    /// A clock has got another goal, or a fixed due time.
    ClockChanged {
        clock: String,
        goal: Option<Amount>,
        fixed: Option<Timestamp>,
        calendar: String,
        edition: u64,
        old: Option<Timestamp>,
        due: Option<Timestamp>,
        reason: String,
        provisional: bool,
    },
    /// A step of a clock's ladder was taken.
    ClockStep {
        clock: String,
        step: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        card: Option<Card>,
    },
    /// A clock is past its due time.
    ClockBreached { clock: String, due: Timestamp },
    /// A clock has ended.
    ClockEnded { clock: String, stage: Stage, spent: Length, reason: Option<String> },
    /// A work item is due at another time.
    WorkItemDueMoved { item: WorkItemId, due: Option<Timestamp> },
    /// A case was opened. `facts`: what it began with and may change.
    CaseOpened {
        no: CaseNo,
        #[serde(default, skip_serializing_if = "Data::is_null")]
        facts: Data,
    },
    /// A case changed its state.
    CaseMoved { no: CaseNo, from: CaseState, to: CaseState },
    /// A case got a flag.
    CaseFlagged { no: CaseNo, flag: Flag },
    /// Other fields of a case changed; their new values.
    CaseChanged { no: CaseNo, changes: Data },
    /// A note on a case.
    CaseNoted { no: CaseNo, text: String },
    /// A case was closed.
    CaseClosed { no: CaseNo, outcome: Outcome },
    /// A case may repeat these: candidates.
    CaseRepeats { no: CaseNo, of: Vec<CaseNo> },
    /// Somebody acted on a case. What the process made of it stands on the next lines.
    CaseActed {
        no: CaseNo,
        command: CaseCommand,
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        decision: String,
    },
    /// An operator intervened.
    OperatorActed { command: OperatorCommand, by: String, reason: Option<String> },
    /// An operator changed where the instance stands or what it knows. What followed stands on the next lines.
    Repaired { repair: Repair, by: String, reason: String, decision: String },
    /// The instance ended as meant.
    Completed { output: Data },
    /// The instance ended with an error that nobody caught.
    Faulted { error: Fault },
    /// The instance was cancelled.
    Cancelled,
}

impl What {
    /// Does this line change the instance's case? Each such line is one version of it.
    pub(crate) fn changes_case(&self) -> bool {
        self.changes_clock()
            || matches!(
                self,
                Self::CaseOpened { .. }
                    | Self::CaseMoved { .. }
                    | Self::CaseFlagged { .. }
                    | Self::CaseChanged { .. }
                    | Self::CaseClosed { .. }
                    | Self::CaseRepeats { .. }
                    | Self::CaseActed { .. }
            )
    }

    /// Does this line change a clock? A case shows its clocks.
    pub(crate) fn changes_clock(&self) -> bool {
        matches!(
            self,
            Self::ClockStarted { .. }
                | Self::ClockPaused { .. }
                | Self::ClockResumed { .. }
                | Self::ClockChanged { .. }
                | Self::ClockStep { .. }
                | Self::ClockBreached { .. }
                | Self::ClockEnded { .. }
                | Self::DueRecomputed { clock: Some(_), .. }
        )
    }
}
