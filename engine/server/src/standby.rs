//! What a node answers while another one owns the instances: where that one is.
//!
//! It is not a proxy: a client that follows redirects gets there, and a load balancer that asks `/readyz` sends
//! nobody here.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::problem::{Code, Problem};

/// How long those who are being answered are waited for.
const STOP_WITHIN: Duration = Duration::from_millis(500);

/// A node that stands by and listens.
pub struct Standby {
    stopping: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Standby {
    /// Binds the address. `owner`: `host:port` of the node that owns the instances, as far as it is known.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(listen: SocketAddr, owner: watch::Receiver<Option<String>>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let stopping = CancellationToken::new();
        let service = Router::new().fallback(move |request: Request| {
            let owner = owner.borrow().clone();
            async move { answer(&request, owner.as_deref()) }
        });
        let until = stopping.clone().cancelled_owned();
        let task =
            tokio::spawn(async move { axum::serve(listener, service).with_graceful_shutdown(until).await });
        Ok(Self { stopping, task })
    }

    /// Lets the address go, at once or nearly so: a client that is slow to ask must not hold up a take-over.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if tokio::time::timeout(STOP_WITHIN, &mut self.task).await.is_err() {
            self.task.abort();
            // It holds the address until it has ended.
            drop(self.task.await);
        }
    }
}

fn answer(request: &Request, owner: Option<&str>) -> Response {
    let uri = request.uri();
    let mut response = match uri.path() {
        "/healthz" => axum::Json(json!({ "status": "ok", "role": "standby" })).into_response(),
        "/readyz" => {
            let body = axum::Json(json!({ "status": "not ready", "role": "standby" }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
        path => {
            let target = uri.path_and_query().map_or(path, |target| target.as_str());
            let there = owner.and_then(|owner| HeaderValue::try_from(format!("http://{owner}{target}")).ok());
            match there {
                // Method and body go along.
                Some(there) => {
                    let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
                    response.headers_mut().insert(LOCATION, there);
                    response
                }
                None => {
                    let detail = "No node owns the instances right now; one of them takes over";
                    // It says when to come back.
                    Problem::new(Code::Unavailable, detail).respond(path)
                }
            }
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn told(target: &str, owner: Option<&str>) -> (u16, String) {
        let request = Request::builder().method("POST").uri(target).body(Body::empty()).unwrap();
        let response = answer(&request, owner);
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let said = header("location").or_else(|| header("retry-after")).unwrap_or_default();
        (response.status().as_u16(), said)
    }

    #[test]
    fn a_standby_shows_the_way_to_the_owner() {
        let owner = Some("b.example:7420");
        let there = "http://b.example:7420/api/v1/events?a=%20b".to_owned();
        assert_eq!(told("/api/v1/events?a=%20b", owner), (307, there));
        assert_eq!(told("/api/v1/events", None), (503, "5".to_owned()));
        assert_eq!(told("/readyz", owner).0, 503);
        assert_eq!(told("/healthz", None).0, 200);
    }
}
