//! `plugins.lock`: which components were accepted, byte for byte, and with what permissions. A server that has
//! one runs nothing else.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use yiwang_core::Timestamp;

use crate::inspection::Inspection;
use crate::package::{self, Package};
use crate::signature::Signature;
use crate::trust::{Claim, Trust};

/// The form of the file.
const SCHEMA: &str = "yiwang.plugins-lock/v1";

/// Why a component is not run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Stable, e.g. `plugin.differs`.
    pub code: &'static str,
    /// What is not as it should be.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Refused {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into() }
    }

    /// All codes; `docs/errors/plugins.md` explains each.
    pub const CODES: &[&str] = &[
        "plugin.unsound",
        "plugin.not-locked",
        "plugin.differs",
        "plugin.permissions-differ",
        "plugin.unsigned",
        "plugin.signature-unreadable",
        "plugin.signature-invalid",
        "plugin.key-unknown",
        "plugin.key-expired",
        "plugin.publisher-differs",
        "plugin.name-not-allowed",
    ];
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}); {}", self.message, self.code, self.help)
    }
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lock {
    schema: String,
    /// By name.
    pub plugins: Vec<Entry>,
}

/// One component that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Name of the plugin.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `sha256:…` of the file.
    pub digest: String,
    /// Where it came from, as it was named.
    pub source: String,
    /// Id of the key that it is signed with.
    #[serde(default)]
    pub key: Option<String>,
    /// `sha256:…` of the permissions that were accepted.
    pub permissions: String,
    /// What was installed before it, for `rollback`.
    #[serde(default)]
    pub previous: Option<Box<Self>>,
}

impl Default for Lock {
    fn default() -> Self {
        Self { schema: SCHEMA.to_owned(), plugins: Vec::new() }
    }
}

impl Lock {
    /// The entry of a plugin.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.plugins.iter().find(|entry| entry.name == name)
    }

    /// Puts an entry in the place of one of the same name.
    pub fn put(&mut self, entry: Entry) {
        self.plugins.retain(|known| known.name != entry.name);
        self.plugins.push(entry);
        self.plugins.sort_by(|one, other| one.name.cmp(&other.name));
    }

    /// Is it of a form that this program knows?
    ///
    /// # Errors
    /// For people.
    pub fn check(&self) -> Result<(), String> {
        if self.schema == SCHEMA {
            Ok(())
        } else {
            Err(format!("its schema is `{}`, not {SCHEMA}", self.schema))
        }
    }

    /// As the file has it.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut text = format!(
            "# Written by `yiwang plugin install`; a server that has this file runs nothing else.\nschema: {SCHEMA}\n"
        );
        text.push_str(if self.plugins.is_empty() { "plugins: []\n" } else { "plugins:\n" });
        for entry in &self.plugins {
            let lines = entry.lines();
            let previous = entry.previous.iter().flat_map(|previous| {
                let earlier = previous.lines().into_iter().map(|line| format!("  {line}"));
                std::iter::once("previous:".to_owned()).chain(earlier)
            });
            for (at, line) in lines.into_iter().chain(previous).enumerate() {
                let mark = if at == 0 { "- " } else { "  " };
                text.push_str(&format!("  {mark}{line}\n"));
            }
        }
        text
    }
}

impl Entry {
    /// Without what was there before.
    fn lines(&self) -> Vec<String> {
        // A text of JSON is one of YAML, too.
        let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
        let mut lines = vec![
            format!("name: {}", quoted(&self.name)),
            format!("version: {}", quoted(&self.version)),
            format!("digest: {}", quoted(&self.digest)),
            format!("source: {}", quoted(&self.source)),
        ];
        lines.extend(self.key.as_ref().map(|key| format!("key: {}", quoted(key))));
        lines.push(format!("permissions: {}", quoted(&self.permissions)));
        lines
    }
}

/// What a server holds components against.
#[derive(Clone, Debug)]
pub struct Installed {
    /// What was accepted.
    pub lock: Lock,
    /// Whose plugins are run; without it, signatures are not asked for.
    pub trust: Option<Trust>,
    /// Now.
    pub now: Timestamp,
}

