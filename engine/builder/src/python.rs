//! A plugin in Python, and any other component around `CPython`: by `componentize-py`, which needs neither a
//! compiler nor, once it is installed, a network.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{Language, Manifest, carried, world};

/// Runs the program without its start script, which carries the path of the Python that installed it.
const START: &str =
    "import sys; from componentize_py import script; sys.argv[0] = 'componentize-py'; sys.exit(script())";

/// The package of the SDK.
const SDK: &str = "yiwang_sdk";
/// The module that is written here.
const ENTRY: &str = "yiwang_component";

/// Makes the component of a plugin; `tool` is what [`crate::tool::python`] gives, `work` a folder for what lies
/// between.
///
/// ```text
/// src/ + SDK ─► copied ─► yiwang_component.py (written here: the imports of its own world, handed to the SDK)
///                      ─► CPython, which has imported it, kept as it is then ─► component
/// ```
///
/// # Errors
/// If the modules cannot be imported or have not what the manifest provides; why stands on stderr.
pub(crate) fn make(tool: &Path, manifest: &Manifest, work: &Path) -> Result<PathBuf> {
    let absolute =
        |path: &Path| fs::canonicalize(path).with_context(|| format!("opening {}", path.display()));
    fs::create_dir_all(work).with_context(|| format!("making {}", work.display()))?;
    let (folder, work) = (absolute(&manifest.folder)?, absolute(work)?);
    let told = told(&folder)?;
    let wit = work.join("wit");
    world::write(manifest, &wit)?;
    let sources = work.join("sources");
    copy_modules(&folder.join("src"), &sources)?;
    let sdk = sources.join(SDK);
    match told["sdk"].as_str().map(|named| folder.join(named).join(SDK)).filter(|named| named.is_dir()) {
        Some(named) => copy_modules(&named, &sdk)?,
        None => carried_sdk(&sdk)?,
    }
    let module = match told["module"].as_str() {
        Some(named) => named.to_owned(),
        None => Language::Python.package_name(&folder)?.replace('-', "_"),
    };
    let entry = sources.join(format!("{ENTRY}.py"));
    fs::write(&entry, entry_text(&module, manifest)?)
        .with_context(|| format!("writing {}", entry.display()))?;
    let component = work.join("component.wasm");
    componentize(Componentize {
        tool,
        wit: &wit,
        world: world::NAME,
        module: ENTRY,
        sources: &sources,
        to: &component,
    })?;
    Ok(component)
}

/// `[tool.yiwang]` of pyproject.toml: `module`, where it is not called as the project is, and `sdk`, its folder.
fn told(folder: &Path) -> Result<Value> {
    let path = folder.join(Language::Python.package());
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut project: Value = toml::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    Ok(project["tool"]["yiwang"].take())
}

/// The SDK of this program.
fn carried_sdk(to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for (path, text) in carried::files() {
        let name = path.strip_prefix("sdk/python/yiwang_sdk/").filter(|name| !name.contains('/'));
        if let Some(name) = name.filter(|name| name.ends_with(".py")) {
            fs::write(to.join(name), text).with_context(|| format!("writing {name}"))?;
        }
    }
    Ok(())
}

/// The module whose classes are what the component exports.
fn entry_text(module: &str, manifest: &Manifest) -> Result<String> {
    let (imports, provides) = (world::imports(manifest), world::provides(manifest)?);
    let mut text = format!("import {module} as channel\nfrom yiwang_sdk import component\n");
    writeln!(text, "from wit_world.imports import {}, types", imports.join(", "))?;
    let given = imports.iter().map(|name| format!("{name:?}: {name}")).collect::<Vec<_>>().join(", ");
    writeln!(text, "parts = component.exported(channel, {provides:?}, types, {{{given}}})")?;
    for name in ["lifecycle"].into_iter().chain(provides) {
        let class = class_name(name);
        writeln!(text, "{class} = parts[{name:?}]")?;
    }
    // What is there when a call begins is not looked at by the collector, so that its pages stay shared.
    text.push_str("import gc\ngc.collect()\ngc.freeze()\n");
    Ok(text)
}

fn class_name(interface: &str) -> &'static str {
    match interface {
        "webhook" => "Webhook",
        "poller" => "Poller",
        "sender" => "Sender",
        "delivery-callback" => "DeliveryCallback",
        _ => "Lifecycle",
    }
}

/// What `componentize-py` is asked to do.
#[derive(Clone, Copy, Debug)]
pub struct Componentize<'a> {
    /// What [`crate::tool::python`] gives.
    pub tool: &'a Path,
    /// The folder with the contract.
    pub wit: &'a Path,
    /// The world in it.
    pub world: &'a str,
    /// The module that keeps the contract.
    pub module: &'a str,
    /// The folder below which it lies, with all that it imports. `CPython` writes what it has compiled beside
    /// what it reads: give it a copy.
    pub sources: &'a Path,
    /// The component.
    pub to: &'a Path,
}

/// Makes a component that imports nothing but what the world says.
///
/// # Errors
/// If it does not; why stands on stderr.
pub fn componentize(asked: Componentize<'_>) -> Result<()> {
    let status = Command::new("python3")
        .args(["-c", START, "--quiet", "--world", asked.world, "--wit-path"])
        .arg(asked.wit)
        .args(["componentize", "--stub-wasi", asked.module, "--python-path"])
        .arg(asked.sources)
        .arg("--output")
        .arg(asked.to)
        .env("PYTHONPATH", asked.tool)
        .env_remove("VIRTUAL_ENV")
        // Its own stack says nothing about somebody's module.
        .env("RUST_BACKTRACE", "0")
        .status()
        .context("starting componentize-py")?;
    ensure!(status.success(), "componentize-py did not build it");
    Ok(())
}

/// Copies the modules below a folder, packages included; what was left there by a build that was ended is gone.
///
/// # Errors
/// If something cannot be read or written.
pub fn copy_modules(from: &Path, to: &Path) -> Result<()> {
    if to.is_dir() {
        fs::remove_dir_all(to).with_context(|| format!("removing {}", to.display()))?;
    }
    copy(from, to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        let path: PathBuf = entry?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            if name != "__pycache__" {
                copy(&path, &to.join(name))?;
            }
        } else if path.extension().is_some_and(|end| end == "py") {
            fs::copy(&path, to.join(name)).with_context(|| format!("copying {}", path.display()))?;
        }
    }
    Ok(())
}
