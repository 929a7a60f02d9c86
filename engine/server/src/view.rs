//! What the API shows of the engine's types: camelCase, ids as text, times as RFC 3339 in UTC.
//!
//! These shapes are a promise to callers; the engine's own types may change without them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use yiwang_core::calendar::{Amount, Length};
use yiwang_core::case::{Attachment, CaseState, Flag, Outcome, Related};
use yiwang_core::clock::{Card, Clock, Stage};
use yiwang_core::transition::Status;
use yiwang_core::work_item::{File, Priority, Seat, WorkItemState};
use yiwang_core::{Case, Timestamp, WorkItem};
use yiwang_dsl::Data;
use yiwang_dsl::definition::DefinitionId;
use yiwang_runtime::ports::{
    CallInfo, CallLine, ChannelInfo, DeliveryReport, DeliveryState, Disposition, HealthStatus, InboxRow,
    IncidentRow, InstanceSummary, MessageRow, MessageState, Page, RejectionRow, TokenRow,
};

/// RFC 3339 in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.rfc3339()
}

fn time_if(at: Option<Timestamp>) -> Option<String> {
    at.map(time)
}

/// A page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageView<T> {
    items: Vec<T>,
    /// Give it back as `?cursor=` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl<T> PageView<T> {
    pub(crate) fn of<S>(page: Page<S>, view: impl FnMut(S) -> T) -> Self {
        Self { items: page.items.into_iter().map(view).collect(), next_cursor: page.next_cursor }
    }

    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

/// One instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceView {
    id: String,
    workflow: DefinitionId,
    status: Status,
    /// Turns so far.
    rev: u64,
    wake_at: Option<String>,
    case_no: Option<String>,
    start_key: Option<String>,
    updated: String,
    /// What it gave, once completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Value>,
    /// Why it ended, once faulted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Value>,
}

impl From<InstanceSummary> for InstanceView {
    fn from(of: InstanceSummary) -> Self {
        Self {
            id: of.id.to_string(),
            workflow: of.workflow,
            status: of.status,
            rev: of.rev,
            wake_at: time_if(of.wake_at),
            case_no: of.case_no.map(|no| no.to_string()),
            start_key: of.start_key,
            updated: time(of.updated),
            output: None,
            error: None,
        }
    }
}

/// One work item.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkItemView {
    id: String,
    instance: String,
    task: String,
    case_no: Option<String>,
    title: String,
    description: Option<String>,
    candidate_roles: Vec<String>,
    candidate_people: Vec<String>,
    excluded_people: Vec<String>,
    form: Option<Value>,
    outcomes: Vec<String>,
    priority: Priority,
    state: WorkItemState,
    assignee: Option<String>,
    due: Option<String>,
    overdue: bool,
    created: String,
    completion: Option<CompletionView>,
    version: u32,
    on_behalf_of: Option<String>,
    delegated_by: Option<String>,
    follow_up: Option<String>,
    unheld: bool,
    comments: Vec<CommentView>,
    attachments: Vec<AttachmentView>,
    seat: Option<Seat>,
}

#[derive(Serialize)]
struct CommentView {
    by: String,
    at: String,
    act: String,
    text: String,
}

#[derive(Serialize)]
struct AttachmentView {
    #[serde(flatten)]
    file: File,
    by: String,
    at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompletionView {
    by: String,
    at: String,
    outcome: String,
    form: Data,
    decision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<String>,
}

impl From<WorkItem> for WorkItemView {
    fn from(of: WorkItem) -> Self {
        let completion = of.completion.map(|done| CompletionView {
            by: done.by,
            at: time(done.at),
            outcome: done.outcome,
            form: done.form,
            decision: done.decision,
            on_behalf_of: done.on_behalf_of,
        });
        let comments = of.comments.into_iter().map(|one| CommentView {
            by: one.by,
            at: time(one.at),
            act: one.act,
            text: one.text,
        });
        let attachments = of.attachments.into_iter().map(|one| AttachmentView {
            file: one.file,
            by: one.by,
            at: time(one.at),
        });
        Self {
            id: of.id.to_string(),
            instance: of.id.instance.to_string(),
            task: of.task,
            case_no: of.case_no.map(|no| no.to_string()),
            title: of.title,
            description: of.description,
            candidate_roles: of.candidate_roles,
            candidate_people: of.candidate_people,
            excluded_people: of.excluded_people,
            form: of.form.and_then(|form| serde_json::to_value(form).ok()),
            outcomes: of.outcomes,
            priority: of.priority,
            state: of.state,
            assignee: of.assignee,
            due: time_if(of.due),
            overdue: of.overdue,
            created: time(of.created),
            completion,
            version: of.version,
            on_behalf_of: of.on_behalf_of,
            delegated_by: of.delegated_by,
            follow_up: time_if(of.follow_up),
            unheld: of.unheld,
            comments: comments.collect(),
            attachments: attachments.collect(),
            seat: of.seat,
        }
    }
}

/// One case.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaseView {
    case_no: String,
    instance: String,
    r#type: String,
    channel: String,
    source_ref: Option<String>,
    title: String,
    content: Data,
    state: CaseState,
    outcome: Option<Outcome>,
    flags: Vec<Flag>,
    category: Option<String>,
    urgency: Option<String>,
    unit: Option<String>,
    due: Option<String>,
    opened: String,
    closed: Option<String>,
    reworks: u32,
    fields: Data,
    kind: Option<String>,
    petitioner: Option<Value>,
    place: Option<Value>,
    tracking_code: Option<String>,
    related: Vec<Related>,
    repeats: Vec<String>,
    attachments: Vec<Attachment>,
    satisfaction: Option<SatisfactionView>,
    contact: Option<ContactView>,
    callback: Option<CallbackView>,
    suspended: Option<SuspendedView>,
    urged: u32,
    version: u32,
    clocks: Vec<ClockView>,
    /// When something of it is due next: the promise, or a clock.
    next_due: Option<String>,
}

