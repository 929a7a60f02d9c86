//! What can stand at a place: keys, values, names of tasks and definitions, variables.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Step;
use super::guide::Guide;
use super::outline::{At, Outline};
use crate::catalog::Catalog;
use crate::diagnostic::Language;
use crate::language;

/// One proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is shown, and inserted in place of the word before the cursor.
    pub label: String,
    /// What is inserted, if it is more than the label.
    pub insert: String,
    /// A few words about it.
    pub detail: Option<String>,
    /// What it is.
    pub kind: CompletionKind,
    /// Bytes before the cursor that it replaces.
    pub replaces: usize,
}

/// Kinds of proposals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// A key of a mapping.
    Key,
    /// One of the allowed values.
    Value,
    /// A function.
    Function,
    /// A task, or something defined in `use`.
    Reference,
    /// A variable of expressions.
    Variable,
}

/// Variables that expressions may know.
const VARIABLES: [&str; 11] = [
    "context",
    "input",
    "output",
    "task",
    "workflow",
    "runtime",
    "secrets",
    "authorization",
    "item",
    "index",
    "error",
];

/// What can stand at a byte of a text, which need not be YAML yet.
pub fn complete(text: &str, offset: usize, catalog: &Catalog, language: Language) -> Vec<Completion> {
    let schema = language::schema(catalog, language);
    let outline = Outline::new(text, offset);
    let guide = Guide { schema: &schema, outline: &outline };
    let cursor = &outline.cursor;
    let found = match cursor.at {
        At::Key => keys(&guide),
        At::Value => match variable_prefix(&cursor.prefix) {
            Some(prefix) => variables(prefix),
            None => values(&guide, catalog),
        },
    };
    let word = cursor.prefix.trim_start_matches(['"', '\'']).to_lowercase();
    let fits = |found: &Completion| {
        found.kind == CompletionKind::Variable || found.label.to_lowercase().contains(&word)
    };
    let mut found: Vec<Completion> = found.into_iter().filter(fits).collect();
    let mut seen = BTreeSet::new();
    found.retain(|found| seen.insert(found.label.clone()));
    found
}

fn keys(guide: &Guide<'_>) -> Vec<Completion> {
    let path = &guide.outline.cursor.path;
    let taken = guide.outline.keys(path);
    let schemas = guide.at(path);
    let properties = schemas.iter().filter_map(|schema| schema.get("properties")?.as_object()).flatten();
    let absent = properties.filter(|(key, _)| !taken.contains(&key.as_str()));
    absent
        .map(|(key, schema)| {
            let at: Vec<Step> = path.iter().cloned().chain([Step::Key(key.clone())]).collect();
            let own = schema.get("description").and_then(Value::as_str);
            Completion {
                insert: format!("{key}: "),
                detail: own.or_else(|| guide.description(&at)).map(str::to_owned),
                kind: CompletionKind::Key,
                replaces: guide.outline.cursor.prefix.len(),
                label: key.clone(),
            }
        })
        .collect()
}

fn values(guide: &Guide<'_>, catalog: &Catalog) -> Vec<Completion> {
    let cursor = &guide.outline.cursor;
    let replaces = cursor.prefix.len();
    let one = |label: &str, kind, detail: Option<String>| Completion {
        label: label.to_owned(),
        insert: label.to_owned(),
        detail,
        kind,
        replaces,
    };
    let mut found = Vec::new();
    for name in references(guide.outline) {
        found.push(one(&name, CompletionKind::Reference, None));
    }
    let last = cursor.path.last().and_then(Step::key);
    if last == Some("channel") {
        let channels = catalog.channels().unwrap_or_default();
        found.extend(channels.iter().map(|id| one(id, CompletionKind::Value, None)));
    }
    for schema in guide.at(&cursor.path) {
        let words =
            schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        found.extend(words.map(|word| one(word, CompletionKind::Value, None)));
        if schema.get("type").is_some_and(|kind| kind == "boolean") {
            found.extend(["true", "false"].map(|word| one(word, CompletionKind::Value, None)));
        }
        let examples = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
        for name in examples.filter_map(Value::as_str) {
            let signature = catalog.functions().find(|(function, _)| {
                name == format!("{}:{}@{}", function.name, function.version, function.catalog)
            });
            let detail = signature.map(|(_, signature)| signature.summary.clone());
            found.push(one(name, CompletionKind::Function, detail));
        }
    }
    found
}

/// Names that a value at the cursor may refer to.
fn references(outline: &Outline) -> Vec<String> {
    let path = &outline.cursor.path;
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let defined =
        |section: &str| owned(outline.keys(&[Step::Key("use".to_owned()), Step::Key(section.to_owned())]));
    let keys: Vec<&str> = path.iter().filter_map(Step::key).collect();
    match keys.as_slice() {
        [.., "then"] => {
            // The list is the nearest one whose items are tasks: past the cases of a switch.
            let inside_switch = keys.len() >= 3 && keys[keys.len() - 3] == "switch";
            let mut lists = (0..path.len()).rev().filter(|at| matches!(path[*at], Step::Item(_)));
            let list = if inside_switch { lists.nth(1) } else { lists.next() };
            let own = list.map(|at| path.get(at + 1).and_then(Step::key).unwrap_or_default().to_owned());
            let names = list.map(|at| owned(outline.names(&path[..at]))).unwrap_or_default();
            let directives = ["continue", "exit", "end"].map(str::to_owned);
            names.into_iter().filter(|name| Some(name) != own.as_ref()).chain(directives).collect()
        }
        [.., "call"] => defined("functions"),
        [.., "retry"] => defined("retries"),
        [.., "timeout"] => defined("timeouts"),
        [.., "raise", "error"] => defined("errors"),
        [.., "authentication" | "use"] => defined("authentications"),
        _ => Vec::new(),
    }
}

/// The word behind a `$` that is being written.
fn variable_prefix(text: &str) -> Option<&str> {
    let at = text.rfind('$')?;
    let word = &text[at + 1..];
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(word)
}

fn variables(prefix: &str) -> Vec<Completion> {
    let fitting = VARIABLES.iter().filter(|name| name.starts_with(prefix));
    fitting
        .map(|name| Completion {
            label: format!("${name}"),
            insert: (*name).to_owned(),
            detail: None,
            kind: CompletionKind::Variable,
            replaces: prefix.len(),
        })
        .collect()
}
