//! `call: mcp`: a method of a Model Context Protocol server (DSL reference, "MCP Call").
//!
//! ```text
//! initialize ─► notifications/initialized ─► the method ─► the end of the session
//! ```
//! Each call is a session of its own: between two calls of a workflow there may be days. Over HTTP (streamable)
//! or, where the operator allows it, over the standard streams of a child process.

mod http;
mod stdio;

use std::time::Duration;

use serde_json::{Value, json};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::call::Call;
use crate::performer::Inner;
use crate::{duration, fault, rpc};

/// The version that the language takes when none is written.
const USUAL_VERSION: &str = "2025-06-18";
/// Versions that are spoken alike, as far as a client's requests go.
const VERSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", USUAL_VERSION, "2025-11-25"];
/// Ids of the two requests of a call.
const INITIALIZE: u64 = 1;
const METHOD: u64 = 2;

/// Performs a `call: mcp`.
pub(crate) async fn perform(inner: &Inner, call: &mut Call) -> Result<Data, Fault> {
    let with = call.with.to_json();
    let limit = inner.egress.limits().total_time;
    let wanted = duration::optional(&with["timeout"], "timeout")?;
    let time = wanted.unwrap_or(limit).min(limit);
    let asked = Asked::read(call, &with)?;
    let performing = async {
        let (http, stdio) = (&with["transport"]["http"], &with["transport"]["stdio"]);
        if !http.is_null() {
            let transport = http::Session::new(inner, call, http)?;
            return converse(Transport::Http(Box::new(transport)), inner, call, asked).await;
        }
        if !stdio.is_null() {
            let transport =
                stdio::Session::start(&inner.processes.mcp, stdio, inner.egress.limits().answer_bytes)?;
            return converse(Transport::Stdio(Box::new(transport)), inner, call, asked).await;
        }
        Err(fault::configuration("`transport` must be `http` or `stdio`"))
    };
    tokio::time::timeout(time, performing).await.unwrap_or_else(|_| Err(late(time)))
}

fn late(time: Duration) -> Fault {
    let detail = format!("the server gave no answer within {} ms", time.as_millis());
    Fault::new(Kind::Timeout, "", detail)
}

/// What is asked, whatever the way.
struct Asked {
    version: String,
    client: Value,
    method: String,
    parameters: Value,
}

impl Asked {
    fn read(call: &Call, with: &Value) -> Result<Self, Fault> {
        let version = match &with["protocolVersion"] {
            Value::Null => USUAL_VERSION.to_owned(),
            Value::String(version) => version.clone(),
            _ => return Err(fault::configuration("`protocolVersion` must be a text")),
        };
        let client = match &with["client"] {
            Value::Null => json!({ "name": "yiwang", "version": env!("CARGO_PKG_VERSION") }),
            client => json!({ "name": client["name"], "version": client["version"] }),
        };
        let parameters = match &with["parameters"] {
            Value::Null => Value::Null,
            Value::Object(members) => Value::Object(members.clone()),
            _ => return Err(fault::configuration("`parameters` must be an object")),
        };
        Ok(Self { version, client, method: call.text("method")?, parameters })
    }
}

/// The two ways.
enum Transport {
    Http(Box<http::Session>),
    Stdio(Box<stdio::Session>),
}

impl Transport {
    async fn ask(&mut self, inner: &Inner, call: &mut Call, id: u64, message: Value) -> Result<Value, Fault> {
        match self {
            Self::Http(session) => session.ask(inner, call, id, &message).await,
            Self::Stdio(session) => session.ask(id, &message).await,
        }
    }

    async fn tell(&mut self, inner: &Inner, call: &mut Call, message: Value) -> Result<(), Fault> {
        match self {
            Self::Http(session) => session.tell(inner, call, &message).await,
            Self::Stdio(session) => session.tell(&message).await,
        }
    }

    async fn end(self, inner: &Inner, call: &mut Call) {
        match self {
            Self::Http(session) => session.end(inner, call).await,
            Self::Stdio(session) => drop(session),
        }
    }
}

async fn converse(
    mut transport: Transport,
    inner: &Inner,
    call: &mut Call,
    asked: Asked,
) -> Result<Data, Fault> {
    let hello = json!({
        "protocolVersion": asked.version,
        "capabilities": {},
        "clientInfo": asked.client,
    });
    let answer =
        transport.ask(inner, call, INITIALIZE, rpc::request(INITIALIZE, "initialize", hello)).await?;
    let version = answer["protocolVersion"].as_str().unwrap_or_default();
    if version != asked.version && !VERSIONS.contains(&version) {
        let detail = format!("the server speaks version `{version}` of the protocol only");
        return Err(Fault::new(Kind::Runtime, "", detail));
    }
    if let Transport::Http(session) = &mut transport {
        session.agreed(version)?;
    }
    let ready = rpc::notification("notifications/initialized", Value::Null);
    transport.tell(inner, call, ready).await?;
    let request = rpc::request(METHOD, &asked.method, asked.parameters);
    let result = transport.ask(inner, call, METHOD, request).await;
    transport.end(inner, call).await;
    result.map(Data::from)
}
