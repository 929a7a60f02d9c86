//! `plugin.toml` as JSON. Files that it names are put in, so that the component carries all of it.
//!
//! The server's host reads the result strictly; here only what the build itself relies on is checked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};

use crate::language::Language;

/// One manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its name, also that of the package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// False: for tests and examples only.
    pub shipped: bool,
    /// Where its sources are.
    pub folder: PathBuf,
    /// All of it.
    pub json: Value,
}

/// All plugins of this repository and the templates, by folder.
///
/// # Errors
/// If one cannot be read.
pub fn all(root: &Path) -> Result<Vec<Manifest>> {
    let templates = Language::ALL.map(|language| root.join(crate::template::folder(language)));
    let mut folders: Vec<PathBuf> =
        templates.into_iter().filter(|folder| folder.join("plugin.toml").exists()).collect();
    for entry in fs::read_dir(root.join("plugins")).context("listing plugins/")? {
        let folder = entry?.path();
        if folder.join("plugin.toml").exists() {
            folders.push(folder);
        }
    }
    folders.sort();
    let shipped_in = root.join("plugins");
    folders
        .into_iter()
        .map(|folder| {
            let path = folder.join("plugin.toml");
            read(&folder, folder.starts_with(&shipped_in))
                .with_context(|| format!("reading {}", path.display()))
        })
        .collect()
}

/// The manifest of a folder with sources of any language, or of a `plugin.toml` itself.
///
/// # Errors
/// If it is not there, is not TOML, or names a file that is not there.
pub fn of(path: &Path) -> Result<Manifest> {
    let file = if path.is_dir() { path.join("plugin.toml") } else { path.to_owned() };
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let mut json: Value = toml::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
    inline(&mut json, &folder)?;
    let text = |name: &str| {
        let found = json[name].as_str().map(ToOwned::to_owned);
        found.with_context(|| format!("`{name}` is missing in {}", file.display()))
    };
    let (name, version) = (text("name")?, text("version")?);
    let shipped = json["testOnly"] != true;
    Ok(Manifest { name, version, shipped, folder, json })
}

fn read(folder: &Path, in_plugins: bool) -> Result<Manifest> {
    let manifest = of(folder)?;
    let name = &manifest.name;
    let language = Language::of(folder)?;
    let package = language.package_name(folder)?;
    ensure!(
        package == *name,
        "the plugin is called `{name}`, but its package in {} `{package}`",
        language.package()
    );
    let shipped = in_plugins && manifest.shipped;
    Ok(Manifest { shipped, ..manifest })
}

/// `{ file = "x.json" }` becomes the content of that file.
fn inline(value: &mut Value, folder: &Path) -> Result<()> {
    if let Value::Object(map) = value {
        if let Some(file) = only_file(map) {
            let path = folder.join(file);
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            *value = serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
            return Ok(());
        }
        return map.values_mut().try_for_each(|value| inline(value, folder));
    }
    if let Value::Array(items) = value {
        return items.iter_mut().try_for_each(|value| inline(value, folder));
    }
    Ok(())
}

fn only_file(map: &Map<String, Value>) -> Option<&str> {
    map.get("file").filter(|_| map.len() == 1)?.as_str()
}
