//! Sweeps: found, acted on once, at their rate, whatever happens meanwhile.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use yiwang_core::InstanceId;
use yiwang_core::input::OperatorCommand;
use yiwang_core::reference::Kind;
use yiwang_core::sweep::{Definition, Line, Phase, Result as LineResult, Sweep, Wanted, preview};
use yiwang_core::work_item::Actor;
use yiwang_runtime::harness::Step;
use yiwang_runtime::ports::{Census as _, PageRequest};
use yiwang_runtime::{Error, OperatorAct, PutReference, SweepAct};

use crate::world::{Crash, NOON, World, workflow};

/// Opens a case and waits for a decision about it, then for ever.
fn matter() -> String {
    workflow(
        "matter",
        "",
        r#"  - register: {call: 'case-open:1.0.0@default', with: {type: complaint, title: '${ .title }', content: '${ . }', channel: wechat}, export: {as: '${ {caseNo: .caseNo} }'}}
  - decided: {listen: {to: {one: {with: {type: cn.yiwang.sweep.decided.v1}}}}}
  - note: {call: 'case-note:1.0.0@default', with: {text: '${ "decided: " + .[0].outcome + " " + .[0].reason }'}}
  - rest: {wait: P365D}"#,
    )
}

/// Started for each target.
fn clean_up() -> String {
    workflow("clean-up", "", "  - done: {set: {case: '${ .target.caseNo }', why: '${ .why }'}}")
}

async fn world(matters: usize) -> World {
    let mut world = World::running(&[&matter(), &clean_up()]).await;
    for n in 0..matters {
        world.start("test/matter", Some(&format!("m{n}")), json!({"title": format!("路灯 {n}")})).await;
    }
    world.engine.settle().await.unwrap();
    world
}

fn starting(rate: u32) -> Value {
    json!({
        "sweep": "clean",
        "where": {"open": true},
        "causes": [{"cause": "七号", "where": {"title": {"contains": "7"}}}],
        "actions": [{"start": {"workflow": "test/clean-up", "input": {"why": "僵尸件"}}}],
        "rate": rate,
    })
}

fn deciding() -> Value {
    json!({
        "sweep": "decide",
        "where": {"open": true},
        "actions": [{"decide": {"outcome": "finish", "reason": "{caseNo} 依法终止"}}],
        "approval": {"margin": 0},
    })
}

fn wanted(written: &Value, key: &str, preview: Option<u64>) -> Wanted {
    let definition = Definition::parse(written).unwrap();
    let preview = preview.map(|count| preview::token(&definition.digest(), NOON, count));
    Wanted { definition, key: key.to_owned(), person: "li".to_owned(), reason: None, preview, waiter: None }
}

async fn ended(world: &mut World, id: InstanceId) -> Sweep {
    for _ in 0..1_000 {
        let sweep = world.store.sweep(id).await.unwrap().unwrap();
        if sweep.state.is_over() {
            return sweep;
        }
        world.later(100).await;
    }
    panic!("the sweep does not end");
}

async fn ledger(world: &World, id: InstanceId) -> Vec<Line> {
    let page = PageRequest { cursor: None, limit: 500 };
    world.store.sweep_lines(id, None, page).await.unwrap().items
}

#[tokio::test]
async fn each_target_is_acted_on_once_and_has_a_line() {
    let mut world = world(25).await;
    let sweep = world.engine.sweep(wanted(&starting(50), "k", None)).await.unwrap();
    assert_eq!(sweep.state, Phase::Counting);
    let again = world.engine.sweep(wanted(&starting(50), "k", None)).await.unwrap();
    assert_eq!(again.id, sweep.id, "the same key is the same sweep");
    let other = world.engine.sweep(wanted(&starting(51), "k", None)).await.unwrap_err();
    assert!(matches!(other, Error::Refused(_)), "{other}");
    let sweep = ended(&mut world, sweep.id).await;
    assert_eq!((sweep.state, sweep.found), (Phase::Completed, Some(25)));
    assert_eq!((sweep.acted, sweep.skipped, sweep.failed), (25, 0, 0));
    assert_eq!(world.instances("test/clean-up").await.len(), 25);
    let lines = ledger(&world, sweep.id).await;
    assert_eq!(lines.len(), 25);
    assert_eq!(lines.iter().filter(|line| line.cause.as_deref() == Some("七号")).count(), 2);
    assert!(lines.iter().all(|line| line.result == LineResult::Acted && line.acts == 1));
    // The key is taken also when the sweep is over.
    assert_eq!(world.engine.sweep(wanted(&starting(50), "k", None)).await.unwrap(), sweep);
}

