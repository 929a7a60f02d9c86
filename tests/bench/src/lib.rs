//! Measures: how long each of many things took, and what a process and a disk need for it.
//!
//! It knows no workflow; the figures and their workloads stand in the programs: `main.rs` measures the whole
//! over HTTP, `bin/load` puts it under load, `bin/language` measures the language without server and store.

pub mod cost;
pub mod disk;
pub mod figure;
pub mod load;
pub mod process;
pub mod spread;
