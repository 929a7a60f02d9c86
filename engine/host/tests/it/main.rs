//! The host with real components: built from source when stale, never skipped.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod contract;
mod figures;
mod fixtures;
mod health;
mod hostile;
mod incoming;
mod interpreted;
mod outgoing;
mod poll;
mod python;
mod reload;
mod reports;
mod robots;
mod scripts;
mod sms;
mod support;
