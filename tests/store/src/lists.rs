//! Lists for people: order, pages, cursors.

use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::transition::Status;
use yiwang_core::{EffectId, InstanceId, Timestamp};
use yiwang_runtime::ports::{
    Batch, DeliveryReport, DeliveryState, Disposition, InstanceFilter, MessageFilter, MessageRow,
    MessageState, PageRequest, TurnRow, WorkItemFilter,
};

use crate::rows::{
    NOW, arrivals, at, case, definition, deployed, deployment, first, hash, inbox, incident, item, message,
    rejection, report, turn, turns,
};
use crate::{Ports, all_pages};

/// By workflow over all its versions, and by phase.
pub async fn instances_are_listed_newest_first(store: &dyn Ports) {
    deployed(store).await;
    let more = vec![deployment("a", "2.0.0"), deployment("b", "1.0.0")];
    store.commit(Batch { now: NOW, deployments: more, ..Batch::default() }).await.unwrap();
    let of = |id, name: &str, version: &str, status| TurnRow {
        deployment: hash(name, version),
        workflow: definition(name, version),
        status,
        wake_at: Some(at(5)),
        ..first(id)
    };
    let rows = [
        of(1, "a", "1.0.0", Status::Completed),
        of(2, "b", "1.0.0", Status::Waiting),
        of(3, "a", "2.0.0", Status::Faulted),
        of(4, "a", "1.0.0", Status::Waiting),
    ];
    store.commit(turns(rows)).await.unwrap();
    let listed = async |workflow: Option<&str>, status| {
        let filter = InstanceFilter { workflow: workflow.map(str::to_owned), status };
        let rows = all_pages!(1, |page| store.instances(filter.clone(), page));
        rows.iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, None).await, [4, 3, 2, 1]);
    assert_eq!(listed(Some("test/a"), None).await, [4, 3, 1]);
    assert_eq!(listed(None, Some(Status::Waiting)).await, [4, 2]);
    assert_eq!(listed(Some("test/a"), Some(Status::Waiting)).await, [4]);
    assert!(listed(Some("test/c"), None).await.is_empty());
    let row = store.instance(InstanceId(3)).await.unwrap().unwrap();
    assert_eq!((row.workflow, row.wake_at), (definition("a", "2.0.0"), Some(at(5))));
}

/// What is there all the time is seen once, whatever is written between two pages.
pub async fn a_cursor_is_stable_while_rows_come_and_go(store: &dyn Ports) {
    deployed(store).await;
    let offered = |id: u64| TurnRow {
        work_items: vec![item(id, 1, &["handler"], Some(at((id % 7) as i64)))],
        ..first(id)
    };
    store.commit(turns((1..=40).map(offered))).await.unwrap();
    let mut next = 100;
    let instances = all_pages!(3, |page| store.instances(InstanceFilter::default(), page), {
        next += 1;
        store.commit(turns([first(next)])).await.unwrap();
    });
    let ids: Vec<u64> = instances.iter().map(|row| row.id.0).filter(|id| *id <= 40).collect();
    assert_eq!(ids, (1..=40).rev().collect::<Vec<_>>());
    let items = all_pages!(3, |page| store.work_items(WorkItemFilter::default(), page), {
        next += 1;
        let early = TurnRow { work_items: vec![item(next, 1, &["handler"], Some(at(-9)))], ..first(next) };
        store.commit(turns([early])).await.unwrap();
    });
    let mut ids: Vec<u64> = items.iter().map(|item| item.id.instance.0).filter(|id| *id <= 40).collect();
    assert_eq!(ids.len(), 40);
    ids.sort_unstable();
    assert_eq!(ids, (1..=40).collect::<Vec<_>>());
}

