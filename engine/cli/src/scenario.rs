//! Scenarios: given messages, people, answers of services and time, expect cases, work
//! items, messages and calls.
//!
//! ```text
//! file ─format─► steps ─play─► world (harness, virtual clock, scripted channels) ─expect─► failures with places
//! ```
//! The engine under it is the real one: same rules, same turns; only the clock is set and the channels note
//! down what they are asked to send. docs/guide/scenarios.md has the form of the files.

mod coverage;
mod expect;
mod format;
mod names;
mod people;
mod play;
mod services;
mod world;

pub(crate) use coverage::Coverage;
pub(crate) use names::channels as channels_of;
pub(crate) use play::{Outcome, play};
pub(crate) use world::Scripted;
