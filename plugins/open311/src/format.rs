//! One answer, written as JSON or as XML. XML is made of the same tree: a list's elements have its name in
//! the singular.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

/// The two formats of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

impl Format {
    /// The format that an address ends in, and the address without it.
    pub(crate) fn of(path: &str) -> Option<(&str, Self)> {
        let (path, ending) = path.rsplit_once('.')?;
        match ending {
            "json" => Some((path, Self::Json)),
            "xml" => Some((path, Self::Xml)),
            _ => None,
        }
    }

    /// An answer with this root element.
    pub(crate) fn response(self, status: u16, root: &str, value: &Value) -> HttpResponse {
        match self {
            Self::Json => HttpResponse::typed(status, "application/json; charset=utf-8", value.to_string()),
            Self::Xml => {
                let mut text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned();
                element(&mut text, root, value);
                HttpResponse::typed(status, "application/xml; charset=utf-8", text)
            }
        }
        .with("x-content-type-options", "nosniff")
    }
}

fn element(text: &mut String, name: &str, value: &Value) {
    text.push_str(&format!("<{name}>"));
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| element(text, name, value)),
        Value::Array(items) => items.iter().for_each(|item| element(text, singular(name), item)),
        Value::String(words) => escape(text, words),
        Value::Null => {}
        plain @ (Value::Bool(_) | Value::Number(_)) => text.push_str(&plain.to_string()),
    }
    text.push_str(&format!("</{name}>"));
}

fn singular(list: &str) -> &'static str {
    match list {
        "services" => "service",
        "service_requests" => "request",
        "attributes" => "attribute",
        "values" => "value",
        "errors" => "error",
        _ => "item",
    }
}

/// Characters that XML 1.0 cannot hold are left out: no reference can stand for them.
fn escape(text: &mut String, words: &str) {
    for char in words.chars() {
        match char {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&apos;"),
            '\n' | '\t' => text.push(char),
            '\u{FFFE}' | '\u{FFFF}' => {}
            char if char.is_control() => {}
            char => text.push(char),
        }
    }
}
