//! `document.metadata.yiwang.lifecycle`.

use expect_test::expect;
use yiwang_dsl::Catalog;
use yiwang_dsl::lifecycle::LifecycleEvent;

fn text(lifecycle: &str) -> String {
    format!(
        "document: {{dsl: '1.0.3', namespace: test, name: w, version: '1.0.0', metadata: {{yiwang: {{lifecycle: {lifecycle}}}}}}}\ndo:\n  - a: {{set: {{n: 1}}}}\n"
    )
}

#[test]
fn events_are_named_one_by_one_or_together() {
    let (definition, remarks) =
        yiwang_dsl::check(&text("{events: [workflow, task.faulted], to: inbox}"), &Catalog::default());
    assert!(remarks.is_empty(), "{remarks:#?}");
    let wanted = definition.unwrap().policy.lifecycle;
    let names: Vec<&str> = wanted.into_iter().map(LifecycleEvent::name).collect();
    expect![[r#"
        [
            "workflow.started",
            "workflow.suspended",
            "workflow.resumed",
            "workflow.correlation-started",
            "workflow.correlation-completed",
            "workflow.cancelled",
            "workflow.faulted",
            "workflow.completed",
            "task.faulted",
        ]
    "#]]
    .assert_debug_eq(&names);
}

#[test]
fn a_name_that_is_none_is_told() {
    let (definition, remarks) =
        yiwang_dsl::check(&text("{events: [task.failed, workflows], to: outbox}"), &Catalog::default());
    assert!(definition.is_none());
    let mut told: Vec<String> = remarks.iter().map(|remark| remark.message.to_string()).collect();
    told.sort_unstable();
    let expected = [
        "`outbox` is not one of the values allowed here",
        "there is no lifecycle event `task.failed`",
        "there is no lifecycle event `workflows`",
    ];
    assert_eq!(told, expected);
}
