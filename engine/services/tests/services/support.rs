//! A small HTTP server that tells what it saw, and a way to call.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use yiwang_core::effect::{Request, Service};
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId, Timestamp};
use yiwang_dsl::definition::{DefinitionId, Protocol};
use yiwang_dsl::expression::Deferred;
use yiwang_dsl::{Data, Fault};
use yiwang_runtime::ports::{ServiceCall, Services as _};
use yiwang_services::{Config, Performer, egress};

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// An answer: status line and headers, then the body.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

pub(crate) fn json_reply(body: &Value) -> String {
    reply(200, &[("content-type", "application/json")], &body.to_string())
}

/// A server that is gone when this is dropped.
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }
}

/// Answers every request with what the function makes of it; an empty answer is never sent.
pub(crate) async fn serve(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Server {
    serve_with(None, answer).await
}

/// The same, with TLS.
pub(crate) async fn serve_with(
    tls: Option<tokio_rustls::TlsAcceptor>,
    answer: impl Fn(&Seen) -> String + Send + Sync + 'static,
) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (answer, kept) = (Arc::new(answer), Arc::clone(&seen));
    let task = tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let (answer, seen, tls) = (Arc::clone(&answer), Arc::clone(&kept), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => talk(stream, &seen, &*answer).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            talk(stream, &seen, &*answer).await;
                        }
                    }
                }
            });
        }
    });
    Server { at, seen, task }
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<Seen>>,
    answer: &(dyn Fn(&Seen) -> String + Send + Sync),
) {
    let mut bytes = Vec::new();
    let (head, mut body) = loop {
        let mut piece = [0; 4096];
        let Ok(length) = stream.read(&mut piece).await else { return };
        if length == 0 {
            return;
        }
        bytes.extend_from_slice(&piece[..length]);
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&bytes[..end]).into_owned(), bytes[end + 4..].to_vec());
        }
    };
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
    while body.len() < length {
        let mut piece = [0; 4096];
        let Ok(read @ 1..) = stream.read(&mut piece).await else { return };
        body.extend_from_slice(&piece[..read]);
    }
    let one = Seen {
        method: first.next().unwrap_or_default(),
        target: first.next().unwrap_or_default(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    seen.lock().unwrap().push(one.clone());
    let text = answer(&one);
    if text.is_empty() {
        std::future::pending::<()>().await;
    }
    drop(stream.write_all(text.as_bytes()).await);
    drop(stream.shutdown().await);
}

/// Performs calls to loopback.
pub(crate) fn performer() -> Performer {
    performer_with(|_| {})
}

pub(crate) fn performer_with(change: impl FnOnce(&mut egress::Config)) -> Performer {
    let mut egress =
        egress::Config { allow: vec!["127.0.0.1".parse().unwrap()], ..egress::Config::default() };
    change(&mut egress);
    let secrets = Arc::new(|name: &str, workflow: &DefinitionId| {
        assert_eq!(workflow.name, "caller");
        match name {
            "key" => Some(json!("s3cr3t-k3y")),
            "login" => Some(json!({ "username": "li", "password": "open sesame" })),
            "bearer" => Some(json!({ "token": "t0k3n-of-mine" })),
            _ => None,
        }
    });
    Performer::new(Config { egress, secrets, ..Config::default() }).unwrap()
}

/// Performs one call with these parts left for the moment of it: (pointer, expression).
pub(crate) async fn call_with(
    performer: &Performer,
    protocol: Protocol,
    with: Value,
    deferred: &[(&str, &str)],
    secrets: &[&str],
) -> Result<Value, Fault> {
    let deferred = deferred.iter().map(|(pointer, text)| Deferred {
        pointer: (*pointer).to_owned(),
        text: (*text).to_owned(),
        input: Data::null(),
        variables: Vec::new(),
    });
    let workflow =
        DefinitionId { namespace: "test".to_owned(), name: "caller".to_owned(), version: "1.0.0".to_owned() };
    let request = Request {
        service: Service::Protocol(protocol),
        with: Data::from(with),
        deferred: deferred.collect(),
        workflow,
        secrets: secrets.iter().map(|name| (*name).to_owned()).collect(),
        task: String::new(),
    };
    let effect = EffectId { instance: InstanceId(1), n: 7 };
    let call = ServiceCall { effect, attempt: 1, request, now: Timestamp(1_790_000_000_000) };
    match performer.call(call).await {
        EffectOutcome::Done { output, .. } => Ok(output.to_json()),
        EffectOutcome::Faulted { error } => Err(error),
        other => panic!("{other:?}"),
    }
}

/// Performs a `call: http`.
pub(crate) async fn call(performer: &Performer, with: Value) -> Result<Value, Fault> {
    call_with(performer, Protocol::Http, with, &[], &["login", "bearer"]).await
}

/// `kind/status title: detail`, without the port of this run.
pub(crate) fn told(fault: &Fault, server: &Server) -> String {
    let kind = fault.r#type.rsplit('/').next().unwrap_or_default();
    let title = fault.title.as_deref().map(|title| format!(" {title}")).unwrap_or_default();
    let detail = fault.detail.as_deref().unwrap_or_default();
    let detail = detail.replace(&server.at.to_string(), "SERVER");
    format!("{kind}/{}{title}: {detail}", fault.status)
}
