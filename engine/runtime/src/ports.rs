//! What the runtime needs of the world, as traits. `store` and `host` implement them; a simulation does too.

mod channels;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use yiwang_core::case::{CaseState, Flag, Outcome, TrackingCode};
use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::effect::Request;
use yiwang_core::input::EffectOutcome;
use yiwang_core::reference::{Kind as ReferenceKind, Reference};
use yiwang_core::sweep::{Line as SweepLine, Sweep};
use yiwang_core::transition::Status;
use yiwang_core::work_item::WorkItemState;
use yiwang_core::{Case, CaseNo, EffectId, Event, HistoryEvent, InstanceId, Timestamp, WorkItem, WorkItemId};
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

pub use channels::*;

pub use crate::census::{Census, Group, Ranking, ScheduleOutcome, ScheduleRun, SelectFrom};

use crate::search::Search;

// ---------------------------------------------------------------------------------------------- clock

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Ends when `now` is at or after `at`. Never early.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()>;
}

// ---------------------------------------------------------------------------------------------- store

/// The durable state, written by one writer. Every method is atomic; an error means that nothing of the
/// call happened, except [`CommitError::Unknown`].
pub trait Store: Census {
    /// The snapshots of these instances; missing ones are left out.
    fn load(&self, ids: Vec<InstanceId>) -> BoxFuture<'_, Result<Vec<Loaded>, StoreError>>;

    /// Instances by (workflow `namespace/name`, start key).
    fn started(&self, keys: Vec<StartKey>) -> BoxFuture<'_, Result<Vec<(StartKey, Started)>, StoreError>>;

