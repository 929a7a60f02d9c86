//! From an HTTP request to what a plugin is handed: limits checked, forms parsed, files kept beside.
//!
//! What two readers might read differently (two content types, a form that is none) is refused here, before
//! any plugin sees it.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use reqwest::Url;
use yiwang_runtime::ports::ChannelRequest;

use crate::bindings::yiwang::channel::types::{FormPart, Header, HttpRequest, Payload};
use crate::channel::Ready;
use crate::limits;
use crate::refusal::Refusal;

/// A request for a plugin, and the digests of the files that came with it.
pub(crate) async fn read(
    channel: &Ready,
    request: ChannelRequest,
) -> Result<(HttpRequest, BTreeSet<String>), Refusal> {
    if request.body.len() > channel.environment.body_bytes_max {
        let max = channel.environment.body_bytes_max;
        return Err(Refusal::new(
            413,
            "request.body-too-large",
            format!("the body has more than {max} bytes"),
        ));
    }
    if !request.path.starts_with('/') || request.path.len() > 2048 || request.query.len() > 16 << 10 {
        return Err(Refusal::new(414, "request.address-too-long", "path or query are too long").noise());
    }
    let headers = headers(channel, &request.headers)?;
    let media_type = content_type(&headers)?;
    let mut files = BTreeSet::new();
    let (body, form) = match media_type.as_str() {
        "multipart/form-data" => {
            (Payload::Empty, multipart(channel, &headers, request.body, &mut files).await?)
        }
        "application/x-www-form-urlencoded" => {
            let text = utf8(&request.body)?;
            (
                Payload::Text(text.to_owned()),
                pairs(text, limits::FORM_PARTS_MAX)?.into_iter().map(field).collect(),
            )
        }
        _ => (payload(&media_type, &request.body)?, Vec::new()),
    };
    let request = HttpRequest {
        method: request.method,
        path: request.path,
        query: pairs(&request.query, limits::QUERY_PAIRS_MAX)?,
        headers,
        client_addr: request.client,
        body,
        form,
    };
    Ok((request, files))
}

fn headers(channel: &Ready, given: &[(String, String)]) -> Result<Vec<Header>, Refusal> {
    if given.len() > limits::HEADERS_MAX {
        return Err(Refusal::new(
            431,
            "request.too-many-headers",
            format!("more than {} headers", limits::HEADERS_MAX),
        ));
    }
    let mut headers = Vec::new();
    for (name, value) in given {
        let valid = HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value).is_ok();
        if !valid || value.len() > limits::HEADER_VALUE_BYTES_MAX {
            return Err(Refusal::new(431, "request.bad-header", "a header is not valid or too long"));
        }
        let name = name.to_ascii_lowercase();
        if channel.pass_credentials
            || !["authorization", "cookie", "proxy-authorization"].contains(&name.as_str())
        {
            headers.push(Header { name, value: value.clone() });
        }
    }
    Ok(headers)
}

fn content_type(headers: &[Header]) -> Result<String, Refusal> {
    let mut found = headers.iter().filter(|header| header.name == "content-type");
    let first = found.next();
    if found.next().is_some() {
        return Err(Refusal::new(400, "request.ambiguous-content-type", "two content types"));
    }
    let text = first.map_or("", |header| header.value.as_str());
    Ok(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn payload(media_type: &str, body: &Bytes) -> Result<Payload, Refusal> {
    if body.is_empty() {
        return Ok(Payload::Empty);
    }
    if body.len() > limits::TEXT_BODY_BYTES_MAX {
        let max = limits::TEXT_BODY_BYTES_MAX;
        return Err(Refusal::new(
            413,
            "request.body-too-large",
            format!("a body that is no form has more than {max} bytes"),
        ));
    }
    if (media_type == "application/json" || media_type.ends_with("+json"))
        && depth(body) > limits::JSON_DEPTH_MAX
    {
        let max = limits::JSON_DEPTH_MAX;
        return Err(Refusal::new(
            400,
            "request.json-too-deep",
            format!("the JSON is nested deeper than {max} levels"),
        ));
    }
    Ok(match std::str::from_utf8(body) {
        Ok(text) => Payload::Text(text.to_owned()),
        Err(_) => Payload::Bytes(body.to_vec()),
    })
}

/// The nesting of JSON, by counting brackets outside strings: no parser is asked to go down first.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
    }
    deepest
}

