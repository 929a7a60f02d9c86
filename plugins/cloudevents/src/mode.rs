//! Which of the three content modes a request has (`http-protocol-binding.md` 3), and the events in it.

use std::collections::BTreeMap;

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

use crate::event::{self, CloudEvent, malformed};

/// The events of a request.
pub(crate) fn read(config: &Value, request: &HttpRequest) -> Result<Vec<CloudEvent>, Failure> {
    let bytes_max = config["maxBytes"].as_u64().unwrap_or(262_144);
    let bytes = request.bytes();
    match request.media_type().as_str() {
        "application/cloudevents+json" => {
            smaller(bytes.len(), bytes_max)?;
            Ok(vec![event::from_json(parsed(bytes)?)?])
        }
        "application/cloudevents-batch+json" if config["batch"] == true => match parsed(bytes)? {
            Value::Array(events) => events
                .into_iter()
                .map(|value| {
                    smaller(value.to_string().len(), bytes_max)?;
                    event::from_json(value)
                })
                .collect(),
            _ => Err(malformed("a batch is an array")),
        },
        other if other.starts_with("application/cloudevents") => Err(Failure::refused(
            415,
            "channel.unsupported-media-type",
            "this channel takes application/cloudevents+json, or the binary mode",
        )),
        _ => {
            smaller(bytes.len(), bytes_max)?;
            Ok(vec![binary(request)?])
        }
    }
}

/// Attributes by headers `ce-…`, the data as the body.
fn binary(request: &HttpRequest) -> Result<CloudEvent, Failure> {
    let mut attributes = BTreeMap::new();
    for header in &request.headers {
        let Some(name) = header.name.strip_prefix("ce-") else { continue };
        if name == "datacontenttype" || name == "data" {
            return Err(malformed("the media type of the data is `content-type`, not an attribute's header"));
        }
        if attributes.insert(name.to_owned(), decoded(&header.value)?).is_some() {
            return Err(malformed("a header of an attribute is there twice"));
        }
    }
    if !attributes.contains_key("specversion") {
        return Err(Failure::refused(
            415,
            "channel.unsupported-media-type",
            "this is no CloudEvent: neither `ce-specversion` nor application/cloudevents+json",
        ));
    }
    let content_type = request.header("content-type").unwrap_or_default();
    let data = event::data(content_type, request.bytes())?;
    if !content_type.is_empty() {
        attributes.insert("datacontenttype".to_owned(), content_type.to_owned());
    }
    CloudEvent::new(attributes, data)
}

/// Values of headers are percent-encoded UTF-8 (3.1.3.2); one pair of quotes around them goes.
fn decoded(value: &str) -> Result<String, Failure> {
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let hex = tail.get(..2).and_then(|pair| core::str::from_utf8(pair).ok());
        let byte =
            hex.and_then(yiwang_sdk::codec::hex_decode).ok_or_else(|| malformed("a header ends in `%`"))?;
        bytes.extend_from_slice(&byte);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).map_err(|_| malformed("a header is not UTF-8"))
}

fn parsed(bytes: &[u8]) -> Result<Value, Failure> {
    yiwang_sdk::json::parse(bytes).map_err(malformed)
}

fn smaller(bytes: usize, max: u64) -> Result<(), Failure> {
    if bytes as u64 <= max {
        return Ok(());
    }
    Err(Failure::refused(413, "cloudevents.too-large", format!("an event has at most {max} bytes")))
}
