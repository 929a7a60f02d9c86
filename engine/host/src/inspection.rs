//! What a component file is and asks for, read without running any of it: for the administrator who decides.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::cache::hex;
use crate::manifest::{HttpRule, MailRule, Manifest, Place};
use crate::package::{self, Package};

/// A component, looked at.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// Name of the plugin.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who publishes it, as it says itself; a signature proves it.
    pub publisher: String,
    /// Title by language.
    pub title: BTreeMap<String, String>,
    /// The contract it is made for.
    pub wit: String,
    /// `webhook`, `sender`, …
    pub provides: Vec<String>,
    /// `sha256:…` of the file.
    pub digest: String,
    /// Bytes of the file.
    pub size: usize,
    /// Interfaces that it imports.
    pub imports: Vec<String>,
    /// Interfaces that it exports.
    pub exports: Vec<String>,
    /// Types of the events that it may hand over.
    pub events: Vec<String>,
    /// May a message be sent twice?
    pub idempotent_send: bool,
    /// What it asks for.
    pub permissions: Vec<Permission>,
    /// JSON Schema of a channel's configuration.
    pub config_schema: Option<Value>,
    /// What it is content with, where that is less than the server gives.
    pub limits: Content,
    /// What it is made of, as its author says.
    pub sbom: Option<Sbom>,
}

/// A list of parts, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sbom {
    /// `CycloneDX 1.6`
    pub format: String,
    /// How many parts there are, the plugin itself left out.
    pub parts: usize,
    /// How many parts have a licence, by its SPDX expression; an empty one: it is not said.
    pub licences: BTreeMap<String, usize>,
}

impl Sbom {
    fn of(list: &Value) -> Self {
        let parts = list["components"].as_array().map_or(&[][..], Vec::as_slice);
        let mut licences: BTreeMap<String, usize> = BTreeMap::new();
        for part in parts {
            let choices = part["licenses"].as_array().into_iter().flatten();
            let named = choices.filter_map(|choice| {
                let licence = &choice["license"];
                choice["expression"].as_str().or(licence["id"].as_str()).or(licence["name"].as_str())
            });
            *licences.entry(named.collect::<Vec<_>>().join(" AND ")).or_default() += 1;
        }
        let version = list["specVersion"].as_str().unwrap_or_default();
        Self { format: format!("CycloneDX {version}"), parts: parts.len(), licences }
    }
}

/// Limits that a plugin sets itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// Bytes of memory.
    pub memory_bytes: Option<usize>,
    /// Milliseconds for a request.
    pub handle_ms: Option<u64>,
    /// Milliseconds for a message.
    pub send_ms: Option<u64>,
    /// Milliseconds for a question for what is new.
    pub poll_ms: Option<u64>,
}

/// One thing that a plugin asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// `http`, `mail`, `secret`, `kv` or `blobs`.
    pub kind: &'static str,
    /// Which, in one line.
    pub what: String,
    /// How much, where that counts.
    pub max_bytes: Option<u64>,
    /// The author's reason.
    pub why: Option<String>,
    /// The line that grants it to a channel.
    pub grant: String,
}

impl Permission {
    /// Does it allow all that the other one allows?
    fn covers(&self, other: &Self) -> bool {
        self.kind == other.kind && self.what == other.what && self.max_bytes >= other.max_bytes
    }
}

/// One difference between the permissions of two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Asked for now, and not before, or not so much.
    More(Permission),
    /// Asked for before, and not now, or not so much.
    Less(Permission),
}

impl Inspection {
    /// Looks at a file.
    ///
    /// # Errors
    /// For people: what is wrong with it.
    pub fn of(path: &Path) -> Result<Self, String> {
        package::read(path).map(|package| Self::new(&package))
    }

    /// The list of parts in a file, all of it.
    ///
    /// # Errors
    /// For people: what is wrong with the file.
    pub fn sbom_of(path: &Path) -> Result<Option<Value>, String> {
        package::read(path).map(|package| package.sbom)
    }

