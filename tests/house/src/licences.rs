//! Everything that is linked into the product may be given away under Apache-2.0.

use std::process::Command;

use crate::tree::{metadata, report, root};

/// Licences whose terms allow it (ADR 0001). A new one is a decision, not an edit.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn every_dependency_has_an_allowed_licence() {
    let host = host_triple();
    let mut roots = vec![(root().join("Cargo.toml"), host)];
    let guests = root().join("plugins/Cargo.toml");
    if guests.is_file() {
        roots.push((guests, "wasm32-unknown-unknown".to_owned()));
    }
    let mut remarks = Vec::new();
    for (manifest, platform) in roots {
        let manifest = manifest.to_string_lossy().into_owned();
        let told = metadata(&["--locked", "--manifest-path", &manifest, "--filter-platform", &platform]);
        for package in told["packages"].as_array().expect("a list") {
            let name = package["name"].as_str().unwrap_or_default();
            match package["license"].as_str() {
                None if package["source"].is_null() => {}
                None => remarks.push(format!("{name} names no licence: replace it")),
                Some(licence) if !allowed(licence) => {
                    remarks.push(format!("{name} is under `{licence}`: replace it, or decide in an ADR"));
                }
                Some(_) => {}
            }
        }
    }
    report("Licences of the dependencies.", &remarks);
}

#[test]
fn licence_expressions_are_understood() {
    assert!(allowed("MIT OR Apache-2.0"));
    assert!(allowed("MIT/Apache-2.0"));
    assert!(allowed("Apache-2.0 OR GPL-2.0-only"));
    assert!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(allowed("Apache-2.0 WITH LLVM-exception"));
    assert!(!allowed("GPL-3.0-only"));
    assert!(!allowed("MIT AND GPL-3.0-only"));
    assert!(!allowed("(MIT AND AGPL-3.0-only) OR SSPL-1.0"));
    assert!(!allowed(""));
}

/// Whether an SPDX expression can be met with allowed licences. `AND` binds closer than `OR`.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = either(&words, &mut at);
    met && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut met = both(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= both(words, at);
    }
    met
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut met = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at);
    }
    met
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let met = either(words, at);
        *at += 1;
        return met;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return ALLOWED.contains(&format!("{word} WITH {exception}").as_str());
    }
    ALLOWED.contains(word)
}

fn host_triple() -> String {
    let told = Command::new("rustc").arg("-vV").output().expect("rustc is on the PATH");
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc says its host").to_owned()
}
