//! The list of parts of a component (SBOM), as CycloneDX 1.6: the crates that are linked into it, with versions,
//! digests and licences.
//!
//! ```text
//! cargo tree (target, normal, no proc-macros) ─► which ─┐
//! cargo metadata (target) ─► licence, repository, edges ─┼─► CycloneDX
//! Cargo.lock ─► digest of what was downloaded ──────────┘
//! ```
//! What only runs while it is built (macros, build scripts, tests) is not in the component, and not in the list. It has
//! no time and no random number: the same sources give the same list, byte for byte, and no path of a machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::output_of;
use crate::toolchain::{TARGET, cargo};

/// As the specification calls what is written here.
pub const SPEC_VERSION: &str = "1.6";
/// The standard library has no package: it comes with the compiler.
const STD: &str = "rust-std";
/// What crates.io is called in lock files, by whatever protocol it is asked.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The list of what is linked into the package of this name, in a folder of its workspace; `compiler` is what
/// `rustc -vV` says.
///
/// # Errors
/// If cargo does not say what the package is made of.
pub fn of_package(folder: &Path, name: &str, compiler: &str) -> Result<Value> {
    let parts = linked(folder, name)?;
    let told = output_of(cargo().current_dir(folder).args([
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        TARGET,
    ]))
    .context("cargo does not say what the package is made of")?;
    let told: Value = serde_json::from_str(&told).context("reading what cargo says about the package")?;
    let root = told["workspace_root"].as_str().context("cargo says no folder")?;
    let lock = fs::read_to_string(Path::new(root).join("Cargo.lock")).context("reading Cargo.lock")?;
    listed(&told, &parts, name, &checksums(&lock)?, compiler)
}

/// A list that the author of another language has made.
///
/// # Errors
/// If it is no CycloneDX in JSON.
pub fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let list: Value = serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    ensure!(list["bomFormat"] == "CycloneDX", "{} is no CycloneDX in JSON", path.display());
    Ok(list)
}

