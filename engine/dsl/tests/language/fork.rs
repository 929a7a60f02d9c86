//! Branches that run at the same time.

use expect_test::expect;
use yiwang_dsl::definition::TaskKind;

use crate::remarks::{catalog, check_do, clean_do, with_head};

#[test]
fn branches() {
    clean_do(&[
        "- a: { fork: { branches: [{ b: { wait: PT1S } }] } }",
        "- a: { fork: { compete: true, branches: [{ b: { wait: PT1S } }, { c: { wait: PT2S, then: exit } }] } }",
        "- a: { fork: { branches: [{ b: { do: [{ x: { wait: PT1S, then: y } }, { y: { wait: PT1S } }] } }, { c: { wait: PT1S, then: end } }] } }",
    ]);
}

#[test]
fn what_they_become() {
    let text = with_head(
        "do: [{ a: { fork: { compete: true, branches: [{ b: { wait: PT1S } }, { c: { wait: PT1S } }] } } }]",
    );
    let definition = yiwang_dsl::check(&text, &catalog()).0.expect("the text is good");
    let TaskKind::Fork { branches, compete } = &definition.task(definition.root[0]).kind else {
        unreachable!("a fork")
    };
    assert!(compete);
    let references: Vec<&str> =
        branches.iter().map(|branch| definition.task(*branch).reference.as_str()).collect();
    assert_eq!(references, ["/do/0/a/fork/branches/0/b", "/do/0/a/fork/branches/1/c"]);
}

#[test]
fn broken() {
    check_do(
        "- a: { fork: {} }",
        expect![[r#"
        - a: { fork: {} }
                     ^^ YW0203 the key `branches` is missing here
    "#]],
    );
    check_do(
        "- a: { fork: { branches: [], compete: maybe, competes: true } }",
        expect![[r#"
        - a: { fork: { branches: [], compete: maybe, competes: true } }
                                 ^^ YW0209 a fork needs at least one branch
                                              ^^^^^ YW0202 this must be true or false, and is a text
                                                     ^^^^^^^^ YW0201 the key `competes` is not known here
    "#]],
    );
    check_do(
        "- a: { fork: { branches: { b: { wait: PT1S } } } }",
        expect![[r#"
        - a: { fork: { branches: { b: { wait: PT1S } } } }
                                 ^^^^^^^^^^^^^^^^^^^^^ YW0202 this must be a list, and is a mapping
    "#]],
    );
    check_do(
        "- a: { fork: { branches: [{ b: { wait: PT1S } }, { b: { wait: PT1S } }] } }",
        expect![[r#"
        - a: { fork: { branches: [{ b: { wait: PT1S } }, { b: { wait: PT1S } }] } }
                                                           ^ YW0103 there are two tasks `b` in this list; `then` could not tell them apart; give them different names
    "#]],
    );
}

#[test]
fn from_branch_to_branch() {
    check_do(
        "- a: { fork: { branches: [{ b: { wait: PT1S, then: c } }, { c: { wait: PT1S } }] } }",
        expect![[r#"
            - a: { fork: { branches: [{ b: { wait: PT1S, then: c } }, { c: { wait: PT1S } }] } }
                                                               ^ YW0115 `c` is another branch of the fork, which runs at the same time; a branch goes on to the end of the fork; what comes one after the other stands in one `do`
        "#]],
    );
    check_do(
        "- a: { fork: { branches: [{ b: { do: [{ d: { wait: PT1S, then: c } }] } }, { c: { wait: PT1S, then: e } }] } }\n- e: { wait: PT1S }",
        expect![[r#"
            - a: { fork: { branches: [{ b: { do: [{ d: { wait: PT1S, then: c } }] } }, { c: { wait: PT1S, then: e } }] } }
                                                                           ^ YW0102 the task `c` is not in this list; `then` leads to tasks of the same list only; `exit` leaves the list
                                                                                                                ^ YW0102 the task `e` is not in this list; `then` leads to tasks of the same list only; `exit` leaves the list
        "#]],
    );
    check_do(
        "- a: { fork: { branches: [{ b: { wait: PT1S, then: exot } }] } }",
        expect![[r#"
        - a: { fork: { branches: [{ b: { wait: PT1S, then: exot } }] } }
                                                           ^^^^ YW0101 there is no task `exot`; did you mean `exit`?
    "#]],
    );
    check_do(
        "- a: { fork: { branches: [{ b: { switch: [{ x: { when: .x, then: c } }] } }, { c: { wait: PT1S } }] } }",
        expect![[r#"
            - a: { fork: { branches: [{ b: { switch: [{ x: { when: .x, then: c } }] } }, { c: { wait: PT1S } }] } }
                                                                             ^ YW0115 `c` is another branch of the fork, which runs at the same time; a branch goes on to the end of the fork; what comes one after the other stands in one `do`
        "#]],
    );
}
