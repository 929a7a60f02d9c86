//! One CloudEvent: its attributes, checked as `spec.md` 1.0 wants them, and its data.

use std::collections::BTreeMap;

use yiwang_sdk::intake::clean;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{codec, time};

/// Most attributes of an event.
const ATTRIBUTES_MAX: usize = 32;
/// Longest value of an attribute.
const VALUE_BYTES_MAX: usize = 1024;

/// An event.
#[derive(Debug)]
pub(crate) struct CloudEvent {
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) kind: String,
    pub(crate) time: Option<String>,
    others: BTreeMap<String, String>,
    pub(crate) data: Value,
}

impl CloudEvent {
    /// From attributes by name, with data that was read.
    pub(crate) fn new(mut attributes: BTreeMap<String, String>, data: Value) -> Result<Self, Failure> {
        if attributes.len() > ATTRIBUTES_MAX || attributes.values().any(|value| value.len() > VALUE_BYTES_MAX)
        {
            return Err(malformed("too many attributes, or one that is too long"));
        }
        let named = |name: &String| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !attributes.keys().all(named) {
            return Err(malformed("names of attributes have lower-case letters and digits only"));
        }
        if attributes.values().any(|value| value.chars().any(char::is_control)) {
            return Err(malformed("an attribute has control characters"));
        }
        let mut required = |name: &str| {
            let value = attributes.remove(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| malformed(format!("attribute `{name}` is missing")))
        };
        if required("specversion")? != "1.0" {
            return Err(malformed("`specversion` is not 1.0"));
        }
        let (id, source, kind) = (required("id")?, required("source")?, required("type")?);
        if source.chars().any(|char| char.is_whitespace() || "<>\"{}|\\^`".contains(char)) {
            return Err(malformed("`source` is no URI reference"));
        }
        if id.len() > 256 {
            return Err(malformed("`id` has more than 256 bytes"));
        }
        let time = attributes.remove("time");
        if time.as_deref().is_some_and(|text| time::parse_rfc3339(&text.to_ascii_uppercase()).is_none()) {
            return Err(malformed("`time` is not RFC 3339"));
        }
        let time = time.map(|text| text.to_ascii_uppercase());
        Ok(Self { id, source, kind, time, others: attributes, data })
    }

    /// Are the attributes there that the channel asks for?
    pub(crate) fn check(&self, config: &Value) -> Result<(), Failure> {
        for name in config["requiredAttributes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let there = match name {
                "specversion" | "id" | "source" | "type" => true,
                "time" => self.time.is_some(),
                _ => self.others.get(name).is_some_and(|value| !value.is_empty()),
            };
            if !there {
                return Err(malformed(format!("attribute `{name}` is missing")));
            }
        }
        Ok(())
    }

    /// Is its type in the channel's list?
    pub(crate) fn is_taken(&self, config: &Value) -> bool {
        config["types"].as_array().into_iter().flatten().filter_map(Value::as_str).any(|known| {
            known.strip_suffix('*').map_or(known == self.kind, |prefix| self.kind.starts_with(prefix))
        })
    }

    /// What is kept of it beside the report.
    pub(crate) fn attributes(&self) -> Value {
        let mut all = json!({"id": self.id, "source": self.source, "type": self.kind});
        if let Some(time) = &self.time {
            all["time"] = json!(time);
        }
        for (name, value) in &self.others {
            all[name] = json!(clean(value));
        }
        all
    }
}

/// Data by its media type: JSON is read, text is the content of a report.
pub(crate) fn data(media_type: &str, bytes: &[u8]) -> Result<Value, Failure> {
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        // Without a type it is JSON (spec.md, `datacontenttype`).
        "" | "application/json" | "text/json" => json_data(bytes),
        kind if kind.ends_with("+json") => json_data(bytes),
        "text/plain" => {
            let text = core::str::from_utf8(bytes).map_err(|_| malformed("the data is not UTF-8"))?;
            Ok(json!({"content": text}))
        }
        _ => Err(Failure::refused(415, "channel.unsupported-media-type", "data is JSON or text/plain here")),
    }
}

fn json_data(bytes: &[u8]) -> Result<Value, Failure> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    yiwang_sdk::json::parse(bytes).map_err(|reason| malformed(format!("data: {reason}")))
}

/// From the JSON format (`formats/json-format.md` 1.0).
pub(crate) fn from_json(value: Value) -> Result<CloudEvent, Failure> {
    let Value::Object(mut members) = value else { return Err(malformed("an event is not an object")) };
    let (plain, base64) = (members.remove("data"), members.remove("data_base64"));
    let mut attributes = BTreeMap::new();
    for (name, value) in members {
        let text = match value {
            Value::String(text) => text,
            Value::Bool(value) => value.to_string(),
            Value::Number(number) if number.is_i64() => number.to_string(),
            Value::Null => continue,
            _ => return Err(malformed("an attribute is no text, number or boolean")),
        };
        attributes.insert(name, text);
    }
    let media_type = attributes.get("datacontenttype").cloned().unwrap_or_default();
    let data = match (plain, base64) {
        (Some(_), Some(_)) => return Err(malformed("both `data` and `data_base64`")),
        (None, Some(Value::String(text))) => {
            let bytes = codec::base64_decode(&text).ok_or_else(|| malformed("`data_base64` is no base64"))?;
            data(&media_type, &bytes)?
        }
        (None, Some(_)) => return Err(malformed("`data_base64` is no text")),
        (Some(Value::String(text)), None) if media_type.to_ascii_lowercase().starts_with("text/plain") => {
            json!({"content": text})
        }
        (Some(value), None) => value,
        (None, None) => Value::Null,
    };
    CloudEvent::new(attributes, data)
}

pub(crate) fn malformed(reason: impl Into<String>) -> Failure {
    Failure::refused(400, "cloudevents.malformed", reason)
}
