//! Measures: how long each of many things took, and what a process and a disk need for it.
//!
//! It knows no workflow; the figures and their workloads stand in `main.rs`.

pub mod disk;
pub mod load;
pub mod process;
pub mod spread;
