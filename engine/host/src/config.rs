//! What the caller tells the host: folders, channels and the ports it may use.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use yiwang_runtime::ports::KeyValue;

use crate::grants::Grants;
use crate::installed::Installed;
use crate::secret::Secrets;
use crate::watch::Watch;

/// All of it.
pub struct Config {
    /// Folder with the components, `*.wasm`.
    pub plugins: PathBuf,
    /// Folder for compiled components; the server's alone.
    pub cache: PathBuf,
    /// Folder for files.
    pub blobs: PathBuf,
    /// The channels.
    pub channels: Vec<ChannelConfig>,
    /// Small state of channels.
    pub key_value: Arc<dyn KeyValue>,
    /// Use the pooling allocator (faster; needs address space).
    pub pooling: bool,
    /// Authorities (PEM) besides those of the system that certificates of mail servers may be of.
    pub authorities: Vec<Vec<u8>>,
    /// What was installed: with it, nothing else is run.
    pub lock: Option<Installed>,
    /// Where `reload` reads the channels anew.
    pub source: Option<Source>,
    /// Somebody looks on: a bench, never a server.
    pub(crate) watch: Option<Arc<Watch>>,
    /// The most that an incoming body may have; at most [`limits::BODY_BYTES_MAX`](crate::limits::BODY_BYTES_MAX).
    pub body_bytes_max: usize,
}

impl Config {
    /// With folders below `data` and the components of `plugins`.
    #[must_use]
    pub fn new(plugins: PathBuf, data: PathBuf, key_value: Arc<dyn KeyValue>) -> Self {
        Self {
            plugins,
            cache: data.join("plugin-cache"),
            blobs: data.join("blobs"),
            channels: Vec::new(),
            key_value,
            pooling: true,
            authorities: Vec::new(),
            lock: None,
            source: None,
            watch: None,
            body_bytes_max: crate::limits::BODY_BYTES_MAX,
        }
    }
}

/// Reads the channels as they are written now.
///
/// A mistake is a sentence for people.
pub type Source = Arc<dyn Fn() -> Result<Configured, String> + Send + Sync>;

/// What a [`Source`] reads.
pub struct Configured {
    /// The channels.
    pub channels: Vec<ChannelConfig>,
    /// What was installed: with it, nothing else is run.
    pub lock: Option<Installed>,
}

/// One channel: a configured instance of a plugin. The serialized form is what stands in the channels' YAML.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChannelConfig {
    /// Its id, part of its address.
    pub id: String,
    /// For people.
    pub title: String,
    /// Name of the plugin.
    pub plugin: String,
    /// The plugin's configuration.
    #[serde(default = "empty")]
    pub config: Value,
    /// What it may do.
    #[serde(default)]
    pub grants: Grants,
    /// A channel that is switched off is listed, and neither takes nor sends anything.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Keep requests that were not accepted, for people to look at.
    #[serde(default = "yes")]
    pub keep_rejected: bool,
    /// Let the headers `authorization` and `cookie` through to the plugin.
    #[serde(default)]
    pub pass_credentials: bool,
    /// Put onto each event that does not have them.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Seconds from one question for what is new to the next, for a plugin that provides `poller`.
    #[serde(default = "a_minute")]
    pub poll_seconds: u64,
    /// Its last calls that are recorded whole, for `yiwang plugin replay`; 0: none.
    #[serde(default)]
    pub record: usize,
    /// Values of its secrets.
    #[serde(skip, default = "no_secrets")]
    pub secrets: Secrets,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

fn yes() -> bool {
    true
}

fn a_minute() -> u64 {
    60
}

fn no_secrets() -> Secrets {
    Arc::new(|_| None)
}
