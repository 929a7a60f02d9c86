//! What every source file and every manifest of the project has in common.

use crate::tree::{files, files_ending, read, report};

/// Words that belong to one machine, not to the project. Written in halves, so that this file has none.
const FOREIGN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/tmp/", "yw"),
    ("/home/", "user"),
    ("shared/", "DESIGN"),
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("registry.", "npmjs.org"),
    ("goproxy", ".cn"),
    ("rsproxy", ".cn"),
    ("mirrors.", "ustc"),
    ("mirrors.", "tuna"),
];

#[test]
fn every_source_file_says_what_it_is() {
    let silent = files_ending(".rs").into_iter().filter(|path| !read(path).starts_with("//!"));
    let remarks: Vec<String> = silent
        .map(|path| format!("{path}: begin it with `//!`: what it is, then what it does not know"))
        .collect();
    report("Every source file opens with a module comment (docs/STYLE.md 3).", &remarks);
}

#[test]
fn no_word_of_one_machine_is_committed() {
    let mut remarks = Vec::new();
    // The lock files name the public registry; cargo writes them.
    for path in files().into_iter().filter(|path| !path.ends_with(".lock") && !is_binary(path)) {
        for (number, line) in read(&path).lines().enumerate() {
            for (head, tail) in FOREIGN {
                if line.contains(&format!("{head}{tail}")) {
                    remarks.push(format!("{path}:{}: takes {head}{tail} from one machine", number + 1));
                }
            }
        }
    }
    report("Nothing in the tree depends on the machine it was written on.", &remarks);
}

#[test]
fn nothing_is_left_for_later_in_the_text() {
    let later = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X:"].concat()];
    let mut remarks = Vec::new();
    for path in files().into_iter().filter(|path| path.ends_with(".rs") || path.ends_with(".yaml")) {
        for (number, line) in read(&path).lines().enumerate() {
            if later.iter().any(|word| line.contains(word.as_str())) {
                remarks.push(format!("{path}:{}: do it, or write an issue", number + 1));
            }
        }
    }
    report("No note to self is left in the tree.", &remarks);
}

#[test]
fn versions_stand_only_in_the_root_manifests() {
    let mut remarks = Vec::new();
    for path in files_ending("Cargo.toml") {
        let text = read(&path);
        // A workspace root may say versions; a lone guest of the SDK's template is its own root.
        if text.contains("[workspace") {
            continue;
        }
        let mut within = false;
        for (number, line) in text.lines().enumerate() {
            if line.starts_with('[') {
                within = line.contains("dependencies");
            }
            let says = within && line.contains('=') && !line.trim_start().starts_with('#');
            if says && !line.contains("workspace = true") && !line.contains("path =") {
                remarks.push(format!(
                    "{path}:{}: move the version to [workspace.dependencies] and write `workspace = true`",
                    number + 1
                ));
            }
        }
    }
    report("Versions stand only in a workspace's root manifest (docs/STYLE.md 12).", &remarks);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let mut remarks = Vec::new();
    for path in files_ending("Cargo.toml") {
        let ours = ["engine/", "tests/", ".ci/"].iter().any(|folder| path.starts_with(folder));
        if ours && !read(&path).contains("[lints]\nworkspace = true") {
            remarks.push(format!("{path}: add `[lints]` with `workspace = true`"));
        }
    }
    report("Every crate takes the lints of the workspace.", &remarks);
}

fn is_binary(path: &str) -> bool {
    [".png", ".jpg", ".jpeg", ".wasm", ".bin", ".ico", ".gz"].iter().any(|suffix| path.ends_with(suffix))
}
