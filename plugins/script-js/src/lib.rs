//! JavaScript (ES2024) for `run: script`: the interpreter Boa in a component that imports nothing.
//!
//! ```text
//! invocation ─► prelude (console, process, timers) ─► the script: a function body, else a module
//!                                                          │
//!                     jobs ◄── promises, timers ───────────┘   until nothing is left to do ─► outcome
//! ```
//!
//! It knows no file, no network and no clock of its own: time begins where the host says and moves only by
//! timers, so that the same invocation has the same outcome.

mod clock;
mod exports;
mod jobs;
mod modules;
mod output;
mod random;
mod run;
#[cfg(test)]
mod tests;

pub use exports::{Invocation, Outcome, Stopped};
pub use run::run;
