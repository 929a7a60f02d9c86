//! `cargo xtask plugins --new NAME`: a copy of `sdk/template` under another name.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

const TEMPLATE_NAME: &str = "my-channel";

/// Copies the template to `plugins/NAME`.
pub(super) fn from_template(root: &Path, name: &str) -> Result<()> {
    let right = name.starts_with(|char: char| char.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure!(right, "`{name}`: use lower-case letters, digits and dashes, beginning with a letter");
    let to = root.join("plugins").join(name);
    ensure!(!to.exists(), "{} is there already", to.display());
    copy(&root.join("sdk/template"), &to, name)?;
    super::say(&format!("made plugins/{name}; next:"));
    super::say("    cargo xtask plugins --test");
    super::say(&format!("    cargo xtask plugins --only {name}"));
    Ok(())
}

fn copy(from: &Path, to: &Path, name: &str) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target, name)?;
        } else {
            let text = fs::read_to_string(entry.path())
                .with_context(|| format!("reading {}", entry.path().display()))?;
            fs::write(target, text.replace(TEMPLATE_NAME, name))?;
        }
    }
    Ok(())
}
