//! A server without a socket: real engine, store in memory, one scripted channel `form`.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use yiwang_core::catalog::channel_catalog;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{Event, Timestamp};
use yiwang_runtime::memory::{MemoryFiles, MemoryStore};
use yiwang_runtime::ports::{
    ChannelHealth, ChannelInfo, ChannelRequest, ChannelResponse, Channels, Clock, Delivery, DeliveryReport,
    DeliveryState, HealthStatus, IncomingEvent, NoServices, Outside, Received, Rejected, Tokens,
};
use yiwang_runtime::{Config as EngineConfig, Engine, Handle, SystemClock};
use yiwang_server::{Config, Parts, new_token, router};

pub(crate) const ADMIN: &str = "admin";
pub(crate) const HANDLER: &str = "张三";
pub(crate) const PETITIONER: &str = "王女士";
pub(crate) const PUBLISHER: &str = "other-system";
pub(crate) const SCHEDULER: &str = "李四";

/// One work item for a handler, then its answer.
pub(crate) const COMPLAINT: &str = r#"document: { dsl: '1.0.3', namespace: test, name: ask, version: '1.0.0' }
do:
  - ask:
      call: human-task:1.0.0@default
      with:
        title: '${ "答复:" + $input.q }'
        candidateRoles: [ handler ]
        form:
          schema:
            type: object
            required: [ text ]
            properties: { text: { type: string } }
  - answer:
      set:
        answer: ${ $input.form.text }
"#;

pub(crate) struct App {
    router: Router,
    handle: Handle,
    tokens: BTreeMap<&'static str, String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn is_problem(&self) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["status"], json!(self.status.as_u16()));
        for name in ["type", "title", "detail", "instance", "code"] {
            assert!(body[name].is_string(), "{name} in {body}");
        }
        assert!(!self.header("x-server-time").is_empty());
    }
}

pub(crate) struct Sent {
    request: http::request::Builder,
    body: Vec<u8>,
}

impl Sent {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { request: Request::builder().method(method).uri(path), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string().as_bytes())
    }
}

pub(crate) async fn send(app: &App, sent: Sent) -> Answer {
    let request = sent.request.body(Body::from(sent.body)).unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    Answer { status: head.status, headers: head.headers, body: to_bytes(body, usize::MAX).await.unwrap() }
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::with_limit(100).await
    }

    pub(crate) async fn with_limit(requests_concurrent_max: usize) -> Self {
        let store = Arc::new(MemoryStore::default());
        let channels: Arc<dyn Channels> = Arc::new(Form::default());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let outside = Outside { channels: channels.clone(), services: Arc::new(NoServices) };
        let handle = Engine::start(EngineConfig::default(), store.clone(), outside, clock.clone());
        let handle = handle.await.unwrap();
        let mut tokens = BTreeMap::new();
        for (person, role, expires) in [
            (ADMIN, "platform_admin", None),
            (HANDLER, "handler", None),
            (PETITIONER, "petitioner", None),
            (PUBLISHER, "event_publisher", None),
            (SCHEDULER, "scheduler", None),
            ("expired", "platform_admin", Some(Timestamp(1))),
            ("revoked", "platform_admin", None),
        ] {
            let made = new_token(person, vec![role.to_owned()], Timestamp(0), expires).unwrap();
            store.add_token(made.row.clone()).await.unwrap();
            if person == "revoked" {
                store.revoke_token(&made.row.id).await.unwrap();
            }
            tokens.insert(person, made.text);
        }
        let config = Config { channel_body_bytes_max: 100_000, requests_concurrent_max, ..Config::default() };
        let catalog = Arc::new(channel_catalog(["form".to_owned()]));
        let query = store.clone();
        let files = Arc::new(MemoryFiles::default());
        let (handle_, archive) = (handle.clone(), store.clone());
        let parts = Parts { handle: handle_, query, channels, files, archive, tokens: store, clock, catalog };
        Self { router: router(config, parts, CancellationToken::new()), handle, tokens }
    }

    pub(crate) fn token(&self, person: &str) -> &str {
        &self.tokens[person]
    }

    pub(crate) async fn stop_engine(&self) {
        self.handle.shutdown().await;
    }

    pub(crate) async fn call(&self, method: &str, path: &str, token: Option<&str>) -> Answer {
        let mut sent = Sent::new(method, path);
        if let Some(token) = token {
            sent = sent.bearer(token);
        }
        send(self, sent).await
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.call("GET", path, Some(self.token(who))).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        send(self, Sent::new("POST", path).bearer(self.token(who)).json(&body)).await
    }

    pub(crate) async fn deploy(&self, source: &str) {
        let answer = self.post(ADMIN, "/api/v1/definitions", json!({ "source": source })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }
}

