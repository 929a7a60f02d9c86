//! Puts the templates of a plugin and the SDKs into the binary, so that `yiwang plugin new` needs no network.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../..");
    let root = fs::canonicalize(root).expect("the repository is there");
    let mut code = String::from(
        "/// Path in the repository and text of every file.\nconst FILES: &[(&str, &str)] = &[\n",
    );
    let guests = root.join("plugins");
    let mut files = vec![guests.join("Cargo.toml"), guests.join("Cargo.lock")];
    for folder in ["template", "rust", "javascript", "python", "wit", "schema"] {
        let folder = root.join("sdk").join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        collect(&folder, &mut files);
    }
    for path in files {
        let name = path.strip_prefix(&root).expect("it lies below").display().to_string();
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(code, "    ({name:?}, include_str!({:?})),", path.display().to_string())
            .expect("a string takes everything");
    }
    code.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("files.rs");
    fs::write(out, code).expect("the build folder can be written");
}

/// The sources below a folder, in order.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the SDK is part of the source")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    entries.sort();
    for path in entries {
        let known = ["rs", "js", "ts", "py", "typed", "toml", "md", "wit", "json"];
        if path.is_dir() {
            if !["target", "node_modules"].iter().any(|made| path.ends_with(made)) {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|end| known.iter().any(|known| end == *known)) {
            files.push(path);
        }
    }
}
