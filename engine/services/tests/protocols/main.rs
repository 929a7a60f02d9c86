//! Calls of protocols against servers on the loopback, and processes: what a workflow gets of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "the protocols over HTTP come next")]

mod grpc;
mod processes;
mod scripts;
mod world;
