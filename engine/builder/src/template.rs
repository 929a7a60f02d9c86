//! `yiwang plugin new`: a folder of its own with the template, the SDK that it is written against, and the lock
//! file that this repository builds its own plugins with. Nothing of it needs this repository afterwards.
//!
//! ```text
//! NAME/Cargo.toml plugin.toml src/ fixtures/ README.md     the author's
//! NAME/sdk/rust sdk/wit sdk/schema                         the SDK, as this program carries it
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The template's own name, and what it is called in Rust.
const NAME: (&str, &str) = ("my-channel", "MyChannel");

/// May a plugin be called so?
///
/// # Errors
/// With what a name looks like.
pub fn named(name: &str) -> Result<()> {
    let right = name.starts_with(|char: char| char.is_ascii_lowercase())
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure!(right, "`{name}`: use lower-case letters, digits and dashes, beginning with a letter");
    Ok(())
}

/// Makes the folder `to` with a plugin of this name.
///
/// # Errors
/// If the name is none, the folder is there already or cannot be written.
pub fn write(name: &str, to: &Path) -> Result<()> {
    named(name)?;
    ensure!(!to.exists(), "{} is there already", to.display());
    for (path, text) in files(name) {
        let path = to.join(path);
        let folder = path.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// What is written: path and text.
fn files(name: &str) -> Vec<(String, String)> {
    let mut files = vec![
        (".gitignore".to_owned(), "/target\n".to_owned()),
        ("Cargo.toml".to_owned(), manifest().replace(NAME.0, name)),
        ("Cargo.lock".to_owned(), text("plugins", "Cargo.lock").to_owned()),
    ];
    for (path, text) in FILES {
        if let Some(path) = path.strip_prefix("sdk/template/") {
            if path != "Cargo.toml" {
                files.push((path.to_owned(), own(text, name)));
            }
        } else if path.starts_with("sdk/") && !path.starts_with("sdk/wit/script/") {
            files.push(((*path).to_owned(), without_workspace(text)));
        }
    }
    files
}

fn own(text: &str, name: &str) -> String {
    let type_name: String = name
        .split('-')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
        })
        .collect();
    text.replace(NAME.0, name).replace(NAME.1, &type_name).replace("../../sdk/", "sdk/")
}

/// The package is a workspace of its own: what it shares with the SDK stands there as it does in this repository.
fn manifest() -> String {
    let (guests, package) = (text("plugins", "Cargo.toml"), text("sdk/template", "Cargo.toml"));
    let used = used();
    let mut shared = String::new();
    let mut dependencies = false;
    let from = guests.find("[workspace.package]").unwrap_or_default();
    for line in guests[from..].lines() {
        if line.starts_with('[') {
            dependencies = line == "[workspace.dependencies]";
        }
        let name = line.split_once(" = ").map(|(name, _)| name);
        if !dependencies || name.is_none_or(|name| used.contains(name)) {
            shared.push_str(&line.replace("../sdk/rust", "sdk/rust"));
            shared.push('\n');
        }
    }
    let package = without_workspace(package);
    format!("{package}\n[workspace]\nresolver = \"3\"\nmembers = [\"sdk/rust\"]\n\n{shared}")
}

/// The dependencies that the SDK and the template name.
fn used() -> BTreeSet<String> {
    let manifests = [text("sdk/rust", "Cargo.toml"), text("sdk/template", "Cargo.toml")];
    let lines = manifests.iter().flat_map(|text| text.lines());
    let named = |line: &str| {
        let plain = line.strip_suffix(".workspace = true");
        plain.or_else(|| Some(line.split_once(" = { workspace = true")?.0)).map(str::to_owned)
    };
    lines.filter_map(named).collect()
}

fn without_workspace(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("workspace = \"")).flat_map(|line| [line, "\n"]).collect()
}

fn text(folder: &str, file: &str) -> &'static str {
    let name = format!("{folder}/{file}");
    FILES.iter().find(|(path, _)| *path == name).map(|(_, text)| *text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("town-hall-desk");
        write("town-hall-desk", &to).unwrap();
        let read = |path: &str| fs::read_to_string(to.join(path)).unwrap();
        let cargo: serde_json::Value = toml::from_str(&read("Cargo.toml")).unwrap();
        assert_eq!(cargo["package"]["name"], "town-hall-desk");
        let dependencies = cargo["workspace"]["dependencies"].as_object().unwrap();
        assert_eq!(dependencies["yiwang-sdk"]["path"], "sdk/rust");
        assert!(!dependencies.contains_key("boa_engine"));
        assert_eq!(cargo["profile"]["release"]["panic"], "abort");
        assert!(read("src/lib.rs").contains("export_channel!(TownHallDesk: webhook)"));
        let manifest = crate::manifest::of(&to).unwrap();
        assert_eq!(manifest.name, "town-hall-desk");
        assert!(manifest.json["events"][0]["dataSchema"]["properties"].is_object(), "the schema is put in");
        assert!(to.join("sdk/wit/types.wit").exists() && to.join("Cargo.lock").exists());
        assert!(write("town-hall-desk", &to).is_err(), "it is there already");
        assert!(write("Town", &folder.path().join("x")).is_err());
    }
}