/// It is the caller's mistake, not the store's.
pub async fn a_foreign_cursor_is_refused(store: &dyn Ports) {
    let bad = || PageRequest { cursor: Some("'; DROP TABLE--".to_owned()), limit: 1 };
    let error = store.instances(InstanceFilter::default(), bad()).await.unwrap_err();
    assert!(error.is_bad_cursor(), "{error:?}");
    assert!(store.work_items(WorkItemFilter::default(), bad()).await.unwrap_err().is_bad_cursor());
    assert!(store.cases(Default::default(), bad()).await.unwrap_err().is_bad_cursor());
    assert!(store.messages(MessageFilter::default(), bad()).await.unwrap_err().is_bad_cursor());
    assert!(store.rejections(None, bad()).await.unwrap_err().is_bad_cursor());
    assert!(store.inbox(false, bad()).await.unwrap_err().is_bad_cursor());
    assert!(store.incidents(bad()).await.unwrap_err().is_bad_cursor());
}

/// The last request first, whatever has returned meanwhile.
pub async fn messages_change_in_place_and_keep_their_order(store: &dyn Ports) {
    deployed(store).await;
    let with = |id, rev, messages: Vec<MessageRow>| TurnRow { messages, ..turn(id, rev) };
    let asked = |id, n| message(id, n, if n == 1 { "sms" } else { "wechat" }, MessageState::Requested);
    store.commit(turns([with(5, 1, vec![asked(5, 1), asked(5, 2)])])).await.unwrap();
    store.commit(turns([with(3, 1, vec![asked(3, 1)])])).await.unwrap();
    let sent = MessageRow { attempts: 2, at: at(9), state: MessageState::Sent, ..asked(5, 1) };
    store.commit(turns([with(5, 2, vec![sent.clone()])])).await.unwrap();
    let all = all_pages!(1, |page| store.messages(MessageFilter::default(), page));
    assert_eq!(all, [asked(3, 1), asked(5, 2), sent.clone()]);
    let by_sms = MessageFilter { channel: Some("sms".to_owned()), ..MessageFilter::default() };
    let sms = all_pages!(1, |page| store.messages(by_sms.clone(), page));
    assert_eq!(sms, [asked(3, 1), sent]);
}

/// Before the message has its id or after it; twice, and in any order: the furthest state counts.
pub async fn a_report_is_joined_with_its_message_whenever_it_comes(store: &dyn Ports) {
    deployed(store).await;
    let reports = |reports: &[DeliveryReport]| Batch {
        now: NOW,
        delivery_reports: reports.to_vec(),
        ..Batch::default()
    };
    let early = report("sms", "p1", DeliveryState::Delivered);
    let elsewhere = report("wechat", "p1", DeliveryState::Read);
    store.commit(reports(&[early.clone(), elsewhere])).await.unwrap();
    let sent = |n, id: &str| MessageRow {
        provider_id: Some(id.to_owned()),
        ..message(1, n, "sms", MessageState::Sent)
    };
    let asked = message(1, 3, "sms", MessageState::Requested);
    let row = TurnRow { messages: vec![sent(1, "p1"), sent(2, "p2"), asked.clone()], ..first(1) };
    store.commit(turns([row])).await.unwrap();
    let listed = async |store: &dyn Ports| {
        store.messages(MessageFilter::default(), PageRequest::default()).await.unwrap().items
    };
    let joined = MessageRow { report: Some(early.clone()), ..sent(1, "p1") };
    assert_eq!(listed(store).await, [asked.clone(), sent(2, "p2"), joined.clone()]);

    let (failed, sent_on) =
        (report("sms", "p2", DeliveryState::Failed), report("sms", "p2", DeliveryState::Sent));
    let late = report("sms", "p1", DeliveryState::Accepted);
    store.commit(reports(&[sent_on.clone(), failed.clone(), sent_on.clone(), late])).await.unwrap();
    let second = MessageRow { report: Some(failed), ..sent(2, "p2") };
    assert_eq!(listed(store).await, [asked.clone(), second, joined.clone()]);
    let read = report("sms", "p2", DeliveryState::Read);
    store.commit(reports(std::slice::from_ref(&read))).await.unwrap();
    store.commit(reports(&[sent_on])).await.unwrap();
    let second = MessageRow { report: Some(read), ..sent(2, "p2") };
    assert_eq!(store.message(second.effect).await.unwrap().as_ref(), Some(&second), "one by one, too");
    let states = vec![MessageState::Sent];
    let filter = MessageFilter { states, channel: Some("sms".to_owned()), ..MessageFilter::default() };
    let found = store.messages(filter, PageRequest::default()).await.unwrap().items;
    assert_eq!(found, [second.clone(), joined.clone()]);
    assert_eq!(listed(store).await, [asked, second, joined]);
}

