//! The files of the project, as git sees them. It knows no rule.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// All files that are, or could be, committed; relative, with `/`, sorted.
pub(crate) fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is on the PATH: the house tests ask it which files belong to the project");
    assert!(listed.status.success(), "run the house tests in a git checkout (a clone, not a tarball)");
    let text = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let mut files: Vec<String> =
        text.lines().filter(|path| root().join(path).is_file()).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    files
}

/// The files whose name ends so.
pub(crate) fn files_ending(suffix: &str) -> Vec<String> {
    files().into_iter().filter(|path| path.ends_with(suffix)).collect()
}

/// The text of a file; bytes that are no UTF-8 are replaced.
pub(crate) fn read(path: &str) -> String {
    let bytes = fs::read(root().join(path)).unwrap_or_else(|error| panic!("reading {path}: {error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What `cargo metadata` says, with these further arguments.
pub(crate) fn metadata(args: &[&str]) -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let told = Command::new(cargo)
        .args(["metadata", "--format-version", "1"])
        .args(args)
        .current_dir(root())
        .output()
        .expect("cargo is on the PATH");
    assert!(
        told.status.success(),
        "cargo metadata {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&told.stderr)
    );
    serde_json::from_slice(&told.stdout).expect("cargo metadata prints JSON")
}

/// Fails with all remarks at once.
pub(crate) fn report(rule: &str, remarks: &[String]) {
    assert!(remarks.is_empty(), "{rule}\n  {}\n", remarks.join("\n  "));
}
