//! From the sources of a plugin to a component: what `yiwang plugin build` and this repository's own build share.
//!
//! ```text
//! plugin.toml + sources ─► cargo ─────────────────► core module ─► component ─┬─► manifest, SBOM ─► check ─► .wasm
//!                       └► world ─► tools of its language ─────► component ─┘
//! ```
//!
//! It runs no plugin and knows no server; the host checks a component again, as if a stranger had made it.

mod carried;
pub mod component;
mod exports;
mod javascript;
pub mod language;
pub mod manifest;
mod package;
pub mod python;
pub mod sbom;
pub mod template;
pub mod tool;
pub mod toolchain;
pub mod world;

use std::process::Command;

pub use language::Language;
pub use manifest::Manifest;
pub use package::{Finished, Source, build, made};
pub use toolchain::Toolchain;

/// What a command says on stdout, if it ran well.
#[must_use]
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