/// What the port's own filter says of each row is what the store must say of its table.
pub async fn messages_are_found_by_all_that_a_filter_names(store: &dyn Ports) {
    deployed(store).await;
    let row = |id, n, state, code: Option<&str>, requested: Option<i64>| MessageRow {
        code: code.map(str::to_owned),
        failure: code.map(|_| "停机 \"x\"".to_owned()),
        requested: requested.map(at),
        next_at: (state == MessageState::Retrying).then(|| at(90)),
        at: at(50),
        ..message(id, n, if n == 1 { "sms" } else { "wechat" }, state)
    };
    let mut rows = [
        row(5, 1, MessageState::Failed, Some("sms.blocked"), Some(1)),
        row(5, 2, MessageState::Failed, Some("wechat.43004"), Some(20)),
        row(6, 1, MessageState::Retrying, Some("sms.busy"), Some(30)),
        row(6, 2, MessageState::Sent, None, None),
        row(7, 1, MessageState::Failed, Some("sms.busy"), Some(40)),
        row(7, 2, MessageState::Dropped, Some("wechat.43004"), Some(60)),
    ];
    rows[3].case_no = Some(case(6, "T-20240611-000001").no);
    for id in [5, 6, 7] {
        let messages = rows.iter().filter(|row| row.effect.instance.0 == id).cloned().collect();
        store.commit(turns([TurnRow { messages, ..turn(id, 1) }])).await.unwrap();
    }
    let some = |text: &str| Some(text.to_owned());
    let filters = [
        MessageFilter::default(),
        MessageFilter { channel: some("sms"), ..MessageFilter::default() },
        MessageFilter { states: vec![MessageState::Failed], ..MessageFilter::default() },
        MessageFilter {
            states: vec![MessageState::Failed, MessageState::Retrying],
            channel: some("sms"),
            code: some("sms.busy"),
            ..MessageFilter::default()
        },
        MessageFilter { code: some("wechat.43004"), ..MessageFilter::default() },
        MessageFilter { instance: Some(InstanceId(6)), ..MessageFilter::default() },
        MessageFilter { case_no: rows[3].case_no.clone(), ..MessageFilter::default() },
        MessageFilter { before: Some(at(40)), ..MessageFilter::default() },
        MessageFilter { before: Some(at(55)), ..MessageFilter::default() },
        MessageFilter { code: some("'; DROP TABLE message--"), ..MessageFilter::default() },
    ];
    let counts = [6, 3, 3, 2, 2, 2, 1, 3, 5, 0];
    for (filter, count) in filters.into_iter().zip(counts) {
        let wanted: Vec<_> = rows.iter().rev().filter(|row| filter.admits(row)).cloned().collect();
        assert_eq!(wanted.len(), count, "{filter:?}");
        let found = all_pages!(2, |page| store.messages(filter.clone(), page));
        assert_eq!(found, wanted, "{filter:?}");
    }
    assert_eq!(store.message(rows[4].effect).await.unwrap().as_ref(), Some(&rows[4]));
    assert_eq!(store.message(EffectId { n: 9, ..rows[4].effect }).await.unwrap(), None);
}