#[tokio::test]
async fn it_keeps_its_rate() {
    let mut world = world(30).await;
    let sweep = world.engine.sweep(wanted(&starting(10), "k", None)).await.unwrap();
    world.engine.settle().await.unwrap();
    for second in 1..=2 {
        world.later(1_000).await;
        let acted = world.store.sweep(sweep.id).await.unwrap().unwrap().acted;
        assert!((10 * second..=10 * second + 1).contains(&acted), "{acted} after {second} s");
    }
}

#[tokio::test]
async fn what_is_not_as_it_was_is_skipped_and_what_refuses_has_failed() {
    let mut world = world(3).await;
    // The first one has been decided before: it does not wait for a decision any more.
    let written = json!({
        "sweep": "first", "where": {"title": "路灯 0"},
        "actions": [{"decide": {"outcome": "finish", "reason": "一"}}],
    });
    let first = world.engine.sweep(wanted(&written, "k1", Some(1))).await.unwrap();
    let approve = |id, person: &str| SweepAct::Approve { id, person: person.to_owned(), reason: None };
    let own = world.engine.sweep_act(approve(first.id, "li")).await.unwrap_err();
    assert!(matches!(&own, Error::Refused(refusal) if refusal.message.contains("second person")), "{own}");
    world.engine.sweep_act(approve(first.id, "wang")).await.unwrap();
    assert_eq!(ended(&mut world, first.id).await.acted, 1);
    let second = world.engine.sweep(wanted(&deciding(), "k2", Some(3))).await.unwrap();
    world.engine.sweep_act(approve(second.id, "wang")).await.unwrap();
    let second = ended(&mut world, second.id).await;
    assert_eq!((second.acted, second.failed), (2, 1));
    let lines = ledger(&world, second.id).await;
    let failed = lines.iter().find(|line| line.result == LineResult::Failed).unwrap();
    assert_eq!(failed.why.as_ref().unwrap().0, "refused.not-expected");
    let matters = world.instances("test/matter").await;
    let notes = world.last(matters[1], "case_noted", "text").await;
    assert!(notes.as_str().unwrap().starts_with("decided: finish QC-"), "{notes}");
}

#[tokio::test]
async fn acts_on_cases_are_done_once_in_the_sweeps_own_name() {
    let mut world = world(2).await;
    let written = json!({
        "sweep": "press", "where": {"title": "路灯 1"},
        "actions": [{"urge": "请尽快办理"}, {"flag": "supervised"}],
    });
    let sweep = world.engine.sweep(wanted(&written, "k", None)).await.unwrap();
    let sweep = ended(&mut world, sweep.id).await;
    assert_eq!((sweep.acted, sweep.failed), (1, 0), "{:?}", ledger(&world, sweep.id).await);
    let matters = world.instances("test/matter").await;
    let flagged = world.last(matters[1], "case_flagged", "flag").await;
    assert_eq!(flagged, "supervised");
}

/// Two work items of one instance, and a case that somebody leads.
fn asking() -> String {
    workflow(
        "asking",
        "",
        r#"  - register: {call: 'case-open:1.0.0@default', with: {type: complaint, title: '${ .title }', content: '${ . }', channel: wechat}}
  - lead: {call: 'case-update:1.0.0@default', with: {unit: 城管局}}
  - both: {fork: {branches: [{a: {call: 'human-task:1.0.0@default', with: {title: 办理, candidateRoles: [handler]}}}, {b: {call: 'human-task:1.0.0@default', with: {title: 核实, candidateRoles: [handler]}}}]}}"#,
    )
}

fn pressing(actions: Value) -> Value {
    json!({"sweep": "press", "of": "workItems", "where": {"open": true, "title": "办理"}, "actions": actions})
}

