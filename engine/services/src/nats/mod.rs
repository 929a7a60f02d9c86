//! A connection to a NATS server: core publish and subscribe, through the egress policy.
//!
//! ```text
//! INFO ─► TLS, if the server or the address wants it ─► CONNECT ─► PUB, SUB ─► PING … PONG: it is done
//! ```
//! It knows no AsyncAPI. It does not reconnect: what is lost is the call's fault.

mod frame;

use std::collections::VecDeque;

use base64::Engine as _;
use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

pub(crate) use frame::Incoming;

use crate::auth::Authorization;
use crate::egress::Egress;
use crate::fault;
use crate::wire::{self, Wire};
use frame::Frame;

/// Where servers listen when the address has no port.
const USUAL_PORT: u16 = 4222;

/// A connection on which the server has let us in.
pub(crate) struct Connection {
    stream: Box<dyn Wire>,
    buffer: BytesMut,
    payload_max: usize,
    headers: bool,
    early: VecDeque<Incoming>,
}

impl Connection {
    /// Connects to `nats://host:port`, or `tls://…`.
    pub(crate) async fn open(
        egress: &Egress,
        server: &str,
        shown: Option<Authorization>,
    ) -> Result<Self, Fault> {
        let url = Url::parse(server).map_err(|error| {
            fault::configuration(format!("`{server}` is no address of a server: {error}"))
        })?;
        let host = url.host_str().ok_or_else(|| fault::configuration(format!("`{server}` has no host")))?;
        let stream = wire::plain(egress, host, url.port().unwrap_or(USUAL_PORT)).await?;
        let bytes_max = egress.limits().answer_bytes;
        let mut connection = Self {
            stream: Box::new(stream),
            buffer: BytesMut::new(),
            payload_max: bytes_max,
            headers: false,
            early: VecDeque::new(),
        };
        let opening = async {
            let info = connection.info().await?;
            let tls = matches!(url.scheme(), "tls" | "natss") || info["tls_required"] == true;
            if tls {
                // Nothing that came before TLS may count as said within it.
                if !connection.buffer.is_empty() {
                    return Err(fault::communication(500, "TLS Failure", "the server did not wait for TLS"));
                }
                connection.stream = wire::secured(egress, connection.stream, host, None).await?;
            }
            let max = info["max_payload"].as_u64().and_then(|max| usize::try_from(max).ok());
            connection.payload_max = bytes_max.min(max.unwrap_or(bytes_max));
            connection.headers = info["headers"] == true;
            connection.say(format!("CONNECT {}\r\n", hello(tls, shown)?).as_bytes()).await?;
            connection.done().await?;
            Ok(connection)
        };
        let time = egress.limits().connect_time;
        tokio::time::timeout(time, opening).await.unwrap_or_else(|_| {
            let detail = format!("the NATS server gave no answer within {} ms", time.as_millis());
            Err(fault::communication(504, "Too Late", detail))
        })
    }

    async fn info(&mut self) -> Result<Value, Fault> {
        match self.frame().await? {
            Frame::Info(info) => Ok(info),
            Frame::Message(_) | Frame::Ping | Frame::Pong | Frame::Ok | Frame::Error(_) => {
                Err(fault::communication(500, "No Answer", "what listens there is no NATS server"))
            }
        }
    }

    /// Publishes a message; it is with the server when this returns.
    pub(crate) async fn publish(
        &mut self,
        subject: &str,
        headers: &[(String, String)],
        payload: &[u8],
    ) -> Result<(), Fault> {
        if !frame::is_subject(subject, false) {
            return Err(fault::configuration(format!("`{subject}` is no NATS subject")));
        }
        if let Some((name, _)) = headers.iter().find(|(name, value)| !frame::is_header(name, value)) {
            return Err(fault::configuration(format!(
                "`{}` cannot be a header of NATS",
                name.escape_debug()
            )));
        }
        if !headers.is_empty() && !self.headers {
            return Err(fault::configuration("the NATS server takes no headers"));
        }
        let frame = frame::publish(subject, headers, payload);
        if frame.len() > self.payload_max {
            let detail = format!("the message has more than the {} bytes that may be sent", self.payload_max);
            return Err(fault::configuration(detail));
        }
        self.say(&frame).await?;
        self.done().await
    }

