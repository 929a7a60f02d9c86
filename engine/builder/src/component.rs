//! From a core module to a component that carries its manifest, and the check that both agree.
//!
//! The same check stands in the server's host, which trusts no file; here it is for the author, early.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::exports;
use crate::manifest::Manifest;

/// The custom section with the manifest.
const SECTION: &str = "yiwang:plugin";
/// The custom section with the list of parts.
const SBOM_SECTION: &str = "yiwang:sbom";
/// All interfaces are of this package.
const PACKAGE: &str = "yiwang:channel/";

/// Makes the component, of a core module or of a component that has no manifest yet. Manifest and list of parts
/// are in it, so that its digest and its signature cover them. What the tool that made it exports beside the
/// contract is taken out.
///
/// # Errors
/// If it is neither, or carries one of them already.
pub fn encode(module: &[u8], manifest: &Value, sbom: Option<&Value>) -> Result<Vec<u8>> {
    let mut component = if Parser::is_component(module) { taken(module)? } else { bare_component(module)? };
    append(&mut component, SECTION, manifest);
    if let Some(sbom) = sbom {
        append(&mut component, SBOM_SECTION, sbom);
    }
    Ok(component)
}

fn append(component: &mut Vec<u8>, name: &str, content: &Value) {
    let mut section = Vec::new();
    leb128(&mut section, name.len());
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(content.to_string().as_bytes());
    component.push(0);
    leb128(component, section.len());
    component.extend_from_slice(&section);
}

/// Checks the component of an interpreter.
///
/// # Errors
/// If it imports something.
pub fn imports_nothing(component: &[u8]) -> Result<()> {
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            // What is inside is wired up inside.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => break,
            Payload::ComponentImportSection(section) => {
                if let Some(import) = section.into_iter().next() {
                    bail!("it imports `{}`, and an interpreter imports nothing", import?.name.name);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn taken(component: &[u8]) -> Result<Vec<u8>> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::CustomSection(section) = payload? {
            match section.name() {
                SECTION => bail!("it carries a manifest already"),
                SBOM_SECTION => bail!("it carries a list of parts already"),
                _ => {}
            }
        }
    }
    exports::only(component, |name| name.starts_with(PACKAGE))
}

/// Makes a component without a manifest.
///
/// # Errors
/// If the module does not fit its own description of the interfaces.
pub fn bare_component(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .context("reading the module")?
        .encode()
        .context("encoding the component")
}

/// Imports must be asked for, exports must be what is provided; gives the imported interfaces.
///
/// # Errors
/// The first thing that does not agree.
pub fn check(component: &[u8], manifest: &Manifest) -> Result<Vec<String>> {
    let (imports, exports) = interfaces(component)?;
    for import in &imports {
        let asked = match import.as_str() {
            "log" | "config" | "system" => true,
            "secrets" | "kv" | "blobs" | "http" | "mail" => !manifest.json["permissions"][import].is_null(),
            _ => false,
        };
        ensure!(asked, "it imports `{import}`, for which `permissions.{import}` is missing in plugin.toml");
    }
    let provides: BTreeSet<String> = manifest.json["provides"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .chain(["lifecycle".to_owned()])
        .collect();
    ensure!(
        provides == exports,
        "plugin.toml provides {provides:?}, the component exports {exports:?}; its sources must name the same (in Rust: `export_channel!`)"
    );
    Ok(imports.into_iter().collect())
}

/// Imported and exported interfaces of our package by their bare names; anything else is refused.
fn interfaces(component: &[u8]) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.insert(bare(import?.name.name)?);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.insert(bare(export?.name.name)?);
                }
            }
            _ => {}
        }
    }
    imports.remove("types");
    Ok((imports, exports))
}

fn bare(name: &str) -> Result<String> {
    let inner = name.strip_prefix(PACKAGE).and_then(|rest| rest.split('@').next());
    inner.map(ToOwned::to_owned).with_context(|| format!("`{name}` is not an interface of {PACKAGE}*"))
}

fn leb128(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return;
        }
    }
}
