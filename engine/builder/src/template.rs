//! `yiwang plugin new`: a folder of its own with a template, the SDK that it is written against, and in Rust the
//! lock file that this repository builds its own plugins with. Nothing of it needs this repository afterwards.
//!
//! ```text
//! NAME/plugin.toml fixtures/ README.md, sources and the file of the package     the author's
//! NAME/sdk/…                                                                    the SDK, as this program carries it
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::carried;
use crate::language::Language;

/// Where the template of a language is.
pub(crate) fn folder(language: Language) -> &'static str {
    match language {
        Language::Rust => "sdk/template",
        Language::JavaScript => "sdk/javascript/template",
        Language::Python => "sdk/python/template",
    }
}

/// The template's own name.
fn own_name(language: Language) -> &'static str {
    match language {
        Language::Rust => "my-channel",
        Language::JavaScript => "my-javascript-channel",
        Language::Python => "my-python-channel",
    }
}

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

/// Makes the folder `to` with a plugin of this name and language.
///
/// # Errors
/// If the name is none, the folder is there already or cannot be written.
pub fn write(language: Language, name: &str, to: &Path) -> Result<()> {
    named(name)?;
    ensure!(!to.exists(), "{} is there already", to.display());
    for (path, text) in files(language, name) {
        let path = to.join(path);
        let folder = path.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// What is written: path and text.
fn files(language: Language, name: &str) -> Vec<(String, String)> {
    let template = format!("{}/", folder(language));
    let of_template = carried::files()
        .filter_map(|(path, text)| Some((path.strip_prefix(&template)?, text)))
        .filter(|(path, _)| language != Language::Rust || *path != "Cargo.toml")
        .map(|(path, text)| (renamed(language, path, name), own(language, text, name)));
    let of_sdk = carried::files()
        .filter(|(path, _)| goes_along(language, path))
        .map(|(path, text)| (path.to_owned(), without_workspace(text)));
    let mut files: Vec<_> = of_template.chain(of_sdk).collect();
    files.push((".gitignore".to_owned(), ignored(language).to_owned()));
    if language == Language::Rust {
        files.push(("Cargo.toml".to_owned(), manifest().replace(own_name(language), name)));
        files.push(("Cargo.lock".to_owned(), carried::text("plugins", "Cargo.lock").to_owned()));
    }
    files
}

/// Is this file of the repository part of the SDK of this language?
fn goes_along(language: Language, path: &str) -> bool {
    let of = |folder: &str| {
        path.strip_prefix(folder)
            .is_some_and(|rest| !rest.starts_with("template/") && !rest.starts_with("test"))
    };
    match language {
        _ if path.starts_with("sdk/schema/") => true,
        Language::Rust => {
            of("sdk/rust/") || path.starts_with("sdk/wit/") && !path.starts_with("sdk/wit/script/")
        }
        Language::JavaScript => of("sdk/javascript/"),
        Language::Python => of("sdk/python/"),
    }
}

fn ignored(language: Language) -> &'static str {
    match language {
        Language::Rust => "/target\n",
        Language::JavaScript => "/target\n/node_modules\n",
        Language::Python => "/target\n__pycache__/\n",
    }
}

/// Where a file of the template goes: a package of Python has the plugin's name.
fn renamed(language: Language, path: &str, name: &str) -> String {
    match language {
        Language::Rust | Language::JavaScript => path.to_owned(),
        Language::Python => path.replace(&module(own_name(language)), &module(name)),
    }
}

/// A name as modules may have it.
fn module(name: &str) -> String {
    name.replace('-', "_")
}

fn own(language: Language, text: &str, name: &str) -> String {
    let (own, named) = (own_name(language), text.replace(own_name(language), name));
    match language {
        Language::Rust => named.replace(&type_name(own), &type_name(name)).replace("../../sdk/", "sdk/"),
        Language::JavaScript => {
            named.replace("../../schema/", "sdk/schema/").replace("\"file:..\"", "\"file:sdk/javascript\"")
        }
        Language::Python => named
            .replace(&module(own), &module(name))
            .replace("../../schema/", "sdk/schema/")
            .replace("sdk = \"..\"", "sdk = \"sdk/python\""),
    }
}

fn type_name(name: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
    };
    name.split('-').map(word).collect()
}