    /// Commits one batch: one transaction, durable when it returns.
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), CommitError>>;

    /// Instances whose `wake_at` is at or before `until`, earliest first.
    fn due(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Timestamp, InstanceId)>, StoreError>>;

    /// The earliest `wake_at` of all instances, and `release_at` and `expires` of the inbox.
    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>>;

    /// The earliest `release_at` and `expires` of the inbox.
    fn next_release(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>>;

    /// Instances with effects requested and not returned, after `after` in order of id.
    fn in_flight(
        &self,
        after: Option<InstanceId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<InstanceId>, StoreError>>;

    /// Who subscribes to these keys.
    fn subscribers(
        &self,
        keys: Vec<SubscriptionKey>,
    ) -> BoxFuture<'_, Result<Vec<(SubscriptionKey, InstanceId)>, StoreError>>;

    /// The rows of these (source, id), as far as they exist: for dropping an event that came before.
    fn known(&self, events: Vec<(String, String)>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>>;

    /// Inbox rows to be routed now: pending ones, gathering ones whose time has come, buffered ones that
    /// have expired; in order of arrival.
    fn routable(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>>;

    /// The gathering rows of these sessions, in order of arrival.
    fn gathering(&self, sessions: Vec<String>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>>;

    /// Buffered rows that wait under one of these keys and have not expired at `now`, oldest first.
    fn buffered(
        &self,
        keys: Vec<SubscriptionKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>>;

    /// All deployments, oldest first.
    fn deployments(&self) -> BoxFuture<'_, Result<Vec<DeploymentRow>, StoreError>>;

    /// All reference documents, in order of number.
    fn references(&self) -> BoxFuture<'_, Result<Vec<Reference>, StoreError>>;

    /// The last case number of the greatest date: (`YYYYMMDD`, number).
    fn last_case_number(&self) -> BoxFuture<'_, Result<Option<(String, u32)>, StoreError>>;

    /// Which instances have the cases of these numbers; missing ones are left out.
    fn case_instances(
        &self,
        numbers: Vec<CaseNo>,
    ) -> BoxFuture<'_, Result<Vec<(CaseNo, InstanceId)>, StoreError>>;

    /// Cases whose petitioner has one of these phones (digits), opened at or after the time beside it; the
    /// newest first, `limit` of each phone at most.
    fn cases_of_phones(
        &self,
        phones: Vec<(String, Timestamp)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Case>, StoreError>>;

    /// Where each schedule stands.
    fn schedules(&self) -> BoxFuture<'_, Result<Vec<ScheduleRow>, StoreError>>;

    /// How far each channel that asks for what is new has come.
    fn poll_cursors(&self) -> BoxFuture<'_, Result<Vec<PollCursor>, StoreError>>;

    /// The greatest id of any instance, inbox row or rejection: ids go on after it even when the clock went
    /// back over a restart. 0: nothing is stored.
    fn greatest_id(&self) -> BoxFuture<'_, Result<u64, StoreError>>;
}

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
#[error("{doing}")]
pub struct StoreError {
    /// What was being done.
    pub doing: String,
    /// Why it failed.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// Something that was being done, and why it failed.
    pub fn new(
        doing: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { doing: doing.into(), source: source.into() }
    }

    /// Was it the caller's cursor, and not the store?
    pub fn is_bad_cursor(&self) -> bool {
        self.source.is::<crate::cursor::BadCursor>()
    }
}

/// A batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Another writer was there: a revision, a start key or an inbox id was taken. Nothing happened.
    #[error("the batch conflicts with what is stored: {what}")]
    Conflict {
        /// Which row.
        what: String,
    },
    /// The database refused or failed before the commit. Nothing happened.
    #[error("committing a batch")]
    Failed(#[source] StoreError),
    /// It failed during the commit: it may have happened. The caller forgets what it holds in memory.
    #[error("the outcome of a commit is not known")]
    Unknown(#[source] StoreError),
}

/// One stored instance.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Whose.
    pub instance: InstanceId,
    /// Turns committed so far.
    pub rev: u64,
    /// History events so far.
    pub seq: u64,
    /// What it is pinned to.
    pub deployment: DefinitionHash,
    /// `State` as JSON, or why it cannot be read (a corrupt row is not the end of the server).
    pub state: Result<Vec<u8>, String>,
}

/// A caller's name for a start: unique per workflow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StartKey {
    /// `namespace/name`.
    pub workflow: String,
    /// The caller's key.
    pub key: String,
}

/// What was started under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The instance.
    pub instance: InstanceId,
    /// SHA-256 of the input's JSON, hex.
    pub input_hash: String,
}

/// What one transaction writes.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The time of the turn.
    pub now: Timestamp,
    /// Instances that moved; each at most once.
    pub turns: Vec<TurnRow>,
    /// New inbox rows.
    pub arrivals: Vec<InboxRow>,
    /// New dispositions of stored inbox rows.
    pub dispositions: Vec<(u64, Disposition)>,
    /// Kept rejections.
    pub rejections: Vec<RejectionRow>,
    /// New deployments.
    pub deployments: Vec<DeploymentRow>,
    /// Schedules that moved.
    pub schedules: Vec<ScheduleRow>,
    /// Incidents opened.
    pub incidents: Vec<IncidentRow>,
    /// New reference documents. A number, and a version of a name, is taken once.
    pub references: Vec<Reference>,
    /// What became of planned times.
    pub schedule_runs: Vec<ScheduleRun>,
    /// Sweeps that moved, new ones among them.
    pub sweeps: Vec<Sweep>,
    /// New lines of their ledgers; there is one for each target.
    pub sweep_lines: Vec<SweepLine>,
    /// How far channels have come with what arrives in this batch.
    pub poll_cursors: Vec<PollCursor>,
    /// What providers say of messages that went out.
    pub delivery_reports: Vec<DeliveryReport>,
}

/// One instance after its turn.
#[derive(Clone, Debug)]
pub struct TurnRow {
    /// Whose.
    pub instance: InstanceId,
    /// 1 for the first turn. The stored revision must be one less.
    pub rev: u64,
    /// What it is pinned to.
    pub deployment: DefinitionHash,
    /// The workflow, for lists.
    pub workflow: DefinitionId,
    /// Only at the first turn, if the caller gave a key: key and hash of the input.
    pub start: Option<(StartKey, String)>,
    /// Phase.
    pub status: Status,
    /// Next timer.
    pub wake_at: Option<Timestamp>,
    /// Effects requested and not returned.
    pub in_flight: bool,
    /// The snapshot: `State` as JSON.
    pub state: Vec<u8>,
    /// New history, as JSON lines of [`HistoryEvent`].
    pub history: Vec<HistoryEvent>,
    /// Changed work items.
    pub work_items: Vec<WorkItem>,
    /// The case, if changed.
    pub case: Option<Case>,
    /// All subscriptions, if changed.
    pub subscriptions: Option<Vec<SubscriptionKey>>,
    /// Outbound messages requested or returned in this turn.
    pub messages: Vec<MessageRow>,
    /// Did a person or an event move it? Not only time, an effect's result, or a sweep.
    pub touched: bool,
}

/// An event in the inbox. (source, id) is unique.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxRow {
    /// Given by the runtime; greater is later.
    pub id: u64,
    /// The event.
    pub event: Arc<Event>,
    /// When it arrived.
    pub arrived: Timestamp,
    /// What became of it.
    pub disposition: Disposition,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Disposition {
    /// To be routed.
    Pending,
    /// Part of a session that is still open.
    Gathering {
        /// `channel/session`.
        session: String,
        /// When the session closes.
        release_at: Timestamp,
    },
    /// Merged into another row.
    Gathered {
        /// That row.
        into: u64,
    },
    /// Taken by these instances.
    Delivered {
        /// Who.
        instances: Vec<InstanceId>,
    },
    /// Nobody waits yet.
    Buffered {
        /// Where it waits.
        keys: Vec<SubscriptionKey>,
        /// Until when.
        expires: Timestamp,
    },
    /// Nobody took it; kept and listed.
    Unmatched {
        /// Why.
        reason: String,
    },
}

impl Disposition {
    /// Its name in counters and lists.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Gathering { .. } => "gathering",
            Self::Gathered { .. } => "gathered",
            Self::Delivered { .. } => "delivered",
            Self::Buffered { .. } => "buffered",
            Self::Unmatched { .. } => "unmatched",
        }
    }
}

/// A message that a channel did not accept, kept for people to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectionRow {
    /// Given by the runtime.
    pub id: u64,
    /// Channel id.
    pub channel: String,
    /// When.
    pub at: Timestamp,
    /// Stable code.
    pub code: String,
    /// For people.
    pub reason: String,
    /// HTTP status answered.
    pub status: u16,
    /// Where it came from, if known.
    pub client: Option<String>,
    /// SHA-256 of the body, hex.
    pub digest: String,
    /// The first bytes of the body as text.
    pub excerpt: String,
}

