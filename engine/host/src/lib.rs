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
//! Of each call a line is kept in memory, and the whole of it where the administrator wants that: [`recording`], which
//! [`replay`] plays again.
//!
//! Before that, [`Installed`] says whether a component is the one that was accepted. [`Bench`], [`fixture`] and
//! [`conformance`] run one component in the same host for its author.
//!
//! A plugin that traps, loops, floods or lies costs its own call. This crate knows no workflow, no case and no
//! database: small state of channels goes through the port `KeyValue`, events through the caller.

mod bench;
mod bindings;
mod blobs;
mod bounds;
mod breaker;
mod cache;
mod call;
mod calls;
mod channel;
mod config;
pub mod conformance;
mod contract;
mod engine;
mod error;
mod exports;
pub mod fixture;
mod grants;
mod health;
mod host;
mod imports;
mod incoming;
mod inspection;
pub mod installed;
pub mod limits;
mod mail;
mod manifest;
mod memory;
mod outgoing;
mod package;
mod plugin;
mod poll;
mod receive;
pub mod recording;
mod redact;
mod refusal;
pub mod replay;
mod scripts;
mod secret;
mod send;
mod signature;
pub mod trust;
mod validate;
mod watch;
mod witness;

pub use bench::{Bench, CHANNEL, NOW};
pub use config::{ChannelConfig, Config, Configured, Source};
pub use error::Error;
pub use grants::{Grants, HttpGrant, SecretGrant};
pub use host::Host;
pub use inspection::{Change, Inspection, Permission, Sbom};
pub use installed::{Entry, Installed, Lock, Refused};
pub use mail::{Letter, MailAnswer, MailAsked, MailGrant};
pub use memory::Memory;
pub use scripts::{Scripts, ScriptsConfig};
pub use secret::{Secret, Secrets};
pub use signature::{PrivateKey, PublicKey, Signature};
pub use trust::Trust;
pub use watch::{Answer, Asked, Observed};
