//! `schedule.on.all`: an instance that gathers the events it begins with.

use std::sync::Arc;

use yiwang_core::input::OperatorCommand;
use yiwang_core::schedule::{gathers, start_input};
use yiwang_core::{Input, transition::Status};

use crate::{Run, check, expect, json};

const CORRELATED: &str = r#"
    schedule:
      on:
        all:
          - {with: {type: cn.a.v1}, correlate: {no: {from: .data.no}}}
          - {with: {type: cn.b.v1}, correlate: {no: {from: .data.case}, kind: {from: .data.kind, expect: x}}}
    do:
      - keep: {set: '${ . }'}
"#;

#[test]
fn the_last_event_of_a_set_begins_the_workflow() {
    check(
        CORRELATED,
        |run| {
            run.event("cn.c.v1", json!({"no": 1}));
            run.event("cn.b.v1", json!({"case": 1, "kind": "y"}));
            run.event("cn.b.v1", json!({"case": 1, "kind": "x"}));
            assert_eq!((run.state.status(), run.state.is_gathering()), (Status::Pending, true));
            run.event("cn.a.v1", json!({"no": 2}));
            run.input("wake", Input::Wake);
            run.event("cn.a.v1", json!({"no": 1}));
        },
        expect![[r#"
            > event cn.c.v1 is not routed here
            > event cn.c.v1
              refused not_expected: no instance begins with event e0 of /channels/web
            > event cn.b.v1 is not routed here
            > event cn.b.v1
              refused not_expected: no instance begins with event e1 of /channels/web
            > event cn.b.v1 is not routed here
            > event cn.b.v1
              * listening types=["cn.a.v1","cn.b.v1"]
              * event_taken id="e2" source="/channels/web" type="cn.b.v1"
              = Pending
            > event cn.a.v1 is not routed here
            > event cn.a.v1
              refused not_expected: no instance begins with event e3 of /channels/web
            > wake
              refused conflict: the instance has not begun yet
            > event cn.a.v1
              * event_taken id="e5" source="/channels/web" type="cn.a.v1"
              * started cause={"by":"events","events":[["/channels/web","e5"],["/channels/web","e2"]]} input=[{"no":1},{"case":1,"kind":"x"}]
              keep task_started
              keep task_completed output=[{"no":1},{"case":1,"kind":"x"}]
              * completed output=[{"no":1},{"case":1,"kind":"x"}]
              = Completed
        "#]],
    );
}

#[test]
fn a_set_can_be_cancelled_and_nothing_else() {
    check(
        CORRELATED,
        |run| {
            run.operator(OperatorCommand::Cancel);
            run.event("cn.a.v1", json!({"no": 1}));
            run.operator(OperatorCommand::Suspend).operator(OperatorCommand::Cancel);
            run.event("cn.b.v1", json!({"case": 1, "kind": "x"}));
        },
        expect![[r#"
            > Cancel
              refused conflict: the instance has not begun yet
            > event cn.a.v1 is not routed here
            > event cn.a.v1
              * listening types=["cn.a.v1","cn.b.v1"]
              * event_taken id="e1" source="/channels/web" type="cn.a.v1"
              = Pending
            > Suspend
              refused conflict: the instance has not begun yet
            > Cancel
              * operator_acted by="admin" command="cancel" reason=null
              * cancelled
              = Cancelled
            > event cn.b.v1 is not routed here
            > event cn.b.v1
              refused not_expected: the instance does not wait for event e4 of /channels/web
        "#]],
    );
}

#[test]
fn it_is_known_which_events_begin_a_set() {
    let run = Run::new(CORRELATED, &[]);
    let definition = &run.deployment.definition;
    let wanted = |kind: &str, data| gathers(definition, &run.make_event("e", "/x", kind, data));
    assert!(wanted("cn.a.v1", json!({"no": 1})));
    assert!(!wanted("cn.a.v1", json!({})), "nothing to correlate by");
    assert!(!wanted("cn.b.v1", json!({"case": 1, "kind": "y"})));
    let event = Arc::new(run.make_event("e", "/x", "cn.a.v1", json!({"no": 1})));
    assert_eq!(start_input(definition, &event), None, "one event is not enough");
}

#[test]
fn correlation_of_a_single_event_is_a_condition() {
    let run = Run::new(
        "schedule: {on: {one: {with: {type: cn.a.v1}, correlate: {kind: {from: .data.kind, expect: x}, no: {from: .data.no}}}}}\ndo:\n  - a: {set: {n: 1}}\n",
        &[],
    );
    let begins = |data| {
        let event = run.make_event("e", "/x", "cn.a.v1", data);
        start_input(&run.deployment.definition, &event).is_some()
    };
    assert!(begins(json!({"kind": "x", "no": 1})));
    assert!(!begins(json!({"kind": "y", "no": 1})));
    assert!(!begins(json!({"kind": "x"})));
}
