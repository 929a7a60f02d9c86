//! Acts on cases: found by number, done between instances once, whatever happens in between.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use yiwang_core::case::{CaseCommand, CaseState, Relation};
use yiwang_core::work_item::Actor;
use yiwang_core::{Case, CaseNo};
use yiwang_dsl::Data;
use yiwang_runtime::ports::{CaseFilter, PageRequest, Query as _};
use yiwang_runtime::{CaseAct, Error};

use crate::world::{Crash, World, event, workflow};

/// A case that a merge ends.
fn process() -> String {
    workflow(
        "case",
        "schedule: {on: {one: {with: {type: cn.test.intake.v1}}}}\ninput: {from: '${ .[0] }'}",
        "  - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: '${ .title }', content: '${ . }', channel: wechat}}
  - heed: {listen: {to: {one: {with: {source: /cases, type: cn.yiwang.case.merge.v1}}}}}
  - close: {call: 'case-close:1.0.0@default', with: {outcome: merged}, output: {as: .state}}",
    )
}

fn act(no: &CaseNo, command: CaseCommand, decision: &str) -> CaseAct {
    let by = Actor::new("zhao", vec!["dispatcher".to_owned()]);
    let (no, reason, decision) = (no.clone(), Some("同一诉求".to_owned()), decision.to_owned());
    CaseAct { no, command, by, reason, decision, version: None }
}

/// All cases, oldest first.
async fn cases(world: &World) -> Vec<Case> {
    let page = PageRequest { cursor: None, limit: 500 };
    let mut cases = world.store.inner.cases(CaseFilter::default(), page).await.unwrap().items;
    cases.sort_by(|a, b| a.no.cmp(&b.no));
    cases
}

async fn with_cases(titles: &[Value]) -> World {
    let mut world = World::running(&[&process()]).await;
    for (n, data) in titles.iter().enumerate() {
        world.engine.publish(vec![event(&format!("e{n}"), "cn.test.intake.v1", data.clone())]).await.unwrap();
        world.engine.settle().await.unwrap();
    }
    world
}

/// Does it, again and again until it is known to be done.
async fn insist(world: &mut World, act: CaseAct) {
    while let Err(error) = world.engine.case(act.clone()).await {
        assert!(error.is_retryable(), "{error}");
        world.restart().await;
    }
    world.engine.settle().await.unwrap();
    world.restart().await;
    world.engine.settle().await.unwrap();
}

/// For each commit from now on, before and after it: what comes of it is the same.
async fn pulled(prepare: &[Value], command: impl Fn(&[Case]) -> (CaseNo, CaseCommand)) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for at in 0..6 {
        for crash in [Crash::Before, Crash::After] {
            let mut world = with_cases(prepare).await;
            let before = world.store.commits.load(std::sync::atomic::Ordering::Relaxed);
            *world.store.crash.lock().unwrap() = (at > 0).then_some((before + at, crash));
            let (no, command) = command(&cases(&world).await);
            insist(&mut world, act(&no, command, "d1")).await;
            let mut words = Vec::new();
            for case in cases(&world).await {
                let history = world.history(case.instance).await;
                let acted = history.iter().filter(|line| line["event"] == "case_acted").count();
                let related: BTreeMap<_, _> =
                    case.related.iter().map(|it| (&*it.no.0, it.relation)).collect();
                words.push(format!("{} {:?} acts {acted} {related:?}", case.title, case.state));
            }
            all.push(words);
        }
    }
    for got in &all {
        assert_eq!(got, &all[0], "the same after a crash");
    }
    all
}

#[tokio::test]
async fn a_merge_shows_in_both_cases_once() {
    let two = [json!({"title": "一"}), json!({"title": "二"})];
    let got =
        pulled(&two, |cases| (cases[1].no.clone(), CaseCommand::Merge { into: cases[0].no.clone() })).await;
    let (first, second) = ("QC-20240611-000001", "QC-20240611-000002");
    assert_eq!(
        got[0],
        [
            format!("一 Registered acts 1 {{{second:?}: MergedFrom}}"),
            format!("二 Closed acts 1 {{{first:?}: MergedInto}}"),
        ]
    );
}

#[tokio::test]
async fn a_split_opens_one_case_and_links_both() {
    let one = [json!({"title": "路灯和垃圾", "externalId": "R-1", "petitioner": {"name": "王"}})];
    let content = Data::from(json!({"title": "垃圾"}));
    let split = |cases: &[Case]| {
        let workflow = "test/case".to_owned();
        (cases[0].no.clone(), CaseCommand::Split { workflow, version: None, content: content.clone() })
    };
    let got = pulled(&one, split).await;
    let (first, second) = ("QC-20240611-000001", "QC-20240611-000002");
    assert_eq!(
        got[0],
        [
            format!("路灯和垃圾 Registered acts 2 {{{second:?}: SplitInto}}"),
            format!("垃圾 Registered acts 0 {{{first:?}: SplitFrom}}"),
        ]
    );
}

#[tokio::test]
async fn what_an_act_is_about_must_be_there() {
    let mut world = with_cases(&[json!({"title": "一"}), json!({"title": "二"})]).await;
    let nobody = CaseNo("QC-19990101-000001".into());
    let [first, second] = [0, 1].map(|n| CaseNo(format!("QC-20240611-{:06}", n + 1).into()));
    let missing = world.engine.case(act(&nobody, CaseCommand::Urge, "d1")).await.unwrap_err();
    assert_eq!(missing.code(), "case.unknown");
    let link = CaseCommand::Link { no: nobody };
    assert_eq!(world.engine.case(act(&first, link, "d2")).await.unwrap_err().code(), "case.unknown");
    let split =
        CaseCommand::Split { workflow: "test/none".to_owned(), version: None, content: Data::object([]) };
    assert_eq!(world.engine.case(act(&first, split, "d3")).await.unwrap_err().code(), "workflow.unknown");
    let merge = |into: &CaseNo| CaseCommand::Merge { into: into.clone() };
    world.engine.case(act(&first, merge(&second), "d4")).await.unwrap();
    let closed = world.engine.case(act(&second, merge(&first), "d5")).await;
    assert!(matches!(closed, Err(Error::Refused(_))), "{closed:?}");
    world.engine.settle().await.unwrap();
    let cases = cases(&world).await;
    assert_eq!(cases[0].state, CaseState::Closed);
    assert_eq!(cases[1].related[0].relation, Relation::MergedFrom);
}

#[tokio::test]
async fn a_second_complaint_of_one_phone_is_a_candidate() {
    let of = |title: &str, phone: &str| json!({"title": title, "petitioner": {"phone": phone}});
    let complaints =
        [of("路灯不亮", "138-0000-0001"), of("路灯不亮", "13800000001"), of("停水", "13800000001")];
    let repeats = |cases: &[Case]| {
        cases
            .iter()
            .map(|case| case.repeats.iter().map(ToString::to_string).collect())
            .collect::<Vec<Vec<_>>>()
    };
    let expected = [vec![], vec!["QC-20240611-000001".to_owned()], vec![]];
    let world = with_cases(&complaints).await;
    assert_eq!(repeats(&cases(&world).await), expected);
    // All in one turn, none of them stored yet.
    let mut world = World::running(&[&process()]).await;
    let events = complaints.iter().enumerate();
    let events = events.map(|(n, data)| event(&format!("e{n}"), "cn.test.intake.v1", data.clone())).collect();
    world.engine.publish(events).await.unwrap();
    world.engine.settle().await.unwrap();
    assert_eq!(repeats(&cases(&world).await), expected);
}
