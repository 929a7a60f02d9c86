//! The interpreters of `run: script`: guests as the plugins are, without a manifest, and importing nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::toolchain::Toolchain;
use super::{component, hex, stamp};

/// One of them.
pub(super) struct Interpreter {
    pub(super) name: &'static str,
    /// The workspace that has it, which is also what it is built from.
    workspace: &'static str,
    /// Is it built whenever the plugins are?
    pub(super) with_plugins: bool,
}

/// All of them.
pub(super) const ALL: [Interpreter; 1] =
    [Interpreter { name: "script-js", workspace: "plugins", with_plugins: true }];

impl Interpreter {
    /// Builds it if it is stale, says what it did, and gives the component.
    pub(super) fn build(
        &self,
        root: &Path,
        output: &Path,
        target: &Path,
        force: bool,
        progress: &mut dyn FnMut(String),
    ) -> Result<PathBuf> {
        let name = self.name;
        let toolchain = Toolchain::find(progress)?;
        let folder = root.join("plugins").join(name);
        let stamp = stamp::of_folder(&stamp::base(root, &toolchain)?, &folder)?;
        let wasm = output.join(format!("{name}.wasm"));
        let fresh =
            wasm.exists() && fs::read_to_string(wasm.with_extension("stamp")).is_ok_and(|old| old == stamp);
        if fresh && !force {
            return Ok(wasm);
        }
        progress(format!("building the interpreter {name} with {toolchain}"));
        let modules = toolchain.build(root, self.workspace, target, &[name])?;
        let module = modules.join(format!("{}.wasm", name.replace('-', "_")));
        let module = fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
        let bytes =
            component::interpreter(&module).with_context(|| format!("making a component of {name}"))?;
        let digest = hex(&Sha256::digest(&bytes));
        fs::write(&wasm, &bytes)?;
        fs::write(wasm.with_extension("sha256"), format!("{digest}  {name}.wasm\n"))?;
        // The stamp last: a crash before means another build.
        fs::write(wasm.with_extension("stamp"), stamp)?;
        progress(format!("{name}: {} KiB, imports nothing, sha256:{}…", bytes.len() / 1024, &digest[..12]));
        Ok(wasm)
    }
}
