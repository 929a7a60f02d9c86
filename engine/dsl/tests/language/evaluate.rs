//! `evaluate`: the language of expressions, and the loose mode.

use expect_test::expect;
use yiwang_dsl::definition::TaskKind;
use yiwang_dsl::expression::Template;

use crate::remarks::{catalog, check, with_head};

#[test]
fn languages() {
    check(
        "evaluate: { language: jq, mode: strict }\ndo: [{ a: { wait: PT1S } }]\n",
        expect![[r#"
        clean
    "#]],
    );
    check(
        "evaluate: { language: js }\ndo: [{ a: { wait: PT1S } }]\n",
        expect![[r#"
        evaluate: { language: js }
                              ^^ YW0311 expressions in `js` cannot be evaluated here; write them in jq
    "#]],
    );
    check(
        "evaluate: { mode: lose, languages: jq }\ndo: [{ a: { wait: PT1S } }]\n",
        expect![[r#"
        evaluate: { mode: lose, languages: jq }
                          ^^^^ YW0210 `lose` is not one of the values allowed here; did you mean `loose`?
                                ^^^^^^^^^ YW0201 the key `languages` is not known here; did you mean `language`?
    "#]],
    );
}

#[test]
fn nothing_is_said_of_loose_texts() {
    check(
        "evaluate: { mode: loose }\ndo: [{ a: { set: { b: $context.c, d: '.a | lenght', e: '.list[]', f: '$nobody' }, export: { as: '${ { c: .b } }' } } }]\n",
        expect![[r#"
            do: [{ a: { set: { b: $context.c, d: '.a | lenght', e: '.list[]', f: '$nobody' }, export: { as: '${ { c: .b } }' } } }]
                                           ^ YW0117 `$context.c` is read before anything exports it; it is null here: a task exports only when it has ended
        "#]],
    );
    check(
        "evaluate: { mode: loose }\ndo: [{ a: { set: { b: '${ .a | lenght }' } } }]\n",
        expect![[r#"
        do: [{ a: { set: { b: '${ .a | lenght }' } } }]
                                       ^^^^^^ YW0303 there is no function `lenght`; did you mean `length`?
    "#]],
    );
}

#[test]
fn loose_values() {
    let text = with_head(
        "evaluate: { mode: loose }\ndo: [{ a: { set: { b: .n + 1, c: 您好, d: '.n.m', e: 5, f: '${ .n }', g: hello world, h: length } } }]\n",
    );
    let definition = yiwang_dsl::check(&text, &catalog()).0.expect("the text is good");
    let TaskKind::Set { value } = &definition.task(definition.root[0]).kind else { unreachable!("a set") };
    let input = serde_json::json!({ "n": 41 }).into();
    let value = value.evaluate(&input, &()).expect("what fails is a text");
    assert_eq!(value.to_string(), r#"{"b":42,"c":"您好","d":".n.m","e":5,"f":41,"g":"hello world","h":1}"#);
}

#[test]
fn types_of_events_are_no_expressions() {
    let text = with_head(
        "evaluate: { mode: loose }\ndo: [{ a: { listen: { to: { one: { with: { type: length, subject: .x } } } }, timeout: { after: PT1H } } }]\n",
    );
    let definition = yiwang_dsl::check(&text, &catalog()).0.expect("the text is good");
    let TaskKind::Listen { to, .. } = &definition.task(definition.root[0]).kind else {
        unreachable!("a listen")
    };
    assert_eq!(to.filters()[0].event_type(), Some("length"));
    assert!(matches!(to.filters()[0].with[1].1, Template::Loose(..)));
}
