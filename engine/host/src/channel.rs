//! A channel that is ready: its plugin, its checked configuration and what it may do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use yiwang_runtime::ports::KeyValue;

use crate::blobs::BlobStore;
use crate::breaker::Breakers;
use crate::calls::{Calls, Ring};
use crate::config::ChannelConfig;
use crate::grants::Effective;
use crate::health::LastHealth;
use crate::limits;
use crate::mail::Trust;
use crate::outgoing::Clients;
use crate::plugin::{Plugin, schema_validator};
use crate::redact::Redactor;
use crate::secret::Secrets;
use crate::watch::Watch;

/// What all calls share.
pub(crate) struct Environment {
    pub(crate) threads: Handle,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) key_value: Arc<dyn KeyValue>,
    pub(crate) blobs: BlobStore,
    pub(crate) clients: Clients,
    /// Whom mail servers' certificates may be of.
    pub(crate) trust: Trust,
    pub(crate) body_bytes_max: usize,
    /// The last calls of each channel.
    pub(crate) calls: Calls,
    /// Somebody looks on: a bench, never a server.
    pub(crate) watch: Option<Arc<Watch>>,
}

/// One channel.
pub(crate) struct Ready {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) plugin: Arc<Plugin>,
    /// JSON text, defaults filled in.
    pub(crate) config: String,
    pub(crate) effective: Arc<Effective>,
    pub(crate) secrets: Secrets,
    pub(crate) keep_rejected: bool,
    pub(crate) pass_credentials: bool,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) poll_every: Duration,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) breakers: Breakers,
    pub(crate) health: LastHealth,
    /// Its last calls.
    pub(crate) calls: Arc<Ring>,
    /// Calls that are recorded whole.
    pub(crate) record: usize,
    /// As it is written in its file, for recordings.
    pub(crate) written: Value,
    pub(crate) environment: Arc<Environment>,
}

impl Ready {
    /// Checks all that can be checked without running the plugin.
    pub(crate) fn new(
        config: &ChannelConfig,
        plugin: Arc<Plugin>,
        environment: Arc<Environment>,
    ) -> Result<Self, String> {
        let checked = checked(&config.config, plugin.manifest.config_schema.as_ref())?;
        let poll_every = poll_every(config.poll_seconds)?;
        let effective = Effective::new(&config.id, &plugin.manifest, &config.grants)?;
        if config.record > limits::RECORDINGS_MAX {
            return Err(format!("record is {}; it may be at most {}", config.record, limits::RECORDINGS_MAX));
        }
        let written = serde_json::to_value(config).map_err(|error| format!("its settings: {error}"))?;
        Ok(Self {
            id: config.id.clone(),
            title: config.title.clone(),
            plugin,
            config: checked.to_string(),
            effective: Arc::new(effective),
            secrets: Arc::clone(&config.secrets),
            keep_rejected: config.keep_rejected,
            pass_credentials: config.pass_credentials,
            attributes: config.attributes.clone().into_iter().collect(),
            poll_every,
            places: Arc::new(Semaphore::new(limits::CALLS_PER_CHANNEL_MAX)),
            breakers: Breakers::new(&config.id),
            health: LastHealth::default(),
            calls: environment.calls.of(&config.id),
            record: config.record,
            written,
            environment,
        })
    }
}

impl Ready {
    /// Takes its secrets out of what is told of its calls.
    pub(crate) fn redactor(&self) -> Redactor {
        let names = self.effective.secret_names();
        Redactor::new(
            names.filter_map(|name| Some((name.to_owned(), (self.secrets)(name)?.expose().to_owned()))),
        )
    }
}

fn poll_every(seconds: u64) -> Result<Duration, String> {
    let every = Duration::from_secs(seconds);
    if (limits::POLL_EVERY_MIN..=limits::POLL_EVERY_MAX).contains(&every) {
        return Ok(every);
    }
    let (min, max) = (limits::POLL_EVERY_MIN.as_secs(), limits::POLL_EVERY_MAX.as_secs());
    Err(format!("pollSeconds is {seconds}; it may be from {min} to {max}"))
}

/// The configuration with the schema's defaults, if it is right.
fn checked(config: &Value, schema: Option<&Value>) -> Result<Value, String> {
    let mut config = config.clone();
    let Some(schema) = schema else {
        return if config.as_object().is_some_and(serde_json::Map::is_empty) {
            Ok(config)
        } else {
            Err("config: this plugin takes no configuration".to_owned())
        };
    };
    fill(&mut config, schema);
    let validator =
        schema_validator(schema).map_err(|error| format!("the plugin's configSchema: {error}"))?;
    let problems: Vec<String> = validator
        .iter_errors(&config)
        .take(10)
        .map(|error| format!("config{}: {error}", error.instance_path()))
        .collect();
    if problems.is_empty() { Ok(config) } else { Err(problems.join("; ")) }
}

/// Puts in `default`s of `properties`, also inside objects and list items that are there.
fn fill(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(map) => {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(default) = property.get("default") {
                    map.entry(name.clone()).or_insert_with(|| default.clone());
                }
                if let Some(inner) = map.get_mut(name) {
                    fill(inner, property);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, &schema["items"])),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_are_filled_in_and_mistakes_named() {
        let schema = json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "a": {"type": "integer", "default": 1},
                "list": {"type": "array", "items": {"type": "object", "properties": {"b": {"default": true}}}}
            }
        });
        assert_eq!(
            checked(&json!({"list": [{}]}), Some(&schema)),
            Ok(json!({"a": 1, "list": [{"b": true}]}))
        );
        let wrong = checked(&json!({"a": "x", "z": 0}), Some(&schema)).unwrap_err();
        assert!(wrong.contains("config/a: ") && wrong.contains("'z'"), "{wrong}");
        assert!(checked(&json!({"a": 1}), None).is_err());
    }
}
