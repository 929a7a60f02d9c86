//! The body of a request, written as its content type says.

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use yiwang_dsl::{Data, Fault};

use super::text;
use crate::fault;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Form,
    Multipart,
    /// As it is; only a text can be.
    Other,
}

impl Media {
    /// Of a content type, with parameters or without.
    pub(crate) fn of(content_type: &str) -> Self {
        let bare = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match bare.as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Multipart,
            other if other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// The bytes of `body`, and its content type added to the headers where the author gave none.
pub(super) fn of(body: Option<Data>, headers: &mut HeaderMap) -> Result<Bytes, Fault> {
    let Some(body) = body else { return Ok(Bytes::new()) };
    let given = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let usual = if body.as_str().is_some() { "text/plain; charset=utf-8" } else { "application/json" };
    let content_type = given.as_deref().unwrap_or(usual).to_owned();
    let (bytes, content_type) = written(&body, &content_type)?;
    let value = HeaderValue::from_str(&content_type);
    let value = value.map_err(|_| fault::configuration("`Content-Type` holds a line break"))?;
    headers.insert(header::CONTENT_TYPE, value);
    Ok(bytes)
}

/// The bytes of a body of this content type, and the content type, whole.
pub(crate) fn written(body: &Data, content_type: &str) -> Result<(Bytes, String), Fault> {
    let media = Media::of(content_type);
    if let Some(text) = body.as_str().filter(|_| media != Media::Multipart) {
        return Ok((Bytes::from(text.to_owned()), content_type.to_owned()));
    }
    match media {
        Media::Json => Ok((Bytes::from(body.to_string()), content_type.to_owned())),
        Media::Form => Ok((Bytes::from(form(body)?), content_type.to_owned())),
        Media::Multipart => {
            let (bytes, boundary) = multipart(body)?;
            Ok((bytes, format!("multipart/form-data; boundary={boundary}")))
        }
        Media::Other => Err(fault::configuration(format!(
            "a body of `{content_type}` must be a text; an object can be written as JSON or as a form"
        ))),
    }
}

fn members(body: &Data) -> Result<Vec<(String, Value)>, Fault> {
    match body.to_json() {
        Value::Object(members) => Ok(members.into_iter().collect()),
        _ => Err(fault::configuration("a form's body must be an object")),
    }
}

fn form(body: &Data) -> Result<String, Fault> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in members(body)? {
        let items = if let Value::Array(items) = value { items } else { vec![value] };
        for item in items {
            if let Some(text) = text(&name, &item)? {
                form.append_pair(&name, &text);
            }
        }
    }
    Ok(form.finish())
}

/// Fields of texts; an object or an array is a part of JSON; `{ filename, contentType?, base64 }` is a file.
fn multipart(body: &Data) -> Result<(Bytes, String), Fault> {
    let members = members(body)?;
    let mut parts = Vec::new();
    for (name, value) in &members {
        let part = match value {
            Value::Null => continue,
            Value::Object(members) if members.contains_key("base64") => file(name, members)?,
            Value::Object(_) | Value::Array(_) => (
                format!("; name=\"{}\"\r\ncontent-type: application/json", quoted(name)),
                value.to_string().into_bytes(),
            ),
            simple => {
                (format!("; name=\"{}\"", quoted(name)), text(name, simple)?.unwrap_or_default().into_bytes())
            }
        };
        parts.push(part);
    }
    // Not in any part, and the same for the same parts: a repeated call is the same request.
    let mut boundary = "yiwang-boundary".to_owned();
    let taken = |boundary: &str| {
        parts.iter().any(|(_, bytes)| bytes.windows(boundary.len()).any(|it| it == boundary.as_bytes()))
    };
    while taken(&boundary) {
        boundary.push('x');
    }
    let mut written = Vec::new();
    for (head, bytes) in &parts {
        written.extend_from_slice(
            format!("--{boundary}\r\ncontent-disposition: form-data{head}\r\n\r\n").as_bytes(),
        );
        written.extend_from_slice(bytes);
        written.extend_from_slice(b"\r\n");
    }
    written.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((Bytes::from(written), boundary))
}

fn file(name: &str, members: &serde_json::Map<String, Value>) -> Result<(String, Vec<u8>), Fault> {
    let of = |key: &str| members.get(key).and_then(Value::as_str);
    let bytes = of("base64").and_then(|text| base64::prelude::BASE64_STANDARD.decode(text).ok());
    let bytes = bytes.ok_or_else(|| fault::configuration(format!("`{name}.base64` is not base64")))?;
    let head = format!(
        "; name=\"{}\"; filename=\"{}\"\r\ncontent-type: {}",
        quoted(name),
        quoted(of("filename").unwrap_or("file")),
        quoted(of("contentType").unwrap_or("application/octet-stream")),
    );
    Ok((head, bytes))
}

fn quoted(text: &str) -> String {
    text.replace(['\r', '\n'], " ").replace('"', "%22")
}