fn utf8(body: &Bytes) -> Result<&str, Refusal> {
    if body.len() > limits::TEXT_BODY_BYTES_MAX {
        let max = limits::TEXT_BODY_BYTES_MAX;
        return Err(Refusal::new(
            413,
            "request.body-too-large",
            format!("the form has more than {max} bytes"),
        ));
    }
    std::str::from_utf8(body)
        .map_err(|_| Refusal::new(400, "request.malformed-form", "the form is not UTF-8"))
}

fn pairs(text: &str, max: usize) -> Result<Vec<(String, String)>, Refusal> {
    let mut url = Url::parse("http://form/").expect("a constant address");
    url.set_query((!text.is_empty()).then_some(text));
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .take(max + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if pairs.len() > max {
        return Err(Refusal::new(413, "request.too-many-fields", format!("more than {max} fields")));
    }
    Ok(pairs)
}

fn field((name, text): (String, String)) -> FormPart {
    FormPart { name, content: Payload::Text(text) }
}

async fn multipart(
    channel: &Ready,
    headers: &[Header],
    body: Bytes,
    files: &mut BTreeSet<String>,
) -> Result<Vec<FormPart>, Refusal> {
    let malformed = |reason: String| Refusal::new(400, "request.malformed-form", reason);
    let content_type =
        headers.iter().find(|header| header.name == "content-type").map_or("", |h| h.value.as_str());
    let boundary = multer::parse_boundary(content_type).map_err(|error| malformed(error.to_string()))?;
    let stream = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut form = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|error| malformed(error.to_string()))? {
        if form.len() == limits::FORM_PARTS_MAX {
            let max = limits::FORM_PARTS_MAX;
            return Err(Refusal::new(413, "request.too-many-fields", format!("more than {max} parts")));
        }
        let name = part.name().unwrap_or_default().to_owned();
        if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
            return Err(malformed("a part has no usable name".to_owned()));
        }
        let file_name = part.file_name().map(ToOwned::to_owned);
        let media_type = part.content_type().map(|kind| kind.essence_str().to_owned());
        let bytes = part.bytes().await.map_err(|error| malformed(error.to_string()))?;
        let content = match file_name {
            // What browsers send for "no file chosen".
            Some(name) if name.is_empty() && bytes.is_empty() => Payload::Empty,
            Some(file_name) => keep(channel, files, media_type, file_name, bytes).await?,
            None => text_field(&bytes)?,
        };
        form.push(FormPart { name, content });
    }
    Ok(form)
}

fn text_field(bytes: &Bytes) -> Result<Payload, Refusal> {
    if bytes.len() > limits::FORM_FIELD_BYTES_MAX {
        let max = limits::FORM_FIELD_BYTES_MAX;
        return Err(Refusal::new(
            413,
            "request.field-too-large",
            format!("a field has more than {max} bytes"),
        ));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Refusal::new(400, "request.malformed-form", "a field is not UTF-8"))?;
    Ok(Payload::Text(text.to_owned()))
}

async fn keep(
    channel: &Ready,
    files: &mut BTreeSet<String>,
    media_type: Option<String>,
    file_name: String,
    bytes: Bytes,
) -> Result<Payload, Refusal> {
    let max = channel.effective.write_blobs().map_err(|reason| {
        tracing::warn!(channel = channel.id, reason, "a file came in");
        Refusal::new(415, "request.files-not-taken", "this channel takes no files")
    })?;
    if bytes.len() as u64 > max {
        return Err(Refusal::new(413, "request.file-too-large", format!("a file has more than {max} bytes")));
    }
    let store = channel.environment.blobs.clone();
    let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let kept = tokio::task::spawn_blocking(move || store.put(&media_type, Some(&file_name), &bytes)).await;
    let unavailable = |error: std::io::Error| {
        tracing::error!(channel = channel.id, %error, "a file could not be kept");
        Refusal::new(503, "channel.store-unavailable", "files cannot be kept at the moment").noise()
    };
    let blob = kept.map_err(|error| unavailable(std::io::Error::other(error)))?.map_err(unavailable)?;
    files.insert(blob.digest.clone());
    Ok(Payload::Blob(blob))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert_eq!(depth(br#"{"a[[[": ["\"[[", {}]}"#), 3);
        assert_eq!(depth(&[b'['; 10_000]), 10_000);
        assert_eq!(depth(b"]]]"), 0);
    }

    #[test]
    fn pairs_are_decoded_in_order() {
        let pairs = pairs("a=1&b=%E4%B8%AD+x&a=2&c", 10).unwrap();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "中 x"), ("a", "2"), ("c", "")]);
    }
}
