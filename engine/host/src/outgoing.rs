//! Outgoing HTTP: every hop is checked against the grants, and names are resolved here, so that an address
//! inside the network is refused after resolution and the connection goes to the address that was checked.
//!
//! Secrets are put in last and only for the hop that the manifest's rule binds them to; they never come back
//! to the guest, into a log or into an error.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, Url};
use yiwang_core::egress::{is_literal_inside, is_outside};

use crate::bindings::yiwang::channel::http::{HttpError, Request};
use crate::bindings::yiwang::channel::types::{BlobRef, Header, HttpResponse, Payload};
use crate::call::CallState;
use crate::error::Error;
use crate::grants::Allowed;
use crate::limits;
use crate::manifest::Place;

/// One client for addresses outside, one for addresses anywhere: connections are not shared between them.
pub(crate) struct Clients {
    outside: Client,
    anywhere: Client,
}

impl Clients {
    pub(crate) fn new() -> Result<Self, Error> {
        // Fails only if a provider is there already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = |resolver: Resolver| {
            Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .user_agent(concat!("yiwang/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(Duration::from_secs(5))
                .dns_resolver(Arc::new(resolver))
                .build()
                .map_err(Error::Client)
        };
        Ok(Self { outside: client(Resolver::Outside)?, anywhere: client(Resolver::Anywhere)? })
    }
}

#[derive(Clone, Copy)]
enum Resolver {
    Outside,
    Anywhere,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let inside_too = matches!(self, Self::Anywhere);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|address| inside_too || is_outside(address.ip())).collect();
            if allowed.is_empty() {
                return Err(Box::new(Inside) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the name has no address outside")]
struct Inside;

/// Sends a request and follows its redirects.
pub(crate) async fn send(state: &mut CallState, request: Request) -> Result<HttpResponse, HttpError> {
    let invalid = |text: String| HttpError::InvalidRequest(text);
    let mut method = Method::from_bytes(request.method.as_bytes())
        .ok()
        .filter(|method| {
            [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD]
                .contains(method)
        })
        .ok_or_else(|| invalid(format!("there is no method `{}`", request.method)))?;
    let mut template = request.url.clone();
    let mut body = Outgoing::new(state, &request)?;
    let time = Duration::from_millis(u64::from(request.timeout_ms.unwrap_or(u32::MAX))).min(state.left());
    let effective = Arc::clone(&state.effective);
    let mut hops = request.max_redirects.min(limits::HTTP_REDIRECTS_MAX);
    let ends = std::time::Instant::now() + time;
    loop {
        let asked = parse(&template)?;
        let allowed = effective.request(method.as_str(), &asked).map_err(HttpError::Denied)?;
        if !allowed.private && asked.host_str().is_some_and(is_literal_inside) {
            return Err(HttpError::Denied(effective.private_line(&asked)));
        }
        let client = &state.channel.environment.clients;
        let client = if allowed.private { &client.anywhere } else { &client.outside };
        let url = filled_url(state, &allowed, &template)?;
        let mut outgoing = client.request(method.clone(), url);
        outgoing = outgoing.headers(filled_headers(state, &allowed, &request.headers)?);
        outgoing = body.put_into(state, &allowed, outgoing)?;
        let left = ends.saturating_duration_since(std::time::Instant::now());
        let outgoing = outgoing.build().map_err(|error| told(&error, || effective.private_line(&asked)))?;
        let recorded = match &state.channel.environment.watch {
            Some(watch) => watch.answer(&outgoing)?,
            None => None,
        };
        let response = match recorded {
            Some(response) => response,
            None => match tokio::time::timeout(left, client.execute(outgoing)).await {
                Err(_) => return Err(HttpError::Timeout(true)),
                Ok(Err(error)) => return Err(told(&error, || effective.private_line(&asked))),
                Ok(Ok(response)) => response,
            },
        };
        let Some(next) = redirect(&response, &asked).filter(|_| hops > 0) else {
            let left = ends.saturating_duration_since(std::time::Instant::now());
            return match tokio::time::timeout(left, taken(state, &request, response)).await {
                Err(_) => Err(HttpError::Timeout(true)),
                Ok(answer) => answer,
            };
        };
        hops -= 1;
        // As browsers do: all but 307 and 308 go on as GET without a body.
        if ![307, 308].contains(&response.status().as_u16()) && method != Method::HEAD {
            method = Method::GET;
            body = Outgoing::Nothing;
        }
        template = next.to_string();
    }
}

fn parse(text: &str) -> Result<Url, HttpError> {
    let url = Url::parse(text).map_err(|error| HttpError::InvalidRequest(format!("the address: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(HttpError::InvalidRequest("the address holds a user name".to_owned()));
    }
    Ok(url)
}

fn redirect(response: &Response, from: &Url) -> Option<Url> {
    if ![301, 302, 303, 307, 308].contains(&response.status().as_u16()) {
        return None;
    }
    let location = response.headers().get(http::header::LOCATION)?.to_str().ok()?;
    // A placeholder that another server wrote must not be filled in.
    from.join(location).ok().filter(|url| !url.as_str().contains("secret:"))
}

/// The request's body before secrets are put in.
enum Outgoing {
    Nothing,
    Text(String),
    Bytes(Vec<u8>),
    Form(Vec<(String, Part)>),
}

#[derive(Clone)]
enum Part {
    Text(String),
    File { bytes: Vec<u8>, media_type: String, name: Option<String> },
}

impl Outgoing {
    fn new(state: &CallState, request: &Request) -> Result<Self, HttpError> {
        if !request.form.is_empty() {
            if request.body != Payload::Empty {
                return Err(HttpError::InvalidRequest("both a body and a form".to_owned()));
            }
            let parts =
                request.form.iter().map(|part| Ok((part.name.clone(), part_of(state, &part.content)?)));
            return parts.collect::<Result<_, HttpError>>().map(Self::Form);
        }
        Ok(match &request.body {
            Payload::Empty => Self::Nothing,
            Payload::Text(text) => Self::Text(text.clone()),
            Payload::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Payload::Blob(blob) => Self::Bytes(file(state, blob)?),
        })
    }

    fn put_into(
        &self,
        state: &CallState,
        allowed: &Allowed<'_>,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::RequestBuilder, HttpError> {
        Ok(match self {
            Self::Nothing => request,
            Self::Text(text) if allowed.places.contains(&Place::Body) => {
                // Inside a JSON string, which is where a placeholder in a body stands.
                let escaped = |value: &str| {
                    let quoted = serde_json::Value::String(value.to_owned()).to_string();
                    quoted[1..quoted.len() - 1].to_owned()
                };
                request.body(filled(state, allowed, text, escaped)?)
            }
            Self::Text(text) => request.body(text.clone()),
            Self::Bytes(bytes) => request.body(bytes.clone()),
            Self::Form(parts) => {
                let boundary = crate::cache::hex(&random()?);
                let bytes = multipart(parts, &boundary);
                request
                    .header("content-type", format!("multipart/form-data; boundary={boundary}"))
                    .body(bytes)
            }
        })
    }
}

fn random() -> Result<[u8; 16], HttpError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| HttpError::Protocol(error.to_string()))?;
    Ok(bytes)
}

fn multipart(parts: &[(String, Part)], boundary: &str) -> Vec<u8> {
    let quoted = |text: &str| text.replace(['\r', '\n'], " ").replace('"', "%22");
    let mut body = Vec::new();
    for (name, part) in parts {
        body.extend_from_slice(
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"", quoted(name)).as_bytes(),
        );
        match part {
            Part::Text(text) => {
                body.extend_from_slice(b"\r\n\r\n");
                body.extend_from_slice(text.as_bytes());
            }
            Part::File { bytes, media_type, name } => {
                let name = quoted(name.as_deref().unwrap_or("file"));
                let head = format!("; filename=\"{name}\"\r\ncontent-type: {}\r\n\r\n", quoted(media_type));
                body.extend_from_slice(head.as_bytes());
                body.extend_from_slice(bytes);
            }
        }
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

fn part_of(state: &CallState, payload: &Payload) -> Result<Part, HttpError> {
    Ok(match payload {
        Payload::Empty => Part::Text(String::new()),
        Payload::Text(text) => Part::Text(text.clone()),
        Payload::Bytes(bytes) => {
            Part::File { bytes: bytes.clone(), media_type: "application/octet-stream".to_owned(), name: None }
        }
        Payload::Blob(blob) => Part::File {
            bytes: file(state, blob)?,
            media_type: blob.media_type.clone(),
            name: blob.file_name.clone(),
        },
    })
}

/// The bytes of a file that was handed to this call.
pub(crate) fn file(state: &CallState, blob: &BlobRef) -> Result<Vec<u8>, HttpError> {
    state.effective.read_blobs().map_err(HttpError::Denied)?;
    let path = state
        .files
        .contains(&blob.digest)
        .then(|| state.channel.environment.blobs.path(&blob.digest))
        .flatten();
    let path =
        path.ok_or_else(|| HttpError::InvalidRequest("this file was not handed to this call".to_owned()))?;
    std::fs::read(path).map_err(|error| HttpError::InvalidRequest(format!("reading a file: {error}")))
}

fn filled_headers(
    state: &CallState,
    allowed: &Allowed<'_>,
    headers: &[Header],
) -> Result<HeaderMap, HttpError> {
    let invalid = |name: &str| {
        HttpError::InvalidRequest(format!("header `{}` is not allowed or not valid", name.escape_debug()))
    };
    if headers.len() > limits::HEADERS_MAX {
        return Err(HttpError::InvalidRequest(format!("more than {} headers", limits::HEADERS_MAX)));
    }
    let mut map = HeaderMap::new();
    for header in headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| invalid(&header.name))?;
        if ["host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "expect"]
            .contains(&name.as_str())
        {
            return Err(invalid(&header.name));
        }
        let value = filled(state, allowed, &header.value, str::to_owned)?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| invalid(&header.name))?;
        value.set_sensitive(true);
        map.append(name, value);
    }
    Ok(map)
}

/// A secret may stand in the query, or be a whole segment of the path: what the grant was asked about stays
/// what is reached.
fn filled_url(state: &CallState, allowed: &Allowed<'_>, template: &str) -> Result<Url, HttpError> {
    if !allowed.places.contains(&Place::Url) || !template.contains("${secret:") {
        return parse(template);
    }
    let (before, query) =
        template.split_once('?').map_or((template, None), |(before, query)| (before, Some(query)));
    let mut segments = Vec::new();
    for (at, segment) in before.split('/').enumerate() {
        segments.push(match segment.strip_prefix("${secret:").and_then(|rest| rest.strip_suffix('}')) {
            // The first three are the scheme and the host.
            Some(name) if at > 2 && !name.contains("${secret:") => {
                let value = filled(state, allowed, segment, encoded)?;
                if value.chars().all(|char| char == '.') {
                    return Err(HttpError::Denied(format!("secret `{name}` is no part of an address")));
                }
                value
            }
            _ if segment.contains("${secret:") => {
                return Err(HttpError::InvalidRequest(
                    "a secret may stand in the query or be a whole part of the path".to_owned(),
                ));
            }
            _ => segment.to_owned(),
        });
    }
    let mut url = segments.join("/");
    if let Some(query) = query {
        url = format!("{url}?{}", filled(state, allowed, query, encoded)?);
    }
    parse(&url)
}

/// All but the unreserved characters escaped: it can end neither a segment nor a value.
fn encoded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Text with `${secret:NAME}` replaced, for names that the rule binds.
fn filled(
    state: &CallState,
    allowed: &Allowed<'_>,
    text: &str,
    encode: impl Fn(&str) -> String,
) -> Result<String, HttpError> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${secret:") {
        result.push_str(before);
        let (name, after) = after.split_once('}').ok_or_else(|| {
            HttpError::InvalidRequest("a placeholder for a secret is not closed".to_owned())
        })?;
        if !allowed.secrets.iter().any(|bound| bound == name) {
            return Err(HttpError::Denied(format!(
                "secret `{name}` is not bound to this address in the manifest"
            )));
        }
        state.effective.secret(name).map_err(HttpError::Denied)?;
        let secret = (state.channel.secrets)(name)
            .ok_or_else(|| HttpError::Denied(format!("secret `{name}` is not set")))?;
        result.push_str(&encode(secret.expose()));
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

/// The answer, its body bounded.
async fn taken(
    state: &mut CallState,
    request: &Request,
    response: Response,
) -> Result<HttpResponse, HttpError> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .take(limits::HEADERS_MAX)
        .filter_map(|(name, value)| {
            Some(Header { name: name.to_string(), value: value.to_str().ok()?.to_owned() })
        })
        .collect();
    let asked = request.max_response_bytes.unwrap_or(u64::MAX);
    let body = if request.response_to_blob {
        Payload::Blob(to_file(state, asked, response).await?)
    } else {
        let bytes = to_memory(asked.min(limits::HTTP_ANSWER_BYTES_MAX), response).await?;
        String::from_utf8(bytes).map_or_else(|error| Payload::Bytes(error.into_bytes()), Payload::Text)
    };
    Ok(HttpResponse { status, headers, body })
}

async fn to_memory(max: u64, response: Response) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| told(&error, String::new))?);
        if bytes.len() as u64 > max {
            return Err(HttpError::ResponseTooLarge(max));
        }
    }
    Ok(bytes)
}

