//! Calls against servers on this machine: what is sent, what comes back, what is refused.

mod auth;
mod egress;
mod http;
mod openapi;
mod support;
