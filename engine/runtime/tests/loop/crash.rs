//! The plug is pulled at every commit of a whole process, before and after it, and the engine dies of it or
//! survives: the result is always the same.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use yiwang_core::InstanceId;
use yiwang_core::work_item::{Actor, WorkItemCommand};
use yiwang_runtime::ports::{MessageFilter, PageRequest, Query as _};
use yiwang_runtime::{Error, WorkItemAct};

use crate::world::{Crash, World, event, workflow};

/// From an event to a closed case: a message, a person, a timer, an event out and one in.
fn process() -> String {
    workflow(
        "process",
        "schedule: {on: {one: {with: {type: cn.test.intake.v1}}}}\ninput: {from: '${ .[0] }'}",
        r#"  - register: {call: 'case-open:1.0.0@default', with: {type: complaint, title: '${ .title }', content: '${ . }', channel: wechat}, export: {as: '${ {caseNo: .caseNo} }'}}
  - receipt: {call: 'notify:1.0.0@default', with: {channel: wechat, to: {kind: openid, address: oABCDEFGHIJKL}, body: '${ "受理 " + $context.caseNo }'}}
  - handle: {call: 'human-task:1.0.0@default', with: {title: 办理, candidateRoles: [handler]}}
  - ask: {emit: {event: {with: {type: cn.test.asked.v1, source: /process, data: {caseNo: '${ $context.caseNo }'}}}}}
  - feedback: {listen: {to: {one: {with: {type: cn.test.feedback.v1}, correlate: {case: {from: .data.caseNo, expect: '${ $context.caseNo }'}}}}}}
  - rest: {wait: PT1H}
  - close: {call: 'case-close:1.0.0@default', with: {outcome: resolved}}
  - goodbye: {call: 'notify:1.0.0@default', with: {channel: sms, to: {kind: mobile, address: '13800000000'}, body: '${ "办结 " + $context.caseNo }'}}"#,
    )
}

/// Answers each question by an event of its own.
fn citizen() -> String {
    workflow(
        "citizen",
        "schedule: {on: {one: {with: {type: cn.test.asked.v1}}}}\ninput: {from: '${ .[0] }'}",
        "  - answer: {emit: {event: {with: {type: cn.test.feedback.v1, source: /citizen, data: {caseNo: '${ .caseNo }'}}}}}",
    )
}

/// What the engine does when the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Dies,
    GoesOn,
}

/// Does a thing until it is done; when the answer is lost, it is asked for again.
macro_rules! until_done {
    ($world:ident, $then:ident, $($doing:tt)*) => {
        loop {
            match $($doing)*.await {
                Ok(done) => break done,
                Err(Error::Unavailable(_)) => again(&mut $world, $then).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
}

/// The whole life, dying at the given commit.
async fn live(crash: Option<(u64, Crash)>, then: Then) -> (World, bool) {
    let mut world = World::new().await;
    *world.store.crash.lock().unwrap() = crash;
    for text in [process(), citizen()] {
        until_done!(world, then, world.engine.deploy(&text, BTreeMap::new(), "li"));
    }
    for n in 1..=2 {
        let incoming = event(&format!("m{n}"), "cn.test.intake.v1", json!({"title": format!("路灯 {n}")}));
        until_done!(world, then, world.engine.publish(vec![incoming.clone()]));
    }
    settle(&mut world, then).await;
    let by = Actor::new("zhang", vec!["handler".to_owned()]);
    for item in world.open_items().await {
        let act = |command| WorkItemAct { item: item.id, command, version: None, by: by.clone() };
        until_done!(world, then, world.engine.work_item(act(WorkItemCommand::Claim)));
        let decision = format!("d-{}", item.id);
        let complete =
            WorkItemCommand::Complete { outcome: None, form: json!({"done": true}).into(), decision };
        until_done!(world, then, world.engine.work_item(act(complete.clone())));
    }
    settle(&mut world, then).await;
    world.later(3_600_000).await;
    settle(&mut world, then).await;
    let reached = crash.is_none_or(|(at, _)| world.store.commits.load(Ordering::Relaxed) >= at);
    (world, reached)
}

/// Goes on until nothing is left; if the plug was pulled meanwhile, by a new process.
async fn settle(world: &mut World, then: Then) {
    world.engine.settle().await.unwrap();
    again(world, then).await;
    world.engine.settle().await.unwrap();
}

async fn again(world: &mut World, then: Then) {
    match then {
        Then::Dies => world.restart().await,
        // After a failure the engine rests for a second before it does anything by itself.
        Then::GoesOn => world.engine.set_clock(world.engine.now().plus_millis(1_000)),
    }
}

/// All that a person could compare, with names of instances replaced by their order.
async fn picture(world: &World) -> Value {
    let mut names: BTreeMap<InstanceId, String> = BTreeMap::new();
    let mut histories = BTreeMap::new();
    for workflow in ["test/process", "test/citizen"] {
        for (n, id) in world.instances(workflow).await.into_iter().enumerate() {
            let name = format!("{workflow}#{n}");
            let words = world.history(id).await.iter().map(line).collect::<Vec<_>>();
            histories.insert(name.clone(), json!([world.status(id).await, words]));
            names.insert(id, name);
        }
    }
    let inner = &world.store.inner;
    let mut messages = BTreeMap::new();
    for row in inner.messages(MessageFilter::default(), PageRequest::default()).await.unwrap().items {
        let name = format!("{}.{}", names[&row.effect.instance], row.effect.n);
        messages.insert(name, json!([row.channel, row.recipient, row.state]));
    }
    let sent = world.channels.sent.lock().unwrap().iter().map(|it| it.effect).collect::<Vec<_>>();
    let mut sent: Vec<_> = sent.iter().map(|id| format!("{}.{}", names[&id.instance], id.n)).collect();
    sent.sort_unstable();
    sent.dedup();
    json!({
        "histories": histories,
        "messages": messages,
        "sent": sent,
        "dispositions": world.dispositions().await,
        "counts": inner.counts().await.unwrap(),
    })
}

/// A line without what differs from run to run.
fn line(line: &Value) -> String {
    let word = line["event"].as_str().unwrap();
    format!("{} {} {word}", line["seq"], line["task"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_failure_at_any_commit_loses_and_doubles_nothing() {
    let (world, _) = live(None, Then::Dies).await;
    let commits = world.store.commits.load(Ordering::Relaxed);
    let expected = picture(&world).await;
    assert_eq!(expected["counts"]["cases.closed"], 2);
    assert_eq!(expected["counts"]["instances.completed"], 4);
    assert_eq!(expected["counts"]["messages.sent"], 4);
    let mut tried = 0;
    for at in 1..=commits {
        let all = [Crash::Before, Crash::After].map(|crash| [(crash, Then::Dies), (crash, Then::GoesOn)]);
        for (crash, then) in all.into_iter().flatten() {
            let (world, reached) = live(Some((at, crash)), then).await;
            assert!(reached, "commit {at} came");
            let got = picture(&world).await;
            assert_eq!(got, expected, "plug pulled {crash:?} commit {at} of {commits}, engine {then:?}");
            let mut numbers = Vec::new();
            for id in world.instances("test/process").await {
                let history = world.history(id).await;
                numbers.extend(history.iter().find_map(|it| it["no"].as_str().map(str::to_owned)));
            }
            numbers.dedup();
            assert_eq!(numbers.len(), 2, "two case numbers: {numbers:?}");
            tried += 1;
        }
    }
    assert!(tried >= 30, "{tried} points");
}
