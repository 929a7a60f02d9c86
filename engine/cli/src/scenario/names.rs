//! What a workflow names: its channels, all of which exist in a scenario, and the tasks that run sweeps.

use std::collections::BTreeSet;

use yiwang_dsl::yaml::{Node, Value, parse};

/// Texts under a key `channel`, and what stands after the `@` of `call: send:…@…`.
pub(crate) fn channels(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Ok(node) = parse(source) {
        walk(&node, &mut found);
    }
    found
}

fn walk(node: &Node, found: &mut BTreeSet<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Map(entries) => {
            for entry in entries {
                let text = entry.value.as_str();
                match (&*entry.key.text, text) {
                    ("channel", Some(id)) if !id.contains("${") => {
                        found.insert(id.to_owned());
                    }
                    ("call", Some(call)) if call.starts_with("send:") => {
                        found.extend(call.split_once('@').map(|(_, id)| id.to_owned()));
                    }
                    (_, _) => walk(&entry.value, found),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {}
    }
}

/// The names of the tasks with `call: sweep:…`.
pub(crate) fn sweeps(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Ok(node) = parse(source) {
        sweeping(&node, None, &mut found);
    }
    found
}

fn sweeping(node: &Node, name: Option<&str>, found: &mut BTreeSet<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| sweeping(item, None, found)),
        Value::Map(entries) => {
            let is_sweep = |text: &str| text.starts_with("sweep:");
            if node.get("call").and_then(Node::as_str).is_some_and(is_sweep) {
                found.extend(name.map(str::to_owned));
            }
            entries.iter().for_each(|entry| sweeping(&entry.value, Some(&entry.key.text), found));
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_channels_are_found() {
        let found = channels(
            "do:\n- a:\n    call: send:1.0.0@sms\n- b:\n    call: notify:1.0.0@default\n    with: { channel: wechat }\n\
             - c:\n    with: { channel: '${ .channel }' }\n",
        );
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["sms", "wechat"]);
    }

    #[test]
    fn tasks_that_sweep_are_found() {
        let found = sweeps(
            "do:\n- a: { call: 'sweep:1.0.0@default' }\n- b: { do: [ c: { call: 'sweep:1.0.0@default' } ] }\n- d: { set: {} }\n",
        );
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "c"]);
    }
}
