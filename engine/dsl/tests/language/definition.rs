//! What a good text becomes.

use yiwang_dsl::Definition;
use yiwang_dsl::definition::{Backoff, Flow, Overlap, Schedule, Span, Strategy, TaskKind};
use yiwang_dsl::expression::Template;

use crate::remarks;

fn good() -> Definition {
    let (definition, diagnostics) = yiwang_dsl::check(include_str!("good.yaml"), &remarks::catalog());
    assert_eq!(diagnostics, []);
    definition.expect("the text is good")
}

#[test]
fn identity() {
    let definition = good();
    assert_eq!((definition.id.namespace.as_str(), definition.id.name.as_str()), ("gov-cases", "complaint"));
    assert_eq!(definition.id.version, "1.2.0");
    assert_eq!(definition.hash.0.len(), 64);
    assert_eq!(definition.hash, good().hash);
    assert_eq!(definition.title.as_deref(), Some("民声呼应·接诉即办"));
    assert_eq!(definition.policy.timezone.as_deref(), Some("Asia/Shanghai"));
    assert_eq!(definition.policy.overlap, Overlap::Skip);
}

#[test]
fn references_are_pointers() {
    let definition = good();
    let references: Vec<&str> = definition.tasks.iter().map(|task| task.reference.as_str()).collect();
    assert!(references.contains(&"/do/1/受理回执/try/0/发送"));
    assert!(references.contains(&"/do/1/受理回执/catch/do/0/记录"));
    assert!(references.contains(&"/do/6/办结/do/0/逐项/do/0/事件"));
    for (at, task) in definition.tasks.iter().enumerate() {
        assert_eq!(task.id.0 as usize, at, "a task's id is its place");
        assert_eq!(&definition.source[task.span.clone()], task.name);
    }
}

#[test]
fn flow_leads_to_tasks_of_the_list() {
    let definition = good();
    let at = |name: &str| definition.tasks.iter().find(|task| task.name == name).expect("a task of the text");
    let TaskKind::Switch { cases } = &at("判断").kind else { unreachable!("it is a switch") };
    let targets: Vec<Flow> = cases.iter().map(|case| case.then).collect();
    assert_eq!(targets, [Flow::Goto(at("办结").id), Flow::Goto(at("升级").id), Flow::Goto(at("办理").id)]);
    assert!(cases[2].when.is_none(), "the default stands last");
    assert_eq!(at("办结").then, Flow::End);
}

#[test]
fn a_default_case_is_tried_last() {
    let text = "
document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }
do:
  - a: { switch: [{ other: { then: end } }, { one: { when: .x, then: exit } }] }
";
    let definition = yiwang_dsl::check(text, &remarks::catalog()).0.expect("the text is good");
    let TaskKind::Switch { cases } = &definition.task(definition.root[0]).kind else {
        unreachable!("a switch")
    };
    assert_eq!(cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>(), ["one", "other"]);
}

#[test]
fn names_of_use_are_resolved() {
    let definition = good();
    assert!(matches!(definition.timeout, Some(Span::Fixed(604_800_000))));
    let retry = definition.tasks.iter().find_map(|task| match &task.kind {
        TaskKind::Try { catch, .. } => catch.retry.as_ref(),
        _ => None,
    });
    let retry = retry.expect("a retry");
    assert!(matches!(retry.delay, Span::Fixed(5_000)));
    assert_eq!((retry.backoff, retry.attempts_max), (Backoff::Exponential, Some(5)));
    assert!(matches!(retry.jitter, Some((Span::Fixed(100), Span::Fixed(2_000)))));
    assert!(retry.except_when.is_some());
}

#[test]
fn schedules_hold_filters() {
    let definition = good();
    let Some(Schedule::On { strategy: Strategy::One(filter), .. }) = &definition.schedule else {
        unreachable!("it starts on an event")
    };
    assert_eq!(filter.event_type(), Some("cn.yiwang.intake.received.v1"));
}

