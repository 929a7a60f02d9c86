//! What only the whole workflow tells: the order of exports, times, conditions, what is never used.

use expect_test::expect;

use crate::remarks::{check, check_do, clean_do};

#[test]
fn branches_that_export_the_same() {
    check_do(
        "
- a:
    fork:
      branches:
        - b: { set: { x: 1 }, export: { as: '$context + { n: .x }' } }
        - c: { do: [{ d: { set: { x: 2 }, export: { as: '$context + { m: 1, n: .x }' } } }] }
",
        expect![[r#"
            - c: { do: [{ d: { set: { x: 2 }, export: { as: '$context + { m: 1, n: .x }' } } }] }
                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0116 the branch `b` exports `n` as well; of branches that export the same member, the last one's is left; give each its own
        "#]],
    );
    clean_do(&[
        "- a: { fork: { branches: [{ b: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }, { c: { set: { x: 1 }, export: { as: '$context + { m: .x }' } } }] } }",
        "- a: { fork: { compete: true, branches: [{ b: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }, { c: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }] } }",
    ]);
}

#[test]
fn read_too_early() {
    check_do(
        "- a: { if: $context.n, set: { x: 1 } }\n- b: { set: { x: 1 }, export: { as: '$context + { n: .x }' } }",
        expect![[r#"
            - a: { if: $context.n, set: { x: 1 } }
                                ^ YW0117 `$context.n` is read before anything exports it; it is null here: `b` exports it, which runs later
        "#]],
    );
    check_do(
        "- a: { set: { x: 1 }, export: { as: '$context + { n: ($context.n + .x) }' } }",
        expect![[r#"
            - a: { set: { x: 1 }, export: { as: '$context + { n: ($context.n + .x) }' } }
                                                                           ^ YW0117 `$context.n` is read before anything exports it; it is null here: a task exports only when it has ended
        "#]],
    );
    check_do(
        "- a: { do: [{ b: { set: { x: '${ $context.n }' } } }], export: { as: '$context + { n: .x }' } }",
        expect![[r#"
            - a: { do: [{ b: { set: { x: '${ $context.n }' } } }], export: { as: '$context + { n: .x }' } }
                                                      ^ YW0117 `$context.n` is read before anything exports it; it is null here: `a` exports it, which runs later
        "#]],
    );
    check_do(
        "- a: { fork: { branches: [{ b: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }, { c: { set: { y: '${ $context.n }' } } }] } }",
        expect![[r#"
            - a: { fork: { branches: [{ b: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }, { c: { set: { y: '${ $context.n }' } } }] } }
                                                                                                                                      ^ YW0117 `$context.n` is read before anything exports it; it is null here: `b` exports it, which runs later
        "#]],
    );
    check_do(
        "- a: { try: [{ b: { set: { y: '${ $context.n }' } } }], catch: { do: [{ c: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }] } }",
        expect![[r#"
            - a: { try: [{ b: { set: { y: '${ $context.n }' } } }], catch: { do: [{ c: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }] } }
                                                       ^ YW0117 `$context.n` is read before anything exports it; it is null here: `c` exports it, which runs later
        "#]],
    );
    check_do(
        "- a: { switch: [{ x: { when: .x, then: c } }] }\n- b: { set: { x: 1 }, export: { as: '$context + { n: .x }' }, then: end }\n- c: { set: { x: '${ $context.n }' } }",
        expect![[r#"
            - c: { set: { x: '${ $context.n }' } }
                                          ^ YW0117 `$context.n` is read before anything exports it; it is null here: `b` exports it, which runs later
        "#]],
    );
}

#[test]
fn read_in_time_perhaps() {
    clean_do(&[
        "- a: { set: { x: 1 }, export: { as: '$context + { n: .x }' } }\n- b: { set: { x: '${ $context.n }' } }",
        // In a later round.
        "- a: { wait: PT1S }\n- b: { set: { x: '${ $context.n }' } }\n- c: { set: { x: 1 }, export: { as: '$context + { n: .x }' } }\n- d: { switch: [{ x: { when: .x, then: a } }] }",
        "- a: { for: { in: .x }, do: [{ b: { set: { x: 1 }, export: { as: '$context + { n: ($context.n // 0) }' } } }] }",
        "- a: { for: { in: .x }, while: $context.n, do: [{ b: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }] }",
        "- a: { listen: { to: { any: [], until: $context.n } }, foreach: { export: { as: '$context + { n: . }' } } }",
        "- a: { try: [{ b: { set: { x: '${ $context.n }' } } }, { c: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }], catch: { retry: { delay: PT1S } } }",
        // What catches comes after what is tried.
        "- a: { try: [{ c: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }], catch: { when: $context.n, do: [{ b: { set: { x: '${ $context.n }' } } }] } }",
        // Out of a nested list.
        "- a: { do: [{ c: { set: { x: 1 }, export: { as: '$context + { n: .x }' } } }], output: { as: '{ n: $context.n }' } }\n- b: { set: { x: '${ $context.n }' } }",
    ]);
    check(
        "use: { extensions: [{ e: { extend: set, before: [{ x: { set: { y: 1 }, export: { as: '$context + { n: .y }' } } }] } }] }\ndo: [{ a: { set: { x: '${ $context.n }' } } }]\noutput: { as: $context.n }\n",
        expect![[r#"
            clean
        "#]],
    );
}

#[test]
fn listening_for_ever() {
    check_do(
        "- a: { listen: { to: { one: { with: { type: x } } } } }",
        expect![[r#"
        - a: { listen: { to: { one: { with: { type: x } } } } }
               ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [] } }, foreach: { do: [{ b: { listen: { to: { any: [] } }, timeout: { after: '${ .x }' } } }] } }",
        expect![[r#"
            - a: { listen: { to: { any: [] } }, foreach: { do: [{ b: { listen: { to: { any: [] } }, timeout: { after: '${ .x }' } } }] } }
                   ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
        "#]],
    );
    check_do(
        "- a: { fork: { compete: true, branches: [{ b: { listen: { to: { any: [] } } } }] } }",
        expect![[r#"
            - a: { fork: { compete: true, branches: [{ b: { listen: { to: { any: [] } } } }] } }
                                                            ^^^^^^ YW0118 nothing ends `b` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
        "#]],
    );
}

#[test]
fn listening_for_some_time() {
    clean_do(&[
        "- a: { listen: { to: { any: [] } }, timeout: { after: PT1H } }",
        "- a: { do: [{ b: { listen: { to: { any: [] } } } }], timeout: { after: '${ .x }' } }",
        "- a: { listen: { to: { any: [], until: false } } }",
        "- a: { fork: { compete: true, branches: [{ b: { listen: { to: { any: [] } } } }, { c: { wait: P1D } }] } }",
        "- a: { try: [{ b: { listen: { to: { any: [] } } } }], catch: { retry: { limit: { attempt: { duration: PT1H } } } } }",
    ]);
    for around in ["timeout: { after: P1D }", "schedule: { after: PT1S }"] {
        check(
            &format!("{around}\ndo: [{{ a: {{ listen: {{ to: {{ any: [] }} }} }} }}]\n"),
            expect![[r#"
                clean
            "#]],
        );
    }
}

#[test]
fn times_too_long() {
    check(
        "timeout: { after: PT1H }\ndo: [{ a: { wait: P1D } }, { b: { do: [{ c: { wait: PT1S } }], timeout: { after: PT2H } } }]\n",
        expect![[r#"
            do: [{ a: { wait: P1D } }, { b: { do: [{ c: { wait: PT1S } }], timeout: { after: PT2H } } }]
                        ^^^^ YW0119 `a` waits longer than the timeout around it allows; it always ends with a timeout; wait a shorter time, or lengthen the timeout
                                                                           ^^^^^^^ YW0119 the timeout of `b` is longer than one around it; the shorter one always comes first; shorten this one, or lengthen that
        "#]],
    );
    check_do(
        "- a: { do: [{ b: { wait: PT3M, timeout: { after: PT2M } } }, { c: { wait: PT20S } }], timeout: { after: PT10S } }",
        expect![[r#"
            - a: { do: [{ b: { wait: PT3M, timeout: { after: PT2M } } }, { c: { wait: PT20S } }], timeout: { after: PT10S } }
                               ^^^^ YW0119 `b` waits longer than the timeout around it allows; it always ends with a timeout; wait a shorter time, or lengthen the timeout
                                           ^^^^^^^ YW0119 the timeout of `b` is longer than one around it; the shorter one always comes first; shorten this one, or lengthen that
                                                                                ^^^^ YW0119 `c` waits longer than the timeout around it allows; it always ends with a timeout; wait a shorter time, or lengthen the timeout
        "#]],
    );
    clean_do(&[
        "- a: { do: [{ b: { wait: PT10S, timeout: { after: PT10S } } }], timeout: { after: PT10S } }",
    ]);
}

#[test]
fn cases_in_vain() {
    check_do(
        "- a: { switch: [{ x: { when: true, then: end } }, { y: { when: .y, then: exit } }, { z: { then: exit } }] }",
        expect![[r#"
            - a: { switch: [{ x: { when: true, then: end } }, { y: { when: .y, then: exit } }, { z: { then: exit } }] }
                                                                ^ YW0120 the case `y` is never taken; `x` before it always holds
                                                                                                 ^ YW0120 the case `z` is never taken; `x` always holds
        "#]],
    );
    check_do(
        "- a: { switch: [{ x: { when: .x == 1, then: end } }, { y: { when: '${ .x == 1 }', then: exit } }, { z: { when: .z, then: exit } }] }",
        expect![[r#"
            - a: { switch: [{ x: { when: .x == 1, then: end } }, { y: { when: '${ .x == 1 }', then: exit } }, { z: { when: .z, then: exit } }] }
                                                                   ^ YW0120 the case `y` is never taken; `x` before it asks the same
        "#]],
    );
    check_do(
        "- a: { switch: [{ z: { then: exit } }, { x: { when: '${ true }', then: end } }] }",
        expect![[r#"
            - a: { switch: [{ z: { then: exit } }, { x: { when: '${ true }', then: end } }] }
                              ^ YW0120 the case `z` is never taken; `x` always holds
        "#]],
    );
}

#[test]
fn then_in_vain() {
    check_do(
        "- a: { raise: { error: { type: x, status: 500 } }, then: end }",
        expect![[r#"
            - a: { raise: { error: { type: x, status: 500 } }, then: end }
                                                               ^^^^ YW0121 this `then` is never followed: `a` always leads elsewhere; remove it; if the task should be skipped sometimes, give it an `if`
        "#]],
    );
    check_do(
        "- a: { switch: [{ x: { then: b } }], then: b }\n- b: { wait: PT1S }",
        expect![[r#"
            - a: { switch: [{ x: { then: b } }], then: b }
                                                 ^^^^ YW0121 this `then` is never followed: `a` always leads elsewhere; remove it; if the task should be skipped sometimes, give it an `if`
        "#]],
    );
    clean_do(&[
        "- a: { if: .x, raise: { error: { type: x, status: 500 } }, then: end }",
        "- a: { switch: [{ x: { when: .x, then: b } }], then: end }\n- b: { wait: PT1S }",
        "- a: { if: .x, switch: [{ x: { then: end } }], then: end }",
    ]);
}

#[test]
fn errors_nobody_raises() {
    check_do(
        "- a: { try: [{ b: { wait: PT1S } }], catch: { errors: { with: { type: https://serverlessworkflow.io/dsl/errors/types/timeout } } } }",
        expect![[r#"
            - a: { try: [{ b: { wait: PT1S } }], catch: { errors: { with: { type: https://serverlessworkflow.io/dsl/errors/types/timeout } } } }
                                                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0122 no error of the language is of the type `https://serverlessworkflow.io/dsl/errors/types/timeout`; did you mean `https://open-workflow-specification.org/spec/1.0.0/errors/timeout`?
        "#]],
    );
    check_do(
        "- a: { try: [{ b: { wait: PT1S } }], catch: { errors: { with: { type: https://open-workflow-specification.org/spec/1.0.0/errors/comunication } } } }",
        expect![[r#"
            - a: { try: [{ b: { wait: PT1S } }], catch: { errors: { with: { type: https://open-workflow-specification.org/spec/1.0.0/errors/comunication } } } }
                                                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0122 no error of the language is of the type `https://open-workflow-specification.org/spec/1.0.0/errors/comunication`; did you mean `https://open-workflow-specification.org/spec/1.0.0/errors/communication`?
        "#]],
    );
    check_do(
        "- a: { try: [{ b: { wait: PT1S } }], catch: { errors: { with: { type: https://open-workflow-specification.org/spec/1.0.0/errors/not-implemented } } } }",
        expect![[r#"
            - a: { try: [{ b: { wait: PT1S } }], catch: { errors: { with: { type: https://open-workflow-specification.org/spec/1.0.0/errors/not-implemented } } } }
                                                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0122 no error of the language is of the type `https://open-workflow-specification.org/spec/1.0.0/errors/not-implemented`; the standard types are configuration, validation, expression, authentication, authorization, timeout, communication, runtime
        "#]],
    );
    clean_do(&[
        "- a: { try: [{ b: { wait: PT1S } }], catch: { errors: { with: { type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout } } } }",
        "- a: { try: [{ b: { wait: PT1S } }], catch: { errors: { with: { type: https://example.org/errors/mine } } } }",
        "- a: { try: [{ b: { raise: { error: { type: https://serverlessworkflow.io/dsl/errors/types/mine, status: 500 } } } }], catch: { errors: { with: { type: https://serverlessworkflow.io/dsl/errors/types/mine } } } }",
    ]);
}

#[test]
fn hidden_variables() {
    check_do(
        "- a: { for: { in: .x }, do: [{ b: { for: { in: $item }, do: [{ c: { wait: PT1S } }] } }] }",
        expect![[r#"
            - a: { for: { in: .x }, do: [{ b: { for: { in: $item }, do: [{ c: { wait: PT1S } }] } }] }
                                                ^^^ YW0123 `$item` of this loop hides that of a loop or `catch` around it; give it another name
        "#]],
    );
    check_do(
        "- a: { for: { each: row, in: .x }, do: [{ b: { for: { each: row, at: index, in: $row }, do: [{ c: { wait: PT1S } }] } }] }",
        expect![[r#"
            - a: { for: { each: row, in: .x }, do: [{ b: { for: { each: row, at: index, in: $row }, do: [{ c: { wait: PT1S } }] } }] }
                                                                        ^^^ YW0123 `$row` of this loop hides that of a loop or `catch` around it; give it another name
                                                                                 ^^^^^ YW0123 `$index` of this loop hides that of a loop or `catch` around it; give it another name
        "#]],
    );
    check_do(
        "- a: { for: { in: .x }, do: [{ b: { listen: { to: { any: [] } }, timeout: { after: PT1S }, foreach: { at: n } } }] }",
        expect![[r#"
            - a: { for: { in: .x }, do: [{ b: { listen: { to: { any: [] } }, timeout: { after: PT1S }, foreach: { at: n } } }] }
                                                                                                       ^^^^^^^ YW0123 `$item` of this loop hides that of a loop or `catch` around it; give it another name
        "#]],
    );
    clean_do(&[
        "- a: { for: { each: row, in: .x }, do: [{ b: { for: { each: cell, in: $row }, do: [{ c: { wait: PT1S } }] } }] }",
        "- a: { for: { in: .x }, do: [{ c: { wait: PT1S } }] }\n- b: { for: { in: .x }, do: [{ c: { wait: PT1S } }] }",
    ]);
}

#[test]
fn conditions_that_never_change() {
    check_do(
        "- a: { for: { in: .x }, while: true, do: [{ b: { wait: PT1S } }] }",
        expect![[r#"
        - a: { for: { in: .x }, while: true, do: [{ b: { wait: PT1S } }] }
                                       ^^^^ YW0312 this `while` has the same answer in every round; ask for `.` (the output of the last round), the item, or `$context`; or leave it out
    "#]],
    );
    check_do(
        "- a: { for: { in: .x }, while: $input.go == 1, do: [{ b: { wait: PT1S } }] }",
        expect![[r#"
        - a: { for: { in: .x }, while: $input.go == 1, do: [{ b: { wait: PT1S } }] }
                                       ^^^^^^^^^^^^^^ YW0312 this `while` has the same answer in every round; ask for `.` (the output of the last round), the item, or `$context`; or leave it out
    "#]],
    );
    check_do(
        "- a: { for: { in: .x }, while: '$workflow.input | .go', do: [{ b: { wait: PT1S } }] }",
        expect![[r#"
            - a: { for: { in: .x }, while: '$workflow.input | .go', do: [{ b: { wait: PT1S } }] }
                                           ^^^^^^^^^^^^^^^^^^^^^^^ YW0312 this `while` has the same answer in every round; ask for `.` (the output of the last round), the item, or `$context`; or leave it out
        "#]],
    );
    clean_do(&[
        "- a: { for: { in: .x }, while: .go, do: [{ b: { wait: PT1S } }] }",
        "- a: { for: { in: .x }, while: '$index < 5', do: [{ b: { wait: PT1S } }] }",
        "- a: { for: { in: .x }, while: length < 5, do: [{ b: { wait: PT1S } }] }",
        "- a: { for: { in: .x }, while: '[$input.a, .b] | all', do: [{ b: { wait: PT1S } }] }",
        "- a: { for: { in: .x }, while: '\"\\(.a)\" == $input.b', do: [{ b: { wait: PT1S } }] }",
    ]);
}

#[test]
fn never_used() {
    check(
        "
use:
  errors: { mine: { type: x, status: 500 } }
  retries: { often: { delay: PT1S }, seldom: { delay: PT1H } }
  timeouts: { short: { after: PT1S } }
do:
  - a: { try: [{ b: { wait: PT1S } }], catch: { retry: often } }
",
        expect![[r#"
            errors: { mine: { type: x, status: 500 } }
                      ^^^^ YW0124 nothing uses `mine` of `use.errors`; remove it, or use it
            retries: { often: { delay: PT1S }, seldom: { delay: PT1H } }
                                               ^^^^^^ YW0124 nothing uses `seldom` of `use.retries`; remove it, or use it
            timeouts: { short: { after: PT1S } }
                        ^^^^^ YW0124 nothing uses `short` of `use.timeouts`; remove it, or use it
        "#]],
    );
    // While something else is wrong, its use may be part of it.
    check(
        "use: { timeouts: { short: { after: PT1S } } }\ndo: [{ a: { wiat: PT1S, timeout: short } }]\n",
        expect![[r#"
            do: [{ a: { wiat: PT1S, timeout: short } }]
                   ^ YW0206 the task `a` does nothing that is known; `wiat`: did you mean `wait`?
        "#]],
    );
}

#[test]
fn correlation_with_nothing() {
    check_do(
        "- a: { listen: { to: { one: { with: { type: x }, correlate: { k: { from: .k } } } } }, timeout: { after: PT1S } }",
        expect![[r#"
            - a: { listen: { to: { one: { with: { type: x }, correlate: { k: { from: .k } } } } }, timeout: { after: PT1S } }
                                                                          ^ YW0241 `k` has no `expect`, and no other event to be compared with; say what it must be: `expect: ${ … }`
        "#]],
    );
    check_do(
        "- a: { listen: { to: { all: [{ with: { type: x }, correlate: { k: { from: .k }, l: { from: .l } } }, { with: { type: y }, correlate: { k: { from: .k } } }] } }, timeout: { after: PT1S } }",
        expect![[r#"
            - a: { listen: { to: { all: [{ with: { type: x }, correlate: { k: { from: .k }, l: { from: .l } } }, { with: { type: y }, correlate: { k: { from: .k } } }] } }, timeout: { after: PT1S } }
                                                                                            ^ YW0241 `l` has no `expect`, and no other event to be compared with; say what it must be: `expect: ${ … }`
        "#]],
    );
}
