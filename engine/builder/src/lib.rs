//! From the sources of a plugin to a component: what `yiwang plugin build` and this repository's own build share.
//!
//! ```text
//! plugin.toml + sources ─► toolchain (cargo) ─► core module ─► component ─► manifest, SBOM ─► check ─► .wasm
//! ```
//!
//! It runs no plugin and knows no server; the host checks a component again, as if a stranger had made it.

pub mod component;
pub mod manifest;
mod package;
pub mod sbom;
pub mod template;
pub mod toolchain;

use std::process::Command;

pub use manifest::Manifest;
pub use package::{Finished, Source, build};
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
