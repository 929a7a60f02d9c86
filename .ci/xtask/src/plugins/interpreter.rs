//! The interpreters of `run: script`: guests as the plugins are, without a manifest, and importing nothing.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use yiwang_builder::python::{self, Componentize};
use yiwang_builder::{Toolchain, component, hex, tool};

use super::stamp;

/// One of them.
pub(super) struct Interpreter {
    pub(super) name: &'static str,
    made: Made,
}

/// How it is made.
#[derive(Clone, Copy)]
enum Made {
    /// A package of the guests' workspace.
    Rust,
    /// A package of Python, with `CPython` around it.
    Python,
}

/// All of them.
pub(super) static ALL: [Interpreter; 2] = [
    Interpreter { name: "script-js", made: Made::Rust },
    Interpreter { name: "script-python", made: Made::Python },
];

/// What builds it, ready.
enum Builder {
    Rust(Toolchain),
    /// The folder of the tool.
    Python(PathBuf),
}

impl fmt::Display for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rust(toolchain) => toolchain.fmt(formatter),
            Self::Python(_) => formatter.write_str(tool::PYTHON),
        }
    }
}

/// The component, or why this machine cannot have it: what it takes is then not this repository's to install.
pub(super) type Built = Result<PathBuf, String>;

impl Interpreter {
    /// Builds it if it is stale, says what it did, and gives the component.
    pub(super) fn build(
        &self,
        root: &Path,
        output: &Path,
        target: &Path,
        force: bool,
        progress: &mut dyn FnMut(String),
    ) -> Result<Built> {
        let name = self.name;
        let folder = root.join("plugins").join(name);
        let toolchain = match self.made {
            Made::Rust => Some(Toolchain::find(progress)?),
            Made::Python => None,
        };
        let base = match &toolchain {
            Some(toolchain) => stamp::base(root, toolchain)?,
            None => stamp::of_builder(root, tool::PYTHON)?,
        };
        let stamp = stamp::of_folder(&base, &folder)?;
        let wasm = output.join(format!("{name}.wasm"));
        let fresh =
            wasm.exists() && fs::read_to_string(wasm.with_extension("stamp")).is_ok_and(|old| old == stamp);
        if fresh && !force {
            return Ok(Ok(wasm));
        }
        let builder = match toolchain
            .map_or_else(|| tool::python(progress).map(Builder::Python), |found| Ok(Builder::Rust(found)))
        {
            Ok(builder) => builder,
            Err(obstacle) => return Ok(Err(obstacle)),
        };
        progress(format!("building the interpreter {name} with {builder}"));
        let made = match builder {
            Builder::Rust(toolchain) => {
                let modules = toolchain.build(root, "plugins", target, &[name])?;
                let module = modules.join(format!("{}.wasm", name.replace('-', "_")));
                let module = fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
                component::bare_component(&module)
            }
            Builder::Python(tool) => {
                let made = output.join(format!("{name}.made"));
                let sources = output.join(format!("{name}.sources"));
                python::copy_modules(&folder.join("src"), &sources)?;
                python::componentize(Componentize {
                    tool: &tool,
                    wit: &root.join("sdk/wit/script"),
                    world: "script",
                    module: "yiwang_script",
                    sources: &sources,
                    to: &made,
                })?;
                fs::remove_dir_all(&sources)?;
                let bytes = fs::read(&made).with_context(|| format!("reading {}", made.display()))?;
                fs::remove_file(&made)?;
                Ok(bytes)
            }
        };
        let bytes = made.with_context(|| format!("making a component of {name}"))?;
        component::imports_nothing(&bytes).with_context(|| format!("looking at {name}"))?;
        let digest = hex(&Sha256::digest(&bytes));
        fs::write(&wasm, &bytes)?;
        fs::write(wasm.with_extension("sha256"), format!("{digest}  {name}.wasm\n"))?;
        // The stamp last: a crash before means another build.
        fs::write(wasm.with_extension("stamp"), stamp)?;
        progress(format!("{name}: {} KiB, imports nothing, sha256:{}…", bytes.len() / 1024, &digest[..12]));
        Ok(Ok(wasm))
    }
}
