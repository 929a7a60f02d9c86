//! JSON bodies, strictly: UTF-8, a bounded depth, no member twice, no unknown fields, and always a place.
//!
//! Two parsers that disagree about a doubled key are a hole; so a doubled key is refused here.

use std::fmt;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::limits::JSON_DEPTH_MAX;
use crate::problem::{Code, Place, Problem, shortened};

/// Is the body declared as JSON? An absent type is not.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let essence = content_type(headers)?;
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let got = if essence.is_empty() {
        "there is none".to_owned()
    } else {
        format!("got `{}`", shortened(&essence))
    };
    Err(Problem::new(Code::ContentType, format!("Send `Content-Type: application/json`; {got}")))
}

/// The media type in lower case, without parameters; empty when there is none.
pub(crate) fn content_type(headers: &HeaderMap) -> Result<String, Problem> {
    let mut all = headers.get_all(CONTENT_TYPE).iter();
    let Some(value) = all.next() else { return Ok(String::new()) };
    if all.next().is_some() {
        return Err(Problem::new(Code::Header, "There are two `Content-Type` headers"));
    }
    let text = value.to_str().map_err(|_| Problem::new(Code::Header, "`Content-Type` is not ASCII"))?;
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    for parameter in parameters.split(';') {
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("charset")
            && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        {
            return Err(Problem::new(Code::ContentType, "Only the charset UTF-8 is taken"));
        }
    }
    Ok(essence.trim().to_ascii_lowercase())
}

/// The body as a value.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::new(Code::Encoding, format!("Byte {} is not UTF-8", error.valid_up_to()))
    })?;
    if let Some(offset) = too_deep(text) {
        let (line, column) = line_and_column(text, offset);
        return Err(Problem::new(
            Code::JsonDepth,
            format!(
                "More than {JSON_DEPTH_MAX} arrays and objects within each other at line {line}, column {column}"
            ),
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        let code = if error.to_string().starts_with(DUPLICATE) { Code::JsonDuplicate } else { Code::Json };
        let sentence = error.to_string();
        let mut place = Place::at("", sentence.split(" at line ").next().unwrap_or_default());
        place.line = Some(error.line());
        place.column = Some(error.column());
        Problem::new(code, sentence).with_places(vec![place])
    })
}

/// The body as a type of ours, unknown fields refused by the type.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path());
        let detail = error.inner().to_string();
        Problem::new(Code::Fields, detail.clone()).at(pointer, detail)
    })
}

/// JSON Pointer of a path.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Where the depth goes over the limit. Strings are skipped; everything else is the parser's business.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > JSON_DEPTH_MAX {
                    return Some(offset);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Line and column, both from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

const DUPLICATE: &str = "the member ";

/// Builds a value and refuses a member that is named twice.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Self)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Self)?;
            if members.contains_key(&key) {
                return Err(A::Error::custom(format_args!(
                    "{DUPLICATE}`{}` stands here twice",
                    shortened(&key)
                )));
            }
            members.insert(key, value);
        }
        Ok(members.into())
    }
}

/// A member that may be there with `null`, absent, or with a value: absent and `null` are told apart.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &[u8]) -> Option<Code> {
        parse(body).err().map(|problem| problem.code())
    }

    #[test]
    fn bodies_are_taken_strictly() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        for (body, expected) in [
            (&b"{}"[..], None),
            (b" [1, 2.5, -3, \"\\u6295\", null, true]", None),
            (br#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}"#, None),
            (deep(64).as_bytes(), None),
            (deep(65).as_bytes(), Some(Code::JsonDepth)),
            (deep(1_000_000).as_bytes(), Some(Code::JsonDepth)),
            (br#""[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[""#, None),
            (br#"{"a": 1, "a": 1}"#, Some(Code::JsonDuplicate)),
            (br#"{"b": [{"a": 1, "\u0061": 2}]}"#, Some(Code::JsonDuplicate)),
            (b"", Some(Code::Json)),
            (b"{} {}", Some(Code::Json)),
            (b"{'a': 1}", Some(Code::Json)),
            (b"NaN", Some(Code::Json)),
            (b"\xff", Some(Code::Encoding)),
            (b"\"\xed\xa0\x80\"", Some(Code::Encoding)),
        ] {
            assert_eq!(code(body), expected, "{:?}", String::from_utf8_lossy(&body[..body.len().min(60)]));
        }
    }

    #[test]
    fn wrong_fields_have_a_pointer() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            #[expect(dead_code, reason = "only read by the parser")]
            input: std::collections::BTreeMap<String, u32>,
        }
        let problem = typed::<Body>(parse(br#"{"input": {"a/b": "x"}}"#).unwrap()).unwrap_err();
        assert_eq!(problem.code(), Code::Fields);
        assert!(format!("{problem:?}").contains("/input/a~1b"), "{problem:?}");
        assert!(typed::<Body>(parse(br#"{"input": {}, "inptu": 1}"#).unwrap()).is_err());
    }

    #[test]
    fn columns_are_characters() {
        assert_eq!(line_and_column("派单\n了x", 10), (2, 2));
    }
}
