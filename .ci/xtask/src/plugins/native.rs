//! Unit tests of the plugins and of the SDKs, natively: without a component and without a host.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use yiwang_builder::{Language, manifest, output_of, toolchain};

use super::{in_ci, say};

/// Runs them all. At a desk without Node or Python theirs are skipped with a word.
pub(super) fn test(root: &Path, target: &Path) -> Result<()> {
    let status = toolchain::cargo()
        .current_dir(root.join("plugins"))
        .args(["test", "--workspace", "--target-dir"])
        .arg(target)
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "a unit test of the plugins failed");
    for language in [Language::JavaScript, Language::Python] {
        let (program, sdk) = match language {
            Language::JavaScript => ("node", "sdk/javascript"),
            Language::Python | Language::Rust => ("python3", "sdk/python"),
        };
        if output_of(Command::new(program).arg("--version")).is_none() {
            ensure!(!in_ci(), "{program} is not installed: unit tests in {language} cannot run");
            say(&format!("skipped the unit tests in {language}: {program} is not installed"));
            continue;
        }
        let mut folders = vec![root.join(sdk)];
        for manifest in manifest::all(root)? {
            if Language::of(&manifest.folder)? == language {
                folders.push(manifest.folder);
            }
        }
        for folder in folders.into_iter().filter(|folder| folder.join("test").is_dir()) {
            say(&format!("unit tests of {}", folder.strip_prefix(root).unwrap_or(&folder).display()));
            tested(root, language, &folder)?;
        }
    }
    Ok(())
}

fn tested(root: &Path, language: Language, folder: &Path) -> Result<()> {
    let mut command = match language {
        Language::JavaScript => {
            linked(root, folder)?;
            // By name: what a folder means to Node differs from version to version.
            let mut tests = Vec::new();
            for entry in std::fs::read_dir(folder.join("test"))? {
                let path = entry?.path();
                if path.to_string_lossy().ends_with(".test.js") {
                    tests.push(path);
                }
            }
            tests.sort();
            let mut node = Command::new("node");
            node.arg("--test").args(tests);
            node
        }
        Language::Python | Language::Rust => {
            let mut python = Command::new("python3");
            let paths = [root.join("sdk/python"), folder.join("src")];
            python
                .args(["-B", "-m", "unittest", "discover", "--start-directory", "test", "--quiet"])
                .env("PYTHONPATH", std::env::join_paths(paths)?);
            python
        }
    };
    let status = command.current_dir(folder).status().with_context(|| format!("testing in {language}"))?;
    ensure!(status.success(), "a unit test of {} failed", folder.display());
    Ok(())
}

/// What `npm install` does for the one dependency, a folder: without npm, and without its lock file.
fn linked(root: &Path, folder: &Path) -> Result<()> {
    let modules = folder.join("node_modules");
    let link = modules.join("yiwang-sdk");
    if folder == root.join("sdk/javascript") || link.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(&modules)?;
    std::os::unix::fs::symlink(root.join("sdk/javascript"), &link)
        .with_context(|| format!("linking {}", link.display()))
}
