//! Any text as YAML: read or refused, with places that exist; and laid out without changing what it says.

use yiwang_dsl::yaml::{self, Node, Value};

use crate::assert_span;

/// One text.
///
/// # Panics
/// When a place lies outside of the text, or the layout is not stable.
pub fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match yaml::parse(text) {
        Ok(node) => places(text, &node),
        Err(remarks) => {
            assert!(!remarks.is_empty(), "refused without a word");
            for remark in remarks {
                assert_span(text, &remark.span, "a remark");
            }
        }
    }
    if let Ok(formatted) = yiwang_dsl::format(text) {
        let again = yiwang_dsl::format(&formatted);
        assert!(again.as_ref() == Ok(&formatted), "laid out twice, it is\n{again:?}\nand not\n{formatted:?}");
    }
}

fn places(text: &str, node: &Node) {
    assert_span(text, &node.span, "a value");
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| places(text, item)),
        Value::Map(entries) => {
            for entry in entries {
                assert_span(text, &entry.key.span, "a key");
                places(text, &entry.value);
            }
        }
        Value::String(written) => {
            assert_span(text, &node.text_span(text, 0..written.len()), "a part of a text");
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}
