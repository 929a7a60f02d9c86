//! Effects: at least once, with one id, never before the commit.

use std::sync::atomic::Ordering;

use serde_json::json;
use yiwang_core::EffectId;
use yiwang_core::input::EffectOutcome;
use yiwang_core::repair::Repair;
use yiwang_core::work_item::Actor;
use yiwang_runtime::ports::{
    DeliveryReport, DeliveryState, MessageFilter, MessageRow, MessageState, PageRequest, Query as _,
};
use yiwang_runtime::{Intake, RepairAct};

use crate::world::{Crash, World, workflow};

fn notifies() -> String {
    workflow(
        "tell",
        "",
        "  - tell:\n      call: notify:1.0.0@default\n      with: {channel: sms, to: {kind: mobile, address: '13800000000'}, body: 已受理}",
    )
}

async fn messages(world: &World) -> Vec<MessageRow> {
    world.store.inner.messages(MessageFilter::default(), PageRequest::default()).await.unwrap().items
}

#[tokio::test]
async fn a_message_is_sent_once_and_its_recipient_masked_in_the_list() {
    let mut world = World::running(&[&notifies()]).await;
    let id = world.start("test/tell", None, json!({})).await;
    assert!(world.channels.bodies().is_empty());
    assert_eq!(messages(&world).await[0].state, MessageState::Requested);
    world.engine.settle().await.unwrap();
    assert_eq!(world.channels.bodies(), [("已受理".to_owned(), 1)]);
    let rows = messages(&world).await;
    assert_eq!((rows.len(), rows[0].state, rows[0].attempts), (1, MessageState::Sent, 1));
    assert_eq!(rows[0].recipient, "mobile:138****0000");
    assert_eq!(world.status(id).await, "completed");
}

#[tokio::test]
async fn nothing_is_sent_before_the_commit_or_after_a_failed_one() {
    let mut world = World::running(&[&notifies()]).await;
    let next = world.store.commits.load(Ordering::Relaxed) + 1;
    *world.store.crash.lock().unwrap() = Some((next, Crash::Before));
    let error = world.engine.start(crate::world::start("test/tell", None, json!({}))).await.unwrap_err();
    assert!(error.is_retryable());
    world.later(60_000).await;
    assert!(world.channels.bodies().is_empty());
    assert_eq!(world.instances("test/tell").await, []);
}

#[tokio::test]
async fn a_message_under_way_when_the_process_died_is_sent_again_with_its_id() {
    let mut world = World::running(&[&notifies()]).await;
    let id = world.start("test/tell", None, json!({})).await;
    world.restart().await;
    world.engine.settle().await.unwrap();
    assert_eq!((world.channels.distinct(), world.status(id).await), (1, "completed".to_owned()));

    // Sent, but the result was lost with the process.
    let second = world.start("test/tell", None, json!({})).await;
    let next = world.store.commits.load(Ordering::Relaxed) + 1;
    *world.store.crash.lock().unwrap() = Some((next, Crash::Before));
    world.engine.settle().await.unwrap();
    world.restart().await;
    world.engine.settle().await.unwrap();
    assert_eq!(world.channels.bodies().len(), 3);
    assert_eq!((world.channels.distinct(), world.status(second).await), (2, "completed".to_owned()));
}

#[tokio::test]
async fn a_retryable_failure_is_tried_again_later_and_counted() {
    let mut world = World::running(&[&notifies()]).await;
    let busy =
        EffectOutcome::Retryable {
            code: "sms.busy".to_owned(), message: "忙".to_owned(), retry_after: None
        };
    world.channels.outcomes.lock().unwrap().push(busy);
    let id = world.start("test/tell", None, json!({})).await;
    world.engine.settle().await.unwrap();
    let row = messages(&world).await.remove(0);
    assert_eq!((row.state, row.attempts, row.code.as_deref()), (MessageState::Retrying, 1, Some("sms.busy")));
    world.restart().await;
    world.later(3_600_000).await;
    assert_eq!(world.channels.bodies(), [("已受理".to_owned(), 1), ("已受理".to_owned(), 2)]);
    assert_eq!(world.channels.distinct(), 1, "one id over all attempts");
    let row = messages(&world).await.remove(0);
    assert_eq!((row.state, row.attempts, row.code), (MessageState::Sent, 2, None));
    assert_eq!(world.status(id).await, "completed");
}

