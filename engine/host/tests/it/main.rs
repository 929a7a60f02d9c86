//! The host with real components: built from source when stale, never skipped.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod figures;
mod fixtures;
mod hostile;
mod incoming;
mod outgoing;
mod poll;
mod python;
mod recording;
mod reload;
mod robots;
mod scripts;
mod sms;
mod support;