/// All of it, or of one channel, or what nobody took.
pub async fn rejections_and_inbox_are_listed_newest_first(store: &dyn Ports) {
    let rows = vec![rejection(1, "web"), rejection(2, "sms"), rejection(3, "web")];
    store.commit(Batch { now: NOW, rejections: rows, ..Batch::default() }).await.unwrap();
    let all = all_pages!(2, |page| store.rejections(None, page));
    assert_eq!(all, [rejection(3, "web"), rejection(2, "sms"), rejection(1, "web")]);
    let web = all_pages!(1, |page| store.rejections(Some("web".to_owned()), page));
    assert_eq!(web, [rejection(3, "web"), rejection(1, "web")]);

    let buffered = Disposition::Buffered { keys: vec![SubscriptionKey(1)], expires: at(9) };
    let unmatched = Disposition::Unmatched { reason: "没有".to_owned() };
    let rows = [
        inbox(11, "m1", unmatched),
        inbox(12, "m2", Disposition::Delivered { instances: vec![InstanceId(1)] }),
        inbox(13, "m3", buffered),
        inbox(14, "m4", Disposition::Pending),
    ];
    store.commit(arrivals(rows.clone())).await.unwrap();
    let all = all_pages!(3, |page| store.inbox(false, page));
    assert_eq!(all, rows.iter().rev().cloned().collect::<Vec<_>>());
    let left = all_pages!(1, |page| store.inbox(true, page));
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [13, 11]);
}

/// Unique by instance and code; a turn that is not a fault closes what is open.
pub async fn an_incident_is_open_once_and_closed_by_a_good_turn(store: &dyn Ports) {
    deployed(store).await;
    store.commit(turns([first(1), first(2)])).await.unwrap();
    let open = async |rows: Vec<_>| {
        store.commit(Batch { now: NOW, incidents: rows, ..Batch::default() }).await.unwrap();
    };
    let listed = async || {
        let rows = all_pages!(1, |page| store.incidents(page));
        rows.iter().map(|row| (row.instance.0, row.code.clone(), row.at)).collect::<Vec<_>>()
    };
    open(vec![incident(1, "instance.stuck")]).await;
    open(vec![incident(2, "instance.corrupt")]).await;
    let mut later = incident(1, "instance.stuck");
    later.at = at(5);
    open(vec![later]).await;
    let (one, two) = ((1, "instance.stuck".to_owned(), at(5)), (2, "instance.corrupt".to_owned(), NOW));
    assert_eq!(listed().await, [one.clone(), two.clone()], "the last one told comes first");
    let faulted = TurnRow { status: Status::Faulted, ..turn(1, 2) };
    store.commit(turns([faulted])).await.unwrap();
    assert_eq!(listed().await, [one, two.clone()], "a fault overcomes nothing");
    store.commit(turns([turn(1, 3)])).await.unwrap();
    assert_eq!(listed().await, [two]);
    let both = Batch { incidents: vec![incident(2, "instance.panicked")], ..turns([turn(2, 2)]) };
    store.commit(both).await.unwrap();
    assert_eq!(listed().await, [(2, "instance.panicked".to_owned(), NOW)], "that of the turn itself stays");
}

/// Names of the health page.
pub async fn counters_count(store: &dyn Ports) {
    deployed(store).await;
    let row = TurnRow {
        work_items: vec![item(1, 1, &["handler"], None)],
        case: Some(case(1, "QC-20240611-000001")),
        messages: vec![message(1, 1, "sms", MessageState::Failed)],
        ..first(1)
    };
    let batch = Batch {
        arrivals: vec![inbox(9, "m", Disposition::Pending)],
        rejections: vec![rejection(10, "web")],
        incidents: vec![incident(1, "instance.stuck")],
        ..turns([row, TurnRow { status: Status::Completed, ..first(2) }])
    };
    store.commit(batch).await.unwrap();
    let counts: Vec<(String, u64)> = store.counts().await.unwrap().into_iter().collect();
    let expected = [
        ("cases.registered", 1),
        ("deployments", 1),
        ("inbox.pending", 1),
        ("incidents", 1),
        ("instances.completed", 1),
        ("instances.waiting", 1),
        ("messages.failed", 1),
        ("rejections.channel.bad-signature", 1),
        ("work_items.offered", 1),
    ];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(store.next_due().await.unwrap(), None::<Timestamp>);
}
