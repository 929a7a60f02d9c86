//! What was given, whatever its form: JSON, url-encoded or multipart become one tree of values.
//!
//! In a form, a dot in a name goes one level down: `petitioner.phone`. Nothing is judged here but the form
//! itself.

use yiwang_sdk::intake::clean;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Map, Value};

/// The fields as a tree, and the files beside them.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) fields: Map<String, Value>,
    pub(crate) photos: Vec<BlobRef>,
}

impl Given {
    /// The text at a path, as it was given, for showing it again.
    pub(crate) fn shown(&self, path: &str) -> String {
        match self.at(path) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" / ")
            }
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            _ => String::new(),
        }
    }

    /// The value at a path with dots.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.');
        let first = self.fields.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }
}

/// Reads the body.
pub(crate) fn read(request: &HttpRequest) -> Result<Given, Failure> {
    match request.media_type().as_str() {
        "application/json" => Ok(Given { fields: json(request)?, photos: Vec::new() }),
        "application/x-www-form-urlencoded" | "multipart/form-data" => form(&request.form),
        _ => Err(Failure::refused(
            415,
            "channel.unsupported-media-type",
            "send application/json, application/x-www-form-urlencoded or multipart/form-data",
        )),
    }
}

fn json(request: &HttpRequest) -> Result<Map<String, Value>, Failure> {
    match yiwang_sdk::json::parse(request.bytes()) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Failure::refused(400, "channel.malformed-body", "the body is not a JSON object")),
        Err(reason) => Err(Failure::refused(400, "channel.malformed-body", reason)),
    }
}

fn form(parts: &[FormPart]) -> Result<Given, Failure> {
    let mut given = Given::default();
    for part in parts {
        match &part.content {
            Payload::Blob(blob) if part.name == "photos" => {
                // Browsers send an empty file where none was chosen.
                if blob.size > 0 || blob.file_name.is_some() {
                    given.photos.push(blob.clone());
                }
            }
            Payload::Text(text) if text.trim().is_empty() => {}
            Payload::Text(text) => put(&mut given.fields, &part.name, Value::String(clean(text)))?,
            Payload::Empty => {}
            Payload::Blob(_) | Payload::Bytes(_) => {
                return Err(Failure::refused(422, "intake.invalid", "only the field `photos` takes files"));
            }
        }
    }
    Ok(given)
}

fn put(fields: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), Failure> {
    let twice = || Failure::refused(400, "channel.malformed-body", "a form field is there twice");
    match name.split_once('.') {
        None if fields.contains_key(name) => Err(twice()),
        None => {
            fields.insert(name.to_owned(), value);
            Ok(())
        }
        Some((first, rest)) => {
            match fields.entry(first.to_owned()).or_insert_with(|| Value::Object(Map::new())) {
                Value::Object(inner) if !rest.contains('.') => put(inner, rest, value),
                _ => Err(twice()),
            }
        }
    }
}
