//! One plugin of any folder: compiled by cargo, made by the tools of its language, or taken as it was made elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result, bail};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::language::Language;
use crate::manifest::Manifest;
use crate::toolchain::{Toolchain, cargo};
use crate::{component, hex, javascript, manifest, output_of, python, sbom, tool};

/// What a component is made of.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A folder with `plugin.toml`, and the file that describes a package of its language.
    Folder(&'a Path),
    /// What another compiler has made.
    Compiled {
        /// A core module, or a component without a manifest.
        module: &'a Path,
        /// The folder with its `plugin.toml`.
        folder: &'a Path,
        /// Its list of parts, which that compiler's tools have made.
        sbom: Option<&'a Path>,
    },
}

/// A component.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its name and version.
    pub name: String,
    /// As the manifest says.
    pub version: String,
    /// The file.
    pub wasm: PathBuf,
    /// The list of parts, which is in the component, too.
    pub sbom: Option<PathBuf>,
    /// How many parts it names.
    pub parts: usize,
    /// SHA-256 in hexadecimal.
    pub digest: String,
    /// Bytes of it.
    pub size: usize,
    /// Interfaces that it imports.
    pub imports: Vec<String>,
}

/// Builds a component and writes it to `to`, or to `target` of its folder (with cargo: where that builds).
///
/// # Errors
/// If there is no toolchain, it fails, or component and manifest do not agree.
pub fn build(source: Source<'_>, to: Option<&Path>, progress: &mut dyn FnMut(String)) -> Result<Finished> {
    let (manifest, module, usual, parts) = match source {
        Source::Folder(folder) => {
            let manifest = manifest::of(folder)?;
            let language = Language::of(folder)?;
            if language == Language::Rust {
                let toolchain = Toolchain::find(progress)?;
                let module = compiled(folder, &manifest, &toolchain, progress)?;
                let usual = module.ancestors().nth(3).unwrap_or(folder).to_owned();
                let parts = sbom::of_package(folder, &manifest.name, &toolchain.version)?;
                (manifest, module, usual, Some(parts))
            } else {
                let usual = folder.join("target");
                let component = made(language, &manifest, &usual.join("build"), progress)?;
                (manifest, component, usual, None)
            }
        }
        Source::Compiled { module, folder, sbom } => {
            let parts = sbom.map(sbom::read).transpose()?;
            (manifest::of(folder)?, module.to_owned(), folder.to_owned(), parts)
        }
    };
    let bytes = fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
    let bytes = component::encode(&bytes, &manifest.json, parts.as_ref())
        .with_context(|| format!("making a component of {}", module.display()))?;
    let imports = component::check(&bytes, &manifest)?;
    let wasm = to.map_or_else(|| usual.join(format!("{}.wasm", manifest.name)), Path::to_owned);
    if let Some(folder) = wasm.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(&wasm, &bytes).with_context(|| format!("writing {}", wasm.display()))?;
    let sbom = parts.as_ref().map(|parts| sbom::write(parts, &wasm)).transpose()?;
    Ok(Finished {
        name: manifest.name,
        version: manifest.version,
        sbom,
        parts: parts.and_then(|parts| parts["components"].as_array().map(Vec::len)).unwrap_or_default(),
        wasm,
        digest: hex(&Sha256::digest(&bytes)),
        size: bytes.len(),
        imports,
    })
}

/// Makes the component of a plugin that is not compiled by cargo; it has no manifest yet.
///
/// # Errors
/// If its tools cannot be had, or do not make it.
pub fn made(
    language: Language,
    manifest: &Manifest,
    work: &Path,
    progress: &mut dyn FnMut(String),
) -> Result<PathBuf> {
    let name = &manifest.name;
    match language {
        Language::Rust => bail!("{name} is compiled by cargo"),
        Language::JavaScript => {
            let tools = tool::javascript(progress).map_err(Error::msg)?;
            progress(format!("building {name} with {}", tool::JAVASCRIPT.join(" and ")));
            javascript::make(&tools, manifest, work)
        }
        Language::Python => {
            let tool = tool::python(progress).map_err(Error::msg)?;
            progress(format!("building {name} with {}", tool::PYTHON));
            python::make(&tool, manifest, work)
        }
    }
}

/// The core module, at `<target folder>/wasm32-unknown-unknown/release/<name>.wasm`.
fn compiled(
    folder: &Path,
    manifest: &Manifest,
    toolchain: &Toolchain,
    progress: &mut dyn FnMut(String),
) -> Result<PathBuf> {
    let folder = fs::canonicalize(folder).with_context(|| format!("opening {}", folder.display()))?;
    let told =
        output_of(cargo().current_dir(&folder).args(["metadata", "--no-deps", "--format-version", "1"]))
            .with_context(|| format!("{} is no package: cargo does not know it", folder.display()))?;
    let told: Value = serde_json::from_str(&told).context("reading what cargo says about the package")?;
    let path = |name: &str| told[name].as_str().map(PathBuf::from).context("cargo says no folder");
    let target = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(set) => std::path::absolute(set)?,
        None => path("target_directory")?,
    };
    progress(format!("building {} with {toolchain}", manifest.name));
    let modules = toolchain.build(&folder, "", &target, &[&manifest.name])?;
    Ok(modules.join(format!("{}.wasm", manifest.name.replace('-', "_"))))
}
