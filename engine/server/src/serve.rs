//! The server: a socket in front, the engine's handle and the read side behind.
//!
//! ```text
//! socket ─► limit ─► route ─► token ─► policy ─► handler ─► answer, or a problem
//!             429     404       401      403
//! ```
//! A handler that panics costs its own request: 500.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use futures::FutureExt;
use http::header::CACHE_CONTROL;
use http::{HeaderName, HeaderValue};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use yiwang_dsl::Catalog;
use yiwang_runtime::Handle;
use yiwang_runtime::ports::{Archive, Channels, Clock, Files, Query, Tokens};

use crate::auth::authenticate;
use crate::call::{Answer, Call};
use crate::known_tokens::KnownTokens;
use crate::limits::{
    CHANNEL_BODY_BYTES_MAX, CHANNEL_REQUESTS_CONCURRENT_MAX, REQUEST_SECS_MAX, REQUESTS_CONCURRENT_MAX,
    SHUTDOWN_SECS_MAX,
};
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::rate::Rate;
use crate::routes::{Found, Routes};

/// What an administrator may set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Port 0: any free one.
    pub listen: SocketAddr,
    /// Bytes of a body that a channel gets.
    pub channel_body_bytes_max: usize,
    /// Requests served at a time.
    pub requests_concurrent_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7420)),
            channel_body_bytes_max: CHANNEL_BODY_BYTES_MAX,
            requests_concurrent_max: REQUESTS_CONCURRENT_MAX,
        }
    }
}

/// What the server is in front of.
#[derive(Clone)]
pub struct Parts {
    /// All writing goes here.
    pub handle: Handle,
    /// All reading goes here.
    pub query: Arc<dyn Query>,
    /// The channels.
    pub channels: Arc<dyn Channels>,
    /// The files of cases.
    pub files: Arc<dyn Files>,
    /// What leaves the store after its time.
    pub archive: Arc<dyn Archive>,
    /// Who may call.
    pub tokens: Arc<dyn Tokens>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Functions and channels that a text is checked against.
    pub catalog: Arc<Catalog>,
}

/// Everything that a request needs.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) handle: Handle,
    pub(crate) query: Arc<dyn Query>,
    pub(crate) channels: Arc<dyn Channels>,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) tracking: Rate,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) stopping: CancellationToken,
    routes: Routes,
    requests: Semaphore,
    channel_requests: Semaphore,
}

/// Starts servers.
pub struct Server;

/// A server that listens.
pub struct Running {
    /// Where.
    pub addr: SocketAddr,
    stopping: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Binds the address and begins to serve.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(config: Config, parts: Parts) -> std::io::Result<Running> {
        let listener = TcpListener::bind(config.listen).await?;
        let addr = listener.local_addr()?;
        let stopping = CancellationToken::new();
        let service =
            router(config, parts, stopping.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let until = stopping.clone().cancelled_owned();
        let task =
            tokio::spawn(async move { axum::serve(listener, service).with_graceful_shutdown(until).await });
        Ok(Running { addr, stopping, task })
    }
}

impl Running {
    /// Takes no more requests and waits for those under way, but not for ever.
    ///
    /// # Errors
    /// When serving had failed before.
    pub async fn shutdown(mut self) -> std::io::Result<()> {
        self.stopping.cancel();
        match tokio::time::timeout(SHUTDOWN_SECS_MAX, &mut self.task).await {
            Ok(joined) => joined.map_err(std::io::Error::other)?,
            Err(_) => {
                tracing::warn!("some requests did not end in time and were cut off");
                self.task.abort();
                Ok(())
            }
        }
    }
}

/// The service without a socket, for tests and for embedding.
pub fn router(config: Config, parts: Parts, stopping: CancellationToken) -> Router {
    let app = Arc::new(App {
        requests: Semaphore::new(config.requests_concurrent_max),
        channel_requests: Semaphore::new(CHANNEL_REQUESTS_CONCURRENT_MAX),
        routes: crate::api::routes(),
        config,
        handle: parts.handle,
        query: parts.query,
        channels: parts.channels,
        files: parts.files,
        archive: parts.archive,
        tracking: Rate::default(),
        tokens: Arc::new(KnownTokens::new(parts.tokens, Arc::clone(&parts.clock))),
        clock: parts.clock,
        catalog: parts.catalog,
        stopping,
    });
    Router::new().fallback(move |request: Request| answer(app.clone(), request))
}

/// One request, whatever becomes of it.
async fn answer(app: Arc<App>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let now = app.clock.now();
    let serving = tokio::time::timeout(REQUEST_SECS_MAX, serve(app, request));
    let outcome = match AssertUnwindSafe(serving).catch_unwind().await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Problem::new(Code::Timeout, format!("It took more than {REQUEST_SECS_MAX:?}"))),
        // The panic's message and place are printed by the panic hook.
        Err(_) => Err(Problem::internal("a handler panicked")),
    };
    let mut response = outcome.unwrap_or_else(|problem| problem.respond(&path));
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(time) = HeaderValue::try_from(now.rfc3339()) {
        headers.insert(HeaderName::from_static("x-server-time"), time);
    }
    response
}

async fn serve(app: Arc<App>, request: Request) -> Answer {
    let client =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(at)| at.ip().to_string());
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let (route, params) = match app.routes.find(&head.method, path) {
        Found::Route(route, params) => (route, params),
        Found::OtherMethods(allowed) => return Err(Problem::method_not_allowed(&allowed)),
        Found::Nothing => {
            return Err(Problem::new(Code::RouteUnknown, "See docs/guide/api.md for all addresses"));
        }
    };
    // Health is asked for when a server is busy; it must not be turned away.
    let permits = match (route.policy, path.starts_with("/channels/")) {
        (Policy::Anonymous, false) => None,
        (_, true) => Some(&app.channel_requests),
        (_, false) => Some(&app.requests),
    };
    let overloaded = |_| Problem::new(Code::Overloaded, "Try again in a second");
    let _permit = permits.map(Semaphore::try_acquire).transpose().map_err(overloaded)?;
    let now = app.clock.now();
    let who = match route.policy {
        Policy::Anonymous => None,
        Policy::Authenticated | Policy::Staff | Policy::Role(_) | Policy::Admin => {
            let district = app.handle.district();
            authenticate(&head.headers, &*app.tokens, &district.organisation, now).await?
        }
    };
    route.policy.admit(who.as_ref())?;
    let handler = route.handler.clone();
    let (method, uri, headers, body) = (head.method, head.uri, head.headers, Mutex::new(body));
    handler(Call { app: app.clone(), who, now, method, uri, headers, client, params, body }).await
}