/// Answers with what it got; refuses `/forged`; panics at `/panic`; does not send all that it is given;
/// has been asked how it does or not.
#[derive(Default)]
struct Form(OnceLock<ChannelHealth>);

impl Channels for Form {
    fn list(&self) -> Vec<ChannelInfo> {
        let text = str::to_owned;
        let (id, title, plugin) = (text("form"), text("表单"), text("script"));
        vec![ChannelInfo {
            id,
            title,
            plugin,
            provides: vec![],
            problem: None,
            health: self.0.get().cloned(),
        }]
    }

    fn health(&self, channel: &str, at: Timestamp) -> BoxFuture<'_, Option<ChannelHealth>> {
        let (message, details) = (String::new(), BTreeMap::new());
        let said = ChannelHealth { status: HealthStatus::Degraded, message, details, at };
        let said = (channel == "form").then(|| self.0.get_or_init(|| said).clone());
        async move { said }.boxed()
    }

    fn report(&self, channel: &str, request: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        let report = DeliveryReport {
            channel: channel.to_owned(),
            provider_id: "p1".to_owned(),
            state: DeliveryState::Failed,
            code: Some("sms.rejected".to_owned()),
            reason: None,
            at: request.now,
        };
        let body = Bytes::from(format!("{} {}", request.method, request.path));
        let response = ChannelResponse { status: 200, headers: vec![], body };
        async move { Ok(Received { response, events: vec![], reports: vec![report] }) }.boxed()
    }

    fn receive(&self, _: &str, request: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        async move {
            assert_ne!(request.path, "/panic", "a secret of the plugin");
            let bytes = request.body.len();
            let text = format!("{} {} {} {bytes}", request.method, request.path, request.query);
            let response = |status| ChannelResponse { status, headers: vec![], body: Bytes::from(text) };
            if request.path == "/forged" {
                let code = "channel.bad-signature".to_owned();
                let reason = "the signature does not hold".to_owned();
                return Err(Rejected { response: response(401), code, reason, keep: true });
            }
            let event = Event {
                id: "1".to_owned(),
                source: "/channels/form".to_owned(),
                r#type: "t".to_owned(),
                subject: None,
                time: request.now,
                data: yiwang_dsl::Data::null(),
                extensions: BTreeMap::new(),
            };
            let one = vec![IncomingEvent { event, session: None }];
            let events = if request.method == "GET" { vec![] } else { one };
            Ok(Received { response: response(200), events, reports: vec![] })
        }
        .boxed()
    }

    /// A body that begins with a code fails with it, for good at the first attempt.
    fn send(&self, _: &str, delivery: Delivery) -> BoxFuture<'_, EffectOutcome> {
        async move {
            let code = delivery.message.body.split_whitespace().next().unwrap_or_default().to_owned();
            let message = "停机".to_owned();
            match delivery.attempt {
                1 if code.starts_with("form.busy") => {
                    EffectOutcome::Retryable { code, message, retry_after: None }
                }
                1 if code.starts_with("form.") => EffectOutcome::Permanent { code, message },
                _ => EffectOutcome::done(json!({ "providerId": "p1" })),
            }
        }
        .boxed()
    }
}
