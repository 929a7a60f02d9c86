//! The host with real components: built from source when stale, never skipped. Only what needs programs of others
//! (`mail_servers`) says "skipped" where they are not there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "what is skipped is said")]

mod contract;
mod figures;
mod fixtures;
mod health;
mod hostile;
mod incoming;
mod interpreted;
mod mail;
mod mail_servers;
mod outgoing;
mod poll;
mod python;
mod recording;
mod reload;
mod reports;
mod robots;
mod scripts;
mod sms;
mod support;
