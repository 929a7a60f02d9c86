//! Who may depend on whom: the picture of docs/ARCHITECTURE.md as a table. ADR 0001.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::tree::{metadata, read, report, root};

/// What each engine crate may name of the others.
const ALLOWED: &[(&str, &[&str])] = &[
    ("yiwang-builder", &[]),
    ("yiwang-dsl", &[]),
    ("yiwang-core", &["yiwang-dsl"]),
    ("yiwang-runtime", &["yiwang-core", "yiwang-dsl"]),
    ("yiwang-store", &["yiwang-core", "yiwang-dsl", "yiwang-runtime"]),
    ("yiwang-host", &["yiwang-core", "yiwang-dsl", "yiwang-runtime"]),
    ("yiwang-server", &["yiwang-core", "yiwang-dsl", "yiwang-runtime"]),
    ("yiwang-services", &["yiwang-core", "yiwang-dsl", "yiwang-runtime"]),
    ("yiwang-sim", &["yiwang-core", "yiwang-dsl", "yiwang-runtime"]),
    (
        "yiwang-cli",
        &[
            "yiwang-builder",
            "yiwang-core",
            "yiwang-dsl",
            "yiwang-host",
            "yiwang-runtime",
            "yiwang-server",
            "yiwang-services",
            "yiwang-sim",
            "yiwang-store",
        ],
    ),
];

/// Those that wait for something.
const ASYNC: &[&str] = &[
    "yiwang-runtime",
    "yiwang-store",
    "yiwang-host",
    "yiwang-server",
    "yiwang-services",
    "yiwang-sim",
    "yiwang-cli",
];

/// Third-party crates with one door each: a name, or the beginning of one, and the engine crates that may
/// name it. Tests and automation measure from outside and are free.
const DOORS: &[(&str, &[&str])] = &[
    ("sea-orm", &["yiwang-store"]),
    ("sqlx", &["yiwang-store"]),
    ("rusqlite", &["yiwang-store"]),
    ("wasmtime", &["yiwang-host"]),
    ("axum", &["yiwang-server"]),
    ("tower", &["yiwang-server", "yiwang-services"]),
    ("reqwest", &["yiwang-host", "yiwang-cli"]),
    ("hyper", &["yiwang-services"]),
    ("tokio", ASYNC),
    ("futures", ASYNC),
    ("getrandom", &["yiwang-runtime", "yiwang-host", "yiwang-server", "yiwang-services", "yiwang-cli"]),
    ("rand", &[]),
    ("chrono", &[]),
    ("openssl", &[]),
    ("serde_yaml", &[]),
    ("anyhow", &["yiwang-builder", "yiwang-cli"]),
    ("clap", &["yiwang-cli"]),
];

/// Package name → (its folder, names of its direct dependencies without the ones for tests).
fn packages() -> BTreeMap<String, (String, Vec<String>)> {
    let told = metadata(&["--no-deps"]);
    let root = root();
    let packages = told["packages"].as_array().expect("a list");
    let of = |package: &Value| {
        let manifest = package["manifest_path"].as_str().expect("a path").replace('\\', "/");
        let folder = manifest
            .strip_prefix(&*root.to_string_lossy())
            .and_then(|path| path.strip_suffix("/Cargo.toml"))
            .unwrap_or(&manifest)
            .trim_start_matches('/')
            .to_owned();
        let names = package["dependencies"].as_array().expect("a list").iter();
        let names = names.filter(|dependency| dependency["kind"] != "dev");
        let names = names.filter_map(|dependency| dependency["name"].as_str()).map(str::to_owned).collect();
        (package["name"].as_str().expect("a name").to_owned(), (folder, names))
    };
    packages.iter().map(of).collect()
}

#[test]
fn engine_crates_depend_only_inwards() {
    let mut remarks = Vec::new();
    for (name, (folder, dependencies)) in packages() {
        if !folder.starts_with("engine/") {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            remarks.push(format!(
                "{name} is new in engine/: add it to ALLOWED in tests/house/src/graph.rs, draw it in \
                 docs/ARCHITECTURE.md and say in an ADR why it is a crate"
            ));
            continue;
        };
        for dependency in dependencies.iter().filter(|dependency| dependency.starts_with("yiwang")) {
            if !allowed.contains(&dependency.as_str()) {
                remarks.push(format!(
                    "{name} must not depend on {dependency}: move what is shared inwards or make it a port in \
                     engine/runtime/src/ports.rs"
                ));
            }
        }
    }
    report("Engine crates depend only inwards (ADR 0001).", &remarks);
}

#[test]
fn each_big_library_has_one_door() {
    let mut remarks = Vec::new();
    for (name, (folder, dependencies)) in packages() {
        if !folder.starts_with("engine/") {
            continue;
        }
        for dependency in dependencies {
            let door = DOORS
                .iter()
                .find(|(family, _)| dependency == *family || dependency.starts_with(&format!("{family}-")));
            if let Some((family, owners)) = door
                && !owners.contains(&name.as_str())
            {
                remarks.push(format!("{family} belongs to {owners:?}, not to {name}"));
            }
        }
    }
    report("Third-party crates with one door (ADR 0001).", &remarks);
}

#[test]
fn the_engine_never_names_plugins_or_workflows() {
    let mut remarks = Vec::new();
    for path in crate::tree::files() {
        let code = path.ends_with(".rs") || path.ends_with("Cargo.toml");
        if !code || !path.starts_with("engine/") {
            continue;
        }
        for (number, line) in product_lines(&read(&path)) {
            for folder in ["plugins/", "workflows/"] {
                // Only a literal path names a folder of the repository; an address of the API does not.
                let named = ["\"", "../", "include_str!(\""].iter().any(|before| {
                    line.contains(&format!("{before}{folder}")) && !line.contains(&format!("/{folder}{{"))
                });
                if named {
                    remarks.push(format!("{path}:{number}: names {folder}: hand it in by configuration"));
                }
            }
        }
    }
    report("engine/ knows no plugin and no workflow of the repository.", &remarks);
}

#[test]
fn the_sdk_knows_nothing_of_the_engine() {
    let mut remarks = Vec::new();
    for path in crate::tree::files() {
        let guest = path.starts_with("sdk/") || path.starts_with("plugins/");
        if guest && path.ends_with("Cargo.toml") && read(&path).contains("engine/") {
            remarks.push(format!("{path}: names engine/: guests know sdk/wit only"));
        }
        if guest && path.ends_with(".rs") {
            for (number, line) in product_lines(&read(&path)) {
                for name in ["yiwang_core", "yiwang_dsl", "yiwang_runtime", "yiwang_host", "yiwang_store"] {
                    if line.contains(name) {
                        remarks.push(format!("{path}:{number}: names {name}: guests know sdk/wit only"));
                    }
                }
            }
        }
    }
    report("sdk/ and plugins/ know nothing of engine/.", &remarks);
}

/// The lines before the tests, without comments, numbered from 1.
pub(crate) fn product_lines(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(at, line)| (at + 1, line))
        .collect()
}