/// A stored deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentRow {
    /// Its hash.
    pub hash: DefinitionHash,
    /// Which workflow, which version.
    pub id: DefinitionId,
    /// The text.
    pub source: Arc<str>,
    /// Forms by name.
    pub forms: BTreeMap<String, serde_json::Value>,
    /// Texts from elsewhere that it uses, by URI.
    pub resources: BTreeMap<String, Arc<str>>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// Where the schedule of a workflow stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    /// `namespace/name`.
    pub workflow: String,
    /// The last planned time that was handled.
    pub fired: Timestamp,
    /// The last instance it started: the overlap policy asks whether that one has ended.
    pub run: Option<InstanceId>,
    /// Who stopped it, while it is stopped.
    pub paused: Option<Paused>,
}

/// How far a channel that asks for what is new has come. Stored in the transaction of the events that it
/// stands behind: after a crash neither is an event missing nor does it come twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollCursor {
    /// Channel id.
    pub channel: String,
    /// What the plugin wants to be handed next time; only it can read it.
    pub cursor: Option<String>,
    /// When the channel was last asked with success.
    pub at: Timestamp,
}

/// Who stopped a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Person id.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
}

/// An instance that cannot go on by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// Whose.
    pub instance: InstanceId,
    /// Stable code, e.g. `instance.corrupt`, `instance.panicked`, `instance.faulted`.
    pub code: String,
    /// For people.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// One outbound message, for lists and proofs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageRow {
    /// The effect; the receiver's idempotency key.
    pub effect: EffectId,
    /// Channel id.
    pub channel: String,
    /// The case, if there is one.
    pub case_no: Option<CaseNo>,
    /// Name of the template.
    pub template: Option<String>,
    /// Masked recipient: kind and address.
    pub recipient: String,
    /// Attempts so far.
    pub attempts: u32,
    /// Where it stands.
    pub state: MessageState,
    /// Last failure's code.
    pub code: Option<String>,
    /// What the last failure said, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it was asked for; none: by a version that did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<Timestamp>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// When it last changed.
    pub at: Timestamp,
    /// The provider's id, once the channel took it: what its reports name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// What the provider says of it since. The store puts it in when the row is read; it is never written.
    #[serde(skip)]
    pub report: Option<DeliveryReport>,
}

