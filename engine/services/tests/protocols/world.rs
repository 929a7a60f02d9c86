//! A performer that may reach the loopback, calls as the engine makes them, and a small HTTP server.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use yiwang_core::effect::{Request, Service};
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId, Timestamp};
use yiwang_dsl::Data;
use yiwang_dsl::definition::DefinitionId;
use yiwang_dsl::expression::Deferred;
use yiwang_runtime::ports::{ServiceCall, Services as _};
use yiwang_services::{Config, Performer, Processes};

/// May reach the loopback; runs what `processes` allow.
pub(crate) fn performer(processes: Processes) -> Performer {
    let mut config = Config { processes, ..Config::default() };
    config.egress.allow = vec!["127.0.0.0/8".parse().unwrap()];
    Performer::new(config).unwrap()
}

/// The output of a call, or `type status detail`.
pub(crate) async fn call(performer: &Performer, service: Service, with: Value) -> Result<Value, String> {
    call_with(performer, service, with, &[]).await
}

/// The same with expressions that are evaluated during the call.
pub(crate) async fn call_with(
    performer: &Performer,
    service: Service,
    with: Value,
    deferred: &[(&str, &str)],
) -> Result<Value, String> {
    let deferred = deferred.iter().map(|(pointer, text)| Deferred {
        pointer: (*pointer).to_owned(),
        text: (*text).to_owned(),
        input: Data::null(),
        variables: Vec::new(),
    });
    let request = Request {
        service,
        with: Data::from(with),
        deferred: deferred.collect(),
        workflow: DefinitionId {
            namespace: "shop".to_owned(),
            name: "order".to_owned(),
            version: "1.0.0".to_owned(),
        },
        task: "/do/0/ask".to_owned(),
        secrets: Vec::new(),
    };
    let effect = EffectId { instance: InstanceId(7), n: 1 };
    match performer.call(ServiceCall { effect, attempt: 1, request, now: Timestamp(0) }).await {
        EffectOutcome::Done { output, .. } => Ok(output.to_json()),
        EffectOutcome::Faulted { error } => {
            let kind = error.r#type.rsplit('/').next().unwrap_or_default().to_owned();
            Err(format!("{kind} {} {}", error.status, error.detail.unwrap_or_default()))
        }
        other => Err(format!("{other:?}")),
    }
}

/// What a server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `POST /path?query`.
    pub(crate) line: String,
    /// All headers.
    pub(crate) headers: HeaderMap,
    /// The body as JSON, or null.
    pub(crate) body: Value,
}

/// What it answers.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    /// A value as JSON.
    pub(crate) fn json(value: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status: 200, headers, body: value.to_string() }
    }

    /// A stream of events, one for each value.
    pub(crate) fn events(values: &[Value]) -> Self {
        let headers = vec![("content-type", "text/event-stream".to_owned())];
        let body = values.iter().map(|value| format!("data: {value}\n\n")).collect();
        Self { status: 200, headers, body }
    }

    /// A status and a text.
    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned() }
    }

    /// With a header.
    pub(crate) fn and(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A server on the loopback that remembers what it was asked. It ends with this value.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    listening: JoinHandle<()>,
}

impl Server {
    /// Starts it.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&asked));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                let service = service_fn(move |request: http::Request<Incoming>| {
                    let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
                        let body = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
                        let line = format!("{} {}", head.method, head.uri);
                        let asked = Asked { line, headers: head.headers, body };
                        seen.lock().unwrap().push(asked.clone());
                        let answer = answer(&asked);
                        let mut response = Response::new(Full::new(Bytes::from(answer.body)));
                        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
                        for (name, value) in answer.headers {
                            response.headers_mut().insert(name, value.parse().unwrap());
                        }
                        Ok::<_, Infallible>(response)
                    }
                });
                let serving = hyper::server::conn::http1::Builder::new();
                tokio::spawn(serving.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, asked, listening }
    }

    /// An address below it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