async fn to_file(state: &mut CallState, asked: u64, response: Response) -> Result<BlobRef, HttpError> {
    let failed = |error: std::io::Error| HttpError::Protocol(format!("keeping the answer: {error}"));
    let max = state.effective.write_blobs().map_err(HttpError::Denied)?.min(asked);
    let media_type = response.headers().get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or("application/octet-stream").to_owned();
    let mut writer = state.channel.environment.blobs.writer(&media_type, None, max).map_err(failed)?;
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        writer.write(&chunk.map_err(|error| told(&error, String::new))?).map_err(|error| {
            match error.kind() {
                std::io::ErrorKind::FileTooLarge => HttpError::ResponseTooLarge(max),
                _ => failed(error),
            }
        })?;
    }
    let finished = tokio::task::spawn_blocking(move || writer.finish()).await;
    let blob = finished.map_err(|error| failed(std::io::Error::other(error)))?.map_err(failed)?;
    state.files.insert(blob.digest.clone());
    Ok(blob)
}

/// What reqwest says, without the address: its query may hold a secret.
fn told(error: &reqwest::Error, private: impl FnOnce() -> String) -> HttpError {
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.downcast_ref::<Inside>().is_some() {
            return HttpError::Denied(private());
        }
        causes.push(cause.to_string());
        source = cause.source();
    }
    let text = causes.last().cloned().unwrap_or_else(|| "no further word".to_owned());
    let all = causes.join(": ");
    if error.is_timeout() {
        HttpError::Timeout(!error.is_connect())
    } else if all.contains("dns") || all.contains("lookup") {
        HttpError::Dns(text)
    } else if all.contains("certificate") || all.contains("tls") || all.contains("TLS") {
        HttpError::Tls(text)
    } else if error.is_connect() {
        HttpError::Connect(text)
    } else {
        HttpError::Protocol(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_are_known_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[fe80::1]",
            "[fd00::1]",
            "[::127.0.0.1]",
            "[2002:7f00:1::]",
            "[64:ff9b::7f00:1]",
            "255.255.255.255",
            "224.0.0.1",
        ] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert!(is_literal_inside(url.host_str().unwrap()), "{host}");
        }
        for host in ["8.8.8.8", "[2606:4700:4700::1111]", "example.cn"] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert!(!is_literal_inside(url.host_str().unwrap()), "{host}");
        }
    }
}
