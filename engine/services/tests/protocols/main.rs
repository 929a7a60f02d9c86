//! Calls of protocols against servers on the loopback, and processes: what a workflow gets of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

mod a2a;
mod asyncapi;
mod authority;
mod containers;
mod grpc;
mod mcp;
mod nats_server;
mod processes;
mod scripts;
mod world;
