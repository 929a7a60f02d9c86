//! What a workflow does, told as history: small definitions, a script of inputs, the lines that come out.
//!
//! Every scenario runs twice at once: one state is kept in memory, the other goes through JSON between any
//! two inputs. Both must do the same.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::let_underscore_must_use,
    reason = "this crate is one test: what goes wrong here shall stop it"
)]

mod acts;
mod cases;
mod catalog;
mod chance;
mod clocks;
mod control;
mod correlate;
mod dead;
mod driver;
mod due;
mod errors;
mod events;
mod extensions;
mod flow;
mod fork;
mod functions;
mod gather;
mod golden;
mod groups;
mod items;
mod lifecycle;
mod lots;
mod messages;
mod migrate;
mod nesting;
mod operate;
mod outside;
mod people;
mod repair;
mod streams;
mod timeouts;

pub(crate) use driver::{Run, check, check_with};
pub(crate) use expect_test::expect;
pub(crate) use serde_json::json;