#[tokio::test]
async fn acts_on_work_items_are_done_once_in_the_sweeps_own_name() {
    for crash in [None, Some(Crash::Before), Some(Crash::After)] {
        let mut world = World::running(&[&asking()]).await;
        for n in 0..3 {
            world.start("test/asking", Some(&format!("a{n}")), json!({"title": format!("路灯 {n}")})).await;
        }
        world.engine.settle().await.unwrap();
        let actions = json!([
            {"escalate": {"roles": ["approver@{unit}"], "priority": "high", "reason": "{caseNo} 超时"}},
            {"comment": "请尽快"},
            {"notify": {"channel": "notify", "to": {"kind": "role", "address": "approver@{unit}"}, "body": "{title} 超时"}},
        ]);
        let sweep = world.engine.sweep(wanted(&pressing(actions), "k", None)).await.unwrap();
        // From here the sweep is counted by one commit, and acts by the next.
        let before = world.store.commits.load(Ordering::Relaxed);
        *world.store.crash.lock().unwrap() = crash.map(|crash| (before + 2, crash));
        let sweep = ended(&mut world, sweep.id).await;
        assert_eq!((sweep.acted, sweep.failed), (3, 0), "{:?}", ledger(&world, sweep.id).await);
        assert_eq!(ledger(&world, sweep.id).await.iter().map(|line| line.acts).sum::<u32>(), 9);
        let items = world.open_items().await;
        for item in &items {
            let pressed = item.title == "办理";
            assert_eq!(item.candidate_roles.contains(&"approver@城管局".to_owned()), pressed, "{item:?}");
            assert_eq!(
                item.comments.iter().filter(|it| it.by == "sweep:press").count(),
                usize::from(pressed)
            );
        }
        assert_eq!(items.len(), 6);
        for id in world.instances("test/asking").await {
            let sent = world.times(id, "effect_requested").await;
            assert_eq!(sent.len(), 1, "{crash:?}: one message for each");
            assert_eq!(world.last(id, "work_item_changed", "by").await, "sweep:press");
        }
    }
}

#[tokio::test]
async fn work_goes_to_others_when_two_persons_want_it() {
    let mut world = World::running(&[&asking()]).await;
    world.start("test/asking", Some("a"), json!({"title": "路灯"})).await;
    world.engine.settle().await.unwrap();
    let actions = json!([{"reassign": {"roles": ["handler@综合窗口"], "reason": "原单位未办"}}]);
    let sweep = world.engine.sweep(wanted(&pressing(actions), "k", Some(1))).await.unwrap();
    assert_eq!(sweep.state, Phase::Waiting);
    let person = "wang".to_owned();
    world.engine.sweep_act(SweepAct::Approve { id: sweep.id, person, reason: None }).await.unwrap();
    assert_eq!(ended(&mut world, sweep.id).await.acted, 1);
    let items = world.open_items().await;
    let roles = |title: &str| items.iter().find(|item| item.title == title).unwrap().candidate_roles.clone();
    assert_eq!(
        (roles("办理"), roles("核实")),
        (vec!["handler@综合窗口".to_owned()], vec!["handler".to_owned()])
    );
}

#[tokio::test]
async fn more_or_less_than_was_previewed_is_refused() {
    let mut world = world(3).await;
    let sweep = world.engine.sweep(wanted(&deciding(), "k", Some(2))).await.unwrap();
    assert_eq!(sweep.state, Phase::Waiting);
    let person = "wang".to_owned();
    world.engine.sweep_act(SweepAct::Approve { id: sweep.id, person, reason: None }).await.unwrap();
    let sweep = ended(&mut world, sweep.id).await;
    assert_eq!((sweep.state, sweep.acted, sweep.found), (Phase::Refused, 0, Some(3)));
    assert!(sweep.refused.unwrap().contains("preview"));
}

