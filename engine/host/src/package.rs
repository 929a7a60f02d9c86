//! A component file before any of it runs: its manifest, and that its imports and exports agree with it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wasmparser::{CanonicalOption, Parser, Payload};

use crate::cache::hex;
use crate::contract::{self, Contract};
use crate::limits;
use crate::manifest::Manifest;

const SECTION: &str = "yiwang:plugin";
const SBOM_SECTION: &str = "yiwang:sbom";

/// A checked component file.
pub(crate) struct Package {
    pub(crate) manifest: Manifest,
    pub(crate) imports: BTreeSet<String>,
    pub(crate) exports: BTreeSet<String>,
    /// The list of its parts, as its author gives it: CycloneDX in JSON.
    pub(crate) sbom: Option<Value>,
    pub(crate) wasm: Vec<u8>,
}

impl Package {
    /// `sha256:…` of all of it: its identity.
    pub(crate) fn digest(&self) -> String {
        format!("sha256:{}", hex(&Sha256::digest(&self.wasm)))
    }
}

/// Reads a file and checks it.
pub(crate) fn read(path: &Path) -> Result<Package, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > limits::COMPONENT_BYTES_MAX {
        return Err(format!("it has {size} bytes, more than {}", limits::COMPONENT_BYTES_MAX));
    }
    let wasm = std::fs::read(path).map_err(|error| error.to_string())?;
    let found = inspect(&wasm)?;
    let manifest = found.manifest.ok_or("it has no manifest (custom section yiwang:plugin)")?;
    let manifest = Manifest::read(&manifest).map_err(|error| format!("its manifest: {error}"))?;
    if let Some(other) = found.contracts.iter().find(|found| **found != manifest.contract) {
        let (named, other) = (manifest.contract.package(), other.package());
        return Err(format!("its manifest says `{named}`, but it is built against `{other}`"));
    }
    agree(&manifest, &found.imports, &found.exports)?;
    let sbom = found.sbom.map(|bytes| sbom(&bytes)).transpose()?;
    Ok(Package { manifest, imports: found.imports, exports: found.exports, sbom, wasm })
}

#[derive(Default)]
struct Found {
    manifest: Option<Vec<u8>>,
    sbom: Option<Vec<u8>>,
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
    /// The versions that the names of its imports and exports end with.
    contracts: BTreeSet<Contract>,
}

impl Found {
    /// The bare name of an interface of our package.
    fn interface(&mut self, name: &str) -> Result<String, String> {
        let inner = name.strip_prefix(contract::PACKAGE).and_then(|rest| rest.strip_prefix('/'));
        let known = inner
            .and_then(|inner| inner.split_once('@'))
            .and_then(|(interface, version)| Some((interface.to_owned(), Contract::of(version)?)));
        let Some((interface, contract)) = known else {
            return Err(format!(
                "it names `{name}`; this server offers {} and nothing else",
                Contract::offered()
            ));
        };
        self.contracts.insert(contract);
        Ok(interface)
    }
}

fn inspect(wasm: &[u8]) -> Result<Found, String> {
    let mut found = Found::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| format!("it is not a component: {error}"))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name() == SECTION => {
                if found.manifest.is_some() || section.data().len() > limits::MANIFEST_BYTES_MAX {
                    return Err("its manifest is there twice, or too large".to_owned());
                }
                found.manifest = Some(section.data().to_vec());
            }
            Payload::CustomSection(section) if depth == 0 && section.name() == SBOM_SECTION => {
                if found.sbom.is_some() || section.data().len() > limits::SBOM_BYTES_MAX {
                    return Err("its list of parts is there twice, or too large".to_owned());
                }
                found.sbom = Some(section.data().to_vec());
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let name = import.map_err(|error| error.to_string())?.name.name;
                    let interface = found.interface(name)?;
                    found.imports.insert(interface);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let name = export.map_err(|error| error.to_string())?.name.name;
                    let interface = found.interface(name)?;
                    found.exports.insert(interface);
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    only_utf8(&function.map_err(|error| error.to_string())?)?;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// It is shown and nothing depends on it; what is no list at all is a mistake that somebody should hear of.
fn sbom(bytes: &[u8]) -> Result<Value, String> {
    let list: Value = serde_json::from_slice(bytes).map_err(|error| format!("its list of parts: {error}"))?;
    if list["bomFormat"] != "CycloneDX" {
        return Err("its list of parts is no CycloneDX in JSON".to_owned());
    }
    Ok(list)
}

/// The transcoders of other encodings have been a source of host bugs; no guest of ours needs them.
fn only_utf8(function: &wasmparser::CanonicalFunction) -> Result<(), String> {
    let (wasmparser::CanonicalFunction::Lift { options, .. }
    | wasmparser::CanonicalFunction::Lower { options, .. }) = function
    else {
        return Ok(());
    };
    if options.iter().any(|option| matches!(option, CanonicalOption::UTF16 | CanonicalOption::CompactUTF16)) {
        return Err("it passes strings as UTF-16; only UTF-8 is taken".to_owned());
    }
    Ok(())
}

fn agree(manifest: &Manifest, imports: &BTreeSet<String>, exports: &BTreeSet<String>) -> Result<(), String> {
    let permissions = &manifest.permissions;
    for import in imports {
        let asked = match import.as_str() {
            "types" | "log" | "config" | "system" => true,
            "secrets" => !permissions.secrets.is_empty(),
            "kv" => permissions.kv.is_some(),
            "blobs" => permissions.blobs.is_some(),
            "http" => !permissions.http.is_empty(),
            "mail" => !permissions.mail.is_empty(),
            _ => false,
        };
        if !asked {
            return Err(format!("it imports `{import}`, which its manifest does not ask for"));
        }
    }
    let provided: BTreeSet<String> =
        manifest.provides.iter().cloned().chain(["lifecycle".to_owned()]).collect();
    if provided != *exports {
        return Err(format!("its manifest provides {provided:?}, but it exports {exports:?}"));
    }
    Ok(())
}