/// One clock of a case.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClockView {
    clock: String,
    stage: Stage,
    goal: Amount,
    calendar: String,
    edition: u64,
    provisional: bool,
    started: String,
    due: Option<String>,
    total: Length,
    /// When it was last paused or ended; what has passed since is not in it.
    spent: Length,
    since: Option<String>,
    paused: Option<String>,
    breached: Option<String>,
    ended: Option<String>,
    card: Option<Card>,
}

impl From<Clock> for ClockView {
    fn from(of: Clock) -> Self {
        let paused = of.pauses.last().filter(|pause| pause.to.is_none());
        Self {
            paused: paused.map(|pause| pause.reason.clone()),
            clock: of.clock,
            stage: of.stage,
            goal: of.goal,
            calendar: of.calendar,
            edition: of.edition,
            provisional: of.provisional,
            started: time(of.started),
            due: time_if(of.due),
            total: of.total,
            spent: of.spent,
            since: time_if(of.since),
            breached: time_if(of.breached),
            ended: time_if(of.ended),
            card: of.card,
        }
    }
}

#[derive(Serialize)]
struct SatisfactionView {
    score: u8,
    text: Option<String>,
    by: String,
    at: String,
}

#[derive(Serialize)]
struct ContactView {
    reached: bool,
    text: Option<String>,
    by: String,
    at: String,
}

#[derive(Serialize)]
struct CallbackView {
    reached: bool,
    solved: Option<bool>,
    text: Option<String>,
    by: String,
    at: String,
}

#[derive(Serialize)]
struct SuspendedView {
    since: String,
    by: String,
    reason: String,
}

impl CaseView {
    /// As in a list: whose it is can be recognised, not read.
    pub(crate) fn listed(of: Case) -> Self {
        let mut view = Self::from(of);
        if let Some(petitioner) = &mut view.petitioner {
            for (name, mask) in MASKED {
                if let Some(text) = petitioner.get(*name).and_then(Value::as_str).map(*mask) {
                    petitioner[*name] = Value::String(text);
                }
            }
        }
        // What came in says it once more.
        let petitioner = view.content.get("petitioner").unwrap_or_default();
        for (name, mask) in MASKED {
            let Some(text) = petitioner.get(name).and_then(|text| text.as_str().map(*mask)) else { continue };
            let masked = view.content.replaced(&format!("/petitioner/{name}"), Data::string(text));
            view.content = masked.unwrap_or_default();
        }
        view
    }
}

/// How a text is shown to people who need not know it.
type Mask = fn(&str) -> String;

/// Members of a petitioner, and how each is masked.
const MASKED: &[(&str, Mask)] =
    &[("name", masked_name), ("phone", masked_number), ("idNo", masked_number), ("openid", masked_number)];

/// 王**: the family name of most.
fn masked_name(name: &str) -> String {
    let mut chars = name.chars();
    let first: String = chars.next().into_iter().collect();
    first + &"*".repeat(chars.count().min(3))
}

