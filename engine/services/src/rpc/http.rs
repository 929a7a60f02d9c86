//! JSON-RPC over HTTP: a message is posted, what comes back is one message as JSON or many as events.

use std::collections::VecDeque;

use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;
use url::Url;
use yiwang_dsl::Fault;

use super::Incoming;
use crate::auth::{self, Credentials};
use crate::call::Call;
use crate::egress::{Redirects, Request, Response};
use crate::performer::Inner;
use crate::{fault, sse};

/// Where messages go.
pub(crate) struct Server {
    /// The address.
    pub(crate) url: Url,
    /// Who asks.
    pub(crate) credentials: Credentials,
    /// Sent with each message.
    pub(crate) headers: HeaderMap,
}

/// Posts a message. The answer has a good status, or there is a fault.
pub(crate) async fn post(
    inner: &Inner,
    call: &mut Call,
    server: &Server,
    message: &Value,
) -> Result<Response, Fault> {
    let mut headers = server.headers.clone();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    let request = Request {
        method: Method::POST,
        url: server.url.clone(),
        headers,
        body: message.to_string().into(),
        redirects: Redirects::Keep,
        time: None,
    };
    let response = auth::send(inner, call, &server.credentials, request).await?;
    if response.status.is_success() {
        return Ok(response);
    }
    Err(refused(message, response).await)
}

/// An error of the protocol may come with a status of its own; what counts then is the error.
async fn refused(message: &Value, response: Response) -> Fault {
    let status = response.status;
    let body = response.bytes().await.unwrap_or_default();
    let told = serde_json::from_slice(&body).ok().filter(|told: &Value| told["error"].is_object());
    if let Some(told) = told
        && let Ok(Incoming::Answer(Err(fault))) =
            super::read(&told, message["id"].as_u64().unwrap_or_default())
    {
        return fault;
    }
    let reason = status.canonical_reason().unwrap_or("Unknown Status");
    let method = message["method"].as_str().unwrap_or("an answer");
    let detail = format!("`{method}` was answered by {} {reason}", status.as_u16());
    fault::communication(status.as_u16(), reason, detail)
}

/// The messages of an answer, one after the other.
pub(crate) struct Messages {
    response: Response,
    events: Option<sse::Reader>,
    ready: VecDeque<String>,
    ended: bool,
}

impl Messages {
    /// Reads an answer as its content type says; `bytes_max` bounds one message.
    pub(crate) fn new(response: Response, bytes_max: usize) -> Self {
        let content = response.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let events = content.is_some_and(|value| value.to_ascii_lowercase().starts_with("text/event-stream"));
        let events = events.then(|| sse::Reader::new(bytes_max));
        Self { response, events, ready: VecDeque::new(), ended: false }
    }

    /// The next one; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, Fault> {
        loop {
            if let Some(text) = self.ready.pop_front() {
                let read = serde_json::from_str(&text).map_err(|error| {
                    fault::communication(500, "Unreadable Content", format!("a message is no JSON: {error}"))
                });
                return read.map(Some);
            }
            if self.ended {
                return Ok(None);
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), Fault> {
        let mut whole = Vec::new();
        loop {
            let Some(chunk) = self.response.chunk().await.map_err(|failure| fault::of(&failure))? else {
                self.ended = true;
                if !whole.is_empty() {
                    self.ready.push_back(String::from_utf8_lossy(&whole).into_owned());
                }
                return Ok(());
            };
            match &mut self.events {
                None => whole.extend_from_slice(&chunk),
                Some(events) => {
                    let found = events.push(&chunk)?.into_iter();
                    self.ready.extend(found.map(|event| event.data).filter(|data| !data.is_empty()));
                    return Ok(());
                }
            }
        }
    }
}
