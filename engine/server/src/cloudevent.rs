//! CloudEvents 1.0 over HTTP: structured, binary and batch mode, as one event type of ours.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::{Map, Value};
use yiwang_core::{Event, Timestamp};
use yiwang_dsl::Data;

use crate::json;
use crate::limits::{EVENT_BATCH_LEN_MAX, TEXT_BYTES_MAX};
use crate::problem::{Code, Problem, shortened};

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// The events of a request. `now` is the time of those that name none.
pub(crate) fn parse(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Vec<Event>, Problem> {
    match &*json::content_type(headers)? {
        STRUCTURED => Ok(vec![event(json::parse(body)?, "", now)?]),
        BATCH => batch(json::parse(body)?, now),
        _ if headers.contains_key("ce-specversion") => Ok(vec![binary(headers, body, now)?]),
        other => Err(Problem::new(
            Code::ContentType,
            format!(
                "Send `{STRUCTURED}`, `{BATCH}` or the headers `ce-specversion`, `ce-id`, `ce-source`, `ce-type`; got `{}`",
                shortened(other)
            ),
        )),
    }
}

fn batch(value: Value, now: Timestamp) -> Result<Vec<Event>, Problem> {
    let Value::Array(items) = value else { return Err(wrong("", "a batch is an array of events")) };
    if items.len() > EVENT_BATCH_LEN_MAX {
        let detail =
            format!("A batch has at most {EVENT_BATCH_LEN_MAX} events; this one has {}", items.len());
        return Err(Problem::new(Code::TooLarge, detail));
    }
    items.into_iter().enumerate().map(|(index, item)| event(item, &format!("/{index}"), now)).collect()
}

/// Attributes as `ce-` headers, data as the body.
fn binary(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Event, Problem> {
    let mut members = Map::new();
    for name in headers.keys() {
        let Some(attribute) = name.as_str().strip_prefix("ce-") else { continue };
        let mut values = headers.get_all(name).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(wrong(&format!("/{attribute}"), "the attribute is given twice"));
        };
        let text = value.to_str().ok().and_then(percent_decoded);
        let text =
            text.ok_or_else(|| wrong(&format!("/{attribute}"), "the header is not percent-encoded UTF-8"))?;
        members.insert(attribute.to_owned(), Value::String(text));
    }
    if !body.is_empty() {
        json::check_content_type(headers)?;
        members.insert("data".to_owned(), json::parse(body)?);
    }
    event(Value::Object(members), "", now)
}

fn event(value: Value, at: &str, now: Timestamp) -> Result<Event, Problem> {
    let Value::Object(mut members) = value else { return Err(wrong(at, "an event is an object")) };
    let mut text = |name: &str| match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() && text.len() <= TEXT_BYTES_MAX => Ok(Some(text)),
        Some(_) => {
            Err(wrong(&format!("{at}/{name}"), &format!("`{name}` is a text of 1 to {TEXT_BYTES_MAX} bytes")))
        }
    };
    let wanted = |name: &str, value: Option<String>| {
        value.ok_or_else(|| wrong(&format!("{at}/{name}"), &format!("`{name}` is missing")))
    };
    let specversion = text("specversion")?;
    if wanted("specversion", specversion)? != "1.0" {
        return Err(wrong(&format!("{at}/specversion"), "only `1.0` is known"));
    }
    let (id, source, kind) = (text("id")?, text("source")?, text("type")?);
    let (subject, time, content_type) = (text("subject")?, text("time")?, text("datacontenttype")?);
    let (id, source, kind) = (wanted("id", id)?, wanted("source", source)?, wanted("type", kind)?);
    if content_type.is_some_and(|kind| !kind.to_ascii_lowercase().contains("json")) {
        return Err(wrong(&format!("{at}/datacontenttype"), "only JSON data are taken"));
    }
    let time = match time {
        None => now,
        Some(text) => Timestamp::parse(&text)
            .ok_or_else(|| wrong(&format!("{at}/time"), "`time` is not an RFC 3339 time"))?,
    };
    if members.contains_key("data_base64") {
        return Err(wrong(&format!("{at}/data_base64"), "only JSON data are taken"));
    }
    let data = members.remove("data").map_or_else(Data::null, Data::from);
    let mut extensions = BTreeMap::new();
    for (name, value) in members {
        let well_named =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !well_named || value.is_array() || value.is_object() {
            let sentence = "extension attributes have names of a–z and 0–9 and plain values";
            return Err(wrong(&format!("{at}/{name}"), sentence));
        }
        extensions.insert(name, Data::from(value));
    }
    Ok(Event { id, source, r#type: kind, subject, time, data, extensions })
}

fn wrong(pointer: &str, sentence: &str) -> Problem {
    Problem::new(Code::EventInvalid, format!("The event cannot be taken: {sentence}")).at(pointer, sentence)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content_type: &str, ce: &[(&'static str, &str)], body: &str) -> Result<Vec<String>, Code> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        for (name, value) in ce {
            headers.append(*name, value.parse().unwrap());
        }
        parse(&headers, body.as_bytes(), Timestamp(7))
            .map(|events| events.iter().map(|event| event.envelope().to_string()).collect())
            .map_err(|problem| problem.code())
    }

    #[test]
    fn the_three_modes_mean_the_same() {
        let one = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"1970-01-01T08:00:00+08:00","x":"投","data":{"a":[1]}}"#;
        let expected = vec![
            r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"1970-01-01T00:00:00Z","x":"投","data":{"a":[1]}}"#.to_owned(),
        ];
        assert_eq!(check(STRUCTURED, &[], one), Ok(expected.clone()));
        assert_eq!(check(BATCH, &[], &format!("[{one}]")), Ok(expected.clone()));
        let ce = [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "/s"),
            ("ce-type", "t"),
            ("ce-time", "1970-01-01T00:00:00Z"),
            ("ce-x", "%E6%8A%95"),
        ];
        assert_eq!(check("application/json", &ce, r#"{"a":[1]}"#), Ok(expected));
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for (body, expected) in [
            ("[]", Code::EventInvalid),
            ("{}", Code::EventInvalid),
            (r#"{"specversion":"0.3","id":"1","source":"/s","type":"t"}"#, Code::EventInvalid),
            (r#"{"specversion":"1.0","id":"","source":"/s","type":"t"}"#, Code::EventInvalid),
            (
                r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"yesterday"}"#,
                Code::EventInvalid,
            ),
            (r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","X":1}"#, Code::EventInvalid),
            (
                r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data_base64":"AA=="}"#,
                Code::EventInvalid,
            ),
            (r#"{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t"}"#, Code::JsonDuplicate),
        ] {
            assert_eq!(check(STRUCTURED, &[], body), Err(expected), "{body}");
        }
        assert_eq!(check("application/json", &[], "{}"), Err(Code::ContentType));
    }
}
