//! Automation, as a library: what `cargo xtask` does and what tests call.

pub mod plugins;
