//! A PostgreSQL server of one's own, for tests and benches: made in a temporary folder, ended with it.
//!
//! The server refuses to run as an administrator, so that a test that does runs it as another user. It listens on
//! a socket in its folder and, for processes that need a port, on the loopback. What is stored in it is not known
//! here.

mod cluster;
mod psql;

pub use cluster::{Certificate, Cluster, Durability, Settings};
pub use psql::Psql;
