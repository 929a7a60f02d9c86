//! Instances that go on by another version of their workflow.

use yiwang_core::input::OperatorCommand;

use crate::driver::person;
use crate::{check, expect, json};

const OLD: &str = r#"
    do:
      - first: {set: {n: 1}}
      - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
      - last: {set: '${ {was: .outcome} }'}
"#;

#[test]
fn tasks_before_and_after_move_nothing() {
    check(
        OLD,
        |run| {
            let li = person("li", &["a"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.migrate(
                r#"
                do:
                  - zeroth: {set: {z: 1}}
                  - first: {set: {n: 1}}
                  - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
                  - more: {set: '${ {was: .outcome, more: true} }'}
                  - last: {set: '${ . }'}
                "#,
                json!({}),
            );
            run.complete(1, &li, "", json!({}), "d");
        },
        expect![[""]],
    );
}

#[test]
fn a_renamed_task_is_mapped_and_keeps_its_work() {
    let new = r#"
    do:
      - begin: {set: {n: 1}}
      - review: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
      - last: {set: '${ {was: .outcome} }'}
    "#;
    check(
        OLD,
        |run| {
            let li = person("li", &["a"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.migrate(new, json!({}));
            run.migrate(new, json!({"mapping": {"ask": "nowhere"}}));
            run.migrate(new, json!({"mapping": {"ask": "review"}}));
            run.complete(1, &li, "", json!({}), "d");
        },
        expect![[""]],
    );
}

#[test]
fn a_removed_task_gives_way_to_what_is_named() {
    check(
        OLD,
        |run| {
            run.start(json!({})).quietly();
            run.migrate(
                r#"
                do:
                  - first: {set: {n: 1}}
                  - last: {set: '${ {got: .} }'}
                "#,
                json!({"mapping": {"ask": "last"}}),
            );
        },
        expect![[""]],
    );
}

#[test]
fn changed_work_is_kept_or_offered_anew() {
    let new = r#"
    do:
      - first: {set: {n: 1}}
      - ask: {call: 'human-task:1.0.0@default', with: {title: u, candidateRoles: [b], due: {after: PT3H}}}
      - last: {set: '${ {was: .outcome} }'}
    "#;
    check(
        OLD,
        |run| {
            run.start(json!({})).pass(60_000).quietly();
            run.migrate(new, json!({})).claim(1, &person("li", &["a"]));
        },
        expect![[""]],
    );
    check(
        OLD,
        |run| {
            run.start(json!({})).pass(60_000).quietly();
            run.migrate(new, json!({"renew": true})).claim(2, &person("bo", &["b"]));
        },
        expect![[""]],
    );
}

#[test]
fn deadlines_count_from_the_beginning() {
    check(
        r#"
        timeout: {after: P1D}
        do:
          - group:
              timeout: {after: PT5H}
              do:
                - rest: {wait: PT2H}
        "#,
        |run| {
            run.start(json!({})).pass(1_800_000).quietly();
            run.migrate(
                r#"
                timeout: {after: P2D}
                do:
                  - group:
                      timeout: {after: PT6H}
                      do:
                        - rest: {wait: PT1H}
                "#,
                json!({}),
            );
            run.wake();
        },
        expect![[""]],
    );
}

#[test]
fn branches_are_known_by_their_names() {
    let old = r#"
    do:
      - both:
          fork:
            branches:
              - a: {listen: {to: {one: {with: {type: cn.x.a.v1}}}}}
              - b: {listen: {to: {one: {with: {type: cn.x.b.v1}}}}}
      - end: {set: '${ {all: .} }'}
    "#;
    check(
        old,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!("a")).quietly();
            run.migrate(
                r#"
                do:
                  - before: {set: {}}
                  - both:
                      fork:
                        branches:
                          - b: {listen: {to: {one: {with: {type: cn.x.b.v1}}}}}
                          - a: {listen: {to: {one: {with: {type: cn.x.a.v1}}}}}
                  - end: {set: '${ {all: .} }'}
                "#,
                json!({}),
            );
            run.event("cn.x.b.v1", json!("b"));
        },
        expect![[""]],
    );
    check(
        old,
        |run| {
            run.start(json!({})).quietly();
            let more = old.replace(
                "          - b:",
                "          - c: {listen: {to: {one: {with: {type: cn.x.c.v1}}}}}\n              - b:",
            );
            run.migrate(&more, json!({}));
            run.migrate(&more, json!({"mapping": {"both": "end"}}));
        },
        expect![[""]],
    );
}

#[test]
fn a_loop_goes_on_over_its_items() {
    let old = r#"
    do:
      - each:
          for: {each: n, in: '${ [1, 2] }'}
          do:
            - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
            - note: {set: '${ {n: $n} }'}
    "#;
    check(
        old,
        |run| {
            run.start(json!({})).event("cn.x.v1", json!(1)).quietly();
            let new = old.replace("[1, 2]", "[7, 8, 9]").replace("{n: $n}", "{n: $n, new: true}");
            run.migrate(&new, json!({}));
            run.event("cn.x.v1", json!(2));
        },
        expect![[""]],
    );
}

#[test]
fn what_is_listened_for_changes_before_anything_was_taken() {
    let old = r#"
    do:
      - hear: {listen: {to: {all: [{with: {type: cn.x.a.v1}}, {with: {type: cn.x.b.v1}}]}}}
    "#;
    let new = old.replace("cn.x.b.v1", "cn.x.c.v1");
    check(
        old,
        |run| {
            run.start(json!({})).quietly();
            run.migrate(&new, json!({})).event("cn.x.a.v1", json!(1)).event("cn.x.c.v1", json!(2));
        },
        expect![[""]],
    );
    check(
        old,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(1)).quietly();
            run.migrate(&new, json!({}));
        },
        expect![[""]],
    );
}

#[test]
fn a_failed_task_is_tried_by_the_new_text() {
    let old = "
    do:
      - work: {set: '${ error(\"no\") }'}
    ";
    check(
        old,
        |run| {
            run.start(json!({"n": 1})).quietly();
            run.migrate(&old.replace("error(\"no\")", "{n: .n}"), json!({}));
            run.operator(OperatorCommand::Retry);
        },
        expect![[""]],
    );
}

#[test]
fn a_suspended_instance_begins_anew_when_it_is_resumed() {
    check(
        OLD,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).quietly();
            run.migrate(&OLD.replace("title: t", "title: u"), json!({"renew": true}));
            run.operator(OperatorCommand::Resume);
        },
        expect![[""]],
    );
}
