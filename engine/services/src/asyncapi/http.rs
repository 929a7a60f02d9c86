//! Channels over HTTP: a message is sent as a request; messages come as server-sent events, or as the answers
//! to one question after another (long polling).

use std::collections::VecDeque;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Map, Value, json};
use url::Url;
use yiwang_dsl::Fault;

use super::consume::{Consumer, Message};
use super::target::{self, Target};
use crate::auth::{self, Credentials};
use crate::call::Call;
use crate::egress::{Failure, Redirects, Request, Response};
use crate::performer::Inner;
use crate::{endpoint, fault, http as http_call, limits, sse};

const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// Sends one message, by POST or as the binding says.
pub(super) async fn publish(
    inner: &Inner,
    call: &mut Call,
    credentials: &Credentials,
    target: &Target,
    address: &str,
    message: &Value,
) -> Result<(), Fault> {
    let mut headers = endpoint::headers(&message["headers"], "message.headers")?;
    let payload = &message["payload"];
    let usual = if payload.is_string() { "text/plain; charset=utf-8" } else { "application/json" };
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(usual));
    let key = HeaderValue::from_str(&call.effect.to_string());
    let key = key.map_err(|_| fault::configuration("the effect's id cannot be a header"))?;
    headers.entry(HeaderName::from_static("idempotency-key")).or_insert(key);
    let request = Request {
        method: method(target, Method::POST)?,
        url: url(&target.server, address)?,
        headers,
        body: super::written(payload).into(),
        redirects: Redirects::Follow,
        time: None,
    };
    let response = auth::send(inner, call, credentials, request).await?;
    if response.status.is_success() { Ok(()) } else { Err(refused(&response)) }
}

/// Takes messages until the consumer has enough.
pub(super) async fn receive(
    inner: &Inner,
    call: &mut Call,
    credentials: &Credentials,
    target: &Target,
    consumer: &mut Consumer,
) -> Result<(), Fault> {
    let url = url(&target.server, &target.address_for_all(None)?)?;
    let method = method(target, Method::GET)?;
    let mut last_event = None;
    loop {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("text/event-stream, application/json;q=0.9, */*;q=0.5"),
        );
        if let Some(id) = last_event.clone() {
            headers.insert(LAST_EVENT, id);
        }
        let request = Request {
            method: method.clone(),
            url: url.clone(),
            headers,
            body: bytes::Bytes::new(),
            redirects: Redirects::Follow,
            time: None,
        };
        let response = match auth::send(inner, call, credentials, request).await {
            Ok(response) if response.status.is_success() => response,
            Ok(response) => return Err(refused(&response)),
            // The server had nothing to say for as long as one request may take.
            Err(fault) if fault.status == 504 => continue,
            Err(fault) => return Err(fault),
        };
        let mut answer = Answer::new(response, inner.egress.limits().answer_bytes);
        let mut came = false;
        while let Some((payload, headers)) = answer.next(&mut last_event).await? {
            came = true;
            let whole = json!({ "payload": payload, "headers": headers });
            let located = target.correlation.as_deref().and_then(|place| target::locate(place, &whole));
            let message = Message { payload, headers, correlation_id: located };
            if !consumer.take(message)? {
                return Ok(());
            }
        }
        if !came {
            tokio::time::sleep(limits::POLL_PAUSE).await;
        }
    }
}

/// One answer: a stream of events, or one message; an array is one message too.
struct Answer {
    response: Option<Response>,
    headers: Map<String, Value>,
    events: Option<sse::Reader>,
    ready: VecDeque<sse::SentEvent>,
}

impl Answer {
    fn new(response: Response, bytes_max: usize) -> Self {
        let value =
            |value: &HeaderValue| Value::String(String::from_utf8_lossy(value.as_bytes()).into_owned());
        let headers = response.headers.iter().map(|(name, text)| (name.as_str().to_owned(), value(text)));
        let headers: Map<String, Value> = headers.collect();
        let content = headers.get("content-type").and_then(Value::as_str).unwrap_or_default();
        let events = content.starts_with("text/event-stream").then(|| sse::Reader::new(bytes_max));
        Self { response: Some(response), headers, events, ready: VecDeque::new() }
    }

    async fn next(
        &mut self,
        last_event: &mut Option<HeaderValue>,
    ) -> Result<Option<(Value, Map<String, Value>)>, Fault> {
        let Some(events) = &mut self.events else {
            let Some(response) = self.response.take() else { return Ok(None) };
            let body = response.bytes().await.map_err(|failure| fault::of(&failure))?;
            return Ok((!body.is_empty()).then(|| (super::read(&body), std::mem::take(&mut self.headers))));
        };
        loop {
            if let Some(event) = self.ready.pop_front() {
                if let Some(id) = Some(&event.id).filter(|id| !id.is_empty()) {
                    *last_event = HeaderValue::from_str(id).ok();
                }
                let mut headers = Map::new();
                headers.insert("event".to_owned(), Value::String(event.event));
                if !event.id.is_empty() {
                    headers.insert("id".to_owned(), Value::String(event.id));
                }
                return Ok(Some((super::read(event.data.as_bytes()), headers)));
            }
            let Some(response) = &mut self.response else { return Ok(None) };
            match response.chunk().await {
                Ok(Some(chunk)) => self.ready.extend(events.push(&chunk)?),
                // The time of one request is over, not that of the subscription: it is asked again.
                Ok(None) | Err(Failure::Time { .. }) => return Ok(None),
                Err(failure) => return Err(fault::of(&failure)),
            }
        }
    }
}

fn url(server: &str, address: &str) -> Result<Url, Fault> {
    http_call::address(&format!("{}/{}", server.trim_end_matches('/'), address.trim_start_matches('/')))
}

fn method(target: &Target, usual: Method) -> Result<Method, Fault> {
    match target.bindings["http"]["method"].as_str() {
        None => Ok(usual),
        Some(text) => Method::from_bytes(text.to_ascii_uppercase().as_bytes())
            .map_err(|_| fault::configuration(format!("`{text}` is no HTTP method"))),
    }
}

fn refused(response: &Response) -> Fault {
    let status = response.status;
    let reason = status.canonical_reason().unwrap_or("Unknown Status");
    let detail = format!("the channel `{}` answered {} {reason}", response.url.path(), status.as_u16());
    fault::communication(status.as_u16(), reason, detail)
}
