//! Lists: each filter, and pages that neither repeat nor miss a row while others write.

use yiwang_core::case::{CaseState, Flag, Outcome};
use yiwang_core::transition::Status;
use yiwang_core::work_item::{Actor, WorkItemState};
use yiwang_core::{EffectId, InstanceId, Timestamp, WorkItem};
use yiwang_runtime::ports::{
    Batch, CaseFilter, IncidentRow, InstanceFilter, MessageFilter, MessageRow, MessageState, PageRequest,
    Query, RejectionRow, Store, WorkItemFilter,
};

use crate::rows::{Fresh, batch, case, fresh, item, turn, workflow};

fn at(cursor: Option<String>, limit: usize) -> PageRequest {
    PageRequest { cursor, limit }
}

#[tokio::test]
async fn instances_by_workflow_and_status() {
    let fresh = fresh().await;
    let mut other = turn(3, 1);
    other.workflow = workflow("return");
    let mut done = turn(4, 1);
    done.status = Status::Completed;
    fresh.commit([turn(1, 1), turn(2, 1), other, done]).await;
    let ids = async |workflow: Option<&str>, status| -> Vec<u64> {
        let filter = InstanceFilter { workflow: workflow.map(str::to_owned), status };
        let page = fresh.store.instances(filter, PageRequest::default()).await.unwrap();
        page.items.iter().map(|item| item.id.0).collect()
    };
    assert_eq!(ids(None, None).await, [4, 3, 2, 1]);
    assert_eq!(ids(Some("district/complaint"), None).await, [4, 2, 1]);
    assert_eq!(ids(Some("district/complaint"), Some(Status::Waiting)).await, [2, 1]);
    assert_eq!(ids(None, Some(Status::Completed)).await, [4]);
    assert_eq!(ids(Some("nobody/knows"), None).await, [0_u64; 0]);
    let one = fresh.store.instance(InstanceId(3)).await.unwrap().unwrap();
    assert_eq!((one.workflow.name.as_str(), one.rev), ("return", 1));
    assert!(fresh.store.instance(InstanceId(9)).await.unwrap().is_none());
}

#[tokio::test]
async fn pages_stay_put_while_others_write() {
    let fresh = fresh().await;
    fresh.commit((1..=120).map(|id| turn(id * 10, 1))).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    let mut written = 1000;
    loop {
        let limit = if seen.is_empty() { 0 } else { 20 };
        let page = fresh.store.instances(InstanceFilter::default(), at(cursor, limit)).await.unwrap();
        assert!(page.items.len() <= 50);
        seen.extend(page.items.iter().map(|item| item.id.0 / 10));
        // One newer, one that moves: neither may shift the rest.
        fresh.commit([turn(written * 10, 1), turn((written - 999) * 10, 2)]).await;
        written += 1;
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());
    let all = fresh.store.instances(InstanceFilter::default(), at(None, 10_000)).await.unwrap();
    assert_eq!((all.items.len(), all.next_cursor), (125, None));
    let error =
        fresh.store.instances(InstanceFilter::default(), at(Some("x".to_owned()), 0)).await.unwrap_err();
    assert!(error.is_bad_cursor());
}