#[tokio::test]
async fn a_permanent_failure_is_listed_and_faults_the_instance_with_an_incident() {
    let mut world = World::running(&[&notifies()]).await;
    let gone = EffectOutcome::Permanent { code: "sms.blocked".to_owned(), message: "停机".to_owned() };
    world.channels.outcomes.lock().unwrap().push(gone);
    let id = world.start("test/tell", None, json!({})).await;
    world.engine.settle().await.unwrap();
    let row = messages(&world).await.remove(0);
    assert_eq!((row.state, row.code.as_deref()), (MessageState::Failed, Some("sms.blocked")));
    assert_eq!(world.status(id).await, "faulted");
    let incidents = world.store.inner.incidents(PageRequest::default()).await.unwrap().items;
    assert_eq!((incidents.len(), &*incidents[0].code), (1, "instance.faulted"));
}

fn report(state: DeliveryState) -> Intake {
    let (channel, provider_id) = ("sms".to_owned(), "p1".to_owned());
    let (code, reason) = (Some("sms.rejected".to_owned()), Some("空号".to_owned()));
    let report = DeliveryReport { channel, provider_id, state, code, reason, at: crate::world::NOON };
    Intake { reports: vec![report], ..Intake::default() }
}

/// It stands with its message, and fills no inbox.
#[tokio::test]
async fn a_report_that_no_workflow_listens_for_is_only_kept() {
    let mut world = World::running(&[&notifies()]).await;
    world.start("test/tell", None, json!({})).await;
    world.engine.settle().await.unwrap();
    assert_eq!(world.engine.take_in(report(DeliveryState::Delivered)).await.unwrap(), []);
    let row = messages(&world).await.remove(0);
    assert_eq!(row.provider_id.as_deref(), Some("p1"));
    assert_eq!(row.report.map(|report| report.state), Some(DeliveryState::Delivered));
    assert_eq!(world.inbox().await.len(), 0);
}

/// A process sends, and goes another way when the provider says that it did not arrive, also if that comes first.
#[tokio::test]
async fn a_process_hears_what_became_of_its_message() {
    let tells = workflow(
        "tell",
        "",
        "  - tell:
      call: notify:1.0.0@default
      with: {channel: sms, to: {kind: mobile, address: '13800000000'}, body: 已受理}
      export: {as: '${ {id: .providerId} }'}
  - hear:
      listen:
        to:
          one:
            with: {type: cn.yiwang.message.report.v1, source: /deliveries/sms}
            correlate:
              message: {from: '${ .data.providerId }', expect: '${ $context.id }'}
      output: {as: '${ .[0] | {state: .data.state, code: .data.code} }'}",
    );
    for early in [false, true] {
        let mut world = World::running(&[&tells]).await;
        if early {
            world.engine.take_in(report(DeliveryState::Failed)).await.unwrap();
        }
        let id = world.start("test/tell", None, json!({})).await;
        world.engine.settle().await.unwrap();
        if !early {
            assert_eq!(world.status(id).await, "waiting");
            world.engine.take_in(report(DeliveryState::Failed)).await.unwrap();
        }
        assert_eq!(world.status(id).await, "completed", "early: {early}");
        assert!(world.engine.take_in(report(DeliveryState::Failed)).await.unwrap()[0].duplicate);
    }
}

/// The operator's word about a message.
fn about(message: EffectId, repair: fn(EffectId) -> Repair, decision: &str) -> RepairAct {
    RepairAct {
        instance: message.instance,
        repair: repair(message),
        by: Actor::new("admin", vec!["process_admin".to_owned()]),
        reason: "平台已恢复".to_owned(),
        decision: decision.to_owned(),
    }
}

fn resend(message: EffectId) -> Repair {
    Repair::Resend { message }
}

fn give_up(message: EffectId) -> Repair {
    Repair::Drop { message }
}