/// Writes a list beside its component, as `NAME.cdx.json`, which tools know by this end.
///
/// # Errors
/// If it cannot be written.
pub fn write(list: &Value, wasm: &Path) -> Result<PathBuf> {
    let path = wasm.with_extension("cdx.json");
    let text = serde_json::to_string_pretty(list).context("writing the list of parts")?;
    fs::write(&path, format!("{text}\n")).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// A crate, by name and version.
type Part = (String, String);

/// What is linked, the package itself included. `cargo metadata` knows features by the workspace only; this is exact.
fn linked(folder: &Path, name: &str) -> Result<BTreeSet<Part>> {
    let told = output_of(cargo().current_dir(folder).args([
        "tree",
        "--package",
        name,
        "--target",
        TARGET,
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))
    .context("cargo does not say what the package is made of")?;
    let part = |line: &str| {
        let mut words = line.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some((name.to_owned(), version.to_owned()))
    };
    Ok(told.lines().filter_map(part).collect())
}

/// SHA-256 of the packages that were downloaded.
fn checksums(lock: &str) -> Result<BTreeMap<Part, String>> {
    let lock: Value = toml::from_str(lock).context("reading Cargo.lock")?;
    let packages = lock["package"].as_array().into_iter().flatten();
    let text = |package: &Value, name: &str| package[name].as_str().map(ToOwned::to_owned);
    Ok(packages
        .filter_map(|it| Some(((text(it, "name")?, text(it, "version")?), text(it, "checksum")?)))
        .collect())
}

fn listed(
    told: &Value,
    parts: &BTreeSet<Part>,
    name: &str,
    checksums: &BTreeMap<Part, String>,
    compiler: &str,
) -> Result<Value> {
    let packages: BTreeMap<&str, &Value> = told["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|package| part_of(package).is_some_and(|part| parts.contains(&part)))
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let root = packages.values().find(|package| package["name"] == name && package["source"].is_null());
    let root = *root.with_context(|| format!("cargo knows no package `{name}`"))?;
    let mut components: Vec<Value> = packages
        .values()
        .filter(|package| package["id"] != root["id"])
        .map(|package| component(package, "library", checksums))
        .collect();
    components.push(standard_library(compiler));
    components.sort_by(|one, other| one["bom-ref"].as_str().cmp(&other["bom-ref"].as_str()));
    let mut dependencies: Vec<Value> = told["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((packages.get(node["id"].as_str()?)?, node)))
        .map(|(package, node)| edges(package, node, &packages, package["id"] == root["id"]))
        .collect();
    dependencies.push(json!({"ref": STD}));
    dependencies.sort_by(|one, other| one["ref"].as_str().cmp(&other["ref"].as_str()));
    Ok(json!({
        "$schema": format!("http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json"),
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "yiwang", "version": env!("CARGO_PKG_VERSION")}]},
            "component": component(root, "application", checksums),
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn part_of(package: &Value) -> Option<Part> {
    Some((package["name"].as_str()?.to_owned(), package["version"].as_str()?.to_owned()))
}

fn reference(package: &Value) -> String {
    format!(
        "{}@{}",
        package["name"].as_str().unwrap_or_default(),
        package["version"].as_str().unwrap_or_default()
    )
}

fn component(package: &Value, kind: &str, checksums: &BTreeMap<Part, String>) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
    });
    if let Some(words) = package["license"].as_str() {
        // As crates wrote it before SPDX had expressions.
        component["licenses"] = json!([{"expression": words.replace('/', " OR ").replace("  ", " ")}]);
    } else if package["license_file"].is_string() {
        component["licenses"] = json!([{"license": {"name": "in a file of the package"}}]);
    }
    let Some(source) = package["source"].as_str() else { return component };
    let checksum = part_of(package).and_then(|part| checksums.get(&part));
    if let Some(checksum) = checksum {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component["purl"] = json!(purl(package, source));
    if let Some(url) = package["repository"].as_str().filter(|url| url.starts_with("https://")) {
        component["externalReferences"] = json!([{"type": "vcs", "url": url}]);
    }
    component
}

/// Where it is from (<https://github.com/package-url/purl-spec>).
fn purl(package: &Value, source: &str) -> String {
    let plain = format!("pkg:cargo/{}", reference(package).replace('+', "%2B"));
    if source == CRATES_IO {
        return plain;
    }
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    match source.split_once('+') {
        Some(("git", _)) => format!("{plain}?vcs_url={}", escaped(source)),
        Some((_, url)) => format!("{plain}?repository_url={}", escaped(url)),
        None => plain,
    }
}

fn edges(package: &Value, node: &Value, packages: &BTreeMap<&str, &Value>, is_root: bool) -> Value {
    let deps = node["deps"].as_array().into_iter().flatten().filter(|dep| {
        let kinds = dep["dep_kinds"].as_array().into_iter().flatten();
        kinds.into_iter().any(|kind| kind["kind"].is_null())
    });
    let mut to: Vec<String> =
        deps.filter_map(|dep| packages.get(dep["pkg"].as_str()?)).map(|it| reference(it)).collect();
    if is_root {
        to.push(STD.to_owned());
    }
    to.sort();
    to.dedup();
    let mut edges = json!({"ref": reference(package)});
    if !to.is_empty() {
        edges["dependsOn"] = json!(to);
    }
    edges
}

fn standard_library(compiler: &str) -> Value {
    let release = compiler.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or("unknown");
    json!({
        "type": "library",
        "bom-ref": STD,
        "name": "std",
        "version": release.trim(),
        "description": "the standard library of Rust, as the compiler brings it",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "externalReferences": [{"type": "vcs", "url": "https://github.com/rust-lang/rust"}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPILER: &str = "rustc 1.95.0 (59807616e 2026-04-14)\nrelease: 1.95.0\n";

    fn part(name: &str) -> Part {
        (name.to_owned(), "1.0.0".to_owned())
    }

    fn told() -> Value {
        let package = |name: &str, source: Value, license: Value| {
            json!({"id": name, "name": name, "version": "1.0.0", "source": source, "license": license,
                   "license_file": null, "repository": "https://example.cn/x", "manifest_path": "/home/somebody/x"})
        };
        let dep =
            |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind, "target": null}]});
        json!({
            "packages": [
                package("desk", json!(null), json!("Apache-2.0")),
                package("sdk", json!(null), json!("Apache-2.0")),
                package("old", json!(CRATES_IO), json!("MIT/Apache-2.0")),
                package("of-git", json!("git+https://git.example.cn/a?rev=b#c"), json!(null)),
                package("macros", json!(CRATES_IO), json!("MIT")),
            ],
            "resolve": {"nodes": [
                {"id": "desk", "deps": [dep("sdk", json!(null)), dep("old", json!("dev")), dep("macros", json!(null))]},
                {"id": "sdk", "deps": [dep("old", json!(null)), dep("of-git", json!(null))]},
                {"id": "old", "deps": []}, {"id": "of-git", "deps": []}, {"id": "macros", "deps": [dep("old", json!(null))]},
            ]},
        })
    }

    fn list() -> Value {
        let parts = ["desk", "sdk", "old", "of-git"].map(part).into();
        let checksums = BTreeMap::from([(part("old"), "ab".repeat(32))]);
        listed(&told(), &parts, "desk", &checksums, COMPILER).unwrap()
    }

    #[test]
    fn what_is_linked_is_listed_and_nothing_else() {
        let list = list();
        assert_eq!(
            (&list["bomFormat"], &list["specVersion"], &list["version"]),
            (&json!("CycloneDX"), &json!("1.6"), &json!(1))
        );
        let names: Vec<&str> =
            list["components"].as_array().unwrap().iter().map(|it| it["bom-ref"].as_str().unwrap()).collect();
        assert_eq!(names, ["of-git@1.0.0", "old@1.0.0", STD, "sdk@1.0.0"]);
        assert_eq!(
            list["metadata"]["component"],
            json!({
                "type": "application", "bom-ref": "desk@1.0.0", "name": "desk", "version": "1.0.0", "licenses": [{"expression": "Apache-2.0"}]
            })
        );
        assert_eq!(
            list["components"][1],
            json!({
                "type": "library", "bom-ref": "old@1.0.0", "name": "old", "version": "1.0.0",
                "licenses": [{"expression": "MIT OR Apache-2.0"}], "hashes": [{"alg": "SHA-256", "content": "ab".repeat(32)}],
                "purl": "pkg:cargo/old@1.0.0", "externalReferences": [{"type": "vcs", "url": "https://example.cn/x"}]
            })
        );
        assert_eq!(
            list["components"][0]["purl"],
            "pkg:cargo/of-git@1.0.0?vcs_url=git%2Bhttps://git.example.cn/a%3Frev%3Db%23c"
        );
        assert_eq!(list["components"][2]["version"], "1.95.0");
        assert!(!list.to_string().contains("somebody"), "no path of a machine");
    }

    #[test]
    fn edges_are_those_of_what_is_linked() {
        assert_eq!(
            list()["dependencies"],
            json!([
                {"ref": "desk@1.0.0", "dependsOn": [STD, "sdk@1.0.0"]},
                {"ref": "of-git@1.0.0"},
                {"ref": "old@1.0.0"},
                {"ref": STD},
                {"ref": "sdk@1.0.0", "dependsOn": ["of-git@1.0.0", "old@1.0.0"]},
            ])
        );
    }

    #[test]
    fn this_very_package_can_be_listed() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/outbound-webhook");
        let list = of_package(&here, "outbound-webhook", COMPILER).unwrap();
        assert_eq!(list, of_package(&here, "outbound-webhook", COMPILER).unwrap());
        let components = list["components"].as_array().unwrap();
        let named = |name: &str| components.iter().find(|it| it["name"] == name);
        assert!(named("yiwang-sdk").is_some_and(|it| it["purl"].is_null()));
        assert!(
            named("serde_json")
                .is_some_and(|it| it["hashes"][0]["content"].as_str().is_some_and(|sum| sum.len() == 64))
        );
        assert!(
            named("serde_derive").is_none() && named("wit-bindgen-rust-macro").is_none(),
            "macros are not linked"
        );
        assert!(named("aes").is_none(), "a feature that only others ask for");
        let references: Vec<&Value> = components.iter().map(|it| &it["bom-ref"]).collect();
        for edge in list["dependencies"].as_array().unwrap() {
            let known =
                |it: &Value| references.contains(&it) || *it == list["metadata"]["component"]["bom-ref"];
            assert!(
                known(&edge["ref"]) && edge["dependsOn"].as_array().into_iter().flatten().all(known),
                "{edge}"
            );
        }
        assert!(!list.to_string().contains(env!("CARGO_MANIFEST_DIR")));
    }
}
