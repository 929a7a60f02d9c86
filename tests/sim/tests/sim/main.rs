//! Seeds that must hold, worlds broken on purpose that must not, and the same on a real file.

#![expect(clippy::unwrap_used, reason = "this crate is one test")]

mod broken;
mod file;
mod nodes;
mod seeds;
