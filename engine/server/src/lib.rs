//! The HTTP side: REST below `/api/v1`, channels below `/channels`, health.
//!
//! Writes go through the engine's handle, reads around it by the `Query` port. Which store, which plugins
//! and which clock stand behind the ports is not known here; neither are SQL and WebAssembly.

mod api;
mod auth;
mod call;
mod cloudevent;
mod ingress;
mod json;
mod known_tokens;
pub mod limits;
mod policy;
mod problem;
mod rate;
mod routes;
mod serve;
pub mod spreadsheet;
mod standby;
mod view;

pub use api::case_command;
pub use auth::{NewToken, TOKEN_PREFIX, hash as token_hash, new_token};
pub use policy::{ADMIN, EVENT_PUBLISHER, PETITIONER, PROCESS_ADMIN, Policy};
pub use problem::{Code, Problem};
pub use serve::{Config, Parts, Running, Server, router};
pub use standby::Standby;
pub use view::shape;

/// One route, for tests and documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// `GET`, `POST`, …
    pub method: String,
    /// e.g. `/api/v1/instances/{id}:cancel`.
    pub pattern: &'static str,
    /// Who may call it.
    pub policy: Policy,
}

/// All routes.
pub fn routes() -> Vec<RouteInfo> {
    api::routes()
        .iter()
        .map(|route| RouteInfo {
            method: route.method.to_string(),
            pattern: route.pattern,
            policy: route.policy,
        })
        .collect()
}
