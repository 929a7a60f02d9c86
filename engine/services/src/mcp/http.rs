//! The streamable HTTP transport: each message is posted, and answered by JSON or by a stream of events.

use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;
use yiwang_dsl::Fault;

use crate::auth;
use crate::call::Call;
use crate::egress::{Redirects, Request};
use crate::performer::Inner;
use crate::rpc::http::{Messages, Server, post};
use crate::rpc::{self, Incoming};
use crate::{endpoint, fault};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// A conversation with one server.
pub(super) struct Session {
    server: Server,
}

impl Session {
    /// As `transport.http` says.
    pub(super) fn new(inner: &Inner, call: &mut Call, given: &Value) -> Result<Self, Fault> {
        let (url, credentials) = endpoint::read(inner, call, &given["endpoint"], "transport.http.endpoint")?;
        let headers = endpoint::headers(&given["headers"], "transport.http.headers")?;
        Ok(Self { server: Server { url, credentials, headers } })
    }

    /// Both sides have agreed on a version: it is said with each message from now on.
    pub(super) fn agreed(&mut self, version: &str) -> Result<(), Fault> {
        let value = HeaderValue::from_str(version);
        let value = value.map_err(|_| fault::configuration("the version of the protocol is no header"))?;
        self.server.headers.insert(VERSION, value);
        Ok(())
    }

    /// Posts a request and waits for its answer; what the server asks in between is answered.
    pub(super) async fn ask(
        &mut self,
        inner: &Inner,
        call: &mut Call,
        id: u64,
        message: &Value,
    ) -> Result<Value, Fault> {
        let response = post(inner, call, &self.server, message).await?;
        if let Some(session) = response.headers.get(SESSION) {
            self.server.headers.insert(SESSION, session.clone());
        }
        let mut messages = Messages::new(response, inner.egress.limits().answer_bytes);
        while let Some(message) = messages.next().await? {
            match rpc::read(&message, id)? {
                Incoming::Answer(answer) => return answer,
                Incoming::Asks { id, ping } => self.tell(inner, call, &rpc::reply(&id, ping)).await?,
                Incoming::Other => {}
            }
        }
        let method = message["method"].as_str().unwrap_or_default();
        Err(fault::communication(500, "No Answer", format!("the server gave no answer to `{method}`")))
    }

    /// Posts a message that gets no answer.
    pub(super) async fn tell(&self, inner: &Inner, call: &mut Call, message: &Value) -> Result<(), Fault> {
        post(inner, call, &self.server, message).await.map(drop)
    }

    /// Says that nothing more will come. A server need not care.
    pub(super) async fn end(self, inner: &Inner, call: &mut Call) {
        if !self.server.headers.contains_key(SESSION) {
            return;
        }
        let request = Request {
            method: Method::DELETE,
            url: self.server.url.clone(),
            headers: self.server.headers.clone(),
            body: bytes::Bytes::new(),
            redirects: Redirects::Keep,
            time: None,
        };
        drop(auth::send(inner, call, &self.server.credentials, request).await);
    }
}