#[tokio::test]
async fn a_dead_letter_is_sent_again_with_its_id_whatever_dies_meanwhile() {
    for crash in [None, Some(Crash::Before), Some(Crash::After)] {
        let mut world = World::running(&[&notifies()]).await;
        let gone = EffectOutcome::Permanent { code: "sms.blocked".to_owned(), message: "停机".to_owned() };
        world.channels.outcomes.lock().unwrap().push(gone);
        let id = world.start("test/tell", None, json!({})).await;
        world.engine.settle().await.unwrap();
        let dead = messages(&world).await.remove(0);
        assert_eq!((dead.state, dead.failure.as_deref()), (MessageState::Failed, Some("停机")));

        if let Some(crash) = crash {
            let next = world.store.commits.load(Ordering::Relaxed) + 1;
            *world.store.crash.lock().unwrap() = Some((next, crash));
            world.engine.repair(about(dead.effect, resend, "d1")).await.unwrap_err();
        } else {
            world.engine.repair(about(dead.effect, resend, "d1")).await.unwrap();
            let row = messages(&world).await.remove(0);
            assert_eq!((row.state, row.attempts), (MessageState::Retrying, 1));
        }
        world.restart().await;
        // Whoever got no answer asks again by the same decision.
        world.engine.repair(about(dead.effect, resend, "d1")).await.unwrap();
        world.engine.settle().await.unwrap();
        world.engine.repair(about(dead.effect, resend, "d1")).await.unwrap();
        world.engine.settle().await.unwrap();

        assert_eq!(world.channels.distinct(), 1, "{crash:?}");
        let attempts: Vec<u32> = world.channels.bodies().into_iter().map(|(_, attempt)| attempt).collect();
        assert_eq!(attempts, [1, 2], "{crash:?}: two attempts in all");
        let row = messages(&world).await.remove(0);
        assert_eq!((row.state, row.attempts, row.code), (MessageState::Sent, 2, None));
        assert_eq!(world.status(id).await, "completed");
        let told = world.history(id).await.into_iter().filter(|line| line["event"] == "repaired").count();
        assert_eq!(told, 1, "{crash:?}");
        let error = world.engine.repair(about(dead.effect, resend, "d2")).await.unwrap_err();
        assert!(error.to_string().contains("settled"), "{error}");
    }
}

#[tokio::test]
async fn a_message_is_given_up_and_never_sent_again() {
    let mut world = World::running(&[&notifies()]).await;
    let busy = |code: &str| EffectOutcome::Retryable {
        code: code.to_owned(),
        message: "忙".to_owned(),
        retry_after: None,
    };
    world.channels.outcomes.lock().unwrap().push(busy("sms.busy"));
    let id = world.start("test/tell", None, json!({})).await;
    world.engine.settle().await.unwrap();
    let row = messages(&world).await.remove(0);
    assert!(row.next_at.is_some_and(|at| at > world.engine.now()), "{row:?}");
    world.engine.repair(about(row.effect, give_up, "d1")).await.unwrap();
    let row = messages(&world).await.remove(0);
    assert_eq!(
        (row.state, row.code.as_deref(), row.next_at),
        (MessageState::Dropped, Some("sms.busy"), None)
    );
    assert_eq!(world.status(id).await, "faulted");
    world.later(86_400_000).await;
    assert_eq!(world.channels.bodies().len(), 1);
    world.engine.repair(about(row.effect, resend, "d2")).await.unwrap_err();
}

#[tokio::test]
async fn who_runs_the_task_again_withdraws_the_old_message() {
    let mut world = World::running(&[&notifies()]).await;
    let gone = EffectOutcome::Permanent { code: "sms.blocked".to_owned(), message: "停机".to_owned() };
    world.channels.outcomes.lock().unwrap().push(gone);
    let id = world.start("test/tell", None, json!({})).await;
    world.engine.settle().await.unwrap();
    let skip = Repair::Skip { task: None, output: None };
    let act = RepairAct { repair: skip, ..about(EffectId { instance: id, n: 1 }, resend, "d1") };
    world.engine.repair(act).await.unwrap();
    let row = messages(&world).await.remove(0);
    assert_eq!((row.state, row.code.as_deref()), (MessageState::Withdrawn, Some("sms.blocked")));
}
