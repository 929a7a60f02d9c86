//! What a plugin says about itself: the JSON in the custom section `yiwang:plugin` of its component.
//!
//! Read strictly: an unknown key is an error, so that a permission written with a typo is not a permission
//! that nobody sees.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::contract::Contract;

/// A manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) api_version: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) publisher: String,
    pub(crate) title: BTreeMap<String, String>,
    #[serde(rename = "wit")]
    pub(crate) contract: Contract,
    pub(crate) provides: Vec<String>,
    #[serde(default)]
    pub(crate) idempotent_send: bool,
    #[serde(default, rename = "testOnly")]
    _test_only: bool,
    #[serde(default)]
    pub(crate) config_schema: Option<Value>,
    #[serde(default)]
    pub(crate) events: Vec<EventType>,
    #[serde(default)]
    pub(crate) permissions: Permissions,
    #[serde(default)]
    pub(crate) limits: Limits,
}

/// A type of event that the plugin may give.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EventType {
    pub(crate) r#type: String,
    #[serde(default)]
    pub(crate) data_schema: Option<Value>,
}

/// What it asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Permissions {
    #[serde(default)]
    pub(crate) http: Vec<HttpRule>,
    #[serde(default)]
    pub(crate) mail: Vec<MailRule>,
    #[serde(default)]
    pub(crate) secrets: Vec<SecretRule>,
    #[serde(default)]
    pub(crate) kv: Option<KvRule>,
    #[serde(default)]
    pub(crate) blobs: Option<BlobRule>,
}

/// Requests to some addresses.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HttpRule {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) methods: Vec<String>,
    /// Secrets that the host may put into these requests.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    /// Where: `header` (always), `url`, `body`.
    #[serde(default)]
    pub(crate) replace_in: Vec<Place>,
    #[serde(default)]
    pub(crate) why: Option<String>,
}

/// Servers for mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MailRule {
    /// e.g. `imaps://*:993`.
    pub(crate) url: String,
    /// Secrets that the host may log in with there.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    #[serde(default)]
    pub(crate) why: Option<String>,
}

/// Where a secret may be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Header,
    Url,
    Body,
}

/// A secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SecretRule {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) reveal: bool,
    #[serde(default)]
    pub(crate) why: Option<String>,
}

/// The small store.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KvRule {
    pub(crate) max_bytes: u64,
    #[serde(default)]
    pub(crate) why: Option<String>,
}

/// Files.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BlobRule {
    #[serde(default)]
    pub(crate) read: bool,
    #[serde(default)]
    pub(crate) write: bool,
    pub(crate) max_bytes: u64,
    #[serde(default)]
    pub(crate) why: Option<String>,
}

/// What it is content with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Limits {
    #[serde(default)]
    pub(crate) memory_bytes: Option<usize>,
    #[serde(default)]
    pub(crate) handle_ms: Option<u64>,
    #[serde(default)]
    pub(crate) send_ms: Option<u64>,
    #[serde(default)]
    pub(crate) poll_ms: Option<u64>,
}

impl Manifest {
    /// Reads and checks one.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if manifest.api_version != "yiwang.dev/plugin/v1" {
            return Err(format!(
                "apiVersion is `{}`; this server reads yiwang.dev/plugin/v1",
                manifest.api_version
            ));
        }
        let named = (1..=64).contains(&manifest.name.len())
            && manifest.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !named {
            return Err(format!("`{}` is no name of a plugin: use [a-z0-9-]", manifest.name));
        }
        let known: Vec<&str> =
            manifest.permissions.secrets.iter().map(|secret| secret.name.as_str()).collect();
        let unknown = |url: &str, secrets: &[String]| {
            let name = secrets.iter().find(|name| !known.contains(&name.as_str()))?;
            Some(format!("the rule for {url} names the secret `{name}`, which is not asked for"))
        };
        for rule in &manifest.permissions.http {
            crate::grants::Pattern::parse(&rule.url)?;
            unknown(&rule.url, &rule.secrets).map_or(Ok(()), Err)?;
        }
        for rule in &manifest.permissions.mail {
            crate::mail::Pattern::parse(&rule.url)?;
            unknown(&rule.url, &rule.secrets).map_or(Ok(()), Err)?;
        }
        Ok(manifest)
    }

    /// Does it provide this interface?
    pub(crate) fn provides(&self, interface: &str) -> bool {
        self.provides.iter().any(|provided| provided == interface)
    }
}
