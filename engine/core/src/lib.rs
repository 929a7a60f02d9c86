//! The rules of the engine, pure.
//!
//! ```text
//! (Deployment, State, Input, Ambient) ──step──► Transition { history, effects, events, rows }
//! ```
//!
//! Nothing here waits, reads a clock or touches a file. What the world must do is returned as an
//! [`Effect`]; what the world did comes back as an [`Input`]. Time, randomness and case numbers are handed
//! in by [`transition::Ambient`], so that the same inputs always give the same history.

#![warn(clippy::iter_over_hash_type)]

pub mod ballot;
pub mod calendar;
pub mod case;
pub mod catalog;
pub mod clock;
pub mod correlation;
pub mod deployment;
mod desk;
pub mod district;
pub mod docket;
mod duration;
pub mod effect;
pub mod egress;
pub mod event;
mod family;
mod filter;
mod gathering;
mod group;
pub mod history;
pub mod id;
pub mod input;
pub mod inquiry;
mod interest;
mod ladder;
pub mod lifecycle;
pub mod limits;
pub mod lot;
mod machine;
pub mod migration;
mod offering;
mod operator;
pub mod organisation;
mod outbox;
pub mod promise;
pub mod reference;
pub mod repair;
pub mod retention;
pub mod schedule;
mod schema;
pub mod selector;
pub mod sla;
pub mod state;
pub mod step;
mod stopwatch;
pub mod sweep;
pub mod table;
mod task;
pub mod time;
pub mod transition;
pub mod unsent;
pub mod work_item;

pub use case::Case;
pub use deployment::Deployment;
pub use effect::Effect;
pub use event::Event;
pub use history::HistoryEvent;
pub use id::{CaseNo, EffectId, InstanceId, WorkItemId};
pub use input::Input;
pub use state::State;
pub use step::step;
pub use time::Timestamp;
pub use transition::Transition;
pub use unsent::Unsent;
pub use work_item::WorkItem;
