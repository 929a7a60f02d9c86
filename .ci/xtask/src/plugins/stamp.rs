//! Is a built plugin still what its sources say? A hash over everything that goes into it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use yiwang_builder::{Language, Manifest, Toolchain, tool};

/// Changes whenever the builder makes something else of the same sources.
const BUILDER: &str = "1";

/// The same, of plugins only: interpreters take long, and carry no list of parts.
const PLUGIN_BUILDER: &str = "2";

/// What all plugins share: compiler, contract, SDK, lock file, the other plugins' shared pieces.
pub(super) fn base(root: &Path, toolchain: &Toolchain) -> Result<Sha256> {
    let mut hash = Sha256::new();
    hash.update(BUILDER);
    hash.update(&toolchain.version);
    for path in ["sdk/wit", "sdk/rust", "sdk/schema", "plugins/Cargo.toml", "plugins/Cargo.lock"] {
        add(&mut hash, root, &root.join(path))?;
    }
    Ok(hash)
}

/// What an interpreter has that is built by another tool: the tool and the contract.
pub(super) fn of_builder(root: &Path, builder: &str) -> Result<Sha256> {
    let mut hash = Sha256::new();
    hash.update(BUILDER);
    hash.update(builder);
    add(&mut hash, root, &root.join("sdk/wit/script"))?;
    Ok(hash)
}

/// What plugins share that are made by the tools of a language: the tools, the contract, the SDK.
pub(super) fn of_language(root: &Path, language: Language) -> Result<Sha256> {
    let (tools, sdk) = match language {
        Language::JavaScript => (tool::JAVASCRIPT.join(" "), "sdk/javascript"),
        Language::Python | Language::Rust => (tool::PYTHON.to_owned(), "sdk/python"),
    };
    let mut hash = Sha256::new();
    hash.update(BUILDER);
    hash.update(tools);
    for path in ["engine/builder/src", "sdk/wit", "sdk/schema", sdk] {
        add(&mut hash, root, &root.join(path))?;
    }
    Ok(hash)
}

/// The stamp of one plugin: fixtures and words about it do not count.
pub(super) fn of(base: &Sha256, manifest: &Manifest) -> Result<String> {
    let mut base = base.clone();
    base.update(PLUGIN_BUILDER);
    of_folder(&base, &manifest.folder)
}

/// The stamp of what is built from one folder.
pub(super) fn of_folder(base: &Sha256, folder: &Path) -> Result<String> {
    let mut hash = base.clone();
    add(&mut hash, folder, folder)?;
    Ok(yiwang_builder::hex(&hash.finalize()))
}

/// Files and folders that go into no component.
const NO_PART: [&str; 7] =
    ["README.md", "__pycache__", "fixtures", "node_modules", "target", "template", "test"];

fn add(hash: &mut Sha256, root: &Path, path: &Path) -> Result<()> {
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        return entries
            .iter()
            .filter(|entry| !entry.file_name().to_str().is_some_and(|name| NO_PART.contains(&name)))
            .try_for_each(|entry| add(hash, root, &entry.path()));
    }
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    // Lengths keep two different trees from giving the same bytes.
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
    Ok(())
}