    pub(crate) fn new(package: &Package) -> Self {
        let manifest = package.manifest.clone();
        Self {
            digest: package.digest(),
            size: package.wasm.len(),
            imports: package.imports.iter().filter(|name| *name != "types").cloned().collect(),
            exports: package.exports.iter().cloned().collect(),
            events: manifest.events.iter().map(|event| event.r#type.clone()).collect(),
            permissions: permissions(&manifest),
            limits: Content {
                memory_bytes: manifest.limits.memory_bytes,
                handle_ms: manifest.limits.handle_ms,
                send_ms: manifest.limits.send_ms,
                poll_ms: manifest.limits.poll_ms,
            },
            name: manifest.name,
            version: manifest.version,
            publisher: manifest.publisher,
            title: manifest.title,
            wit: manifest.contract.package(),
            provides: manifest.provides,
            idempotent_send: manifest.idempotent_send,
            config_schema: manifest.config_schema,
            sbom: package.sbom.as_ref().map(Sbom::of),
        }
    }

    /// `sha256:…` of what it asks for, without the reasons: what an administrator has accepted.
    #[must_use]
    pub fn permissions_digest(&self) -> String {
        let mut lines: Vec<String> = self
            .permissions
            .iter()
            .map(|asked| format!("{} {} {}\n", asked.kind, asked.max_bytes.unwrap_or(0), asked.what))
            .collect();
        lines.sort();
        format!("sha256:{}", hex(&Sha256::digest(lines.concat())))
    }

    /// What it asks for more and less than another version.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<Change> {
        let missing = |all: &[Permission], among: &[Permission]| -> Vec<Permission> {
            all.iter().filter(|one| !among.iter().any(|other| other.covers(one))).cloned().collect()
        };
        let more = missing(&self.permissions, &before.permissions).into_iter().map(Change::More);
        let less = missing(&before.permissions, &self.permissions).into_iter().map(Change::Less);
        more.chain(less).collect()
    }
}

fn permissions(manifest: &Manifest) -> Vec<Permission> {
    let asked = &manifest.permissions;
    let http = asked.http.iter().map(|rule| Permission {
        kind: "http",
        what: address(rule),
        max_bytes: None,
        why: rule.why.clone(),
        grant: format!("http: [{{url: \"{}\"}}]", rule.url),
    });
    let mail = asked.mail.iter().map(|rule| Permission {
        kind: "mail",
        what: servers(rule),
        max_bytes: None,
        why: rule.why.clone(),
        grant: format!("mail: [{{url: \"{}\"}}]", rule.url),
    });
    let secrets = asked.secrets.iter().map(|secret| {
        let (name, seen) = (&secret.name, secret.reveal);
        Permission {
            kind: "secret",
            what: if seen { format!("{name}, seen by the plugin") } else { name.clone() },
            max_bytes: None,
            why: secret.why.clone(),
            grant: if seen {
                format!("secrets: [{{name: {name}, reveal: true}}]")
            } else {
                format!("secrets: [{name}]")
            },
        }
    });
    let kv = asked.kv.iter().map(|kv| Permission {
        kind: "kv",
        what: "small state".to_owned(),
        max_bytes: Some(kv.max_bytes),
        why: kv.why.clone(),
        grant: "kv: true".to_owned(),
    });
    let blobs = asked.blobs.iter().map(|blobs| Permission {
        kind: "blobs",
        what: match (blobs.read, blobs.write) {
            (true, true) => "reading and keeping files",
            (true, false) => "reading files",
            (false, _) => "keeping files",
        }
        .to_owned(),
        max_bytes: Some(blobs.max_bytes),
        why: blobs.why.clone(),
        grant: "blobs: true".to_owned(),
    });
    http.chain(mail).chain(secrets).chain(kv).chain(blobs).collect()
}

fn servers(rule: &MailRule) -> String {
    if rule.secrets.is_empty() {
        return rule.url.clone();
    }
    format!("{}, logging in with {}", rule.url, rule.secrets.join(" "))
}

