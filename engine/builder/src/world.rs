//! The world of one plugin in WIT: the imports that its manifest asks for, and the exports that it provides.
//!
//! Tools that wire up a whole world need it, whatever language they are for: a component that imports what its
//! manifest does not ask for is not taken.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{Manifest, carried};

/// The name of the world.
pub const NAME: &str = "plugin";
/// What a plugin may import without asking.
const FREE: [&str; 3] = ["log", "config", "system"];
/// What it asks for, as `permissions` name it.
const ASKED: [&str; 4] = ["secrets", "kv", "blobs", "http"];
/// What it may provide.
const PROVIDED: [&str; 4] = ["webhook", "poller", "sender", "delivery-callback"];
/// The files of the contract.
const CONTRACT: [&str; 3] = ["types.wit", "host.wit", "channel.wit"];

/// Interfaces that a plugin imports.
#[must_use]
pub fn imports(manifest: &Manifest) -> Vec<&'static str> {
    let permissions = &manifest.json["permissions"];
    let asks = |name: &&str| match &permissions[*name] {
        Value::Null => false,
        Value::Array(rules) => !rules.is_empty(),
        _ => true,
    };
    FREE.into_iter().chain(ASKED.into_iter().filter(asks)).collect()
}

/// Interfaces that it provides beside `lifecycle`.
///
/// # Errors
/// If there is none, or one that is none.
pub fn provides(manifest: &Manifest) -> Result<Vec<&'static str>> {
    let named = manifest.json["provides"].as_array().map_or(&[][..], Vec::as_slice);
    ensure!(!named.is_empty(), "`provides` in plugin.toml is empty: name {}", PROVIDED.join(", "));
    named
        .iter()
        .map(|name| {
            let known = PROVIDED.into_iter().find(|known| name == known);
            known.with_context(|| format!("`provides` names {name}; there are {}", PROVIDED.join(", ")))
        })
        .collect()
}

/// Writes the contract and the world into a folder, which then has nothing else.
///
/// # Errors
/// If the manifest provides nothing, or the folder cannot be written.
pub fn write(manifest: &Manifest, to: &Path) -> Result<()> {
    let world = text(manifest)?;
    let wrote = || {
        if to.is_dir() {
            fs::remove_dir_all(to)?;
        }
        fs::create_dir_all(to)?;
        for file in CONTRACT {
            fs::write(to.join(file), carried::text("sdk/wit", file))?;
        }
        fs::write(to.join("plugin.wit"), &world)
    };
    wrote().with_context(|| format!("writing {}", to.display()))
}

fn text(manifest: &Manifest) -> Result<String> {
    let imports = imports(manifest).into_iter().map(|name| format!("    import {name};\n"));
    let exports = provides(manifest)?.into_iter().map(|name| format!("    export {name};\n"));
    let lines: String = imports.chain(["    export lifecycle;\n".to_owned()]).chain(exports).collect();
    Ok(format!(
        "package yiwang:channel@1.0.0;\n\n/// What plugin.toml of `{}` asks for and provides; made of it.\nworld {NAME} {{\n{lines}}}\n",
        manifest.name
    ))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;

    fn manifest(json: Value) -> Manifest {
        Manifest {
            name: "desk".to_owned(),
            version: "1.0.0".to_owned(),
            shipped: true,
            folder: PathBuf::new(),
            json,
        }
    }

    #[test]
    fn a_world_has_what_the_manifest_asks_for_and_nothing_else() {
        let asked = manifest(json!({
            "provides": ["webhook", "delivery-callback"],
            "permissions": { "secrets": [{ "name": "key" }], "http": [], "kv": { "maxBytes": 1 } },
        }));
        assert_eq!(imports(&asked), ["log", "config", "system", "secrets", "kv"]);
        let text = text(&asked).unwrap();
        assert!(text.contains(
            "    import kv;\n    export lifecycle;\n    export webhook;\n    export delivery-callback;\n}"
        ));
        assert!(!text.contains("http"));
    }

    #[test]
    fn what_is_provided_must_be_of_the_contract() {
        assert!(provides(&manifest(json!({}))).is_err());
        assert!(provides(&manifest(json!({ "provides": ["webhooks"] }))).is_err());
    }

    #[test]
    fn the_folder_holds_one_whole_package() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("wit");
        write(&manifest(json!({ "provides": ["sender"] })), &to).unwrap();
        fs::write(to.join("left-over.wit"), "").unwrap();
        write(&manifest(json!({ "provides": ["sender"] })), &to).unwrap();
        let mut names: Vec<_> = fs::read_dir(&to).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["channel.wit", "host.wit", "plugin.wit", "types.wit"]);
        assert!(fs::read_to_string(to.join("types.wit")).unwrap().contains("interface types"));
    }
}
