//! Performs the calls of workflows: HTTP and what is built on it, other protocols, processes.
//!
//! ```text
//! Request ─► call (secrets filled in) ─► one module for each protocol ─► egress ─► the network
//!               │                             │                            policy, limits, TLS
//!               └── mask ◄── faults, outputs ◄┘
//! ```
//!
//! Implements `runtime::ports::Services`. It knows no store, no plugins and no HTTP server: what a workflow
//! asks comes in as data, and what came of it goes back as data. Retries are the workflow's own.

mod a2a;
mod asyncapi;
mod auth;
pub mod call;
mod document;
mod duration;
pub mod egress;
mod endpoint;
pub mod fault;
mod grpc;
mod http;
pub mod limits;
mod mask;
mod mcp;
mod nats;
mod openapi;
mod performer;
pub mod process;
mod rpc;
pub mod script;
pub mod secret;
mod sse;
mod uuid;
mod wire;

pub use call::Call;
pub use egress::Egress;
pub use mask::Mask;
pub use performer::{Config, Performer};
pub use process::Processes;
pub use secret::Secrets;
