//! Remarks under the lines they are about, so that tests read like what an author sees.

use std::fmt::Write as _;

use expect_test::Expect;
use yiwang_dsl::catalog::Signature;
use yiwang_dsl::definition::FunctionRef;
use yiwang_dsl::diagnostic::{Language, Place};
use yiwang_dsl::{Catalog, Definition, Diagnostic, Resources};

use crate::chinese;

/// What stands before the part under test.
const HEAD: &str = "document: { dsl: '1.0.3', namespace: test, name: test, version: '0.1.0' }\n";

/// The functions and channels of all tests.
pub(crate) fn catalog() -> Catalog {
    let mut catalog = Catalog::new();
    let mut add = |reference: &str, input: serde_json::Value| {
        let (name, rest) = reference.split_once(':').expect("name:version@catalog");
        let (version, of) = rest.split_once('@').expect("name:version@catalog");
        let function = FunctionRef { name: name.into(), version: version.into(), catalog: of.into() };
        let signature = Signature { summary: String::new(), input, output: serde_json::json!({}) };
        catalog.add(function, signature);
    };
    let form = serde_json::json!({ "anyOf": [
        { "type": "null" },
        { "type": "object", "required": ["ref"], "additionalProperties": false,
          "properties": { "ref": { "type": "string" }, "data": {} } },
        { "type": "object", "required": ["schema"], "additionalProperties": false,
          "properties": { "schema": { "type": "object" }, "data": {} } },
    ] });
    let task = serde_json::json!({
        "type": "object",
        "required": ["title"],
        "additionalProperties": false,
        "properties": {
            "title": { "type": "string" },
            "priority": { "enum": ["low", "high"] },
            "form": form,
            "candidateGroups": { "type": "array", "minItems": 1, "items": { "type": "string" } },
            "due": {
                "type": "object",
                "additionalProperties": false,
                "properties": { "after": { "type": "string" }, "hours": { "type": "integer" } }
            }
        }
    });
    add("human-task:1.0.0@default", task.clone());
    add("human-task:1.1.0@default", task);
    let duration = serde_json::json!({ "type": "string", "format": "fixed-duration" });
    add(
        "human-task-group:1.0.0@default",
        serde_json::json!({
            "type": "object",
            "required": ["title", "members"],
            "additionalProperties": false,
            "properties": {
                "title": { "type": "string" },
                "form": form,
                "outcomes": { "type": ["array", "null"], "items": { "type": "string" } },
                "members": { "type": "array", "items": { "anyOf": [
                    { "type": "string" }, member("person"), member("role"), member("unit"),
                ] } },
                "completion": { "anyOf": [{ "type": "null" }, {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "rule": { "enum": ["all", "quorum", null] },
                        "quorum": { "type": "integer", "minimum": 1 },
                        "veto": { "type": "array", "items": { "type": "string" } },
                    },
                    "allOf": [{
                        "if": { "required": ["rule"], "properties": { "rule": { "const": "quorum" } } },
                        "then": { "required": ["quorum"] },
                    }],
                }] },
                "due": {
                    "type": ["object", "null"],
                    "additionalProperties": false,
                    "properties": { "after": duration, "workingHours": duration, "at": { "type": "string" } },
                    "anyOf": [{ "type": "null" }, { "oneOf": [
                        { "required": ["after"] }, { "required": ["workingHours"] }, { "required": ["at"] },
                    ] }],
                },
                "escalation": { "type": "array", "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "at": { "type": "string" },
                        "after": { "anyOf": [duration, { "type": "object" }] },
                        "flag": { "enum": ["warned", "overdue", "supervised", null] },
                    },
                    "oneOf": [{ "required": ["at"] }, { "required": ["after"] }],
                } },
            }
        }),
    );
    add(
        "notify:1.0.0@default",
        serde_json::json!({
            "type": "object",
            "required": ["channel", "text"],
            "properties": { "channel": { "type": "string" }, "text": { "type": "string" } }
        }),
    );
    add("send:1.0.0@wechat", serde_json::json!({ "type": "object" }));
    catalog.set_channels(vec!["wechat".to_owned(), "sms-gov".to_owned(), "web-form".to_owned()]);
    catalog.with_forms(["forms/dispatch".to_owned(), "forms/受理".to_owned()])
}

/// A member of a group.
fn member(name: &str) -> serde_json::Value {
    serde_json::json!({
        "type": "object",
        "required": [name],
        "additionalProperties": false,
        "properties": { (name): { "type": "string" }, "weight": { "type": "integer" } }
    })
}

