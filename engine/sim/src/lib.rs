//! The whole engine in a world that follows from one number.
//!
//! ```text
//!  seed ──► plan: processes, faults
//!             │
//!  clients ─► doors ─► engine (real) ─► doors ─► store, channels, services (simulated)
//!                         │                        │
//!                       clock (simulated)        ledger: what is durable, what was begun ──► checks
//! ```
//! No thread, no wall clock, no randomness but that of the seed: a run is the same run each time. The engine,
//! its rules and its language are the real ones; what is simulated are the ports. In most worlds there is one process
//! at a time, which dies and begins again; in some there are two or three machines at one store, which take over from
//! each other by the protocol and the rule of the real ones (`yiwang_runtime::nodes`).

mod act;
mod client;
mod disk;
mod ending;
mod epochs;
mod ledger;
mod machine;
mod outside;
mod plan;
mod process;
mod random;
mod report;
mod run;
mod sabotage;
mod server;
mod several;
mod store;
mod time;
mod trace;
mod violation;
mod whole;
mod workload;
mod world;
mod writing;

pub use disk::{Disk, MemoryDisk, Shelf};
pub use report::Report;
pub use run::{Options, STEPS, run, run_on};
pub use sabotage::Sabotage;
pub use violation::{Check, Violation};
