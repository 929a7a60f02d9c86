//! All that the shard can be asked: one closed list. Who asks and by what protocol is not known here.

use std::sync::Arc;

use tokio::sync::oneshot;
use yiwang_core::case::CaseCommand;
use yiwang_core::input::{Cause, EffectOutcome, OperatorCommand};
use yiwang_core::migration::Wish;
use yiwang_core::reference::Kind;
use yiwang_core::repair::Repair;
use yiwang_core::sweep::Sweep;
use yiwang_core::transition::Status;
use yiwang_core::work_item::{Actor, WorkItemCommand};
use yiwang_core::{CaseNo, Deployment, Effect, EffectId, HistoryEvent, InstanceId, Timestamp, WorkItemId};
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};
use yiwang_dsl::{Data, Diagnostic, Fault};

use crate::Error;
use crate::ports::{
    DeliveryReport, DeploymentRow, IncomingEvent, InstanceSummary, PollCursor, RejectionRow, ScheduleRun,
};
use crate::scheduling::ScheduleCommand;
use crate::sweeps::SweepRead;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// What comes in by a channel at once: all of it is stored, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// New events, in order.
    pub events: Vec<IncomingEvent>,
    /// What became of messages that went out.
    pub reports: Vec<DeliveryReport>,
    /// How far a channel that is asked has come with it.
    pub cursor: Option<PollCursor>,
}

/// One thing to do. It is answered after the commit of its turn, never before.
pub(crate) enum Request {
    /// Add a compiled deployment.
    Deploy {
        row: DeploymentRow,
        deployment: Arc<Deployment>,
        warnings: Vec<Diagnostic>,
        reply: Reply<Deployed>,
    },
    /// Begin an instance.
    Start { start: Start, reply: StartReply },
    /// Wait for the end of one that has begun.
    Wait { instance: InstanceId, reply: Reply<Ended> },
    /// Take events into the inbox, and what comes with them.
    Publish { intake: Intake, reply: Reply<Vec<Accepted>> },
    /// Keep a rejection.
    Reject { row: RejectionRow, reply: Reply<()> },
    /// A person acts on a work item.
    WorkItem { act: WorkItemAct, reply: Reply<Data> },
    /// Somebody acts on a case.
    Case { act: CaseAct, reply: Reply<Data> },
    /// An operator intervenes.
    Operator { act: OperatorAct, reply: Reply<Data> },
    /// An operator repairs an instance.
    Repair { act: RepairAct, reply: Reply<Data> },
    /// Somebody looks at where an instance stands.
    Inspect { instance: InstanceId, reply: Reply<Inspection> },
    /// Somebody wants to know what a migration would do.
    PreviewMigration { instance: InstanceId, wish: Wish, reply: Reply<MigrationPreview> },
    /// Put a reference document.
    PutReference { wish: PutReference, reply: Reply<StoredReference> },
    /// Somebody asks for a sweep, or decides about one.
    Sweep { act: SweepAct, reply: Reply<Sweep> },
    /// What was read for a sweep to go on.
    SweepRead(SweepRead),
    /// A person acts on a schedule.
    Schedule { act: ScheduleAct, reply: Reply<ScheduleRun> },
    /// An effect was tried.
    EffectDone { effect: EffectId, attempt: u32, outcome: EffectOutcome },
    /// Do an effect that needs nothing of the outside: begin, tell or cancel another instance.
    Internal { effect: Effect },
}

/// Who waits for a start.
pub(crate) enum StartReply {
    /// For its beginning.
    Begin(Reply<Begun>),
    /// For its end.
    End(Reply<Ended>),
    /// For both, one after the other.
    Both(Reply<Begun>, Reply<Ended>),
}

/// An instance to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// `namespace/name`.
    pub workflow: String,
    /// Its version; none: the greatest one deployed.
    pub version: Option<String>,
    /// The caller's key: the same key starts once.
    pub key: Option<String>,
    /// The raw workflow input.
    pub input: Data,
    /// Who or what starts it.
    pub cause: Cause,
}

/// What a person does with a work item.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkItemAct {
    /// Which.
    pub item: WorkItemId,
    /// What to do.
    pub command: WorkItemCommand,
    /// The version that the person saw; a newer one refuses the command.
    pub version: Option<u32>,
    /// Who.
    pub by: Actor,
}