async fn items(fresh: &Fresh, filter: WorkItemFilter) -> Vec<u32> {
    let mut found: Vec<WorkItem> = Vec::new();
    let mut cursor = None;
    loop {
        let page = fresh.store.work_items(filter.clone(), at(cursor, 2)).await.unwrap();
        found.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    // What the ports' own filter says of each row is what the SQL must say of the table.
    assert!(found.iter().all(|item| filter.admits(item)));
    found.iter().map(|item| item.id.n).collect()
}

#[tokio::test]
async fn work_items_by_state_person_case_and_due_time() {
    let fresh = fresh().await;
    let mut rows: Vec<_> = (1..=8).map(|n| item(1, n)).collect();
    rows[0].candidate_roles = vec!["handler".to_owned()];
    rows[0].due = Some(Timestamp(300));
    rows[1].candidate_roles = vec!["handler@城管局".to_owned(), "leader".to_owned()];
    rows[1].due = Some(Timestamp(200));
    rows[1].overdue = true;
    rows[2].candidate_people = vec!["zhang".to_owned()];
    rows[3].candidate_roles = vec!["handler".to_owned()];
    rows[3].excluded_people = vec!["zhang".to_owned()];
    rows[4].state = WorkItemState::Claimed;
    rows[4].assignee = Some("zhang".to_owned());
    rows[4].due = Some(Timestamp(100));
    rows[5].state = WorkItemState::Completed;
    rows[5].assignee = Some("zhang".to_owned());
    rows[6].case_no = Some(case(1, 5).no);
    rows[7].candidate_roles = vec!["handler@交通局".to_owned()];
    let mut first = turn(1, 1);
    first.work_items = rows.clone();
    fresh.commit([first]).await;
    let all = WorkItemFilter::default;
    let actor = |person: &str, roles: &[&str]| {
        Actor::new(person, roles.iter().map(|role| (*role).to_owned()).collect())
    };
    let sees = |actor| WorkItemFilter { visible_to: Some(actor), ..all() };
    assert_eq!(items(&fresh, all()).await, [5, 2, 1, 3, 4, 7, 8]);
    assert_eq!(items(&fresh, WorkItemFilter { overdue: true, ..all() }).await, [2]);
    assert_eq!(items(&fresh, WorkItemFilter { case_no: rows[6].case_no.clone(), ..all() }).await, [7]);
    let states = vec![WorkItemState::Completed, WorkItemState::Claimed];
    assert_eq!(items(&fresh, WorkItemFilter { states: states.clone(), ..all() }).await, [5, 6]);
    assert_eq!(items(&fresh, sees(actor("zhang", &["handler@城管局"]))).await, [5, 2, 1, 3]);
    assert_eq!(items(&fresh, sees(actor("li", &["handler", "leader"]))).await, [2, 1, 4]);
    assert_eq!(items(&fresh, sees(actor("nobody", &[]))).await, [0_u32; 0]);
    let own = WorkItemFilter { states, visible_to: Some(actor("zhang", &[])), ..all() };
    assert_eq!(items(&fresh, own).await, [5, 6]);

    // A changed item has its new row and its new audience only.
    let mut second = turn(1, 2);
    rows[0].candidate_roles = vec!["leader".to_owned()];
    rows[0].due = None;
    second.work_items = vec![rows[0].clone()];
    fresh.commit([second]).await;
    assert_eq!(items(&fresh, sees(actor("li", &["handler", "leader"]))).await, [2, 1, 4]);
    assert_eq!(items(&fresh, sees(actor("li", &["handler"]))).await, [4]);
    assert_eq!(fresh.store.work_item(rows[0].id).await.unwrap().as_ref(), Some(&rows[0]));
}

#[tokio::test]
async fn cases_by_each_of_their_marks() {
    let fresh = fresh().await;
    let mut cases: Vec<_> = (1..=4_u32).map(|n| case(u64::from(n), n)).collect();
    cases[0].state = CaseState::Closed;
    cases[0].outcome = Some(Outcome::Planned);
    cases[1].channel = "12345".to_owned();
    cases[2].unit = Some("区城管局".to_owned());
    cases[3].flags = [Flag::Overdue, Flag::Warned].into();
    let turns = cases.iter().map(|case| {
        let mut row = turn(case.instance.0, 1);
        row.case = Some(case.clone());
        row
    });
    fresh.commit(turns).await;
    let numbers = async |filter: CaseFilter| -> Vec<u64> {
        let page = fresh.store.cases(filter.clone(), PageRequest::default()).await.unwrap();
        assert!(page.items.iter().all(|case| filter.admits(case)));
        page.items.iter().map(|case| case.instance.0).collect()
    };
    let all = CaseFilter::default;
    assert_eq!(numbers(all()).await, [4, 3, 2, 1]);
    assert_eq!(numbers(CaseFilter { state: Some(CaseState::Closed), ..all() }).await, [1]);
    assert_eq!(numbers(CaseFilter { outcome: Some(Outcome::Planned), ..all() }).await, [1]);
    assert_eq!(numbers(CaseFilter { channel: Some("12345".to_owned()), ..all() }).await, [2]);
    assert_eq!(numbers(CaseFilter { unit: Some("区城管局".to_owned()), ..all() }).await, [3]);
    assert_eq!(numbers(CaseFilter { flag: Some(Flag::Warned), ..all() }).await, [4]);
    let both = CaseFilter { flag: Some(Flag::Warned), channel: Some("12345".to_owned()), ..all() };
    assert_eq!(numbers(both).await, [0_u64; 0]);
    assert_eq!(fresh.store.case(cases[2].no.clone()).await.unwrap().as_ref(), Some(&cases[2]));
}

#[tokio::test]
async fn messages_rejections_and_incidents() {
    let fresh = fresh().await;
    let message = |n, channel: &str, state| MessageRow {
        effect: EffectId { instance: InstanceId(1), n },
        channel: channel.to_owned(),
        case_no: None,
        template: None,
        recipient: "mobile 138****0000".to_owned(),
        attempts: 1,
        state,
        code: None,
        failure: None,
        requested: None,
        next_at: None,
        at: Timestamp(1000),
        provider_id: None,
        report: None,
    };
    let rejection = |id, channel: &str| RejectionRow {
        id,
        channel: channel.to_owned(),
        at: Timestamp(1000),
        code: "channel.bad-signature".to_owned(),
        reason: "the signature does not fit".to_owned(),
        status: 401,
        client: None,
        digest: String::new(),
        excerpt: String::new(),
    };
    let incident = |instance, code: &str| IncidentRow {
        instance: InstanceId(instance),
        code: code.to_owned(),
        detail: String::new(),
        at: Timestamp(1000),
    };
    let mut first = turn(1, 1);
    first.messages =
        vec![message(1, "sms", MessageState::Requested), message(2, "wechat", MessageState::Requested)];
    let first = Batch {
        rejections: vec![rejection(1, "a"), rejection(2, "b")],
        incidents: vec![incident(1, "instance.corrupt"), incident(2, "instance.corrupt")],
        ..batch([first, turn(2, 1)])
    };
    fresh.store.commit(first).await.unwrap();
    let mut second = turn(1, 2);
    second.messages = vec![message(1, "sms", MessageState::Sent)];
    fresh.commit([second]).await;

    let page = fresh.store.messages(MessageFilter::default(), at(None, 1)).await.unwrap();
    assert_eq!(page.items[0].effect.n, 2);
    let page = fresh.store.messages(MessageFilter::default(), at(page.next_cursor, 1)).await.unwrap();
    assert_eq!((page.items[0].effect.n, page.items[0].state), (1, MessageState::Sent));
    assert_eq!(page.next_cursor, None);
    let sms = MessageFilter { channel: Some("sms".to_owned()), ..MessageFilter::default() };
    assert_eq!(fresh.store.messages(sms, at(None, 0)).await.unwrap().items.len(), 1);
    let rejections = fresh.store.rejections(Some("b".to_owned()), at(None, 0)).await.unwrap().items;
    assert_eq!(rejections, [rejection(2, "b")]);
    // The first instance has moved since; the second one still stands.
    let incidents = fresh.store.incidents(at(None, 0)).await.unwrap().items;
    assert_eq!(incidents, [incident(2, "instance.corrupt")]);
    let counts = fresh.store.counts().await.unwrap();
    assert_eq!((counts["messages.sent"], counts["messages.requested"]), (1, 1));
    assert_eq!((counts["rejections.channel.bad-signature"], counts["incidents"]), (2, 1));
}