/// Where an outbound message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// In the outbox; no attempt has come back yet.
    Requested,
    /// An attempt has failed, and it is tried again.
    Retrying,
    /// The channel took it.
    Sent,
    /// The channel knows that the receiver has it.
    Delivered,
    /// A dead letter: it failed for good, and an operator may have it sent again or give it up.
    Failed,
    /// It failed for good, and the process went on by its own rules.
    Handled,
    /// Nobody wants it any more: its task was given up, passed over or run again.
    Withdrawn,
    /// An operator gave it up.
    Dropped,
}

/// Which outbound messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// By this channel.
    pub channel: Option<String>,
    /// In one of these states; empty: in any.
    pub states: Vec<MessageState>,
    /// Whose last attempt failed with this code.
    pub code: Option<String>,
    /// Of this instance.
    pub instance: Option<InstanceId>,
    /// About this case.
    pub case_no: Option<CaseNo>,
    /// Asked for before this time.
    pub before: Option<Timestamp>,
}

impl MessageFilter {
    /// Is this one of them?
    pub fn admits(&self, row: &MessageRow) -> bool {
        self.channel.as_ref().is_none_or(|channel| row.channel == *channel)
            && (self.states.is_empty() || self.states.contains(&row.state))
            && self.code.as_ref().is_none_or(|code| row.code.as_ref() == Some(code))
            && self.instance.is_none_or(|instance| row.effect.instance == instance)
            && self.case_no.as_ref().is_none_or(|no| row.case_no.as_ref() == Some(no))
            && self.before.is_none_or(|before| row.requested.unwrap_or(row.at) < before)
    }
}

// ---------------------------------------------------------------------------------------------- query

/// A page of a list: keyset cursors, stable under writes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give this back for the next page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_cursor: Option<String>,
}

/// Where to go on and how far.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// From the last page.
    pub cursor: Option<String>,
    /// At most this many; 0: the default of 50. Never more than 500.
    pub limit: usize,
}

/// Reads for people: around the loop, never stale (the rows are written in the turn's transaction).
pub trait Query: Census {
    /// Instances, newest first.
    fn instances(&self, filter: InstanceFilter, page: PageRequest) -> Answer<'_, Page<InstanceSummary>>;
    /// One instance.
    fn instance(&self, id: InstanceId) -> Answer<'_, Option<InstanceSummary>>;
    /// History of one instance from its first event on, after `after` (a seq).
    fn history(&self, id: InstanceId, after: u64, limit: usize) -> Answer<'_, Vec<Box<RawValue>>>;
    /// Work items, by due time then id.
    fn work_items(&self, filter: WorkItemFilter, page: PageRequest) -> Answer<'_, Page<WorkItem>>;
    /// One work item.
    fn work_item(&self, id: WorkItemId) -> Answer<'_, Option<WorkItem>>;
    /// Cases, newest first.
    fn cases(&self, filter: CaseFilter, page: PageRequest) -> Answer<'_, Page<Case>>;
    /// One case.
    fn case(&self, no: CaseNo) -> Answer<'_, Option<Case>>;
    /// The case with this tracking code.
    fn case_of_code(&self, code: TrackingCode) -> Answer<'_, Option<Case>>;
    /// Outbound messages, newest first.
    fn messages(&self, filter: MessageFilter, page: PageRequest) -> Answer<'_, Page<MessageRow>>;
    /// One outbound message.
    fn message(&self, id: EffectId) -> Answer<'_, Option<MessageRow>>;
    /// Kept rejections, newest first.
    fn rejections(&self, channel: Option<String>, page: PageRequest) -> Answer<'_, Page<RejectionRow>>;
    /// Events of the inbox, newest first; `undelivered`: only buffered and unmatched ones.
    fn inbox(&self, undelivered: bool, page: PageRequest) -> Answer<'_, Page<InboxRow>>;
    /// Open incidents, newest first.
    fn incidents(&self, page: PageRequest) -> Answer<'_, Page<IncidentRow>>;
    /// The versions of a reference document, newest first.
    fn reference_versions(&self, kind: ReferenceKind, name: String) -> Answer<'_, Vec<Reference>>;
    /// Counters for the health page and the demo: name → number.
    fn counts(&self) -> Answer<'_, BTreeMap<String, u64>>;
}