/// The texts from elsewhere of all tests.
pub(crate) fn resources() -> Resources {
    let mut resources = Resources::new();
    resources.add(
        "https://example.org/functions/log/1.0.0/function.yaml",
        "
input:
  schema:
    document: { type: object, required: [message], properties: { message: { type: string } } }
call: http
with: { method: post, endpoint: 'https://log.example.org', body: '${ .message }' }
",
    );
    resources.add("https://example.org/functions/broken/1.0.0/function.yaml", "cal: http\nwith: {}\n");
    resources.add(
        "https://example.org/functions/round/1.0.0/function.yaml",
        "do:\n  - a: { call: 'https://example.org/functions/round/1.0.0/function.yaml' }\n",
    );
    resources.add(
        "https://example.org/functions/curious/1.0.0/function.yaml",
        "
do:
  - a: { set: { b: '${ $context.caller }' }, then: other }
  - c: { call: mine }
  - d: { call: http, with: { method: get, endpoint: { uri: here, authentication: { use: mine } } } }
",
    );
    resources.add(
        "https://example.org/functions/deep/1.0.0/function.yaml",
        "
output: { schema: { resource: { endpoint: ../../../schemas/person.json } } }
do:
  - log: { call: 'log:1.0.0@here', with: { message: a } }
",
    );
    resources.add(
        "https://example.org/functions/task/1.0.0/function.yaml",
        "
call: human-task:1.0.0@default
with: { title: work, form: { ref: forms/dispach } }
",
    );
    resources.add("https://example.org/schemas/person.json", r#"{ "type": "object", "required": ["name"] }"#);
    resources
        .add("https://example.org/schemas/wrong.json", r#"{ "properties": { "a": { "type": "objekt" } } }"#);
    resources.add("https://example.org/schemas/open.json", "{ \"type\": ");
    resources.refuse("https://example.org/functions/gone/1.0.0/function.yaml", "the server answered 404");
    resources
}

/// Checks a whole text with all there is.
pub(crate) fn checked(text: &str) -> (Option<Definition>, Vec<Diagnostic>) {
    yiwang_dsl::check_with(text, &catalog(), &resources())
}

/// The definition of a text that is good.
pub(crate) fn good(body: &str) -> Definition {
    let (definition, diagnostics) = checked(&with_head(body));
    assert_eq!(diagnostics, [], "{body}");
    definition.expect("the text is good")
}

/// Checks what follows the head: `use`, `do`, `schedule` and so on.
pub(crate) fn check(body: &str, expect: Expect) {
    check_text(&with_head(body), expect);
}

/// A body with what stands before it.
pub(crate) fn with_head(body: &str) -> String {
    format!("{HEAD}{body}")
}

/// A list of tasks as a body.
pub(crate) fn as_do(tasks: &str) -> String {
    let indented: String = tasks.trim_start_matches('\n').lines().map(|line| format!("  {line}\n")).collect();
    format!("do:\n{indented}")
}

/// Checks a list of tasks.
pub(crate) fn check_do(tasks: &str, expect: Expect) {
    check(&as_do(tasks), expect);
}

/// Lists of tasks that are fine.
pub(crate) fn clean_do(lists: &[&str]) {
    for tasks in lists {
        check_do(
            tasks,
            expect_test::expect![[r#"
            clean
        "#]],
        );
    }
}

/// Checks a whole text.
pub(crate) fn check_text(text: &str, expect: Expect) {
    let (definition, diagnostics) = checked(text);
    let failed = diagnostics.iter().any(|found| found.severity() == yiwang_dsl::diagnostic::Severity::Error);
    assert_eq!(definition.is_none(), failed, "a definition is there unless a remark is an error");
    diagnostics.iter().for_each(chinese::assert_is_chinese);
    expect.assert_eq(&under_lines(text, &diagnostics));
}

/// Each line with a remark, and the remarks below it.
pub(crate) fn under_lines(text: &str, diagnostics: &[Diagnostic]) -> String {
    under_lines_in(text, diagnostics, Language::English)
}

/// The same in a language.
pub(crate) fn under_lines_in(text: &str, diagnostics: &[Diagnostic], language: Language) -> String {
    let mut shown = String::new();
    let mut last = 0;
    for diagnostic in diagnostics {
        let start = Place::of(text, diagnostic.span.start);
        if start.line != last {
            let line = text.lines().nth(start.line - 1).unwrap_or_default();
            writeln!(shown, "{}", line.trim_start()).expect("a String takes everything");
            last = start.line;
        }
        let line = text.lines().nth(start.line - 1).unwrap_or_default();
        let indent = line.chars().take_while(|character| character.is_whitespace()).count();
        writeln!(shown, "{}", marker(text, diagnostic, indent, language)).expect("a String takes everything");
    }
    if shown.is_empty() { "clean\n".to_owned() } else { shown }
}

/// `      ^^^^^^ YW0101 there is no task …; did you mean …?`
pub(crate) fn marker(text: &str, diagnostic: &Diagnostic, indent: usize, language: Language) -> String {
    let start = Place::of(text, diagnostic.span.start);
    let line = text.lines().nth(start.line - 1).unwrap_or_default();
    let before: String = line.chars().take(start.column - 1).skip(indent).collect();
    let marked = text.get(diagnostic.span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
    let mut shown = " ".repeat(width(&before));
    shown += &"^".repeat(width(marked).max(1));
    write!(shown, " {} {}", diagnostic.code, diagnostic.message.render(language))
        .expect("a String takes everything");
    if let Some(help) = &diagnostic.help {
        let between = match language {
            Language::English => "; ",
            Language::Chinese => "；",
        };
        write!(shown, "{between}{}", help.render(language)).expect("a String takes everything");
    }
    shown
}

/// Columns on a screen: Chinese characters take two.
fn width(text: &str) -> usize {
    text.chars().map(|character| if character >= '\u{1100}' { 2 } else { 1 }).sum()
}
