//! The plugin host: channels as sandboxed WebAssembly components. The only door to wasmtime.
//!
//! ```text
//! request ─► incoming (limits, forms, files) ─► call (fresh instance, deadline) ─► validate ─► events
//! message ─────────────────────────────────────► call ─────────────────────────► validate ─► outcome
//!                                                  │
//!                             imports ◄────────────┘  asked in the manifest ∧ granted by the administrator
//! ```
//!
//! Scripts of workflows run in the same way, in an interpreter that imports nothing: [`Scripts`].
//!
//! A plugin that traps, loops, floods or lies costs its own call. This crate knows no workflow, no case and no
//! database: small state of channels goes through the port `KeyValue`, events through the caller.

mod bindings;
mod blobs;
mod bounds;
mod breaker;
mod cache;
mod call;
mod channel;
mod config;
mod engine;
mod error;
mod grants;
mod host;
mod imports;
mod incoming;
pub mod limits;
mod manifest;
mod outgoing;
mod package;
mod plugin;
mod poll;
mod receive;
mod refusal;
mod scripts;
mod secret;
mod send;
mod validate;

pub use config::{ChannelConfig, Config};
pub use error::Error;
pub use grants::{Grants, HttpGrant, SecretGrant};
pub use host::Host;
pub use scripts::{Scripts, ScriptsConfig};
pub use secret::{Secret, Secrets};
