//! The only SQL of the engine: a log-structured store in one SQLite file.
//!
//! ```text
//!  commit(batch) ──► prepare ──► channel ──► writer task ──► BEGIN IMMEDIATE … COMMIT (one fsync)
//!                   JSON, lz4               one connection    check → journal → rows → seal
//!
//!  load, lists   ──► read-only pools, around the writer; a commit is visible to them when it returns
//! ```
//! The [journal](crate) is append-only and chained by hashes; all other tables can be told from it or are
//! written with it in one transaction. ADR 0003 says why the tables are cut this way.
//!
//! Nothing here knows a rule: what is written was decided by `core`, when it is written by `runtime`.

mod cases;
mod census;
mod check;
mod commit;
mod counts;
mod deployments;
mod error;
mod hash;
mod inbox;
mod incidents;
mod instances;
mod journal;
mod lock;
mod messages;
mod migration;
mod names;
mod open;
mod pack;
mod prepare;
mod query;
mod references;
mod rejections;
mod schedules;
mod selection;
mod sql;
mod start_keys;
mod store;
mod subscriptions;
mod sweeps;
mod tokens;
mod values;
mod verify;
mod work_items;
mod writer;

pub use error::Error;
pub use open::{SqliteStore, Stats};
pub use verify::{Audit, Broken};