#[test]
fn templates_keep_what_is_fixed() {
    let definition = good();
    let set = definition.tasks.iter().find_map(|task| match &task.kind {
        TaskKind::Set { value: Template::Object(members) } => Some(members),
        _ => None,
    });
    let members = set.expect("a set with expressions");
    assert_eq!(members.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["title", "urgent", "tags"]);
    let Template::Array(tags) = &members[2].1 else { unreachable!("a list with an expression") };
    assert_eq!(tags[0].as_literal().map(ToString::to_string).as_deref(), Some("\"投诉\""));
    let input = serde_json::json!({ "title": "噪音", "content": "楼上漏水", "channel": "wechat" }).into();
    let template = Template::Object(members.clone());
    let value = template.evaluate(&input, &()).expect("it needs no variables");
    assert_eq!(value.to_string(), r#"{"title":"噪音","urgent":true,"tags":["投诉","wechat"]}"#);
}

#[test]
fn definitions_can_be_shared() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    is_shared(&good());
}

#[test]
fn spellings_of_error_types() {
    use yiwang_dsl::error::TypeAliases;
    let text = |policy: &str| {
        format!(
            "document: {{ dsl: '1.0.3', namespace: a, name: b, version: '1.0.0', metadata: {{ yiwang: {{ {policy} }} }} }}\ndo: [{{ a: {{ wait: PT1S }} }}]\n"
        )
    };
    let check = |text: &str, catalog: &yiwang_dsl::Catalog| {
        yiwang_dsl::check(text, catalog).0.expect("the text is good").policy.error_types
    };
    let mut catalog = remarks::catalog();
    assert_eq!(check(&text(""), &catalog), TypeAliases::Hosts);
    assert_eq!(check(&text("errors: { legacyTypeAliases: true }"), &catalog), TypeAliases::Legacy);
    catalog.set_error_types(TypeAliases::Legacy);
    assert_eq!(check(&text(""), &catalog), TypeAliases::Legacy);
    assert_eq!(check(&text("errors: {}"), &catalog), TypeAliases::Legacy);
    assert_eq!(check(&text("errors: { legacyTypeAliases: false }"), &catalog), TypeAliases::Hosts);
}

#[test]
fn types_that_are_equal() {
    use yiwang_dsl::error::{TypeAliases, same_type};
    let new = "https://open-workflow-specification.org/spec/1.0.0/errors/timeout";
    let old = "https://serverlessworkflow.io/spec/1.0.0/errors/timeout";
    let legacy = "https://serverlessworkflow.io/dsl/errors/types/timeout";
    let slip = "https://serverlessworkflow.io.io/dsl/errors/types/timeout";
    assert!(same_type(new, old, TypeAliases::Hosts));
    assert!(!same_type(new, legacy, TypeAliases::Hosts));
    assert!(same_type(new, legacy, TypeAliases::Legacy) && same_type(old, slip, TypeAliases::Legacy));
    assert!(!same_type(new, "https://example.org/spec/1.0.0/errors/timeout", TypeAliases::Legacy));
    assert!(!same_type(
        legacy,
        "https://serverlessworkflow.io/dsl/errors/types/runtime",
        TypeAliases::Legacy
    ));
}

#[test]
fn titles_of_tasks() {
    let text = remarks::with_head(
        "do: [{ a: { wait: PT1S, metadata: { title: 等待 } } }, { b: { wait: PT1S, metadata: { title: 5 } } }]",
    );
    let definition = yiwang_dsl::check(&text, &remarks::catalog()).0.expect("the text is good");
    let titles: Vec<_> = definition.tasks.iter().map(|task| task.title.as_deref()).collect();
    assert_eq!(titles, [Some("等待"), None]);
}

#[test]
fn inline_lists_to_go_over() {
    let text = remarks::with_head(
        "do: [{ a: { for: { each: color, in: [{ name: red }, { name: '${ .mine }' }] }, do: [{ b: { set: { x: '${ $color.name }' } } }] } }]",
    );
    let definition = yiwang_dsl::check(&text, &remarks::catalog()).0.expect("the text is good");
    let TaskKind::For { over, .. } = &definition.task(definition.root[0]).kind else { unreachable!("a for") };
    let input = serde_json::json!({ "mine": "blue" }).into();
    assert_eq!(over.evaluate(&input, &()).unwrap().to_string(), r#"[{"name":"red"},{"name":"blue"}]"#);
}
