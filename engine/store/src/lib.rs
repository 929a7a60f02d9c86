//! The only SQL of the engine: a log-structured store in one SQLite file, or on a PostgreSQL server.
//!
//! ```text
//!  commit(batch) ──► prepare ──► channel ──► writer ──► BEGIN … COMMIT (one fsync)
//!                   JSON, lz4            one at a time  fence → check → journal → rows → seal
//!
//!  load, lists   ──► connections that only read, around the writer; a commit is visible to them when it returns
//! ```
//! The [journal](crate) is append-only and chained by hashes; all other tables can be told from it or are
//! written with it in one transaction. ADR 0003 says why the tables are cut this way.
//!
//! Statements are written once for both databases; `dialect.rs` holds what differs (ADR 0029), `connection.rs` what
//! they go through (ADR 0036). A file belongs to
//! one process; a server may have several nodes, of which one owns the instances (`yiwang_runtime::nodes` and `node.rs`, ADR 0030).
//!
//! Nothing here knows a rule: what is written was decided by `core`, when it is written by `runtime`.

mod archive;
mod backup;
mod cases;
mod census;
mod check;
mod commit;
mod connection;
mod counts;
mod delivery_reports;
mod deployments;
mod dialect;
mod error;
mod fence;
mod hash;
mod inbox;
mod incidents;
mod instances;
mod journal;
mod lock;
mod messages;
mod migration;
mod names;
mod native;
mod node;
mod open;
mod pack;
mod poll_cursors;
mod postgres;
mod prepare;
mod query;
mod references;
mod rejections;
mod schedules;
mod selection;
mod sql;
mod sqlite;
mod start_keys;
mod store;
mod subscriptions;
mod sweeps;
mod tls;
mod tokens;
mod values;
mod verify;
mod work_items;
mod writer;

pub use archive::{check_against, check_turns};
pub use backup::Recorded;
pub use error::Error;
pub use node::Nodes;
pub use open::{SqlStore, Stats};
pub use postgres::{Examined, Postgres};
pub use verify::{Audit, Broken};