fn address(rule: &HttpRule) -> String {
    let methods = if rule.methods.is_empty() { "any method".to_owned() } else { rule.methods.join(" ") };
    let mut what = format!("{methods} {}", rule.url);
    if !rule.secrets.is_empty() {
        what.push_str(&format!(", with {}", rule.secrets.join(" ")));
        let places = rule.replace_in.iter().map(|place| match place {
            Place::Header => "header",
            Place::Url => "address",
            Place::Body => "body",
        });
        let places: Vec<&str> =
            std::iter::once("header").chain(places.filter(|name| *name != "header")).collect();
        what.push_str(&format!(" in {}", places.join(", ")));
    }
    what
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asking(permissions: &Value) -> Vec<Permission> {
        let manifest = json!({
            "apiVersion": "yiwang.dev/plugin/v1", "name": "x", "version": "1.0.0", "publisher": "p", "title": {},
            "wit": "yiwang:channel@1.0.0", "provides": [], "permissions": permissions
        });
        super::permissions(&Manifest::read(manifest.to_string().as_bytes()).unwrap())
    }

    fn inspection(permissions: &Value) -> Inspection {
        Inspection {
            name: "x".to_owned(),
            version: "1.0.0".to_owned(),
            publisher: "p".to_owned(),
            title: BTreeMap::new(),
            wit: String::new(),
            provides: Vec::new(),
            digest: String::new(),
            size: 0,
            imports: Vec::new(),
            exports: Vec::new(),
            events: Vec::new(),
            idempotent_send: false,
            permissions: asking(permissions),
            config_schema: None,
            limits: Content { memory_bytes: None, handle_ms: None, send_ms: None, poll_ms: None },
            sbom: None,
        }
    }

    #[test]
    fn parts_are_counted_by_licence() {
        let list = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
            {"name": "a", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
            {"name": "b", "licenses": [{"license": {"id": "MIT"}}]},
            {"name": "c", "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "ours"}}]},
            {"name": "d", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
            {"name": "e"}
        ]});
        let counted = Sbom::of(&list);
        assert_eq!((counted.format.as_str(), counted.parts), ("CycloneDX 1.5", 5));
        let licences: Vec<(&str, usize)> =
            counted.licences.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(licences, [("", 1), ("MIT", 1), ("MIT AND ours", 1), ("MIT OR Apache-2.0", 2)]);
        assert_eq!(Sbom::of(&json!({})).parts, 0);
    }

    #[test]
    fn what_grew_is_told_apart_from_what_shrank() {
        let before = inspection(&json!({
            "kv": {"maxBytes": 100, "why": "a"},
            "http": [{"url": "https://a.cn/*", "methods": ["GET"]}],
            "secrets": [{"name": "s"}]
        }));
        let same = inspection(&json!({
            "kv": {"maxBytes": 100, "why": "said otherwise"},
            "http": [{"url": "https://a.cn/*", "methods": ["GET"]}],
            "secrets": [{"name": "s"}]
        }));
        assert_eq!(same.changes(&before), []);
        assert_eq!(same.permissions_digest(), before.permissions_digest());
        let after = inspection(&json!({
            "kv": {"maxBytes": 50},
            "http": [{"url": "https://a.cn/*", "methods": ["GET", "POST"]}],
            "secrets": [{"name": "s", "reveal": true}]
        }));
        let told: Vec<String> = after
            .changes(&before)
            .into_iter()
            .map(|change| match change {
                Change::More(one) => format!("+ {} {}", one.kind, one.what),
                Change::Less(one) => format!("- {} {}", one.kind, one.what),
            })
            .collect();
        assert_eq!(
            told,
            [
                "+ http GET POST https://a.cn/*",
                "+ secret s, seen by the plugin",
                "- http GET https://a.cn/*",
                "- secret s",
                "- kv small state",
            ]
        );
        assert_ne!(after.permissions_digest(), before.permissions_digest());
    }
}
