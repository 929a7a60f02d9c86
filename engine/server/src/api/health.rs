//! Is the process there, and can it work? Small answers, for anyone: no versions, no names.

use http::{Method, StatusCode};
use serde_json::json;

use crate::call::{Answer, Call, ok, with_status};
use crate::policy::Policy;
use crate::problem::chain;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Anonymous, Method::GET, "/healthz", healthz);
    routes.add(Policy::Anonymous, Method::GET, "/readyz", readyz);
}

async fn healthz(_: Call) -> Answer {
    ok(&json!({ "status": "ok" }))
}

/// Ready when the store answers.
async fn readyz(call: Call) -> Answer {
    match call.app.query.counts().await {
        Ok(_) => ok(&json!({ "status": "ready" })),
        Err(error) => {
            tracing::warn!("not ready: {}", chain(&error));
            with_status(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "not ready" }))
        }
    }
}
