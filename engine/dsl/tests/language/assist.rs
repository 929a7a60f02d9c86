//! Help while writing, as an editor asks for it. `|` in a text is the cursor.

use yiwang_dsl::assist::{complete, definition, hover, rename, symbols};
use yiwang_dsl::diagnostic::Language;

use crate::remarks::catalog;

fn cursor(text: &str) -> (String, usize) {
    let at = text.find('|').expect("a cursor");
    (text.replacen('|', "", 1), at)
}

fn labels(text: &str) -> Vec<String> {
    let (text, at) = cursor(text);
    complete(&text, at, &catalog(), Language::English).into_iter().map(|found| found.label).collect()
}

#[track_caller]
fn proposes(text: &str, wanted: &[&str]) {
    let labels = labels(text);
    for wanted in wanted {
        assert!(labels.iter().any(|label| label == wanted), "no `{wanted}` in {labels:?}");
    }
}

#[test]
fn keys_that_fit_the_place() {
    proposes("docu|", &["document"]);
    proposes("document:\n  |", &["dsl", "namespace", "name", "version"]);
    assert_eq!(labels("document:\n  dsl: '1.0.3'\n  ds|"), Vec::<String>::new());
    proposes("do:\n  - a:\n      |", &["call", "do", "switch", "if", "then", "export"]);
    // A task that waits has no `with`; one that calls has.
    assert!(!labels("do:\n  - a:\n      wait: PT1S\n      |").contains(&"with".to_owned()));
    proposes("do:\n  - a:\n      call: http\n      |", &["with", "then"]);
    proposes("do:\n  - a:\n      call: http\n      with:\n        |", &["method", "endpoint", "body"]);
    proposes("do:\n  - a: { call: http, with: { me|", &["method"]);
    proposes(
        "do:\n  - a:\n      listen:\n        to:\n          one:\n            |",
        &["with", "correlate"],
    );
    proposes(
        "do:\n  - a:\n      try:\n        - b: { wait: PT1S }\n      catch:\n        retry:\n          |",
        &["delay", "backoff", "limit"],
    );
    proposes("do:\n  - a:\n      call: human-task:1.0.0@default\n      with:\n        |", &["title", "due"]);
}

#[test]
fn values_that_are_allowed() {
    proposes("do:\n  - a:\n      call: |", &["http", "human-task:1.0.0@default"]);
    proposes("use:\n  functions:\n    找宠物: { set: { a: 1 } }\ndo:\n  - a:\n      call: |", &["找宠物"]);
    proposes("evaluate:\n  mode: |", &["strict", "loose"]);
    proposes("do:\n  - a:\n      fork:\n        compete: |", &["true", "false"]);
}

#[test]
fn names_of_tasks_and_definitions() {
    let text = "do:\n  - 登记:\n      set: { a: 1 }\n      then: |\n  - 派单:\n      wait: PT1S\n  - 内:\n      do:\n        - 里: { wait: PT1S }\n";
    let found = labels(text);
    assert_eq!(found, ["派单", "内", "continue", "exit", "end"]);
    let text = "do:\n  - 分:\n      switch:\n        - 好: { when: .x, then: |";
    assert_eq!(labels(text), ["continue", "exit", "end"]);
    proposes(
        "use:\n  retries:\n    慢: {}\ndo:\n  - a:\n      try: []\n      catch:\n        retry: |",
        &["慢"],
    );
}

#[test]
fn variables_of_expressions() {
    proposes("do:\n  - a:\n      if: $con|", &["$context"]);
    proposes("do:\n  - a:\n      set:\n        x: ${ $in|", &["$input", "$index"]);
}

#[test]
fn meanings() {
    let means = |text: &str| {
        let (text, at) = cursor(text);
        hover(&text, at, &catalog(), Language::Chinese).map(|found| (found.text, text[found.span].to_owned()))
    };
    let (text, span) = means("do:\n  - a:\n      wa|it: PT1S\n").expect("a meaning");
    assert!(text.contains("等待这么久"), "{text}");
    assert_eq!(span, "wait");
    let (text, _) = means("do:\n  - a:\n      call: human-|task:1.0.0@default\n").expect("a meaning");
    assert!(text.contains("`title` *"), "{text}");
}

#[test]
fn going_to_what_is_named() {
    let goes = |text: &str| {
        let (text, at) = cursor(text);
        definition(&text, at).map(|span| (span.start, text[span].to_owned()))
    };
    let (_, name) =
        goes("do:\n  - a: { set: { x: 1 }, then: c|c }\n  - b: { wait: PT1S }\n  - cc: { wait: PT1S }\n")
            .expect("a place");
    assert_eq!(name, "cc");
    let (at, _) = goes("use: { retries: { r: {} } }\ndo: [{ a: { try: [], catch: { retry: r| } } }]\n")
        .expect("a place");
    assert_eq!(at, "use: { retries: { ".len());
    assert_eq!(goes("do:\n  - a: { set: { x: 1 }, then: en|d }\n"), None);
}

#[test]
fn renaming_a_task_everywhere() {
    let (text, at) = cursor(
        "do:\n  - 甲: { set: { x: 1 }, then: 丙 }\n  - 乙: { switch: [ { c: { when: .x, then: 丙 } }, { d: { then: end } } ] }\n  - 丙|: { wait: PT1S }\n  - 丁: { do: [ { e: { wait: PT1S, then: 丙 } } ] }\n",
    );
    let mut edits = rename(&text, at, "办结").expect("it can be renamed");
    let mut renamed = text.clone();
    edits.reverse();
    for edit in edits {
        renamed.replace_range(edit.span, &edit.text);
    }
    assert_eq!(
        renamed,
        "do:\n  - 甲: { set: { x: 1 }, then: 办结 }\n  - 乙: { switch: [ { c: { when: .x, then: 办结 } }, { d: { then: end } } ] }\n  - 办结: { wait: PT1S }\n  - 丁: { do: [ { e: { wait: PT1S, then: 丙 } } ] }\n",
    );
    assert!(rename(&text, at, "乙").is_err());
    assert!(rename(&text, at, "end").is_err());
}

#[test]
fn the_outline() {
    let text = "do:\n  - a:\n      try:\n        - b: { wait: PT1S }\n      catch:\n        do:\n          - c: { set: { x: 1 } }\n  - d: { fork: { branches: [ { e: { wait: PT1S } } ] } }\n";
    fn shown(symbols: &[yiwang_dsl::assist::Symbol]) -> String {
        let one = |symbol: &yiwang_dsl::assist::Symbol| {
            let inside = shown(&symbol.inside);
            let inside = if inside.is_empty() { inside } else { format!("({inside})") };
            format!("{} {}{inside}", symbol.kind, symbol.name)
        };
        symbols.iter().map(one).collect::<Vec<_>>().join(", ")
    }
    assert_eq!(shown(&symbols(text)), "try a(wait b, set c), fork d(wait e)");
}
