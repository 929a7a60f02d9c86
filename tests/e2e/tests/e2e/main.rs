//! The real binary from outside: journeys of people, bad input, crashes. Each starts a server of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says by a panic what went wrong"
)]

mod bad_input;
mod crash;
mod disk;
mod journeys;
mod nodes;
mod plugins;
mod scripts;
mod services;
mod walk;
mod world;
