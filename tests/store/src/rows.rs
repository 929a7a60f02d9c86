//! Rows to write, made by hand: the suite needs no interpreter.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use yiwang_core::history::What;
use yiwang_core::reference::{Kind, Reference};
use yiwang_core::transition::Status;
use yiwang_core::work_item::Actor;
use yiwang_core::{Case, CaseNo, EffectId, Event, HistoryEvent, InstanceId, Timestamp, WorkItem, WorkItemId};
use yiwang_dsl::Data;
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};
use yiwang_runtime::ports::{
    Batch, DeliveryReport, DeliveryState, DeploymentRow, Disposition, InboxRow, IncidentRow, MessageRow,
    MessageState, PageRequest, PollCursor, RejectionRow, StartKey, TurnRow,
};

use crate::Ports;

/// The time of everything that needs one.
pub const NOW: Timestamp = Timestamp(1_718_078_400_000);

/// This long after [`NOW`], in milliseconds.
pub fn at(millis: i64) -> Timestamp {
    Timestamp(NOW.0 + millis)
}

/// Name and version of the workflow that most rows belong to.
pub fn definition(name: &str, version: &str) -> DefinitionId {
    DefinitionId { namespace: "test".to_owned(), name: name.to_owned(), version: version.to_owned() }
}

/// A hash for a deployment.
pub fn hash(name: &str, version: &str) -> DefinitionHash {
    DefinitionHash(Arc::from(format!("{name}-{version}-hash")))
}

/// A deployment.
pub fn deployment(name: &str, version: &str) -> DeploymentRow {
    DeploymentRow {
        hash: hash(name, version),
        id: definition(name, version),
        source: Arc::from(format!("# {name} 流程")),
        forms: BTreeMap::from([("forms/a".to_owned(), json!({"type": "object"}))]),
        resources: BTreeMap::from([("https://a.cn/f.yaml".to_owned(), Arc::from("set: {}"))]),
        at: NOW,
        by: "li".to_owned(),
    }
}

/// A first turn of instance `id` of workflow `test/a`.
pub fn first(id: u64) -> TurnRow {
    turn(id, 1)
}

