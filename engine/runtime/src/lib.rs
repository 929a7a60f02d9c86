//! Drives the rules: who is loaded, what is due, what is committed, what is done afterwards.
//!
//! ```text
//! loop {
//!     let inputs = self.inbox.next_batch().await;            // a closed enum: all that can happen
//!     self.instances.load(&inputs, &store).await?;           // at most one row each
//!     let turn = self.instances.turn(inputs, clock.now());   // pure: core::step per input
//!     let committed = store.commit(turn).await?;             // one transaction, one fsync, many instances
//!     self.release(committed);                               // only now: replies, effects, timers
//! }
//! ```
//!
//! [`Engine::start`] runs that loop in a task and gives a [`Handle`]; [`harness::Harness`] runs it step by
//! step under a virtual clock. This crate knows tokio, but no SQL, no WebAssembly and no HTTP: those are
//! behind the [`ports`].

mod answers;
mod cases;
pub mod census;
mod clock;
mod config;
pub mod cursor;
mod deployments;
mod dispatch;
mod doing;
mod elsewhere;
mod engine;
mod error;
mod family;
mod fingerprint;
mod firing;
mod handle;
pub mod harness;
mod hot;
mod ids;
mod inquiries;
pub mod keys;
pub mod leased;
pub mod limits;
pub mod memory;
mod messages;
mod migrating;
pub mod nodes;
pub mod polling;
pub mod ports;
mod prepare;
mod references;
pub mod reports;
mod request;
mod routing;
mod schedules;
mod scheduling;
pub mod search;
mod sessions;
mod shard;
mod sweeping;
mod sweeps;
mod tally;
mod timers;
mod turn;
pub mod watching;
mod weight;

pub use clock::{SystemClock, VirtualClock};
pub use config::Config;
pub use deployments::{DefinitionInfo, workflow_name};
pub use elsewhere::complete as complete_texts;
pub use engine::Engine;
pub use error::Error;
pub use handle::Handle;
pub use request::{
    Accepted, Begun, CaseAct, Deployed, Ended, Ending, Inspection, Intake, MigrationPreview, OperatorAct,
    PutReference, RepairAct, ScheduleAct, Standing, Start, StoredReference, SweepAct, WorkItemAct,
};
pub use scheduling::{Begins, ScheduleCommand, ScheduleInfo};