/// 138****0001.
fn masked_number(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    if chars.len() < 8 {
        return "****".to_owned();
    }
    let (head, tail) = (&chars[..3], &chars[chars.len() - 4..]);
    format!("{}****{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
}

impl From<Case> for CaseView {
    fn from(of: Case) -> Self {
        Self {
            next_due: time_if(of.next_due()),
            clocks: of.clocks.into_iter().map(ClockView::from).collect(),
            case_no: of.no.to_string(),
            instance: of.instance.to_string(),
            r#type: of.r#type,
            channel: of.channel,
            source_ref: of.source_ref,
            title: of.title,
            content: of.content,
            state: of.state,
            outcome: of.outcome,
            flags: of.flags.into_iter().collect(),
            category: of.category,
            urgency: of.urgency,
            unit: of.unit,
            due: time_if(of.due),
            opened: time(of.opened),
            closed: time_if(of.closed),
            reworks: of.reworks,
            fields: of.fields,
            kind: of.kind,
            petitioner: of.petitioner.and_then(|petitioner| serde_json::to_value(petitioner).ok()),
            place: of.place.and_then(|place| serde_json::to_value(place).ok()),
            tracking_code: of.tracking.map(|code| code.to_string()),
            related: of.related,
            repeats: of.repeats.into_iter().map(|no| no.to_string()).collect(),
            attachments: of.attachments,
            satisfaction: of.satisfaction.map(|it| SatisfactionView {
                score: it.score,
                text: it.text,
                by: it.by,
                at: time(it.at),
            }),
            contact: of.contact.map(|it| ContactView {
                reached: it.reached,
                text: it.text,
                by: it.by,
                at: time(it.at),
            }),
            callback: of.callback.map(|it| CallbackView {
                reached: it.reached,
                solved: it.solved,
                text: it.text,
                by: it.by,
                at: time(it.at),
            }),
            suspended: of.suspended.map(|it| SuspendedView {
                since: time(it.since),
                by: it.by,
                reason: it.reason,
            }),
            urged: of.urged,
            version: of.version,
        }
    }
}

/// One channel.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelView {
    id: String,
    title: String,
    plugin: String,
    provides: Vec<String>,
    problem: Option<String>,
    /// How it said that it does, when it was last asked.
    health: Option<HealthView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HealthView {
    status: HealthStatus,
    message: String,
    details: BTreeMap<String, String>,
    at: String,
}

impl From<ChannelInfo> for ChannelView {
    fn from(of: ChannelInfo) -> Self {
        Self {
            id: of.id,
            title: of.title,
            plugin: of.plugin,
            provides: of.provides,
            problem: of.problem,
            health: of.health.map(|said| HealthView {
                status: said.status,
                message: said.message,
                details: said.details,
                at: time(said.at),
            }),
        }
    }
}

/// One outbound message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageView {
    id: String,
    instance: String,
    channel: String,
    case_no: Option<String>,
    template: Option<String>,
    /// Masked.
    recipient: String,
    attempts: u32,
    state: MessageState,
    /// Of the last failure.
    code: Option<String>,
    /// What the last failure said.
    failure: Option<String>,
    requested: Option<String>,
    /// When it is tried again.
    next_attempt: Option<String>,
    /// When it last changed.
    at: String,
    /// Under which id the provider knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    /// What the provider says of it since.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportView {
    state: DeliveryState,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    at: String,
}

impl From<DeliveryReport> for ReportView {
    fn from(of: DeliveryReport) -> Self {
        Self { state: of.state, code: of.code, reason: of.reason, at: time(of.at) }
    }
}

impl From<MessageRow> for MessageView {
    fn from(of: MessageRow) -> Self {
        Self {
            id: of.effect.to_string(),
            instance: of.effect.instance.to_string(),
            channel: of.channel,
            case_no: of.case_no.map(|no| no.to_string()),
            template: of.template,
            recipient: of.recipient,
            attempts: of.attempts,
            state: of.state,
            code: of.code,
            failure: of.failure,
            requested: time_if(of.requested),
            next_attempt: time_if(of.next_at),
            at: time(of.at),
            provider_id: of.provider_id,
            report: of.report.map(ReportView::from),
        }
    }
}

/// One call of a channel's plugin.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallView {
    id: String,
    at: String,
    /// `webhook`, `sender`, `poller`, `delivery-callback`, `check-health`.
    export: String,
    micros: u64,
    memory_bytes: u64,
    outcome: String,
    /// Of an answer.
    status: Option<u16>,
    /// Of a failure.
    code: Option<String>,
    message: Option<String>,
    /// What it logged first.
    log: Vec<CallLine>,
    /// Is there a recording?
    recorded: bool,
    /// Why there is none, although this channel's calls are recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    unrecorded: Option<String>,
}