/// A turn that leaves everything as it is but the revision.
pub fn turn(id: u64, rev: u64) -> TurnRow {
    TurnRow {
        instance: InstanceId(id),
        rev,
        deployment: hash("a", "1.0.0"),
        workflow: definition("a", "1.0.0"),
        start: None,
        status: Status::Waiting,
        wake_at: None,
        in_flight: false,
        state: format!(r#"{{"instance":{id},"rev":{rev},"text":"路灯坏了"}}"#).into_bytes(),
        history: vec![line(rev)],
        work_items: Vec::new(),
        case: None,
        subscriptions: None,
        messages: Vec::new(),
        touched: true,
    }
}

/// A history line with this number.
pub fn line(seq: u64) -> HistoryEvent {
    HistoryEvent { seq, at: NOW, task: Some("/do/0/受理".to_owned()), what: What::TaskStarted }
}

/// A start key of workflow `test/a`.
pub fn key(key: &str) -> StartKey {
    StartKey { workflow: "test/a".to_owned(), key: key.to_owned() }
}

/// A batch of these turns.
pub fn turns(turns: impl IntoIterator<Item = TurnRow>) -> Batch {
    Batch { now: NOW, turns: turns.into_iter().collect(), ..Batch::default() }
}

/// A batch of these events.
pub fn arrivals(arrivals: impl IntoIterator<Item = InboxRow>) -> Batch {
    Batch { now: NOW, arrivals: arrivals.into_iter().collect(), ..Batch::default() }
}

/// A batch of these dispositions.
pub fn dispositions(dispositions: impl IntoIterator<Item = (u64, Disposition)>) -> Batch {
    Batch { now: NOW, dispositions: dispositions.into_iter().collect(), ..Batch::default() }
}

/// How far a channel has come.
pub fn cursor(channel: &str, next: &str) -> PollCursor {
    PollCursor { channel: channel.to_owned(), cursor: Some(next.to_owned()), at: NOW }
}

/// An event of the channel `web`.
pub fn inbox(id: u64, event: &str, disposition: Disposition) -> InboxRow {
    let event = Event {
        id: event.to_owned(),
        source: "/channels/web".to_owned(),
        r#type: "cn.test.v1".to_owned(),
        subject: None,
        time: NOW,
        data: json!({"title": "路灯", "n": id}).into(),
        extensions: BTreeMap::new(),
    };
    InboxRow { id, event: Arc::new(event), arrived: NOW, disposition }
}

/// An open work item `n` of instance `id`, offered to these roles.
pub fn item(id: u64, n: u32, roles: &[&str], due: Option<Timestamp>) -> WorkItem {
    WorkItem {
        candidate_roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        due,
        ..WorkItem::new(
            WorkItemId { instance: InstanceId(id), n },
            "/do/0/handle",
            &format!("办理 {id}-{n}"),
            NOW,
        )
    }
}

/// A person with these roles.
pub fn person(name: &str, roles: &[&str]) -> Actor {
    Actor::new(name, roles.iter().map(|role| (*role).to_owned()).collect())
}

/// A case of instance `id`.
pub fn case(id: u64, no: &str) -> Case {
    Case {
        r#type: "complaint".to_owned(),
        channel: "web".to_owned(),
        title: "路灯坏了".to_owned(),
        fields: Data::null(),
        version: 1,
        ..Case::new(CaseNo(Arc::from(no)), InstanceId(id), NOW)
    }
}

/// Outbound message `n` of instance `id`.
pub fn message(id: u64, n: u32, channel: &str, state: MessageState) -> MessageRow {
    MessageRow {
        effect: EffectId { instance: InstanceId(id), n },
        channel: channel.to_owned(),
        case_no: None,
        template: None,
        recipient: "mobile:138****0000".to_owned(),
        attempts: 0,
        state,
        code: None,
        failure: None,
        requested: None,
        next_at: None,
        at: NOW,
        provider_id: None,
        report: None,
    }
}

/// What the provider of `channel` says of its message `id`.
pub fn report(channel: &str, id: &str, state: DeliveryState) -> DeliveryReport {
    let failed = state == DeliveryState::Failed;
    DeliveryReport {
        channel: channel.to_owned(),
        provider_id: id.to_owned(),
        state,
        code: failed.then(|| "sms.rejected".to_owned()),
        reason: failed.then(|| "空号".to_owned()),
        at: at(state as i64),
    }
}

/// A rejection.
pub fn rejection(id: u64, channel: &str) -> RejectionRow {
    RejectionRow {
        id,
        channel: channel.to_owned(),
        at: NOW,
        code: "channel.bad-signature".to_owned(),
        reason: "签名不符".to_owned(),
        status: 401,
        client: Some("127.0.0.1".to_owned()),
        digest: "00".to_owned(),
        excerpt: "{".to_owned(),
    }
}

/// A version of a calendar document.
pub fn reference(number: u64, name: &str, version: u32) -> Reference {
    Reference {
        number,
        kind: Kind::Calendar,
        name: name.to_owned(),
        version,
        at: NOW,
        by: "li".to_owned(),
        reason: (version > 1).then(|| "2027 年的通知".to_owned()),
        body: format!("id: {name}").into(),
    }
}

/// An incident of instance `id`.
pub fn incident(id: u64, code: &str) -> IncidentRow {
    IncidentRow { instance: InstanceId(id), code: code.to_owned(), detail: "坏了".to_owned(), at: NOW }
}

/// Deploys `test/a` 1.0.0, that the turns belong to.
pub async fn deployed(store: &dyn Ports) {
    let batch = Batch { now: NOW, deployments: vec![deployment("a", "1.0.0")], ..Batch::default() };
    store.commit(batch).await.unwrap();
}

/// A page from the start.
pub fn page(limit: usize) -> PageRequest {
    PageRequest { cursor: None, limit }
}

/// All pages of a list, one after the other; `between` may write meanwhile.
#[macro_export]
macro_rules! all_pages {
    ($limit:expr, |$page:ident| $read:expr) => {
        $crate::all_pages!($limit, |$page| $read, {})
    };
    ($limit:expr, |$page:ident| $read:expr, $between:block) => {{
        let mut all = Vec::new();
        let mut cursor = None;
        loop {
            let $page = yiwang_runtime::ports::PageRequest { cursor, limit: $limit };
            let page = $read.await.unwrap();
            assert!(
                page.items.len() <= $limit,
                "a page of {} where {} were asked for",
                page.items.len(),
                $limit
            );
            all.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break all;
            }
            $between
        }
    }};
}
