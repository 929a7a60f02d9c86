//! Names in a text that can be read: where each is defined, who uses it, the outline of the tasks.

use std::ops::Range;

use super::Step;
use crate::yaml::{self, Entry, Node, Value};

/// A replacement of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What stands there instead.
    pub text: String,
}

/// A task, or a part of the document, with what is inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// What kind of task: `call`, `set`, …
    pub kind: &'static str,
    /// Bytes of the name.
    pub span: Range<usize>,
    /// Bytes from the name to the end.
    pub whole: Range<usize>,
    /// Tasks inside.
    pub inside: Vec<Symbol>,
}

/// What stands at a byte: the way to it, and whether it is the key or the value there.
pub(super) struct Found<'n> {
    pub(super) path: Vec<Step>,
    pub(super) on_key: bool,
    pub(super) node: &'n Node,
}

/// Finds the key or scalar at a byte.
pub(super) fn find(root: &Node, offset: usize) -> Option<Found<'_>> {
    let mut found = Found { path: Vec::new(), on_key: false, node: root };
    let holds = |span: &Range<usize>| span.start <= offset && offset <= span.end;
    loop {
        match &found.node.value {
            Value::Map(entries) => {
                if let Some(entry) = entries.iter().find(|entry| holds(&entry.key.span)) {
                    found.path.push(Step::Key(entry.key.text.clone()));
                    return Some(Found { on_key: true, node: &entry.value, ..found });
                }
                let entry = entries.iter().find(|entry| holds(&entry.value.span))?;
                found.path.push(Step::Key(entry.key.text.clone()));
                found.node = &entry.value;
            }
            Value::List(items) => {
                let (at, item) = items.iter().enumerate().find(|(_, item)| holds(&item.span))?;
                found.path.push(Step::Item(at));
                found.node = item;
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
                return Some(found);
            }
        }
    }
}

fn at<'n>(root: &'n Node, path: &[Step]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, step| match (step, &node.value) {
        (Step::Key(key), Value::Map(_)) => node.get(key),
        (Step::Item(n), Value::List(items)) => items.get(*n),
        (Step::Key(_) | Step::Item(_), _) => None,
    })
}

/// The entry of the task with this name in a list.
fn task<'n>(list: &'n Node, name: &str) -> Option<&'n Entry> {
    tasks(list).find(|entry| entry.key.text == name)
}

fn tasks(list: &Node) -> impl Iterator<Item = &Entry> {
    let items = match &list.value {
        Value::List(items) => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(|item| match &item.value {
        Value::Map(entries) => entries.first(),
        _ => None,
    })
}

/// The list of tasks that the name at a place belongs to, and the name.
fn task_list<'n>(root: &'n Node, found: &Found<'_>) -> Option<(&'n Node, String)> {
    let keys: Vec<&str> = found.path.iter().filter_map(Step::key).collect();
    let items: Vec<usize> =
        (0..found.path.len()).filter(|at| matches!(found.path[*at], Step::Item(_))).collect();
    let (list, name) = if found.on_key {
        // The key of an item is a task's name.
        let at = *items.last().filter(|at| **at + 2 == found.path.len())?;
        (at, keys.last()?.to_string())
    } else {
        let ["then"] = keys.get(keys.len().checked_sub(1)?..)? else { return None };
        let inside_switch = keys.len() >= 3 && keys[keys.len() - 3] == "switch";
        let at = if inside_switch { items.iter().rev().nth(1)? } else { items.last()? };
        (*at, found.node.as_str()?.to_owned())
    };
    if list > 0 && found.path[list - 1].key() == Some("switch") {
        return None;
    }
    Some((at(root, &found.path[..list])?, name))
}