impl From<CallInfo> for CallView {
    fn from(of: CallInfo) -> Self {
        Self {
            id: of.id,
            at: time(of.at),
            export: of.export,
            micros: of.micros,
            memory_bytes: of.memory_bytes,
            outcome: of.outcome,
            status: of.status,
            code: of.code,
            message: of.message,
            log: of.log,
            recorded: of.recorded,
            unrecorded: of.unrecorded,
        }
    }
}

/// One kept rejection.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RejectionView {
    id: String,
    channel: String,
    at: String,
    code: String,
    reason: String,
    status: u16,
    client: Option<String>,
    digest: String,
    excerpt: String,
}

impl From<RejectionRow> for RejectionView {
    fn from(of: RejectionRow) -> Self {
        Self {
            id: of.id.to_string(),
            channel: of.channel,
            at: time(of.at),
            code: of.code,
            reason: of.reason,
            status: of.status,
            client: of.client,
            digest: of.digest,
            excerpt: of.excerpt,
        }
    }
}

/// One event of the inbox and what became of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InboxView {
    id: String,
    event: Data,
    arrived: String,
    disposition: DispositionView,
}

#[derive(Serialize)]
#[serde(tag = "is", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum DispositionView {
    Pending,
    Gathering { session: String, release_at: String },
    Gathered { into: String },
    Delivered { instances: Vec<String> },
    Buffered { expires: String },
    Unmatched { reason: String },
}

impl From<InboxRow> for InboxView {
    fn from(of: InboxRow) -> Self {
        let disposition = match of.disposition {
            Disposition::Pending => DispositionView::Pending,
            Disposition::Gathering { session, release_at } => {
                DispositionView::Gathering { session, release_at: time(release_at) }
            }
            Disposition::Gathered { into } => DispositionView::Gathered { into: into.to_string() },
            Disposition::Delivered { instances } => {
                DispositionView::Delivered { instances: instances.iter().map(ToString::to_string).collect() }
            }
            Disposition::Buffered { keys: _, expires } => {
                DispositionView::Buffered { expires: time(expires) }
            }
            Disposition::Unmatched { reason } => DispositionView::Unmatched { reason },
        };
        Self { id: of.id.to_string(), event: of.event.envelope(), arrived: time(of.arrived), disposition }
    }
}

/// One open incident.
#[derive(Serialize)]
pub(crate) struct IncidentView {
    instance: String,
    code: String,
    detail: String,
    at: String,
}

impl From<IncidentRow> for IncidentView {
    fn from(of: IncidentRow) -> Self {
        Self { instance: of.instance.to_string(), code: of.code, detail: of.detail, at: time(of.at) }
    }
}

/// One token, without what would let somebody use it.
#[derive(Serialize)]
pub(crate) struct TokenView {
    id: String,
    person: String,
    roles: Vec<String>,
    created: String,
    expires: Option<String>,
}

impl From<TokenRow> for TokenView {
    fn from(of: TokenRow) -> Self {
        Self {
            id: of.id,
            person: of.person,
            roles: of.roles,
            created: time(of.created),
            expires: time_if(of.expires),
        }
    }
}

/// A line of history as callers see it: the numbers of the stored line that are times become text.
pub(crate) fn history_line(mut line: Value) -> Value {
    if let Some(members) = line.as_object_mut() {
        for name in ["at", "due", "old", "new", "from", "fixed"] {
            shown_as_time(members.get_mut(name));
        }
        shown_as_time(members.get_mut("cause").and_then(|cause| cause.get_mut("at")));
        shown_as_time(members.get_mut("command").and_then(|command| command.get_mut("due")));
    }
    line
}

fn shown_as_time(value: Option<&mut Value>) {
    if let Some(value) = value
        && let Some(millis) = value.as_i64()
    {
        *value = Value::String(time(Timestamp(millis)));
    }
}

/// The shapes of the API as JSON values, for those who show the same things without a server.
pub mod shape {
    use super::{CaseView, InstanceSummary, InstanceView, Value, WorkItemView};

    /// A work item.
    pub fn work_item(of: yiwang_core::WorkItem) -> Value {
        value(WorkItemView::from(of))
    }

    /// A case.
    pub fn case(of: yiwang_core::Case) -> Value {
        value(CaseView::from(of))
    }

    /// An instance, without output and error.
    pub fn instance(of: InstanceSummary) -> Value {
        value(InstanceView::from(of))
    }

    /// A line of history.
    pub fn history_line(line: Value) -> Value {
        super::history_line(line)
    }

    fn value(view: impl serde::Serialize) -> Value {
        // Views are plain structs of texts, numbers and JSON.
        serde_json::to_value(view).unwrap_or_default()
    }
}
