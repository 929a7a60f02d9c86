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
//! This crate knows tokio, but no SQL, no WebAssembly and no HTTP: those are behind the [`ports`].

pub mod ports;
