//! Where tasks lead.

use expect_test::expect;

use crate::remarks::check_do;

#[test]
fn to_a_task() {
    check_do(
        "- 受理: { wait: PT1S, then: 办理 }\n- 分拨: { wait: PT1S }\n- 办理: { wait: PT1S, then: 分拨 }",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn to_nowhere() {
    check_do(
        "- 受理: { wait: PT1S, then: 派单了 }\n- 派单: { wait: PT1S }",
        expect![[r#"
        - 受理: { wait: PT1S, then: 派单了 }
                                    ^^^^^^ YW0101 there is no task `派单了`; did you mean `派单`?
    "#]],
    );
    check_do(
        "- a: { wait: PT1S, then: somewhere }",
        expect![[r#"
        - a: { wait: PT1S, then: somewhere }
                                 ^^^^^^^^^ YW0101 there is no task `somewhere`; known here: `a`, `continue`, `exit`, `end`
    "#]],
    );
    check_do(
        "- a: { wait: PT1S, then: ends }",
        expect![[r#"
        - a: { wait: PT1S, then: ends }
                                 ^^^^ YW0101 there is no task `ends`; did you mean `end`?
    "#]],
    );
    check_do(
        "- a: { wait: PT1S, then: [b] }",
        expect![[r#"
        - a: { wait: PT1S, then: [b] }
                                 ^^^ YW0202 this must be a text, and is a list
    "#]],
    );
}

#[test]
fn into_another_list() {
    check_do(
        "- a: { do: [{ b: { wait: PT1S } }] }\n- c: { wait: PT1S, then: b }",
        expect![[r#"
        - c: { wait: PT1S, then: b }
                                 ^ YW0102 the task `b` is not in this list; `then` leads to tasks of the same list only; `exit` leaves the list
    "#]],
    );
    check_do(
        "- a: { do: [{ b: { wait: PT1S, then: c } }] }\n- c: { wait: PT1S }",
        expect![[r#"
        - a: { do: [{ b: { wait: PT1S, then: c } }] }
                                             ^ YW0102 the task `c` is not in this list; `then` leads to tasks of the same list only; `exit` leaves the list
    "#]],
    );
    check_do(
        "- a: { try: [{ b: { wait: PT1S } }], catch: { do: [{ c: { wait: PT1S, then: d } }], then: d } }\n- d: { wait: PT1S }",
        expect![[r#"
            - a: { try: [{ b: { wait: PT1S } }], catch: { do: [{ c: { wait: PT1S, then: d } }], then: d } }
                                                                                        ^ YW0102 the task `d` is not in this list; `then` leads to tasks of the same list only; `exit` leaves the list
        "#]],
    );
}

#[test]
fn cases_lead_somewhere() {
    check_do(
        "- a: { switch: [{ x: { when: .x, then: c } }, { y: { then: exot } }] }\n- b: { wait: PT1S }\n- c: { wait: PT1S }",
        expect![[r#"
        - a: { switch: [{ x: { when: .x, then: c } }, { y: { then: exot } }] }
                                                                   ^^^^ YW0101 there is no task `exot`; did you mean `exit`?
    "#]],
    );
}

#[test]
fn twice_the_same_name() {
    check_do(
        "- a: { wait: PT1S }\n- b: { wait: PT1S }\n- a: { wait: PT2S }",
        expect![[r#"
        - a: { wait: PT2S }
          ^ YW0103 there are two tasks `a` in this list; `then` could not tell them apart; give them different names
    "#]],
    );
    check_do(
        "- a: { do: [{ a: { wait: PT1S } }] }",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn names_of_directives() {
    check_do(
        "- exit: { wait: PT1S }",
        expect![[r#"
        - exit: { wait: PT1S }
          ^^^^ YW0113 `then: exit` is a directive, so that it cannot lead to this task; give it another name
    "#]],
    );
}

#[test]
fn unreachable() {
    check_do(
        "- a: { wait: PT1S, then: end }\n- b: { wait: PT1S }\n- c: { wait: PT1S }",
        expect![[r#"
        - b: { wait: PT1S }
          ^ YW0104 the task `b` can never run; the tasks before it lead elsewhere; lead to it by `then`, or remove it
    "#]],
    );
    check_do(
        "- a: { raise: { error: { type: x, status: 500 } } }\n- b: { wait: PT1S }",
        expect![[r#"
        - b: { wait: PT1S }
          ^ YW0104 the task `b` can never run; the tasks before it lead elsewhere; lead to it by `then`, or remove it
    "#]],
    );
    check_do(
        "- a: { if: .x, raise: { error: { type: x, status: 500 } } }\n- b: { wait: PT1S }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { switch: [{ x: { when: .x, then: c } }, { y: { then: c } }] }\n- b: { wait: PT1S }\n- c: { wait: PT1S }",
        expect![[r#"
        - b: { wait: PT1S }
          ^ YW0104 the task `b` can never run; the tasks before it lead elsewhere; lead to it by `then`, or remove it
    "#]],
    );
    check_do(
        "- a: { switch: [{ x: { when: .x, then: c } }] }\n- b: { wait: PT1S }\n- c: { wait: PT1S }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { wait: PT1S, then: d }\n- b: { wait: PT1S }\n- c: { wait: PT1S, then: b }\n- d: { wait: PT1S }",
        expect![[r#"
        - b: { wait: PT1S }
          ^ YW0104 the task `b` can never run; the tasks before it lead elsewhere; lead to it by `then`, or remove it
    "#]],
    );
}

#[test]
fn only_reachable_by_catching() {
    check_do(
        "- a: { try: [{ b: { wait: PT1S } }], catch: { then: d }, then: end }\n- d: { wait: PT1S }",
        expect![[r#"
            clean
        "#]],
    );
}

#[test]
fn rounds_that_never_end() {
    check_do(
        "- a: { set: { x: 1 } }\n- b: { set: { x: 2 }, then: a }",
        expect![[r#"
        - a: { set: { x: 1 } }
          ^ YW0111 the round that begins at `a` never ends; let a `switch` lead out of it, or put a `wait`, `listen` or `call` into it
    "#]],
    );
    check_do(
        "- a: { set: { x: 1 }, then: a }",
        expect![[r#"
        - a: { set: { x: 1 }, then: a }
          ^ YW0111 the round that begins at `a` never ends; let a `switch` lead out of it, or put a `wait`, `listen` or `call` into it
    "#]],
    );
    check_do(
        "- a: { set: { x: 1 } }\n- b: { switch: [{ x: { when: .x, then: a } }, { y: { then: a } }] }",
        expect![[r#"
        - a: { set: { x: 1 } }
          ^ YW0111 the round that begins at `a` never ends; let a `switch` lead out of it, or put a `wait`, `listen` or `call` into it
    "#]],
    );
}

#[test]
fn rounds_that_wait() {
    check_do(
        "- a: { wait: PT1H }\n- b: { set: { x: 2 }, then: a }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [] } } }\n- b: { set: { x: 2 }, then: a }",
        expect![[r#"
            - a: { listen: { to: { any: [] } } }
                   ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
        "#]],
    );
    check_do(
        "- a: { do: [{ w: { wait: PT1S } }], then: a }",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn rounds_that_only_count() {
    check_do(
        "- a: { set: { x: '${ .x + 1 }' } }\n- b: { switch: [{ x: { when: .x < 3, then: a } }] }",
        expect![[r#"
        - a: { set: { x: '${ .x + 1 }' } }
          ^ YW0114 the round that begins at `a` neither waits nor calls anything; it runs as fast as it can until a condition ends it; put a bound or a `wait` into it
    "#]],
    );
    check_do(
        "- a: { set: { x: 1 } }\n- b: { if: .x, raise: { error: { type: x, status: 500 } }, then: a }",
        expect![[r#"
        - a: { set: { x: 1 } }
          ^ YW0114 the round that begins at `a` neither waits nor calls anything; it runs as fast as it can until a condition ends it; put a bound or a `wait` into it
    "#]],
    );
    check_do(
        "- a: { do: [{ b: { set: { x: 1 }, then: end } }], then: a }",
        expect![[r#"
        - a: { do: [{ b: { set: { x: 1 }, then: end } }], then: a }
          ^ YW0114 the round that begins at `a` neither waits nor calls anything; it runs as fast as it can until a condition ends it; put a bound or a `wait` into it
    "#]],
    );
}

#[test]
fn nothing_is_said_about_flow_while_tasks_are_broken() {
    check_do(
        "- a: { wait: PT1S, then: end }\n- b: { wait: soon }",
        expect![[r#"
        - b: { wait: soon }
                     ^^^^ YW0211 `soon` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
    "#]],
    );
}
