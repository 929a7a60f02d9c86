//! Conformance: what the workflow language promises, as features that another runtime could run too.
//!
//! ```text
//! *.feature ─cucumber─► steps ─► Run (in memory)         ┐ the same result,
//!                             └► Run (killed and opened  ┘ or the scenario fails
//!                                again after every commit)
//! ```
//!
//! This library knows how a run is driven, compared and reported; the words of the steps are in
//! `tests/conformance`. It knows no database and no plugin: the store is the one in memory, the world
//! outside is a local TLS server, and scripts run in the sandbox in which they always do.

pub mod compare;
pub mod docstring;
pub mod kit;
pub mod page;
pub mod run;
pub mod sandbox;
pub mod stub;
pub mod trace;
