//! `use.extensions`: what runs before and after tasks.

use expect_test::{Expect, expect};

use crate::remarks::{catalog, check, with_head};

/// Extensions, and a workflow with a task of some kinds.
fn extend(extensions: &str, expect: Expect) {
    check(&body(extensions), expect);
}

fn body(extensions: &str) -> String {
    format!(
        "use: {{ extensions: [ {extensions} ] }}\ndo: [{{ a: {{ do: [{{ b: {{ wait: PT1S }} }}] }} }}, {{ c: {{ set: {{ x: 1 }} }} }}]\n"
    )
}

#[test]
fn good() {
    extend(
        "{ log: { extend: all, before: [{ x: { set: { m: '${ $task.name }' } } }], after: [{ y: { set: { m: '${ $task.name }' } } }] } }",
        expect![[r#"
            clean
        "#]],
    );
    extend(
        "{ mock: { extend: composite, when: $task.name == \"a\" and .x, before: [{ x: { set: { m: 1 }, then: exit } }] } }",
        expect![[r#"
            clean
        "#]],
    );
}

#[test]
fn broken() {
    extend(
        "{ log: { before: [{ x: { wait: PT1S } }] } }",
        expect![[r#"
        use: { extensions: [ { log: { before: [{ x: { wait: PT1S } }] } } ] }
                                      ^^^^^^ YW0203 the key `extend` is missing here
    "#]],
    );
    extend(
        "{ log: { extend: waits, before: [{ x: { wait: PT1S } }] } }",
        expect![[r#"
        use: { extensions: [ { log: { extend: waits, before: [{ x: { wait: PT1S } }] } } ] }
                                              ^^^^^ YW0210 `waits` is not one of the values allowed here; did you mean `wait`?
    "#]],
    );
    extend(
        "{ log: { extend: wait, befor: [{ x: { wait: PT1S } }] } }",
        expect![[r#"
        use: { extensions: [ { log: { extend: wait, befor: [{ x: { wait: PT1S } }] } } ] }
                                                    ^^^^^ YW0201 the key `befor` is not known here; did you mean `before`?
    "#]],
    );
    extend(
        "{ log: { extend: wait, before: [], after: { x: { wait: PT1S } } } }",
        expect![[r#"
        use: { extensions: [ { log: { extend: wait, before: [], after: { x: { wait: PT1S } } } } ] }
                                                            ^^ YW0209 leave it out, or put a task into it
                                                                       ^^^^^^^^^^^^^^^^^^^^^ YW0202 this must be a list, and is a mapping
    "#]],
    );
    extend(
        "{ log: { extend: wait, when: $input.x, before: [{ x: { wait: PT1S, then: b } }] } }",
        expect![[r#"
            use: { extensions: [ { log: { extend: wait, when: $input.x, before: [{ x: { wait: PT1S, then: b } }] } } ] }
                                                              ^^^^^^ YW0302 there is no variable `$input` at this place; available here: $context, $task, $workflow, $runtime
                                                                                                          ^ YW0102 the task `b` is not in this list; `then` leads to tasks of the same list only; `exit` leaves the list
        "#]],
    );
    extend(
        "{ log: { extend: wait, after: [{ x: { wait: PT1S } }] }, more: {} }",
        expect![[r#"
        use: { extensions: [ { log: { extend: wait, after: [{ x: { wait: PT1S } }] }, more: {} } ] }
                                                                                      ^^^^ YW0204 an item of this list must be one name with one extension; begin a new item (`- `) after `log`
    "#]],
    );
    check(
        "use: { extensions: { log: { extend: wait } } }\ndo: [{ a: { wait: PT1S } }]\n",
        expect![[r#"
        use: { extensions: { log: { extend: wait } } }
                           ^^^^^^^^^^^^^^^^^^^^^^^^^ YW0202 this must be a list, and is a mapping
    "#]],
    );
}

#[test]
fn in_vain() {
    extend(
        "{ log: { extend: wait } }",
        expect![[r#"
        use: { extensions: [ { log: { extend: wait } } ] }
                               ^^^ YW0124 the extension `log` does nothing; give it tasks, in `before` or in `after`
    "#]],
    );
    extend(
        "{ log: { extend: listen, before: [{ x: { wait: PT1S } }] } }",
        expect![[r#"
        use: { extensions: [ { log: { extend: listen, before: [{ x: { wait: PT1S } }] } } ] }
                               ^^^ YW0124 the extension `log` extends no task of this workflow
    "#]],
    );
}

#[test]
fn tasks_know_their_extensions() {
    let text = with_head(&body(
        "{ one: { extend: all, before: [{ x: { wait: PT1S } }] } }, { two: { extend: wait, after: [{ y: { set: { z: 1 } } }] } }, { three: { extend: composite, before: [{ x: { wait: PT1S } }] } }",
    ));
    let (definition, diagnostics) = yiwang_dsl::check(&text, &catalog());
    let definition = definition.unwrap_or_else(|| unreachable!("{diagnostics:?}"));
    let names: Vec<&str> = definition.extensions.iter().map(|extension| extension.name.as_str()).collect();
    assert_eq!(names, ["one", "two", "three"]);
    let of = |name: &str| {
        let task = definition.tasks.iter().find(|task| task.name == name).expect("a task of the text");
        task.extensions.clone()
    };
    assert_eq!((of("a"), of("b"), of("c")), (vec![0, 2], vec![0, 1], vec![0]));
    assert_eq!((of("x"), of("y")), (vec![], vec![]), "extensions are not extended");
    let before = definition.task(definition.extensions[0].before[0]);
    assert_eq!(before.reference, "/use/extensions/0/one/before/0/x");
}