/// The package is a workspace of its own: what it shares with the SDK stands there as it does in this repository.
fn manifest() -> String {
    let (guests, package) =
        (carried::text("plugins", "Cargo.toml"), carried::text("sdk/template", "Cargo.toml"));
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
    let manifests = [carried::text("sdk/rust", "Cargo.toml"), carried::text("sdk/template", "Cargo.toml")];
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

#[cfg(test)]
mod tests {
    use super::*;

    fn made(language: Language) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("town-hall-desk");
        write(language, "town-hall-desk", &to).unwrap();
        let manifest = crate::manifest::of(&to).unwrap();
        assert_eq!(manifest.name, "town-hall-desk");
        assert_eq!(Language::of(&to).unwrap(), language);
        assert_eq!(language.package_name(&to).unwrap(), manifest.name);
        assert!(manifest.json["events"][0]["dataSchema"]["properties"].is_object(), "the schema is put in");
        assert!(to.join("fixtures/text.json").exists() && to.join(".gitignore").exists());
        (folder, to)
    }

    #[test]
    fn what_is_written_is_whole() {
        let (folder, to) = made(Language::Rust);
        let read = |path: &str| fs::read_to_string(to.join(path)).unwrap();
        let cargo: serde_json::Value = toml::from_str(&read("Cargo.toml")).unwrap();
        let dependencies = cargo["workspace"]["dependencies"].as_object().unwrap();
        assert_eq!(dependencies["yiwang-sdk"]["path"], "sdk/rust");
        assert!(!dependencies.contains_key("boa_engine"));
        assert_eq!(cargo["profile"]["release"]["panic"], "abort");
        assert!(read("src/lib.rs").contains("export_channel!(TownHallDesk: webhook)"));
        assert!(to.join("sdk/wit/types.wit").exists() && to.join("Cargo.lock").exists());
        assert!(write(Language::Rust, "town-hall-desk", &to).is_err(), "it is there already");
        assert!(write(Language::Rust, "Town", &folder.path().join("x")).is_err());
    }

    #[test]
    fn javascript_comes_with_its_sdk() {
        let (_folder, to) = made(Language::JavaScript);
        let package = fs::read_to_string(to.join("package.json")).unwrap();
        let package: serde_json::Value = serde_json::from_str(&package).unwrap();
        let sdk = package["dependencies"]["yiwang-sdk"].as_str().unwrap().strip_prefix("file:").unwrap();
        for file in ["index.js", "index.d.ts", "fake.js", "component.js", "package.json"] {
            assert!(to.join(sdk).join(file).exists(), "{file}");
        }
        let source = fs::read_to_string(to.join(package["main"].as_str().unwrap())).unwrap();
        assert!(source.contains("\"town-hall-desk.no-text\""));
        assert!(to.join("test/index.test.js").exists() && !to.join("sdk/javascript/test").exists());
    }

    #[test]
    fn python_comes_with_its_sdk() {
        let (_folder, to) = made(Language::Python);
        let project = fs::read_to_string(to.join("pyproject.toml")).unwrap();
        let project: serde_json::Value = toml::from_str(&project).unwrap();
        let told = &project["tool"]["yiwang"];
        assert_eq!(told["module"], "town_hall_desk");
        for file in ["__init__.py", "component.py", "fake.py"] {
            assert!(to.join(told["sdk"].as_str().unwrap()).join("yiwang_sdk").join(file).exists(), "{file}");
        }
        let source = fs::read_to_string(to.join("src/town_hall_desk.py")).unwrap();
        assert!(source.contains("\"town-hall-desk.no-text\""));
        assert!(to.join("test/test_channel.py").exists() && !to.join("sdk/python/test").exists());
        assert!(
            fs::read_to_string(to.join("test/test_channel.py")).unwrap().contains("import town_hall_desk")
        );
    }
}
