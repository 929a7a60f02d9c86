//! How a parameter's value is written (OpenAPI 3.1, section 4.8.12; Swagger 2.0's collection formats).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// The ways to write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `a,b`.
    Simple,
    /// `.a.b`.
    Label,
    /// `;name=a,b`.
    Matrix,
    /// `name=a,b` or `name=a&name=b`.
    Form,
    /// `a b`.
    Space,
    /// `a|b`.
    Pipe,
    /// Tabs between; of Swagger 2.0.
    Tab,
    /// `name[a]=b`.
    Deep,
    /// As JSON.
    Json,
}

/// All but the unreserved characters.
pub(super) const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What may stand in a query besides; `#`, `&` and `+` would change its meaning.
const RESERVED: &AsciiSet = &STRICT
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'[')
    .remove(b']')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// What is done with characters that have a meaning of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// They are percent-encoded.
    Strict,
    /// Those that the place allows are kept.
    Reserved,
    /// Everything is kept: headers.
    Nothing,
}

impl Encoding {
    fn of(self, text: &str) -> String {
        match self {
            Self::Strict => utf8_percent_encode(text, STRICT).to_string(),
            Self::Reserved => utf8_percent_encode(text, RESERVED).to_string(),
            Self::Nothing => text.to_owned(),
        }
    }
}

/// A value in a path, a header or a cookie: one text.
pub(super) fn one(name: &str, value: &Value, style: Style, explode: bool, encoding: Encoding) -> String {
    let joined = |separator: &str, between: &str| match value {
        Value::Array(items) => {
            items.iter().map(|item| encoding.of(&plain(item))).collect::<Vec<_>>().join(separator)
        }
        Value::Object(members) => {
            let pair = |(key, value): (&String, &Value)| {
                format!("{}{between}{}", encoding.of(key), encoding.of(&plain(value)))
            };
            members.iter().map(pair).collect::<Vec<_>>().join(separator)
        }
        simple => encoding.of(&plain(simple)),
    };
    let between = if explode { "=" } else { "," };
    match style {
        Style::Simple | Style::Form | Style::Deep => joined(",", between),
        Style::Label => format!(".{}", joined(if explode { "." } else { "," }, between)),
        Style::Matrix => match value {
            Value::Array(items) if explode => {
                items.iter().map(|item| format!(";{name}={}", encoding.of(&plain(item)))).collect()
            }
            Value::Object(_) if explode => format!(";{}", joined(";", "=")),
            _ => format!(";{name}={}", joined(",", ",")),
        },
        Style::Space => joined(&encoding.of(" "), between),
        Style::Pipe => joined(&encoding.of("|"), between),
        Style::Tab => joined(&encoding.of("\t"), between),
        Style::Json => encoding.of(&value.to_string()),
    }
}

/// A value in a query: pairs, encoded.
pub(super) fn query(
    name: &str,
    value: &Value,
    style: Style,
    explode: bool,
    encoding: Encoding,
) -> Vec<(String, String)> {
    let own = Encoding::Strict.of(name);
    match (style, value) {
        (Style::Deep, Value::Object(members)) => {
            let mut pairs = Vec::new();
            deep(&own, members, encoding, &mut pairs);
            pairs
        }
        (Style::Json, value) => vec![(own, encoding.of(&value.to_string()))],
        (_, Value::Array(items)) if explode => {
            items.iter().map(|item| (own.clone(), encoding.of(&plain(item)))).collect()
        }
        (_, Value::Object(members)) if explode => {
            let pair =
                |(key, value): (&String, &Value)| (Encoding::Strict.of(key), encoding.of(&plain(value)));
            members.iter().map(pair).collect()
        }
        (_, value) => vec![(own, one(name, value, style, false, encoding))],
    }
}

fn deep(name: &str, members: &Map<String, Value>, encoding: Encoding, pairs: &mut Vec<(String, String)>) {
    for (key, value) in members {
        let name = format!("{name}[{}]", Encoding::Strict.of(key));
        match value {
            Value::Object(members) => deep(&name, members, encoding, pairs),
            Value::Array(items) => {
                pairs.extend(items.iter().map(|item| (name.clone(), encoding.of(&plain(item)))));
            }
            simple => pairs.push((name, encoding.of(&plain(simple)))),
        }
    }
}

/// A simple value as text; what is not simple, as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_the_specifications_examples() {
        let array = json!(["blue", "black", "brown"]);
        let object = json!({"B": 150, "G": 200, "R": 100});
        let at = |value: &Value, style, explode| one("color", value, style, explode, Encoding::Strict);
        assert_eq!(at(&array, Style::Simple, false), "blue,black,brown");
        assert_eq!(at(&object, Style::Simple, false), "B,150,G,200,R,100");
        assert_eq!(at(&object, Style::Simple, true), "B=150,G=200,R=100");
        assert_eq!(at(&array, Style::Label, true), ".blue.black.brown");
        assert_eq!(at(&array, Style::Label, false), ".blue,black,brown");
        assert_eq!(at(&json!("blue"), Style::Matrix, false), ";color=blue");
        assert_eq!(at(&array, Style::Matrix, true), ";color=blue;color=black;color=brown");
        assert_eq!(at(&object, Style::Matrix, true), ";B=150;G=200;R=100");
        assert_eq!(at(&object, Style::Matrix, false), ";color=B,150,G,200,R,100");
        let pairs = |value: &Value, style, explode| {
            let pairs = query("color", value, style, explode, Encoding::Strict);
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        };
        assert_eq!(pairs(&array, Style::Form, true), "color=blue&color=black&color=brown");
        assert_eq!(pairs(&array, Style::Form, false), "color=blue,black,brown");
        assert_eq!(pairs(&object, Style::Form, true), "B=150&G=200&R=100");
        assert_eq!(pairs(&object, Style::Form, false), "color=B,150,G,200,R,100");
        assert_eq!(pairs(&array, Style::Space, false), "color=blue%20black%20brown");
        assert_eq!(pairs(&array, Style::Pipe, false), "color=blue%7Cblack%7Cbrown");
        assert_eq!(pairs(&object, Style::Deep, true), "color[B]=150&color[G]=200&color[R]=100");
        assert_eq!(pairs(&json!("a&b 中"), Style::Form, true), "color=a%26b%20%E4%B8%AD");
        let kept = query("q", &json!("/a?b&c"), Style::Form, true, Encoding::Reserved);
        assert_eq!(kept, [("q".to_owned(), "/a?b%26c".to_owned())]);
    }
}
