//! Texts made to hurt: refused by counting, at once.

use expect_test::{Expect, expect};

use crate::remarks;

/// The remarks alone: the texts are long.
fn check(text: &str, expect: Expect) {
    let (definition, diagnostics) = yiwang_dsl::check(text, &remarks::catalog());
    assert!(definition.is_none());
    let shown: Vec<String> =
        diagnostics.iter().map(|found| format!("{} {}", found.code, found.message)).collect();
    expect.assert_eq(&shown.join("\n"));
}

/// Every level repeats the last one nine times: a few lines for a billion values.
fn alias_bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let below = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![below; 9].join(", "));
    }
    text
}

fn deep_brackets() -> String {
    format!("do: {}{}", "[".repeat(100_000), "]".repeat(100_000))
}

fn deep_indentation() -> String {
    (0..200).map(|level| format!("{}a:\n", " ".repeat(level))).collect()
}

fn ten_megabytes() -> String {
    "- a: { wait: PT1S }\n".repeat(500_000)
}

fn many_values() -> String {
    format!("[{}]", "1,".repeat(200_000))
}

fn many_tasks() -> String {
    let tasks: String = (0..6_000).map(|at| format!("  - t{at}: {{ wait: PT1S }}\n")).collect();
    format!("document: {{ dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }}\ndo:\n{tasks}")
}

pub(crate) fn texts() -> Vec<String> {
    vec![alias_bomb(), deep_brackets(), ten_megabytes()]
}

#[test]
fn alias_bombs() {
    check(&alias_bomb(), expect!["YW0008 the aliases up to here repeat more than 1000 values"]);
}

#[test]
fn many_anchors() {
    let anchors: String = (0..200).map(|at| format!("- &a{at} x\n")).collect();
    check(&anchors, expect!["YW0008 the text has more than 100 anchors"]);
}

#[test]
fn deep_nesting() {
    check(&deep_brackets(), expect!["YW0003 this is nested more than 64 levels deep"]);
    check(&deep_indentation(), expect!["YW0003 this is nested more than 64 levels deep"]);
    check(&"- ".repeat(50_000), expect!["YW0003 this is nested more than 64 levels deep"]);
    check(&"{a: ".repeat(50_000), expect!["YW0003 this is nested more than 64 levels deep"]);
}

#[test]
fn large_texts() {
    check(&ten_megabytes(), expect!["YW0002 the text has 10000000 bytes; the limit is 1048576"]);
    check(&many_values(), expect!["YW0002 the text has more than 100000 values"]);
    check(&many_tasks(), expect!["YW0002 the workflow has more than 5000 tasks"]);
}

#[test]
fn large_scalars_and_strange_characters() {
    check(&"a".repeat(900_000), expect!["YW0202 this must be a mapping, and is a text"]);
    check(&"\u{0}".repeat(1000), expect!["YW0001 this is not YAML: found unprintable character"]);
    check(
        "\u{1f600}: \u{202e}abc\n",
        expect!["YW0203 this is no workflow: it has neither `document` nor `do`"],
    );
    check(
        &format!("a: \"{}", "\\".repeat(10_001)),
        expect!["YW0001 this is not YAML: while parsing a quoted scalar, found unknown escape character"],
    );
}

#[test]
fn a_large_good_text_is_read() {
    let tasks: String =
        (0..2_000).map(|at| format!("  - t{at}: {{ set: {{ n: '${{ .n + {at} }}' }} }}\n")).collect();
    let text = format!("document: {{ dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }}\ndo:\n{tasks}");
    let (definition, diagnostics) = yiwang_dsl::check(&text, &remarks::catalog());
    assert_eq!(diagnostics, []);
    assert_eq!(definition.map(|definition| definition.tasks.len()), Some(2_000));
}
