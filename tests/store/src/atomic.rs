//! A batch is there as a whole or not at all.

use yiwang_core::InstanceId;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::sweep::Result as LineResult;
use yiwang_runtime::ports::{
    Batch, CaseFilter, CommitError, DeliveryState, Disposition, InstanceFilter, MessageFilter, MessageRow,
    MessageState, ScheduleOutcome, ScheduleRow, TurnRow, WorkItemFilter,
};

use crate::Ports;
use crate::rows::{
    NOW, arrivals, at, case, cursor, deployed, deployment, first, inbox, incident, item, key, message, page,
    reference, rejection, report, turn, turns,
};

/// A batch with something in every table.
fn everything(id: u64) -> Batch {
    let row = TurnRow {
        start: Some((key(&format!("k{id}")), "input".to_owned())),
        wake_at: Some(at(1)),
        in_flight: true,
        work_items: vec![item(id, 1, &["handler"], None)],
        case: Some(case(id, &format!("QC-20240611-{id:06}"))),
        subscriptions: Some(vec![SubscriptionKey(1)]),
        messages: vec![MessageRow {
            provider_id: Some("p1".to_owned()),
            ..message(id, 1, "sms", MessageState::Requested)
        }],
        ..first(id)
    };
    Batch {
        now: NOW,
        turns: vec![row],
        arrivals: vec![inbox(id + 1, &format!("e{id}"), Disposition::Pending)],
        dispositions: Vec::new(),
        rejections: vec![rejection(id + 2, "web")],
        deployments: vec![deployment("b", &format!("{id}.0.0"))],
        schedules: vec![ScheduleRow { workflow: format!("test/s{id}"), fired: NOW, run: None, paused: None }],
        incidents: vec![incident(id, "instance.stuck")],
        references: vec![reference(id, &format!("c{id}"), 1)],
        schedule_runs: vec![crate::census::run(id + 3, "test/a", ScheduleOutcome::Started)],
        sweeps: vec![crate::census::sweep(id + 4, &format!("s{id}"))],
        sweep_lines: vec![crate::census::line(id + 4, id, LineResult::Acted, "区水务局", 0)],
        poll_cursors: vec![cursor("board", &id.to_string())],
        delivery_reports: vec![report(
            "sms",
            "p1",
            if id < 200 { DeliveryState::Sent } else { DeliveryState::Read },
        )],
    }
}

/// All that can be seen from outside.
async fn picture(store: &dyn Ports) -> String {
    let instances = store.instances(InstanceFilter::default(), page(500)).await.unwrap();
    format!(
        "{:?}",
        (
            instances.items.iter().map(|row| (row.id, row.rev)).collect::<Vec<_>>(),
            store.started(vec![key("k100"), key("k200")]).await.unwrap(),
            store.next_due().await.unwrap(),
            store.in_flight(None, 10).await.unwrap(),
            store.subscribers(vec![SubscriptionKey(1)]).await.unwrap(),
            store.work_items(WorkItemFilter::default(), page(500)).await.unwrap().items,
            store.cases(CaseFilter::default(), page(500)).await.unwrap().items,
            store.last_case_number().await.unwrap(),
            store.messages(MessageFilter::default(), page(500)).await.unwrap().items,
            store.inbox(false, page(500)).await.unwrap().items,
            store.rejections(None, page(500)).await.unwrap().items,
            (
                store.incidents(page(500)).await.unwrap().items,
                store.schedule_runs(None, page(500)).await.unwrap().items,
                store.sweeps(None, page(500)).await.unwrap().items,
                store.sweep_lines(InstanceId(104), None, page(500)).await.unwrap().items,
                store.deployments().await.unwrap(),
                store.schedules().await.unwrap(),
                store.references().await.unwrap(),
                store.poll_cursors().await.unwrap(),
                store.greatest_id().await.unwrap(),
                store.counts().await.unwrap(),
            ),
        )
    )
}

/// Whatever the conflict is about, and wherever it stands in the batch.
pub async fn nothing_of_a_refused_batch_is_there(store: &dyn Ports) {
    deployed(store).await;
    store.commit(everything(100)).await.unwrap();
    let before = picture(store).await;
    type Spoil = fn(&mut Batch);
    let spoil: [(&str, Spoil); 5] = [
        ("revision", |batch| batch.turns.push(turn(100, 5))),
        ("start key", |batch| {
            batch.turns.push(TurnRow { start: Some((key("k100"), "input".to_owned())), ..first(201) });
        }),
        ("event", |batch| batch.arrivals.push(inbox(205, "e100", Disposition::Pending))),
        ("deployment", |batch| batch.deployments.push(deployment("a", "1.0.0"))),
        ("case number", |batch| {
            batch.turns.push(TurnRow { case: Some(case(202, "QC-20240611-000100")), ..first(202) });
        }),
    ];
    for (what, spoil) in spoil {
        let mut batch = everything(200);
        spoil(&mut batch);
        let refused = store.commit(batch).await.unwrap_err();
        assert!(matches!(refused, CommitError::Conflict { .. }), "{what}: {refused:?}");
        assert_eq!(picture(store).await, before, "{what}");
    }
    store.commit(everything(200)).await.unwrap();
    assert_ne!(picture(store).await, before);
}

/// The next batch of the same instance goes through.
pub async fn a_refused_batch_does_not_stand_in_the_way(store: &dyn Ports) {
    deployed(store).await;
    store.commit(turns([first(1)])).await.unwrap();
    for rev in 2..20 {
        assert!(store.commit(turns([turn(1, rev), turn(1, rev + 7)])).await.is_err(), "twice in one batch");
        store.commit(turns([turn(1, rev)])).await.unwrap();
    }
    assert_eq!(store.history(InstanceId(1), 0, 100).await.unwrap().len(), 19);
}

/// Of two that want the same, one gets it.
pub async fn writers_at_the_same_time_are_put_in_order(store: &dyn Ports) {
    deployed(store).await;
    let commits = (1..=50_u64).map(|n| async move {
        let events = arrivals([inbox(1_000 + n, &format!("e{}", n / 2), Disposition::Pending)]);
        (store.commit(turns([first(n)])).await.is_ok(), store.commit(events).await.is_ok())
    });
    let mut done = (0, 0);
    for (turn, event) in futures::future::join_all(commits).await {
        done = (done.0 + usize::from(turn), done.1 + usize::from(event));
    }
    assert_eq!(done, (50, 26));
    assert_eq!(store.inbox(false, page(500)).await.unwrap().items.len(), 26);
}
