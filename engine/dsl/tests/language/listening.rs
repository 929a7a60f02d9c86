//! Listening for more than one event: until when, and what is done with each.

use expect_test::expect;
use yiwang_dsl::definition::{Strategy, TaskKind, Until};

use crate::remarks::{catalog, check_do, clean_do, with_head};

#[test]
fn until() {
    clean_do(&[
        "- a: { listen: { to: { any: [], until: ( . | length ) > 3 } } }",
        "- a: { listen: { to: { any: [], until: '${ $context == {} }' } } }",
        "- a: { listen: { to: { any: [], until: false } } }",
        "- a: { listen: { to: { any: [{ with: { type: x } }], until: { one: { with: { type: y, data: '${ .a == $input.a }' } } } } } }",
        "- a: { listen: { to: { any: [], until: { all: [{ with: { type: y } }, { with: { type: z } }] } } } }",
    ]);
}

#[test]
fn until_in_vain() {
    check_do(
        "- a: { listen: { to: { one: { with: { type: x } }, until: '. | length > 3' } } }",
        expect![[r#"
            - a: { listen: { to: { one: { with: { type: x } }, until: '. | length > 3' } } }
                                                               ^^^^^ YW0240 `until` belongs to `any`: only that goes on after an event; to go on with several events, listen `to: { any: […], until: … }`
        "#]],
    );
    check_do(
        "- a: { listen: { to: { all: [{ with: { type: x } }], until: true } } }",
        expect![[r#"
        - a: { listen: { to: { all: [{ with: { type: x } }], until: true } } }
                                                             ^^^^^ YW0240 `until` belongs to `any`: only that goes on after an event; to go on with several events, listen `to: { any: […], until: … }`
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [], until: { any: [], until: . } } } }",
        expect![[r#"
        - a: { listen: { to: { any: [], until: { any: [], until: . } } } }
                                                          ^^^^^ YW0240 nothing is listened to here that could go on until then; to go on with several events, listen `to: { any: […], until: … }`
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [], until: 5 } } }",
        expect![[r#"
        - a: { listen: { to: { any: [], until: 5 } } }
                                               ^ YW0202 this must be an expression or the events that end it, and is a number
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [], until: { one: {} } } } }",
        expect![[r#"
        - a: { listen: { to: { any: [], until: { one: {} } } } }
                                                      ^^ YW0203 the key `with` is missing here
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [], until: '. | lenght > 3' } } }",
        expect![[r#"
        - a: { listen: { to: { any: [], until: '. | lenght > 3' } } }
                                                    ^^^^^^ YW0303 there is no function `lenght`; did you mean `length`?
    "#]],
    );
    check_do(
        "- a: { listen: { to: { until: . } } }",
        expect![[r#"
        - a: { listen: { to: { until: . } } }
                               ^^^^^ YW0203 one of `one`, `any` and `all` is missing here
    "#]],
    );
}

#[test]
fn foreach() {
    clean_do(&[
        "- a: { timeout: { after: PT1S }, listen: { to: { any: [] } }, foreach: { do: [{ b: { set: { x: '${ [$item, $index] }' } } }] } }",
        "- a: { timeout: { after: PT1S }, listen: { to: { any: [] } }, foreach: { item: event, at: i, do: [{ b: { set: { x: '${ [$event, $i] }' } } }] } }",
        "- a: { timeout: { after: PT1S }, listen: { to: { any: [] } }, foreach: { output: { as: '{ n: $index, item: $item }' }, export: { as: '$context + { last: . }' } } }",
        "- a: { timeout: { after: PT1S }, listen: { to: { any: [] } }, foreach: {} }",
    ]);
}

#[test]
fn foreach_in_vain() {
    check_do(
        "- a: { listen: { to: { any: [] } }, foreach: { each: x, do: [] } }",
        expect![[r#"
        - a: { listen: { to: { any: [] } }, foreach: { each: x, do: [] } }
                                                       ^^^^ YW0201 the key `each` is not known here; known here: `item`, `at`, `output`, `export`
                                                                    ^^ YW0209 a list of tasks needs at least one task
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [] } }, foreach: { item: x, at: x } }",
        expect![[r#"
            - a: { listen: { to: { any: [] } }, foreach: { item: x, at: x } }
                   ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
                                                                        ^ YW0112 item and index cannot both be called `$x`
        "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [] } }, foreach: { at: item } }",
        expect![[r#"
            - a: { listen: { to: { any: [] } }, foreach: { at: item } }
                   ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
                                                               ^^^^ YW0112 item and index cannot both be called `$item`
        "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [] } }, foreach: { item: 事件 } }",
        expect![[r#"
        - a: { listen: { to: { any: [] } }, foreach: { item: 事件 } }
                                                             ^^^^ YW0112 `事件` cannot be a variable's name; letters a–z, digits and `_`, not beginning with a digit
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [] } }, foreach: { item: event, do: [{ b: { set: { x: '${ $item }' } } }] }, output: { as: $event } }",
        expect![[r#"
            - a: { listen: { to: { any: [] } }, foreach: { item: event, do: [{ b: { set: { x: '${ $item }' } } }] }, output: { as: $event } }
                                                                                                  ^^^^^ YW0302 there is no variable `$item` at this place; available here: $context, $input, $task, $workflow, $runtime, $event, $index
                                                                                                                                   ^^^^^^ YW0302 there is no variable `$event` at this place; available here: $context, $input, $task, $workflow, $runtime
        "#]],
    );
    check_do(
        "- a: { wait: PT1S, foreach: { do: [{ b: { wait: PT1S } }] } }",
        expect![[r#"
        - a: { wait: PT1S, foreach: { do: [{ b: { wait: PT1S } }] } }
                           ^^^^^^^ YW0201 the key `foreach` is not known here; known here: `if`, `input`, `output`, `export`, `timeout`, `then`, `metadata`
    "#]],
    );
}

#[test]
fn what_it_becomes() {
    let text = with_head(
        "do: [{ a: { listen: { to: { any: [{ with: { type: x } }], until: { one: { with: { type: y } } } } }, foreach: { item: event, do: [{ b: { wait: PT1S } }] } } }]",
    );
    let definition = yiwang_dsl::check(&text, &catalog()).0.expect("the text is good");
    let TaskKind::Listen { to, until, foreach, .. } = &definition.task(definition.root[0]).kind else {
        unreachable!("a listen")
    };
    assert!(matches!(to, Strategy::Any(filters) if filters.len() == 1));
    assert!(matches!(until, Some(Until::Events(Strategy::One(filter))) if filter.event_type() == Some("y")));
    let foreach = foreach.as_ref().expect("a foreach");
    assert_eq!((foreach.item.as_str(), foreach.at.as_str()), ("event", "index"));
    assert_eq!(definition.task(foreach.body[0]).reference, "/do/0/a/foreach/do/0/b");
}
