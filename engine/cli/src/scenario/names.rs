//! Which channels a workflow names: in a scenario all of them exist.

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
}
