//! Expressions where they stand: places, variables, forms.

use expect_test::expect;

use crate::remarks::{check, check_do};

#[test]
fn bare_and_wrapped() {
    check_do(
        "- a: { if: .x, set: { y: '${ .x }' } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { if: '${ .x }', set: { y: 1 }, input: { from: .a }, output: { as: '${ .b }' } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { if: true, set: { y: 1 } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { if: 5, set: { y: 1 } }",
        expect![[r#"
        - a: { if: 5, set: { y: 1 } }
                   ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
    "#]],
    );
}

#[test]
fn the_place_is_inside_of_the_text() {
    check_do(
        "- a: { set: { y: '${ .名 | lenght }' } }",
        expect![[r#"
            - a: { set: { y: '${ .名 | lenght }' } }
                                  ^^ YW0301 the expression has `名` where it needs a word or sign of jq; a text stands in quotes; a member with such a name is read by `.["…"]`
        "#]],
    );
    check_do(
        "- a: { set: { y: \"${ \\\"中\\\" | lenght }\" } }",
        expect![[r#"
        - a: { set: { y: "${ \"中\" | lenght }" } }
                                      ^^^^^^ YW0303 there is no function `lenght`; did you mean `length`?
    "#]],
    );
    check_do(
        "- a: { if: . == 中, set: { y: 1 } }",
        expect![[r#"
            - a: { if: . == 中, set: { y: 1 } }
                            ^^ YW0301 the expression has `中` where it needs a word or sign of jq; a text stands in quotes; a member with such a name is read by `.["…"]`
        "#]],
    );
    check_do(
        "- a:\n    set:\n      y: ${ .a. }",
        expect![[r#"
        y: ${ .a. }
                  ^ YW0301 the expression ends where it needs a key
    "#]],
    );
}

#[test]
fn the_place_is_inside_of_blocks() {
    check_do(
        "- a:\n    set:\n      y: |\n        ${ .a\n           | lenght }\n",
        expect![[r#"
            | lenght }
              ^^^^^^ YW0303 there is no function `lenght`; did you mean `length`?
        "#]],
    );
    check_do(
        "- a:\n    set:\n      y: >-\n        ${ .a\n        | lenght\n        }\n",
        expect![[r#"
            | lenght
              ^^^^^^ YW0303 there is no function `lenght`; did you mean `length`?
        "#]],
    );
    check_do(
        "- a:\n    if: >-\n      .a == 1\n      and $contxt.b\n    set: { y: 1 }\n",
        expect![[r#"
            and $contxt.b
                ^^^^^^^ YW0302 there is no variable `$contxt` at this place; did you mean `$context`?
        "#]],
    );
}

#[test]
fn several_at_once() {
    check_do(
        "- a: { set: { x: '${ lenght + $foo }', y: '${ now }', z: '${ }' } }",
        expect![[r#"
        - a: { set: { x: '${ lenght + $foo }', y: '${ now }', z: '${ }' } }
                             ^^^^^^ YW0303 there is no function `lenght`; did you mean `length`?
                                      ^^^^ YW0302 there is no variable `$foo` at this place; available here: $context, $input, $task, $workflow, $runtime
                                                      ^^^ YW0304 expressions may not use `now`; time must come from the history; take `$task.startedAt` or `$workflow.startedAt`
                                                                     ^ YW0301 the expression ends where it needs a term
    "#]],
    );
}

#[test]
fn unclosed() {
    check_do(
        "- a: { set: { x: '${ .a' } }",
        expect![[r#"
        - a: { set: { x: '${ .a' } }
                          ^^^^^ YW0301 `${` has no `}`
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ \"}\" }' } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ {a: {b: 1}} }' } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ .a | (1 }' } }",
        expect![[r#"
            - a: { set: { x: '${ .a | (1 }' } }
                                         ^ YW0301 the expression ends where it needs a closing parenthesis
        "#]],
    );
}

#[test]
fn embedded() {
    check_do(
        "- a: { set: { x: '您好 ${ .name }!' } }",
        expect![[r#"
        - a: { set: { x: '您好 ${ .name }!' } }
                         ^^^^^^^^^^^^^^^^^^ YW0307 expressions among other words are not portable; one expression for the whole text: `${ "… \(.name) …" }`
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ .a } and ${ .b }' } }",
        expect![[r#"
        - a: { set: { x: '${ .a } and ${ .b }' } }
                         ^^^^^^^^^^^^^^^^^^^^^ YW0307 expressions among other words are not portable; one expression for the whole text: `${ "… \(.name) …" }`
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ .a } and ${ .b | nope }' } }",
        expect![[r#"
        - a: { set: { x: '${ .a } and ${ .b | nope }' } }
                                              ^^^^ YW0303 there is no function `nope`; a member is read by `.nope`, a text stands in quotes
    "#]],
    );
    check_do(
        "- a: { if: 'x ${ .a }', set: { x: 1 } }",
        expect![[r#"
        - a: { if: 'x ${ .a }', set: { x: 1 } }
                   ^^^^^^^^^^^ YW0301 an expression must be in one `${ }`, or in none
    "#]],
    );
}

#[test]
fn looks_like_an_expression() {
    check_do(
        "- a: { set: { x: $context.a, y: '$5', z: $item, w: .a } }",
        expect![[r#"
        - a: { set: { x: $context.a, y: '$5', z: $item, w: .a } }
                         ^^^^^^^^^^ YW0309 this text looks like an expression, but is none; as an expression: `${ $context.a }`
    "#]],
    );
}

#[test]
fn variables_by_position() {
    check_do(
        "- a: { if: $input.x, set: { y: 1 } }",
        expect![[r#"
        - a: { if: $input.x, set: { y: 1 } }
                   ^^^^^^ YW0302 there is no variable `$input` at this place; available here: $context, $task, $workflow, $runtime
    "#]],
    );
    check_do(
        "- a: { set: { y: '${ $output }' }, output: { as: $output }, export: { as: $output } }",
        expect![[r#"
        - a: { set: { y: '${ $output }' }, output: { as: $output }, export: { as: $output } }
                             ^^^^^^^ YW0302 there is no variable `$output` at this place; available here: $context, $input, $task, $workflow, $runtime
                                                         ^^^^^^^ YW0302 there is no variable `$output` at this place; available here: $context, $input, $task, $workflow, $runtime
    "#]],
    );
    check_do(
        "- a: { set: { y: '${ $task.name + $workflow.id + $runtime.version }' } }",
        expect![[r#"
        clean
    "#]],
    );
    check(
        "input: { from: $context }\noutput: { as: $task }\ndo: [{ a: { wait: PT1S } }]\n",
        expect![[r#"
        input: { from: $context }
                       ^^^^^^^^ YW0302 there is no variable `$context` at this place; available here: $workflow, $runtime
        output: { as: $task }
                      ^^^^^ YW0302 there is no variable `$task` at this place; available here: $context, $workflow, $runtime
    "#]],
    );
    check(
        "input: { from: $workflow.id }\noutput: { as: $context }\ndo: [{ a: { wait: PT1S } }]\n",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn variables_of_loops() {
    check_do(
        "
- a:
    for: { each: row, in: .rows, at: no }
    while: $no < 5 and $row != null
    do:
      - b: { if: $no > 1, set: { x: '${ $row }', y: '${ $item }' }, export: { as: $row } }
- c: { set: { x: '${ $row }' } }
",
        expect![[r#"
            - b: { if: $no > 1, set: { x: '${ $row }', y: '${ $item }' }, export: { as: $row } }
                                                              ^^^^^ YW0302 there is no variable `$item` at this place; available here: $context, $input, $task, $workflow, $runtime, $row, $no
            - c: { set: { x: '${ $row }' } }
                                 ^^^^ YW0302 there is no variable `$row` at this place; available here: $context, $input, $task, $workflow, $runtime
        "#]],
    );
}

#[test]
fn variables_of_catches() {
    check_do(
        "
- a:
    try: [{ b: { set: { x: '${ $err }' } } }]
    catch:
      as: err
      when: $err.status == 503
      retry: { when: $err.status != 404, delay: '${ $err.wait }' }
      do:
        - c: { set: { x: '${ $err.title }', y: '${ $error }' } }
- d: { set: { x: '${ $err }' } }
",
        expect![[r#"
            try: [{ b: { set: { x: '${ $err }' } } }]
                                       ^^^^ YW0302 there is no variable `$err` at this place; available here: $context, $input, $task, $workflow, $runtime
            - c: { set: { x: '${ $err.title }', y: '${ $error }' } }
                                                       ^^^^^^ YW0302 there is no variable `$error` at this place; did you mean `$err`?
            - d: { set: { x: '${ $err }' } }
                                 ^^^^ YW0302 there is no variable `$err` at this place; available here: $context, $input, $task, $workflow, $runtime
        "#]],
    );
}

#[test]
fn variables_bound_inside_are_their_own() {
    check_do(
        "- a: { set: { x: '${ .list[] as $x | $x }', y: '${ reduce .[] as [$a, {b: $c}] (0; . + $a + $c) }' } }",
        expect![[r#"
        - a: { set: { x: '${ .list[] as $x | $x }', y: '${ reduce .[] as [$a, {b: $c}] (0; . + $a + $c) }' } }
                            ^^^^^^^^^^^^^^^^^^^^ YW0310 this may give several results, of which only the first is taken; put it in `[ ]` for a list, in `first( )` for one
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ (.a as $x | $x) + $x }' } }",
        expect![[r#"
        - a: { set: { x: '${ (.a as $x | $x) + $x }' } }
                                               ^^ YW0302 there is no variable `$x` at this place; available here: $context, $input, $task, $workflow, $runtime
    "#]],
    );
}

#[test]
fn forbidden() {
    check_do(
        "- a: { set: { x: '${ env.PATH }' } }",
        expect![[r#"
        - a: { set: { x: '${ env.PATH }' } }
                             ^^^ YW0304 expressions may not use `env`; workflows do not see the server's environment
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ $ENV.PATH }' } }",
        expect![[r#"
        - a: { set: { x: '${ $ENV.PATH }' } }
                             ^^^^ YW0304 expressions may not use `$ENV`; workflows do not see the server's environment
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ def f: 1 + f; f }' } }",
        expect![[r#"
        - a: { set: { x: '${ def f: 1 + f; f }' } }
                                 ^ YW0304 expressions may not use `def`; expressions define no functions; use `reduce`, `map` or several tasks
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ include \"x\"; . }' } }",
        expect![[r#"
        - a: { set: { x: '${ include "x"; . }' } }
                            ^^^^^^^^^^^^^^^^ YW0304 expressions may not use `include`; expressions read no files
    "#]],
    );
}

#[test]
fn unknown_functions() {
    check_do(
        "- a: { set: { x: '${ .a | selct(.b) }' } }",
        expect![[r#"
        - a: { set: { x: '${ .a | selct(.b) }' } }
                                  ^^^^^ YW0303 there is no function `selct`; did you mean `select`?
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ .a == complaint }' } }",
        expect![[r#"
        - a: { set: { x: '${ .a == complaint }' } }
                                   ^^^^^^^^^ YW0303 there is no function `complaint`; a member is read by `.complaint`, a text stands in quotes
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ map }', y: '${ length(1) }' } }",
        expect![[r#"
        - a: { set: { x: '${ map }', y: '${ length(1) }' } }
                             ^^^ YW0303 `map` does not take 0 arguments; it takes 1
                                            ^^^^^^ YW0303 `length` does not take 1 arguments; it takes 0
    "#]],
    );
}

#[test]
fn repeating() {
    check_do(
        "- a: { set: { x: '${ [range(10)] }', y: '${ [range(.n)] }', z: '${ [range(.l | length)] }' } }",
        expect![[r#"
        - a: { set: { x: '${ [range(10)] }', y: '${ [range(.n)] }', z: '${ [range(.l | length)] }' } }
                                                     ^^^^^ YW0305 `range` repeats without a fixed bound; the evaluation is stopped after two million operations; `limit(100; …)` gives a bound
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ [limit(3; repeat(.a))] }', y: '${ first(recurse(.a)) }' } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ until(.a; .b) }', y: '${ [repeat(.a)] }' } }",
        expect![[r#"
        - a: { set: { x: '${ until(.a; .b) }', y: '${ [repeat(.a)] }' } }
                             ^^^^^ YW0305 `until` repeats without a fixed bound; the evaluation is stopped after two million operations; `limit(100; …)` gives a bound
                                                       ^^^^^^ YW0305 `repeat` repeats without a fixed bound; the evaluation is stopped after two million operations; `limit(100; …)` gives a bound
    "#]],
    );
}

#[test]
fn several_results() {
    check_do(
        "- a: { set: { x: '${ .list[] }', y: '${ [.list[]] }', z: '${ 1, 2 }' } }",
        expect![[r#"
        - a: { set: { x: '${ .list[] }', y: '${ [.list[]] }', z: '${ 1, 2 }' } }
                            ^^^^^^^^^ YW0310 this may give several results, of which only the first is taken; put it in `[ ]` for a list, in `first( )` for one
                                                                    ^^^^^^ YW0310 this may give several results, of which only the first is taken; put it in `[ ]` for a list, in `first( )` for one
    "#]],
    );
}

#[test]
fn context_that_nobody_exports() {
    check_do(
        "- a: { set: { x: '${ $context.unit }' } }",
        expect![[r#"
        - a: { set: { x: '${ $context.unit }' } }
                                      ^^^^ YW0308 no task exports `unit`, so that `$context.unit` is always null; a task's output is kept for later by `export: { as: … }`
    "#]],
    );
    check_do(
        "- a: { set: { unit: 1 }, export: { as: '${ $context + {unit: .unit} }' } }\n- b: { set: { x: '${ $context.unti }' } }",
        expect![[r#"
        - b: { set: { x: '${ $context.unti }' } }
                                      ^^^^ YW0308 no task exports `unti`, so that `$context.unti` is always null; did you mean `unit`?
    "#]],
    );
    check_do(
        "- a: { set: { unit: 1 }, export: { as: { unit: '${ .unit }' } } }\n- b: { set: { x: '${ $context.unit }' } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { set: { unit: 1 }, export: { as: . } }\n- b: { set: { x: '${ $context.other }' } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { set: { x: '${ $context.unit? }', y: '${ $context | .unit }' } }",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn too_complex() {
    let deep = format!("- a: {{ set: {{ x: '${{ {}1{} }}' }} }}", "(".repeat(100), ")".repeat(100));
    check_do(
        &deep,
        expect![[r#"
        - a: { set: { x: '${ ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))) }' } }
                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0306 the expression nests more than 60 brackets
    "#]],
    );
}
