//! The durable store: what is particular to it. What every store promises is in the suite of the ports.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod commit;
mod crash;
mod figures;
mod lists;
mod open;
mod rows;
mod small;
mod tamper;
