//! The world around the product, for tests, benches and the demo: a server process, HTTP clients, a
//! receiver of messages, people who complain and people who work.
//!
//! It drives the real binary from outside and knows nothing of what is inside.

pub mod complaints;
pub mod http;
pub mod ledger;
pub mod project;
pub mod random;
pub mod receiver;
pub mod senders;
pub mod server;
pub mod signature;
pub mod staff;