/// What somebody does with a case.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseAct {
    /// Which.
    pub no: CaseNo,
    /// What to do.
    pub command: CaseCommand,
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: Option<String>,
    /// The caller's id of this decision: the same id again is the same decision.
    pub decision: String,
    /// The version that the caller saw; a newer one refuses the command.
    pub version: Option<u32>,
}

/// What an operator does with an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorAct {
    /// Which.
    pub instance: InstanceId,
    /// What to do.
    pub command: OperatorCommand,
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: Option<String>,
}

/// What an operator repairs.
#[derive(Clone, Debug, PartialEq)]
pub struct RepairAct {
    /// Of which instance.
    pub instance: InstanceId,
    /// What to do.
    pub repair: Repair,
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: String,
    /// The caller's id of this decision: the same id again is the same decision.
    pub decision: String,
}

/// An instance as it is at one moment.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// What it is pinned to.
    pub deployment: Arc<Deployment>,
    /// Its phase.
    pub status: Status,
    /// Where it stands.
    pub standing: Vec<yiwang_core::repair::Standing>,
}

/// What a migration would do.
#[derive(Clone, Debug)]
pub struct MigrationPreview {
    /// What it means, task by task.
    pub plan: yiwang_core::migration::Plan,
    /// The lines that history would have.
    pub lines: Vec<HistoryEvent>,
    /// Why it would be refused.
    pub refused: Option<String>,
}

/// A reference document to be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutReference {
    /// Of which kind.
    pub kind: Kind,
    /// Its name within the kind.
    pub name: String,
    /// The text.
    pub body: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// The version that the person saw, 0 for none; another one refuses it.
    pub version: Option<u32>,
}

/// A reference document is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReference {
    /// Of which kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its version now.
    pub version: u32,
    /// The newest version said the same already: nothing was stored.
    pub existing: bool,
}

/// What a person does about a sweep.
#[derive(Clone, Debug, PartialEq)]
pub enum SweepAct {
    /// Ask for one.
    Begin(Box<yiwang_core::sweep::Wanted>),
    /// Approve what another person asked for.
    Approve {
        /// Which.
        id: InstanceId,
        /// Who.
        person: String,
        /// Why.
        reason: Option<String>,
    },
    /// Stop it.
    Cancel {
        /// Which.
        id: InstanceId,
        /// Who.
        person: String,
        /// Why.
        reason: Option<String>,
    },
}

/// What a person does with a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleAct {
    /// `namespace/name`.
    pub workflow: String,
    /// What to do.
    pub command: ScheduleCommand,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

/// A workflow is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// Which.
    pub id: DefinitionId,
    /// Hash of text and forms.
    pub hash: DefinitionHash,
    /// The same content had been deployed before.
    pub existing: bool,
    /// What the author should look at.
    pub warnings: Vec<Diagnostic>,
}

/// An instance has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// Which.
    pub instance: InstanceId,
    /// It had begun before under the same key with the same input.
    pub existing: bool,
    /// Where its first turn has brought it; none: it had begun before.
    pub standing: Option<Box<Standing>>,
}

/// Where an instance stands after a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// As lists show it.
    pub summary: InstanceSummary,
    /// How it has ended, if it has.
    pub ending: Option<Ending>,
}

/// An instance has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Which.
    pub instance: InstanceId,
    /// How.
    pub ending: Ending,
    /// Its last revision.
    pub rev: u64,
    /// When.
    pub at: Timestamp,
    /// The number of its case.
    pub case_no: Option<CaseNo>,
}

impl Ended {
    /// What lists show of an instance at its end, which they showed so before.
    pub fn summary(&self, before: InstanceSummary) -> InstanceSummary {
        let status = match self.ending {
            Ending::Completed(_) => Status::Completed,
            Ending::Faulted(_) => Status::Faulted,
            Ending::Cancelled => Status::Cancelled,
        };
        let case_no = self.case_no.clone();
        InstanceSummary { status, rev: self.rev, wake_at: None, case_no, updated: self.at, ..before }
    }
}

/// How an instance ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// As meant, with this output.
    Completed(Data),
    /// With an error that nobody caught.
    Faulted(Fault),
    /// By an operator.
    Cancelled,
}

/// An event is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The event's own id.
    pub event: String,
    /// It had come before.
    pub duplicate: bool,
    /// Its row in the inbox.
    pub inbox: u64,
}
