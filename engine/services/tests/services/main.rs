//! Calls against servers on this machine: what is sent, what comes back, what is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod auth;
mod egress;
mod http;
mod openapi;
mod support;