impl Installed {
    /// Would a server run this file?
    ///
    /// # Errors
    /// Why not.
    pub fn examine(&self, path: &Path) -> Result<Inspection, Refused> {
        let package = sound(path)?;
        self.check(&package, path)?;
        Ok(Inspection::new(&package))
    }

    /// Is this what was accepted, and still trusted?
    pub(crate) fn check(&self, package: &Package, path: &Path) -> Result<(), Refused> {
        let (found, name) = (Inspection::new(package), &package.manifest.name);
        let Some(entry) = self.lock.get(name) else {
            return Err(Refused::new(
                "plugin.not-locked",
                format!("{} is not in plugins.lock", path.display()),
                format!("`yiwang plugin install {}` checks and accepts it", path.display()),
            ));
        };
        if entry.digest != found.digest {
            return Err(Refused::new(
                "plugin.differs",
                format!(
                    "{} is {}, plugins.lock has {} ({})",
                    path.display(),
                    short(&found.digest),
                    short(&entry.digest),
                    entry.version
                ),
                "put the accepted file back, or `yiwang plugin upgrade` to the new one",
            ));
        }
        if entry.permissions != found.permissions_digest() {
            return Err(Refused::new(
                "plugin.permissions-differ",
                "plugins.lock was accepted with other permissions than the component asks for",
                "somebody edited plugins.lock: install the plugin again",
            ));
        }
        match &self.trust {
            None => Ok(()),
            Some(trust) => trusted(trust, package, path, self.now).map(drop),
        }
    }
}

/// Looks at a file that somebody wants to install: sound, and signed by somebody trusted where `trust` says so.
/// Gives what it is, and the id of the key that it is signed with.
///
/// # Errors
/// Why it is refused.
pub fn examined(
    path: &Path,
    trust: Option<&Trust>,
    now: Timestamp,
) -> Result<(Inspection, Option<String>), Refused> {
    let package = sound(path)?;
    let key = trust.map(|trust| trusted(trust, &package, path, now)).transpose()?;
    Ok((Inspection::new(&package), key))
}

fn sound(path: &Path) -> Result<Package, Refused> {
    package::read(path).map_err(|reason| {
        Refused::new("plugin.unsound", format!("{}: {reason}", path.display()), "its author must mend it")
    })
}

/// The signature beside a component, if there is one.
///
/// # Errors
/// If it cannot be read.
pub fn signature_of(path: &Path) -> Result<Option<Signature>, Refused> {
    let path = beside(path);
    if !path.exists() {
        return Ok(None);
    }
    let unreadable = |reason: String| {
        Refused::new(
            "plugin.signature-unreadable",
            format!("{}: {reason}", path.display()),
            "fetch it again, or sign the component anew",
        )
    };
    let bytes = std::fs::read(&path).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| unreadable(error.to_string()))
}

/// Where the signature of a component lies: `<file>.sig`.
#[must_use]
pub fn beside(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

fn trusted(trust: &Trust, package: &Package, path: &Path, now: Timestamp) -> Result<String, Refused> {
    let signature = signature_of(path)?;
    let Package { manifest, wasm, .. } = package;
    let claim = Claim { name: &manifest.name, publisher: &manifest.publisher, wasm };
    trust.check(&claim, signature.as_ref(), now)
}

/// The beginning of a digest, for people.
#[must_use]
pub fn short(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_as_it_was_written() {
        let entry = |name: &str, version: &str, previous| Entry {
            name: name.to_owned(),
            version: version.to_owned(),
            digest: format!("sha256:{version}"),
            source: "a \"folder\": x/wechat.wasm".to_owned(),
            key: (version == "2.0.0").then(|| "0123456789abcdef".to_owned()),
            permissions: "sha256:00".to_owned(),
            previous,
        };
        let mut lock = Lock::default();
        assert_eq!(yiwang_dsl::yaml::from_str::<Lock>(&lock.to_yaml()).unwrap(), lock);
        lock.put(entry("wechat", "2.0.0", Some(Box::new(entry("wechat", "1.0.0", None)))));
        lock.put(entry("form", "1.0.0", None));
        let text = lock.to_yaml();
        assert_eq!(yiwang_dsl::yaml::from_str::<Lock>(&text).unwrap(), lock, "{text}");
        assert!(lock.check().is_ok());
        assert_eq!(lock.plugins[0].name, "form");
    }
}
