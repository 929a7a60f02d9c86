//! Any deserialisable type out of YAML, with the mistake where it stands.

use serde::de::DeserializeOwned;

use super::{Node, Value, parse};
use crate::diagnostic::{Code, Diagnostic};

/// Reads a value of type `T`: configuration, scenarios, manifests.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Diagnostic>> {
    let node = parse(text)?;
    serde_path_to_error::deserialize(node.to_json()).map_err(|error| vec![remark(&node, &error)])
}

fn remark(node: &Node, error: &serde_path_to_error::Error<serde_json::Error>) -> Diagnostic {
    let mut pointer = String::new();
    for segment in error.path() {
        let step = segment.to_string();
        let step = step.trim_start_matches('[').trim_end_matches(']');
        super::push_pointer(&mut pointer, step);
    }
    // A tagged union hides the rest of the path: the deepest part that is known.
    while node.at(&pointer).is_none() {
        match pointer.rfind('/') {
            Some(end) => pointer.truncate(end),
            None => break,
        }
    }
    let message = error.inner().to_string();
    let span = match node.at(&pointer) {
        _ if message.starts_with("unknown field") => node.key_span(&pointer),
        // A whole mapping is best pointed at by its first key.
        Some(Node { value: Value::Map(entries), .. }) if !entries.is_empty() => {
            Some(entries[0].key.span.clone())
        }
        other => other.map(|node| node.span.clone()),
    };
    let span = span.unwrap_or(0..0);
    let mut diagnostic = Diagnostic::new(Code::Shape, span, message);
    diagnostic.pointer = pointer;
    diagnostic
}