    /// Subscribes; messages published from now on will come.
    pub(crate) async fn subscribe(&mut self, subject: &str, queue: Option<&str>) -> Result<(), Fault> {
        let queue = queue.unwrap_or_default();
        if !frame::is_subject(subject, true) || !(queue.is_empty() || frame::is_subject(queue, false)) {
            return Err(fault::configuration(format!("`{subject} {queue}` is no NATS subject with a queue")));
        }
        self.say(format!("SUB {subject} {queue} 1\r\n").as_bytes()).await?;
        self.say(b"PING\r\n").await?;
        loop {
            match self.frame().await? {
                Frame::Pong => return Ok(()),
                // It may be quicker than the answer.
                Frame::Message(message) => self.early.push_back(message),
                other => self.settle(other).await?,
            }
        }
    }

    /// The next message of the subscription.
    pub(crate) async fn next(&mut self) -> Result<Incoming, Fault> {
        if let Some(message) = self.early.pop_front() {
            return Ok(message);
        }
        loop {
            match self.frame().await? {
                Frame::Message(message) => return Ok(message),
                other => self.settle(other).await?,
            }
        }
    }

    /// Waits until the server has done all that was asked.
    async fn done(&mut self) -> Result<(), Fault> {
        self.say(b"PING\r\n").await?;
        loop {
            match self.frame().await? {
                Frame::Pong => return Ok(()),
                other => self.settle(other).await?,
            }
        }
    }

    async fn settle(&mut self, frame: Frame) -> Result<(), Fault> {
        match frame {
            Frame::Ping => self.say(b"PONG\r\n").await,
            Frame::Error(text) => Err(refused(&text)),
            Frame::Info(_) | Frame::Message(_) | Frame::Pong | Frame::Ok => Ok(()),
        }
    }

    async fn frame(&mut self) -> Result<Frame, Fault> {
        loop {
            if let Some(frame) = frame::next(&mut self.buffer, self.payload_max)? {
                return Ok(frame);
            }
            let read =
                self.stream.read_buf(&mut self.buffer).await.map_err(|error| lost(&error.to_string()))?;
            if read == 0 {
                return Err(lost("the server has closed it"));
            }
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let said = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        said.await.map_err(|error| lost(&error.to_string()))
    }
}

/// `CONNECT`: who we are.
fn hello(tls: bool, shown: Option<Authorization>) -> Result<Value, Fault> {
    let mut hello = json!({
        "verbose": false, "pedantic": false, "tls_required": tls, "lang": "rust", "name": "yiwang",
        "version": env!("CARGO_PKG_VERSION"), "protocol": 1, "headers": true, "no_responders": false,
    });
    match shown {
        None => {}
        Some(shown) if shown.scheme == "Basic" => {
            let pair = base64::prelude::BASE64_STANDARD.decode(&shown.parameter).ok();
            let pair = pair.and_then(|pair| String::from_utf8(pair).ok()).unwrap_or_default();
            let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
            hello["user"] = user.into();
            hello["pass"] = password.into();
        }
        Some(shown) if shown.scheme == "Bearer" => hello["auth_token"] = shown.parameter.into(),
        Some(shown) => {
            let detail =
                format!("NATS knows no authentication `{}`; `basic` and `bearer` can be used", shown.scheme);
            return Err(fault::configuration(detail));
        }
    }
    Ok(hello)
}

fn refused(text: &str) -> Fault {
    let lower = text.to_ascii_lowercase();
    let detail = format!("the NATS server said: {text}");
    if lower.contains("authorization violation") || lower.contains("authentication") {
        return fault::authentication(detail);
    }
    if lower.contains("permissions violation") {
        return Fault::new(Kind::Authorization, "", detail);
    }
    fault::communication(500, "Refused", detail)
}

fn lost(reason: &str) -> Fault {
    fault::communication(503, "No Connection", format!("the connection to the NATS server is lost: {reason}"))
}