/// Where the name at a byte is defined: of a task behind `then`, of something in `use`.
pub fn definition(text: &str, offset: usize) -> Option<Range<usize>> {
    let root = yaml::parse(text).ok()?;
    let found = find(&root, offset)?;
    if let Some((list, name)) = task_list(&root, &found) {
        return task(list, &name).map(|entry| entry.key.span.clone());
    }
    if found.on_key {
        return None;
    }
    let keys: Vec<&str> = found.path.iter().filter_map(Step::key).collect();
    let section = match keys.as_slice() {
        [.., "call"] => "functions",
        [.., "retry"] => "retries",
        [.., "timeout"] => "timeouts",
        [.., "raise", "error"] => "errors",
        [.., "authentication", "use"] | [.., "authentication"] => "authentications",
        _ => return None,
    };
    root.key_span(&format!("/use/{section}/{}", found.node.as_str()?)).filter(|_| {
        let defined = root.get("use").and_then(|reuse| reuse.get(section));
        found.node.as_str().is_some_and(|name| defined.is_some_and(|defined| defined.get(name).is_some()))
    })
}

/// The edits that give the task at a byte another name, wherever it is named.
///
/// # Errors
/// One sentence: why it cannot be renamed.
pub fn rename(text: &str, offset: usize, name: &str) -> Result<Vec<Edit>, &'static str> {
    let root = yaml::parse(text).map_err(|_| "the text is not YAML")?;
    let found = find(&root, offset).ok_or("there is no name here")?;
    let (list, old) = task_list(&root, &found).ok_or("there is no name of a task here")?;
    let own = task(list, &old).ok_or("the task is not in this list")?;
    if name.is_empty() || name.contains(['\n', ':', '#']) || ["continue", "exit", "end"].contains(&name) {
        return Err("this cannot be the name of a task");
    }
    if task(list, name).is_some() {
        return Err("there is a task of this name in the list already");
    }
    let mut edits = vec![Edit { span: own.key.span.clone(), text: name.to_owned() }];
    let mut put = |then: Option<&Node>| {
        if let Some(then) = then.filter(|then| then.as_str() == Some(&old)) {
            edits.push(Edit { span: then.span.clone(), text: name.to_owned() });
        }
    };
    for entry in tasks(list) {
        put(entry.value.get("then"));
        put(entry.value.get("catch").and_then(|catch| catch.get("then")));
        for case in entry.value.get("switch").into_iter().flat_map(tasks) {
            put(case.value.get("then"));
        }
    }
    edits.sort_by_key(|edit| edit.span.start);
    Ok(edits)
}

/// The tasks of a text, nested as they are. Empty if it cannot be read.
pub fn symbols(text: &str) -> Vec<Symbol> {
    let Ok(root) = yaml::parse(text) else { return Vec::new() };
    let functions = root.get("use").and_then(|reuse| reuse.get("functions"));
    let functions = match functions.map(|functions| &functions.value) {
        Some(Value::Map(entries)) => entries.iter().map(symbol).collect(),
        _ => Vec::new(),
    };
    root.get("do").into_iter().flat_map(tasks).map(symbol).chain(functions).collect()
}

fn symbol(entry: &Entry) -> Symbol {
    const KINDS: [&str; 12] =
        ["call", "for", "fork", "do", "emit", "listen", "raise", "run", "set", "switch", "try", "wait"];
    let kind = KINDS.into_iter().find(|kind| entry.value.get(kind).is_some()).unwrap_or("task");
    let lists = [
        entry.value.get("do"),
        entry.value.get("try"),
        entry.value.get("catch").and_then(|catch| catch.get("do")),
        entry.value.get("fork").and_then(|fork| fork.get("branches")),
        entry.value.get("foreach").and_then(|foreach| foreach.get("do")),
    ];
    Symbol {
        name: entry.key.text.clone(),
        kind,
        span: entry.key.span.clone(),
        whole: entry.key.span.start..entry.value.span.end.max(entry.key.span.end),
        inside: lists.into_iter().flatten().flat_map(tasks).map(symbol).collect(),
    }
}
