//! Where channels hear the world: `/channels/{id}/…`, and `/deliveries/{id}/…` for what providers report of messages
//! that went out. Both without a token; each plugin checks its own signatures.
//!
//! ```text
//! body within limits ─► Channels::receive, report ─► events and reports durable ─► only then the plugin's answer
//!                              └─ rejected ─► kept for people to look at, if the channel says so
//! ```
//! Nothing of a request is believed here. When the store does not take the events the sender is told to come
//! back: 503, so that no platform thinks its message has arrived.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use sha2::{Digest, Sha256};
use yiwang_runtime::Intake;
use yiwang_runtime::ports::{ChannelRequest, ChannelResponse, Received, Rejected, RejectionRow};

use crate::auth::hex;
use crate::call::{Answer, Call};
use crate::limits::EXCERPT_CHARS_MAX;
use crate::policy::Policy;
use crate::problem::{Code, Problem, chain};
use crate::routes::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    for method in [Method::GET, Method::POST, Method::OPTIONS] {
        routes.add(Policy::Anonymous, method.clone(), "/channels/{id}", receive);
        routes.add(Policy::Anonymous, method.clone(), "/channels/{id}/{*path}", receive);
        routes.add(Policy::Anonymous, method.clone(), "/deliveries/{id}", report);
        routes.add(Policy::Anonymous, method, "/deliveries/{id}/{*path}", report);
    }
}

async fn receive(call: Call) -> Answer {
    take(call, Door::Webhook).await
}

async fn report(call: Call) -> Answer {
    take(call, Door::Report).await
}

/// Which function of the plugin hears a request.
#[derive(Clone, Copy)]
enum Door {
    Webhook,
    Report,
}

async fn take(mut call: Call, door: Door) -> Answer {
    let id = call.param("id").to_owned();
    if !call.app.channels.list().iter().any(|channel| channel.id == id) {
        return Err(Problem::not_found("channel", &id));
    }
    let max = call.app.config.channel_body_bytes_max;
    let body = call.bytes(max).await?;
    let request = request(&call, body.clone())?;
    let received = match door {
        Door::Webhook => call.app.channels.receive(&id, request).await,
        Door::Report => call.app.channels.report(&id, request).await,
    };
    match received {
        Ok(Received { response: answer, events, reports }) => {
            if !events.is_empty() || !reports.is_empty() {
                call.app.handle.take_in(Intake { events, reports, cursor: None }).await?;
            }
            response(answer)
        }
        Err(rejected) => {
            tracing::info!(
                channel = id,
                code = rejected.code,
                status = rejected.response.status,
                "request rejected"
            );
            if rejected.keep {
                keep(&call, &id, &rejected, &body).await;
            }
            response(rejected.response)
        }
    }
}

fn request(call: &Call, body: Bytes) -> Result<ChannelRequest, Problem> {
    let mut headers = Vec::with_capacity(call.headers.len());
    for (name, value) in &call.headers {
        let value = std::str::from_utf8(value.as_bytes())
            .map_err(|_| Problem::new(Code::Header, format!("`{name}` is not UTF-8")))?;
        headers.push((name.as_str().to_owned(), value.to_owned()));
    }
    Ok(ChannelRequest {
        method: call.method.as_str().to_owned(),
        path: format!("/{}", call.param("path")),
        query: call.uri.query().unwrap_or_default().to_owned(),
        headers,
        client: call.client.clone(),
        body,
        now: call.now,
    })
}

fn response(from: ChannelResponse) -> Answer {
    let mut response = Response::new(Body::from(from.body));
    *response.status_mut() = StatusCode::from_u16(from.status).map_err(Problem::internal)?;
    for (name, value) in from.headers {
        let name = HeaderName::try_from(name).map_err(Problem::internal)?;
        response.headers_mut().append(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
    }
    Ok(response)
}

/// Keeps a row for people to look at. The sender gets the plugin's answer even if that fails.
async fn keep(call: &Call, channel: &str, rejected: &Rejected, body: &[u8]) {
    let row = RejectionRow {
        id: 0,
        channel: channel.to_owned(),
        at: call.now,
        code: rejected.code.clone(),
        reason: rejected.reason.clone(),
        status: rejected.response.status,
        client: call.client.clone(),
        digest: hex(&Sha256::digest(body)),
        excerpt: excerpt(body),
    };
    if let Err(error) = call.app.handle.reject(row).await {
        tracing::error!(channel, "a rejection could not be kept: {}", chain(&error));
    }
}

/// The first characters of a body, bytes that are no text replaced, control characters shown as blanks.
fn excerpt(body: &[u8]) -> String {
    // A character has at most four bytes; the rest of a large body need not be looked at.
    let head = &body[..body.len().min(EXCERPT_CHARS_MAX * 4)];
    let text = String::from_utf8_lossy(head);
    text.chars().take(EXCERPT_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_cut_at_characters() {
        assert_eq!(excerpt("投诉\n路灯".as_bytes()), "投诉 路灯");
        let long = "投".repeat(1_000);
        assert_eq!(excerpt(long.as_bytes()), "投".repeat(EXCERPT_CHARS_MAX));
        assert_eq!(excerpt(b"\xff\x00a"), "\u{fffd} a");
    }
}