/// The future of a read.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Which instances.
#[derive(Clone, Debug, Default)]
pub struct InstanceFilter {
    /// `namespace/name`.
    pub workflow: Option<String>,
    /// Phase.
    pub status: Option<Status>,
}

/// One instance, for lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceSummary {
    /// Its id.
    pub id: InstanceId,
    /// Its workflow.
    pub workflow: DefinitionId,
    /// Phase.
    pub status: Status,
    /// Turns so far.
    pub rev: u64,
    /// Next timer.
    pub wake_at: Option<Timestamp>,
    /// The case it handles.
    pub case_no: Option<CaseNo>,
    /// Its start key.
    pub start_key: Option<String>,
    /// When it last moved.
    pub updated: Timestamp,
}

/// Which work items.
#[derive(Clone, Debug, Default)]
pub struct WorkItemFilter {
    /// In one of these states; empty: open ones.
    pub states: Vec<WorkItemState>,
    /// Offered to one of these roles or people, or assigned to one of these people; none: all.
    pub visible_to: Option<yiwang_core::work_item::Actor>,
    /// Of this case.
    pub case_no: Option<CaseNo>,
    /// Overdue ones only.
    pub overdue: bool,
    /// Only those that nobody was there for.
    pub unheld: bool,
}

impl WorkItemFilter {
    /// Does the filter let this item through?
    pub fn admits(&self, item: &WorkItem) -> bool {
        let open = matches!(item.state, WorkItemState::Offered | WorkItemState::Claimed);
        let in_state = if self.states.is_empty() { open } else { self.states.contains(&item.state) };
        in_state
            && (!self.overdue || item.overdue)
            && (!self.unheld || item.unheld)
            && self.case_no.as_ref().is_none_or(|no| item.case_no.as_ref() == Some(no))
            && self.visible_to.as_ref().is_none_or(|actor| is_visible(item, actor))
    }
}

/// Is the item offered to this person, or theirs, or that of somebody for whom they act?
fn is_visible(item: &WorkItem, actor: &yiwang_core::work_item::Actor) -> bool {
    if item.assignee.as_ref() == Some(&actor.person) {
        return true;
    }
    let people = || std::iter::once(&actor.person).chain(actor.stands_in.iter().map(|away| &away.person));
    let names = actor.audience();
    !item.excluded_people.contains(&actor.person)
        && (people().any(|person| item.candidate_people.contains(person))
            || item.assignee.as_ref().is_some_and(|assignee| actor.acts_for(assignee))
            || item.candidate_roles.iter().any(|role| names.contains(role)))
}

/// Which cases.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// In this state.
    pub state: Option<CaseState>,
    /// Closed this way.
    pub outcome: Option<Outcome>,
    /// By this channel.
    pub channel: Option<String>,
    /// With this flag.
    pub flag: Option<Flag>,
    /// Led by this unit.
    pub unit: Option<String>,
    /// Of this category.
    pub category: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Not closed, or closed.
    pub open: Option<bool>,
    /// The promise or a running clock of it due before this time.
    pub due_before: Option<Timestamp>,
    /// Opened from then on.
    pub opened_from: Option<Timestamp>,
    /// Opened before this time.
    pub opened_until: Option<Timestamp>,
    /// Found by these words, numbers, phones.
    pub search: Search,
    /// In which order.
    pub sort: CaseSort,
}

/// In which order cases are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseSort {
    /// The newest first. Those found by words by the beginning of their instance, which is nearly the same.
    #[default]
    Newest,
    /// By what of them is due next, the promise or a running clock; those without one last. Closed ones only where a state or an outcome is asked for.
    Due,
}

impl CaseFilter {
    /// Whether closed cases are wanted.
    pub fn is_open(&self) -> Option<bool> {
        let by_due = self.sort == CaseSort::Due && self.state.is_none() && self.outcome.is_none();
        self.open.or(by_due.then_some(true))
    }

