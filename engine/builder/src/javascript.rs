//! A plugin in JavaScript or TypeScript: its modules made one, and `QuickJS` put around it.
//!
//! ```text
//! package.json `main` ─► entry.js (written here: the imports of its own world, handed to the SDK)
//!                     ─► one module ─► QuickJS, started once and kept as it is then ─► component
//! ```
//!
//! The engine's memory is kept behind its start, so that a call begins where the module has been read (ADR 0038).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{Manifest, carried, world};

const MAKE: &str = include_str!("javascript/make.mjs");
const SDK: &str = "sdk/javascript/";

/// Makes the component; `tools` is what [`crate::tool::javascript`] gives, `work` a folder for what lies between.
///
/// # Errors
/// If the sources do not fit together or the channel has not what its manifest provides; why stands on stderr.
pub(crate) fn make(tools: &Path, manifest: &Manifest, work: &Path) -> Result<PathBuf> {
    let absolute =
        |path: &Path| fs::canonicalize(path).with_context(|| format!("opening {}", path.display()));
    fs::create_dir_all(work).with_context(|| format!("making {}", work.display()))?;
    let (folder, work) = (absolute(&manifest.folder)?, absolute(work)?);
    let package = package(&folder)?;
    let wit = work.join("wit");
    world::write(manifest, &wit)?;
    let sdk = match named_sdk(&package, &folder) {
        Some(sdk) => sdk,
        None => carried_sdk(&work)?,
    };
    let main = folder.join(package["main"].as_str().unwrap_or("src/index.js"));
    ensure!(
        main.is_file(),
        "there is no {}: `main` in package.json says where the channel is",
        main.display()
    );
    let entry = work.join("entry.js");
    write(&entry, &entry_text(&main, manifest)?)?;
    let script = work.join("make.mjs");
    write(&script, MAKE)?;
    let component = work.join("component.wasm");
    let arguments = json!({
        "tools": tools, "folder": folder, "entry": entry, "sdk": sdk, "wit": wit, "world": world::NAME,
        "module": work.join("module.js"), "component": component,
    });
    let status = Command::new("node").arg(&script).arg(arguments.to_string()).status();
    ensure!(status.context("starting node")?.success(), "the component of {} was not made", manifest.name);
    Ok(component)
}

fn package(folder: &Path) -> Result<Value> {
    let path = folder.join("package.json");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

/// The SDK that the package names as a folder: unit tests run with the same.
fn named_sdk(package: &Value, folder: &Path) -> Option<PathBuf> {
    let named = package["dependencies"]["yiwang-sdk"].as_str()?.strip_prefix("file:")?;
    fs::canonicalize(folder.join(named)).ok().filter(|sdk| sdk.join("index.js").is_file())
}

/// The SDK of this program.
fn carried_sdk(work: &Path) -> Result<PathBuf> {
    let to = work.join("sdk");
    for (path, text) in carried::files() {
        if let Some(name) = path.strip_prefix(SDK).filter(|name| !name.contains('/')) {
            fs::create_dir_all(&to).with_context(|| format!("making {}", to.display()))?;
            write(&to.join(name), text)?;
        }
    }
    Ok(to)
}

/// The module that exports what the component exports.
fn entry_text(main: &Path, manifest: &Manifest) -> Result<String> {
    let (imports, provides) = (world::imports(manifest), world::provides(manifest)?);
    let quoted = |path: &Path| Value::from(path.display().to_string()).to_string();
    let mut text = format!("import channel from {};\n", quoted(main));
    text.push_str("import { exported } from \"yiwang-sdk/component\";\n");
    for name in &imports {
        writeln!(text, "import * as {name} from \"yiwang:channel/{name}@1.0.0\";")?;
    }
    let (names, list) = (imports.join(", "), json!(provides));
    writeln!(text, "const parts = exported(channel, {list}, {{ {names} }});")?;
    for name in ["lifecycle"].into_iter().chain(provides) {
        let name = if name == "delivery-callback" { "deliveryCallback" } else { name };
        writeln!(text, "export const {name} = parts.{name};")?;
    }
    Ok(text)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