#[tokio::test]
async fn a_cancelled_sweep_stops_between_two_steps() {
    let mut world = world(30).await;
    let sweep = world.engine.sweep(wanted(&starting(10), "k", None)).await.unwrap();
    world.later(500).await;
    let (id, person) = (sweep.id, "wang".to_owned());
    let reason = Some("误操作".to_owned());
    let cancelled = world.engine.sweep_act(SweepAct::Cancel { id, person, reason }).await.unwrap();
    assert_eq!(cancelled.state, Phase::Cancelled);
    world.later(10_000).await;
    let acted = world.store.sweep(id).await.unwrap().unwrap().acted;
    assert!(acted > 0 && acted < 30, "{acted}");
    assert_eq!(world.instances("test/clean-up").await.len() as u64, acted);
    assert_eq!(ledger(&world, id).await.len() as u64, acted);
    let over = world.engine.sweep_act(SweepAct::Cancel { id, person: "wang".to_owned(), reason: None }).await;
    assert!(matches!(over, Err(Error::NoOpenSweep(_))));
}

#[tokio::test]
async fn a_parked_instance_fails_and_the_others_go_on() {
    let mut world = world(3).await;
    let matters = world.instances("test/matter").await;
    world.store.snapshots.lock().unwrap().insert(matters[1], Err("broken".to_owned()));
    world.restart().await;
    let sweep = world.engine.sweep(wanted(&starting(50), "k", None)).await.unwrap();
    let sweep = ended(&mut world, sweep.id).await;
    assert_eq!((sweep.acted, sweep.failed), (2, 1));
    let lines = ledger(&world, sweep.id).await;
    assert_eq!(lines[1].why.as_ref().unwrap().0, "instance.corrupt");
}