    /// Does the filter let this case through?
    pub fn admits(&self, case: &Case) -> bool {
        self.state.is_none_or(|state| case.state == state)
            && self.outcome.is_none_or(|outcome| case.outcome == Some(outcome))
            && self.channel.as_ref().is_none_or(|channel| case.channel == *channel)
            && self.flag.is_none_or(|flag| case.flags.contains(&flag))
            && self.unit.as_ref().is_none_or(|unit| case.unit.as_ref() == Some(unit))
            && self.category.as_ref().is_none_or(|category| case.category.as_ref() == Some(category))
            && self.kind.as_ref().is_none_or(|kind| case.kind.as_ref() == Some(kind))
            && self.is_open().is_none_or(|open| (case.state != CaseState::Closed) == open)
            && self.due_before.is_none_or(|before| case.next_due().is_some_and(|due| due < before))
            && self.opened_from.is_none_or(|from| case.opened >= from)
            && self.opened_until.is_none_or(|until| case.opened < until)
            && self.search.finds(case)
    }
}

impl PageRequest {
    /// How many items to give.
    pub fn size(&self) -> usize {
        if self.limit == 0 { 50 } else { self.limit.min(500) }
    }
}

// ------------------------------------------------------------------------------------------- services

/// Services and processes outside that workflows call: HTTP, gRPC, scripts and so on.
pub trait Services: Send + Sync {
    /// Performs a call once. What fails is an [`EffectOutcome::Faulted`], which the workflow's `try` may
    /// catch and repeat; the effect's id is the same over crashes, for services that can tell.
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome>;

    /// What stands in for the store's answer to the question that a task asks about many cases. Only the
    /// services of scenarios have one.
    fn stand_in(&self, task: &str, question: &Data) -> Option<EffectOutcome> {
        let _ = (task, question);
        None
    }
}

/// One call to be performed.
#[derive(Clone, Debug)]
pub struct ServiceCall {
    /// Its id.
    pub effect: EffectId,
    /// 1 for the first try.
    pub attempt: u32,
    /// What is called, with what.
    pub request: Request,
    /// Now.
    pub now: Timestamp,
}

/// No services at all: every call fails with a configuration error.
#[derive(Clone, Copy, Debug)]
pub struct NoServices;

impl Services for NoServices {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome> {
        let detail = format!("nothing here performs calls of {:?}", call.request.service);
        let error = Fault::new(Kind::Configuration, "", detail);
        Box::pin(std::future::ready(EffectOutcome::Faulted { error }))
    }
}

/// Everything by which the engine reaches the outside.
#[derive(Clone)]
pub struct Outside {
    /// Messages to people and systems.
    pub channels: Arc<dyn Channels>,
    /// Calls of services and processes.
    pub services: Arc<dyn Services>,
}

// ------------------------------------------------------------------------------- small durable things

/// Key-value state of channels (access tokens, cursors).
pub trait KeyValue: Send + Sync {
    /// The value, unless it has expired at `now`.
    fn get(&self, channel: &str, key: &str, now: Timestamp) -> Answer<'_, Option<Vec<u8>>>;
    /// Stores a value; `only_if_absent`: unless an unexpired one is there. True: stored.
    fn set(
        &self,
        channel: &str,
        key: &str,
        value: Vec<u8>,
        expires: Option<Timestamp>,
        only_if_absent: Option<Timestamp>,
    ) -> Answer<'_, bool>;
    /// Removes it.
    fn delete(&self, channel: &str, key: &str) -> Answer<'_, ()>;
    /// Bytes that the channel holds: keys and values, and what has expired until the next commit of a
    /// batch throws it away.
    fn used(&self, channel: &str) -> Answer<'_, u64>;
}

/// What has ended leaves the store for an archive: whole, once, and so that both can be held against each other.
pub trait Archive: Send + Sync {
    /// Instances that completed or were cancelled and were last moved at or before `until`, in order of id, those
    /// after `after`. It may look through all instances: that costs the one who asks, and no turn an index.
    fn ended(&self, until: Timestamp, after: Option<InstanceId>, limit: usize) -> Answer<'_, Vec<EndedRow>>;

    /// All turns of these instances, in the order of the journal.
    fn turns_of(&self, instances: Vec<InstanceId>) -> Answer<'_, Vec<JournalTurn>>;

