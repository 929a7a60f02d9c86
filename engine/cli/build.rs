//! Puts the pages of `docs/errors` into the binary, so that `yiwang explain` needs no files.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../docs/errors");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut code = String::new();
    list(&mut code, "Name and text of every page.", "PAGES", &root);
    list(&mut code, "The pages that are translated into Chinese.", "PAGES_ZH", &root.join("zh"));
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("pages.rs");
    fs::write(out, code).expect("the build folder can be written");
}

/// A constant with the pages of a folder.
fn list(code: &mut String, about: &str, constant: &str, folder: &Path) {
    let mut pages: Vec<_> = fs::read_dir(folder)
        .expect("docs/errors is part of the source")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    let mut add = |line: std::fmt::Arguments<'_>| {
        code.write_fmt(line).expect("a string takes everything");
    };
    add(format_args!("/// {about}\nconst {constant}: &[(&str, &str)] = &[\n"));
    for path in pages {
        let name =
            path.file_stem().expect("it has an extension, so it has a stem").to_string_lossy().into_owned();
        let path = fs::canonicalize(&path).expect("it was listed just now");
        add(format_args!("    ({name:?}, include_str!({:?})),\n", path.display().to_string()));
    }
    add(format_args!("];\n"));
}