/// Killed between any two commits, and by a store that fails at any commit: each target once.
#[tokio::test]
async fn a_sweep_that_is_killed_goes_on_where_it_was() {
    for crash in [None, Some(Crash::Before), Some(Crash::After)] {
        for dies in [true, false] {
            let mut at = 0;
            loop {
                at += 1;
                let mut world = world(7).await;
                let before = world.store.commits.load(Ordering::Relaxed);
                *world.store.crash.lock().unwrap() = crash.map(|crash| (before + at, crash));
                let id = loop {
                    match world.engine.sweep(wanted(&starting(20), "k", None)).await {
                        Ok(sweep) => break sweep.id,
                        Err(Error::Unavailable(_)) => world.later(1_000).await,
                        Err(error) => panic!("{error}"),
                    }
                };
                // Every commit is followed by a new process; or only the one that failed.
                for _ in 0..400 {
                    let step = world.engine.step().await;
                    if dies && step == Step::Committed {
                        world.restart().await;
                    }
                    if step == Step::Idle {
                        let now = world.engine.now().plus_millis(200);
                        world.engine.set_clock(now);
                    }
                    if world.store.sweep(id).await.unwrap().unwrap().state.is_over() {
                        break;
                    }
                }
                let sweep = world.store.sweep(id).await.unwrap().unwrap();
                assert_eq!((sweep.state, sweep.acted), (Phase::Completed, 7), "{crash:?} {dies} {at}");
                assert_eq!(ledger(&world, id).await.len(), 7);
                world.engine.settle().await.unwrap();
                assert_eq!(world.instances("test/clean-up").await.len(), 7, "{crash:?} {dies} {at}");
                let reached = world.store.commits.load(Ordering::Relaxed) >= before + at;
                if crash.is_none() || !reached || at > 12 {
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_workflow_runs_a_sweep_and_asks_how_things_stand() {
    let mut world = world(4).await;
    let definition = serde_json::to_string(&starting(50)).unwrap();
    let weekly = workflow(
        "weekly",
        "",
        &format!(
            "  - sweep: {{call: 'sweep:1.0.0@default', with: {{definition: {definition}, reason: 周清理}}, export: {{as: '${{ {{swept: .}} }}'}}}}\n  - ask: {{call: 'case-query:1.0.0@default', with: {{where: {{open: true}}, groupBy: [channel, state], orderBy: opened, descending: true, limit: 2}}, output: {{as: '${{ {{swept: $context.swept, asked: .}} }}'}}}}"
        ),
    );
    world.deploy(&weekly).await;
    let id = world.start("test/weekly", None, json!({})).await;
    world.engine.settle().await.unwrap();
    world.restart().await;
    world.later(5_000).await;
    assert_eq!(world.status(id).await, "completed");
    let output = world.last(id, "completed", "output").await;
    assert_eq!(output["swept"]["acted"], 4, "{output}");
    assert_eq!(output["swept"]["state"], "completed");
    assert_eq!(output["asked"]["total"], 4);
    assert_eq!(output["asked"]["groups"], json!([{"channel": "wechat", "state": "registered", "count": 4}]));
    let items = output["asked"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["title"], "路灯 0", "all were opened at the same time");
}

#[tokio::test]
async fn a_mistake_in_a_question_is_an_error_of_the_task() {
    let wrong = workflow(
        "wrong",
        "",
        "  - ask: {try: [{q: {call: 'case-query:1.0.0@default', with: {where: '${ {staet: \"closed\"} }'}}}], catch: {as: err, do: [{say: {set: {told: '${ $err.detail }'}}}]}}",
    );
    let mut world = World::running(&[&wrong]).await;
    let id = world.start("test/wrong", None, json!({})).await;
    world.engine.settle().await.unwrap();
    let told = world.last(id, "completed", "output").await;
    let told = told["told"].as_str().unwrap().to_owned();
    assert!(told.contains("there is no field `staet`; did you mean `state`?"), "{told}");
}

#[tokio::test]
async fn a_sweep_does_not_count_as_a_touch() {
    let mut world = world(2).await;
    world.later(60_000).await;
    let matters = world.instances("test/matter").await;
    let by = Actor::new("li", Vec::new());
    let suspend = |command| OperatorAct { instance: matters[0], command, by: by.clone(), reason: None };
    world.engine.operator(suspend(OperatorCommand::Suspend)).await.unwrap();
    world.engine.operator(suspend(OperatorCommand::Resume)).await.unwrap();
    let written = json!({
        "sweep": "forgotten", "where": {"touched": {"before": {"ago": "PT30S"}}},
        "actions": [{"start": {"workflow": "test/clean-up"}}],
    });
    for key in ["k1", "k2"] {
        let sweep = world.engine.sweep(wanted(&written, key, None)).await.unwrap();
        assert_eq!(ended(&mut world, sweep.id).await.acted, 1, "{key}");
    }
}

fn operating(act: Value) -> Value {
    json!({"sweep": "operate", "of": "instances", "where": {"workflow": "test/matter", "open": true}, "actions": [act]})
}

#[tokio::test]
async fn instances_are_suspended_and_resumed_by_the_person_who_asks() {
    let mut world = world(3).await;
    let other = world.start("test/clean-up", None, json!({"target": {}})).await;
    let suspend = operating(json!({"suspend": "核查"}));
    let sweep = world.engine.sweep(wanted(&suspend, "s", None)).await.unwrap();
    let sweep = ended(&mut world, sweep.id).await;
    assert_eq!((sweep.acted, sweep.failed), (3, 0));
    let matters = world.instances("test/matter").await;
    assert!(!matters.contains(&other));
    let line = world.last(matters[0], "operator_acted", "by").await;
    assert_eq!(line, "li");
    let reason = world.last(matters[0], "operator_acted", "reason").await;
    assert_eq!(reason, format!("核查 (sweep {})", sweep.id));
    let two = [matters[0].to_string(), matters[2].to_string()];
    let resume = json!({"sweep": "back", "of": "instances", "where": {"instance": two, "status": "suspended"},
                        "actions": [{"resume": "好了"}]});
    let sweep = world.engine.sweep(wanted(&resume, "r", None)).await.unwrap();
    assert_eq!(ended(&mut world, sweep.id).await.acted, 2);
    let again = world.engine.sweep(wanted(&suspend, "s2", None)).await.unwrap();
    let again = ended(&mut world, again.id).await;
    assert_eq!((again.acted, again.failed), (2, 1), "one is suspended still, and refuses");
    let lines = ledger(&world, again.id).await;
    let refused = lines.iter().find(|line| line.result == LineResult::Failed).unwrap();
    assert_eq!(refused.instance, matters[1]);
    assert_eq!(refused.why.as_ref().unwrap().0, "refused.conflict");
}

#[tokio::test]
async fn a_repair_by_the_hundred_needs_a_second_person_and_is_done_once() {
    let mut world = world(3).await;
    let skip = operating(
        json!({"skip": {"task": "decided", "output": [{"outcome": "o", "reason": "r"}], "reason": "停用"}}),
    );
    let refused = world.engine.sweep(wanted(&skip, "k", None)).await.unwrap_err();
    assert!(matches!(refused, Error::Refused(_)), "{refused}");
    let sweep = world.engine.sweep(wanted(&skip, "k", Some(3))).await.unwrap();
    assert_eq!(sweep.state, Phase::Waiting);
    let approve = SweepAct::Approve { id: sweep.id, person: "zhao".to_owned(), reason: None };
    world.engine.sweep_act(approve).await.unwrap();
    assert_eq!(ended(&mut world, sweep.id).await.acted, 3);
    let same = world.engine.sweep(wanted(&skip, "k", Some(3))).await.unwrap();
    assert_eq!((same.id, same.acted), (sweep.id, 3));
    for matter in world.instances("test/matter").await {
        assert_eq!(world.last(matter, "repaired", "by").await, "li");
        assert_eq!(world.last(matter, "case_noted", "text").await, "decided: o r");
    }
}

#[test]
fn operators_acts_are_for_instances() {
    let mut written = operating(json!({"cancel": "x"}));
    written["of"] = json!("workItems");
    let mistakes = Definition::parse(&written).unwrap_err();
    assert!(mistakes.iter().any(|mistake| mistake.place == "/of"), "{mistakes:?}");
    let mistakes = Definition::parse(&operating(json!({"skip": {"tusk": 1, "reason": "x"}}))).unwrap_err();
    assert_eq!(mistakes[0].place, "/actions/0/skip");
}

/// The newest version of a sweep is meant by its name, and what runs keeps the one with which it began.
#[tokio::test]
async fn a_sweep_is_known_by_its_name() {
    let mut world = world(2).await;
    let put = |body: &str| PutReference {
        kind: Kind::Sweep,
        name: "press".to_owned(),
        body: body.to_owned(),
        by: "li".to_owned(),
        reason: None,
        version: None,
    };
    let broken =
        world.engine.put_reference(put("sweep: press\nwhere: {staet: closed}\nactions: [{note: n}]\n")).await;
    let Err(Error::InvalidReference(mistakes)) = broken else { panic!("{broken:?}") };
    assert_eq!(
        (mistakes.len(), mistakes[0].pointer.as_str(), mistakes[0].span.clone()),
        (1, "/where/staet", 21..26)
    );
    let other = world.engine.put_reference(put("sweep: other\nwhere: {}\nactions: [{note: n}]\n")).await;
    assert!(matches!(other, Err(Error::InvalidReference(_))), "{other:?}");
    for (note, version) in [("一", 1), ("二", 2)] {
        let body = format!("sweep: press\nwhere: {{title: 路灯 1}}\nactions: [{{note: {note}}}]\n");
        assert_eq!(world.engine.put_reference(put(&body)).await.unwrap().version, version);
    }
    world.restart().await;
    let by_name = workflow(
        "by-name",
        "",
        "  - sweep: {call: 'sweep:1.0.0@default', with: {name: press}, export: {as: '${ {swept: .} }'}}\n  - ask: {call: 'case-query:1.0.0@default', with: {sweep: press}, output: {as: '${ {swept: $context.swept.acted, total: .total} }'}}\n  - none: {try: [{gone: {call: 'sweep:1.0.0@default', with: {name: gone}}}], catch: {as: err, do: [{say: {set: {told: '${ $err.detail }'}}}]}}",
    );
    world.deploy(&by_name).await;
    let id = world.start("test/by-name", None, json!({})).await;
    world.engine.settle().await.unwrap();
    for _ in 0..50 {
        world.later(100).await;
    }
    let told = world.last(id, "completed", "output").await;
    assert!(told["told"].as_str().unwrap().contains("there is no sweep `gone`"), "{told}");
    let matters = world.instances("test/matter").await;
    assert_eq!(world.last(matters[1], "case_acted", "command").await["text"], "二");
    assert_eq!(world.times(matters[0], "case_acted").await.len(), 0);
}
