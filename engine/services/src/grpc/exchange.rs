//! One gRPC call over one HTTP/2 connection of its own. It knows bytes, not what they mean.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, TE, USER_AGENT};
use http::{HeaderMap, Method, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinHandle;
use yiwang_dsl::Fault;

use super::{frame, status};
use crate::egress::{Egress, Failure};
use crate::wire::{self, Wire};
use crate::{fault, limits};

/// What to ask.
pub(super) struct Asked {
    pub(super) host: String,
    pub(super) port: u16,
    /// `/package.Service/Method`.
    pub(super) path: String,
    pub(super) metadata: HeaderMap,
    /// In their wire format.
    pub(super) messages: Vec<Vec<u8>>,
    pub(super) time: Duration,
}

/// Sends all messages and gives all that come back.
pub(super) async fn perform(egress: &Egress, asked: Asked) -> Result<Vec<Bytes>, Fault> {
    let time = asked.time;
    let late = |_| fault::of(&Failure::Time { millis: time.as_millis() });
    tokio::time::timeout(time, exchange(egress, asked)).await.map_err(late)?
}

async fn exchange(egress: &Egress, asked: Asked) -> Result<Vec<Bytes>, Fault> {
    let tls = egress.is_secured(&asked.host, asked.port);
    let request = request(&asked, tls)?;
    let stream = wire::plain(egress, &asked.host, asked.port).await?;
    let stream: Box<dyn Wire> = match tls {
        true => wire::secured(egress, stream, &asked.host, Some(b"h2")).await?,
        false => Box::new(stream),
    };
    let mut settings = http2::Builder::new(TokioExecutor::new());
    settings.max_header_list_size(u32::try_from(limits::HEAD_BYTES_MAX).unwrap_or(u32::MAX));
    let (mut sender, connection) = settings.handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let _driving = Driving(tokio::spawn(async move {
        // What ends the connection is told by the request that it carries.
        drop(connection.await);
    }));
    let response = sender.send_request(request).await.map_err(broken)?;
    let (head, body) = response.into_parts();
    if let Some(ended) = status::of(&head.headers) {
        return ended.map(|()| Vec::new());
    }
    if !head.status.is_success() {
        let code = head.status.as_u16();
        let reason = head.status.canonical_reason().unwrap_or("Unknown Status");
        return Err(fault::communication(code, reason, format!("the server answered {code} {reason}")));
    }
    let content = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content.starts_with("application/grpc") {
        let detail = "what answers there does not speak gRPC";
        return Err(fault::communication(500, "No Answer", detail));
    }
    read(body, egress.limits().answer_bytes).await
}

fn request(asked: &Asked, tls: bool) -> Result<http::Request<Full<Bytes>>, Fault> {
    let mut body = BytesMut::new();
    for message in &asked.messages {
        body.extend_from_slice(&frame::write(message)?);
    }
    let scheme = if tls { "https" } else { "http" };
    let request = http::Request::builder()
        .method(Method::POST)
        .version(Version::HTTP_2)
        .uri(format!("{scheme}://{}:{}{}", asked.host, asked.port, asked.path))
        .header(TE, HeaderValue::from_static("trailers"))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/grpc"))
        .header(USER_AGENT, HeaderValue::from_static(concat!("grpc-yiwang/", env!("CARGO_PKG_VERSION"))))
        .header(HeaderName::from_static("grpc-timeout"), super::timeout(asked.time))
        .body(Full::new(body.freeze()));
    let mut request = request
        .map_err(|_| fault::configuration(format!("`{}` is no host of a gRPC service", asked.host)))?;
    request.headers_mut().extend(asked.metadata.clone());
    Ok(request)
}

/// All messages of the answer, if its trailers say that it went well.
async fn read(mut body: Incoming, bytes_max: usize) -> Result<Vec<Bytes>, Fault> {
    let mut reader = frame::Reader::new(bytes_max);
    let mut messages = Vec::new();
    let mut bytes = 0;
    while let Some(piece) = body.frame().await {
        let piece = match piece.map_err(broken)?.into_data() {
            Ok(data) => data,
            Err(other) => {
                let ended = other.trailers_ref().and_then(status::of);
                match ended {
                    Some(Ok(())) if reader.is_within() => break,
                    Some(ended) => return ended.map(|()| messages),
                    None => break,
                }
            }
        };
        bytes += piece.len();
        if bytes > bytes_max {
            return Err(fault::of(&Failure::TooLarge { max: bytes_max }));
        }
        reader.push(&piece);
        while let Some(message) = reader.next()? {
            if messages.len() >= limits::MESSAGES_MAX {
                let detail = format!("the server sent more than {} messages", limits::MESSAGES_MAX);
                return Err(fault::communication(500, "Answer Too Large", detail));
            }
            messages.push(message);
        }
    }
    Err(fault::communication(500, "INTERNAL", "the answer is cut off: it does not say how the call ended"))
}

fn broken(error: hyper::Error) -> Fault {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    fault::communication(503, "UNAVAILABLE", words)
}

/// The task that drives the connection; it ends with the call.
struct Driving(JoinHandle<()>);

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.abort();
    }
}