    /// Takes these out, but for those that have moved since they were read; how many went. Of their turns the
    /// hashes stay: the chains still hold.
    fn forget(&self, wish: Forget) -> Answer<'_, usize>;

    /// All archives, the newest first.
    fn archives(&self) -> Answer<'_, Vec<ArchiveRow>>;

    /// What stayed of the instances that are in the archive of this digest, in order of id. Nothing, if there is none.
    fn archived(&self, digest: &str) -> Answer<'_, Vec<ArchivedRow>>;
}

/// What stays of an instance that is in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedRow {
    /// Which.
    pub instance: InstanceId,
    /// The hash that its turns ended with. It is made of all of them.
    #[serde(with = "hexadecimal")]
    pub hash: Vec<u8>,
}

/// An instance that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRow {
    /// Which.
    pub instance: InstanceId,
    /// `namespace/name` of its workflow.
    pub workflow: String,
    /// When it was last moved.
    pub ended: Timestamp,
    /// The number of its case.
    pub case: Option<CaseNo>,
    /// What its journal ends with.
    pub hash: Vec<u8>,
}

/// One turn as the journal has it: enough to work its hash out again. As JSON it is one line of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalTurn {
    /// Whose.
    pub instance: InstanceId,
    /// 1 for the first.
    pub rev: u64,
    /// When.
    pub at: Timestamp,
    /// The hash of the state after it.
    #[serde(with = "hexadecimal")]
    pub state_hash: Vec<u8>,
    /// Its own, over the one before it.
    #[serde(with = "hexadecimal")]
    pub hash: Vec<u8>,
    /// The lines of history, as they were hashed.
    pub lines: String,
}

/// Bytes as a text of hexadecimal digits.
mod hexadecimal {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits.concat())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
        let bytes: Result<_, _> = digits.map(|pair| u8::from_str_radix(pair, 16)).collect();
        bytes.map_err(D::Error::custom)
    }
}

/// What is in an archive now and is to leave the store.
#[derive(Clone, Debug)]
pub struct Forget {
    /// The archive.
    pub archive: ArchiveRow,
    /// The instances, each with the hash that its turns end with there.
    pub instances: Vec<(InstanceId, Vec<u8>)>,
}

/// An archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveRow {
    /// The file, by its digest.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// When it was made.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Instances in it.
    pub instances: u64,
    /// Turns in it.
    pub turns: u64,
}

/// Files by the digest of their bytes.
pub trait Files: Send + Sync {
    /// Keeps a file; durable when it returns. The same bytes are kept once.
    fn keep(&self, file: NewFile) -> Answer<'_, KeptFile>;
    /// Is a file kept under this digest (`sha256:…`)?
    fn holds(&self, digest: &str) -> Answer<'_, bool>;
    /// The bytes under this digest.
    fn read(&self, digest: &str) -> Answer<'_, Option<bytes::Bytes>>;
}

/// A file that came in.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// As declared.
    pub media_type: String,
    /// As sent.
    pub name: String,
    /// All of it.
    pub bytes: bytes::Bytes,
}

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// What it is, as far as it can be believed.
    pub media_type: String,
    /// Its name, without folders and controls; none: nothing of it was left.
    pub name: Option<String>,
}

/// API tokens: hashed at rest, bound to a person and roles.
pub trait Tokens: Send + Sync {
    /// Adds a token by its SHA-256.
    fn add_token(&self, token: TokenRow) -> Answer<'_, ()>;
    /// The token with this hash.
    fn token(&self, hash: &str) -> Answer<'_, Option<TokenRow>>;
    /// All tokens.
    fn tokens(&self) -> Answer<'_, Vec<TokenRow>>;
    /// Takes a token away. False: there was none.
    fn revoke_token(&self, id: &str) -> Answer<'_, bool>;
}

/// A stored token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Public id.
    pub id: String,
    /// SHA-256 of the token, hex.
    #[serde(skip_serializing, default)]
    pub hash: String,
    /// Whom it stands for.
    pub person: String,
    /// `role` or `role@unit`; `platform_admin` may do everything that an administrator may.
    pub roles: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it holds.
    pub expires: Option<Timestamp>,
}
