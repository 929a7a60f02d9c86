//! The output of a call out of its answer, or the fault out of its status.

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use yiwang_dsl::{Data, Fault};

use super::{Asked, headers, without_query};
use crate::call::Call;
use crate::egress::Response;
use crate::{fault, limits};

/// What the language calls `output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The content in base 64.
    Raw,
    /// The content, deserialised.
    Content,
    /// The answer with the request.
    Response,
}

impl Shape {
    /// As `with` says.
    pub(crate) fn of(given: Option<Data>) -> Result<Self, Fault> {
        match given.as_ref().map(Data::as_str) {
            None | Some(Some("content")) => Ok(Self::Content),
            Some(Some("raw")) => Ok(Self::Raw),
            Some(Some("response")) => Ok(Self::Response),
            Some(_) => Err(fault::configuration("`output` must be `raw`, `content` or `response`")),
        }
    }
}

/// Reads the answer.
pub(super) async fn read(
    call: &Call,
    asked: &Asked,
    sent: &HeaderMap,
    response: Response,
) -> Result<Data, Fault> {
    let (status, headers) = (response.status, response.headers.clone());
    let wanted = status.is_success() || (asked.redirect && status.is_redirection());
    if !wanted {
        // The status is what counts: a body that cannot be read changes nothing.
        let body = response.bytes().await.unwrap_or_default();
        return Err(refused(asked, status, &headers, &body));
    }
    let body = response.bytes().await.map_err(|failure| fault::of(&failure))?;
    match asked.shape {
        Shape::Raw => Ok(base64(&body)),
        Shape::Content => content(&headers, &body),
        Shape::Response => {
            let request = json!({
                "method": asked.method,
                "uri": call.mask.masked(asked.url.as_str()),
                "headers": headers::told_of_request(sent, &call.mask),
            });
            Ok(Data::object([
                ("request".to_owned(), Data::from(request)),
                ("statusCode".to_owned(), Data::from(json!(status.as_u16()))),
                ("headers".to_owned(), Data::from(Value::Object(headers::told(&headers)))),
                ("content".to_owned(), content(&headers, &body)?),
            ]))
        }
    }
}

fn refused(asked: &Asked, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Fault {
    let method = asked.method.to_ascii_uppercase();
    let reason = status.canonical_reason().unwrap_or("Unknown Status");
    let uri = without_query(asked.url.as_str());
    let mut detail = format!("`{method} {uri}` answered {} {reason}", status.as_u16());
    if status.is_redirection() && headers.contains_key(header::LOCATION) {
        detail.push_str("; `redirect: true` would follow it");
    }
    if is_text(&media_type(headers)) && !body.is_empty() {
        detail.push_str(": ");
        detail.push_str(&excerpt(body));
    }
    fault::communication(status.as_u16(), reason, detail)
}

/// The beginning of a text.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut shown: String = text.trim().chars().take(limits::EXCERPT_LEN_MAX).collect();
    if shown.len() < text.trim().len() {
        shown.push('…');
    }
    shown
}

/// The content as data: JSON as its value, texts as texts, all else in base 64, nothing as null.
fn content(headers: &HeaderMap, body: &Bytes) -> Result<Data, Fault> {
    let media = media_type(headers);
    if body.is_empty() {
        return Ok(Data::null());
    }
    if is_json(&media) {
        return serde_json::from_slice(body).map_err(|error| {
            let detail = format!("the answer is said to be `{media}` and is not: {error}: {}", excerpt(body));
            fault::communication(500, "Unreadable Content", detail)
        });
    }
    match std::str::from_utf8(body) {
        Ok(text) if is_text(&media) => Ok(Data::string(text)),
        Ok(_) | Err(_) => Ok(base64(body)),
    }
}

fn base64(body: &Bytes) -> Data {
    if body.is_empty() {
        return Data::null();
    }
    Data::string(base64::prelude::BASE64_STANDARD.encode(body))
}

/// The content type without its parameters, in lower case; empty without one.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(media: &str) -> bool {
    matches!(media, "application/json" | "text/json") || media.ends_with("+json")
}

fn is_text(media: &str) -> bool {
    media.starts_with("text/")
        || is_json(media)
        || media.ends_with("+xml")
        || media.ends_with("+yaml")
        || matches!(
            media,
            "application/xml"
                | "application/yaml"
                | "application/javascript"
                | "application/x-www-form-urlencoded"
        )
}
