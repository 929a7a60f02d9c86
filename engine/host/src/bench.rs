//! One component on a bench: in the real host, with the real checks, in a folder that is thrown away.
//!
//! Authors try a plugin here, and its fixtures and the conformance checks run here; it knows no server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use yiwang_core::Timestamp;
use yiwang_core::input::EffectOutcome;
use yiwang_runtime::ports::{
    ChannelHealth, ChannelRequest, Channels as _, Delivery, Poll, PollFailed, PolledPage, Received, Rejected,
};

use crate::config::{ChannelConfig, Config};
use crate::host::Host;
use crate::mail::{MailAnswer, MailAsked};
use crate::memory::Memory;
use crate::package;
use crate::recording::Recording;
use crate::secret::Secret;
use crate::watch::{Answer, Asked, Observed, Playback, Watch};

/// When nobody says when: 2024-06-04T14:30:00+08:00.
pub const NOW: Timestamp = Timestamp(1_717_482_600_000);

/// The id of the channel on a bench.
pub const CHANNEL: &str = "test";

/// A component with one channel.
pub struct Bench {
    host: Host,
    watch: Arc<Watch>,
    /// Shared with the other nodes.
    state: Arc<Memory>,
    /// The id of its channel.
    channel: String,
    _folder: TempDir,
}

impl Bench {
    /// Starts one. `channel` has `config`, `grants` and `secrets` (values by name) as a fixture writes them;
    /// `cache` holds compiled components; random numbers follow from `seed`.
    ///
    /// # Errors
    /// For people: the component is not sound, or the channel is not ready.
    pub async fn start(component: &Path, cache: &Path, channel: &Value, seed: u64) -> Result<Self, String> {
        Self::on(component, cache, channel, seed, Arc::default(), CHANNEL).await
    }

    /// For a recorded call: the channel has the id that it had.
    pub(crate) async fn recording(component: &Path, cache: &Path, channel: &Value) -> Result<Self, String> {
        let id = channel["id"].as_str().unwrap_or(CHANNEL);
        Self::on(component, cache, channel, 0, Arc::default(), id).await
    }

    /// The same on another node: with the small state of this one, and other random numbers.
    pub(crate) async fn another(
        &self,
        component: &Path,
        cache: &Path,
        channel: &Value,
        seed: u64,
    ) -> Result<Self, String> {
        Self::on(component, cache, channel, seed, Arc::clone(&self.state), CHANNEL).await
    }

    async fn on(
        component: &Path,
        cache: &Path,
        channel: &Value,
        seed: u64,
        state: Arc<Memory>,
        id: &str,
    ) -> Result<Self, String> {
        let package = package::read(component)?;
        let folder = tempfile::tempdir().map_err(|error| format!("making a folder: {error}"))?;
        let name = &package.manifest.name;
        fs::write(folder.path().join(format!("{name}.wasm")), &package.wasm)
            .map_err(|error| format!("copying the component: {error}"))?;
        let watch = Arc::new(Watch::new(seed));
        let (plugins, data) = (folder.path().to_owned(), folder.path().join("data"));
        let mut config = Config::new(plugins, data, state.clone());
        config.cache = cache.to_owned();
        config.pooling = false;
        config.watch = Some(Arc::clone(&watch));
        config.channels.push(configured(name, channel, id)?);
        let host = Host::start(config).await.map_err(|error| chain(&error))?;
        if let Some(problem) = host.list().into_iter().find_map(|channel| channel.problem) {
            return Err(format!("the channel is not ready: {problem}"));
        }
        // The check of the configuration was a call, too.
        drop(watch.seen());
        Ok(Self { host, watch, state, channel: id.to_owned(), _folder: folder })
    }

    /// A request comes in.
    ///
    /// # Errors
    /// The rejection.
    pub async fn receive(&self, request: ChannelRequest) -> Result<Received, Rejected> {
        self.host.receive(&self.channel, request).await
    }

    /// A provider says what became of messages.
    ///
    /// # Errors
    /// The rejection.
    pub async fn report(&self, request: ChannelRequest) -> Result<Received, Rejected> {
        self.host.report(&self.channel, request).await
    }

    /// It is asked how it does. None: it is not ready.
    pub async fn health(&self, now: Timestamp) -> Option<ChannelHealth> {
        self.host.health(&self.channel, now).await
    }

    /// A message goes out.
    pub async fn send(&self, delivery: Delivery) -> EffectOutcome {
        self.host.send(&self.channel, delivery).await
    }

    /// It is asked for what is new.
    ///
    /// # Errors
    /// The failure.
    pub async fn poll(&self, poll: Poll) -> Result<PolledPage, PollFailed> {
        self.host.poll(&self.channel, poll).await
    }

    /// From now on these are the answers from outside; a request beyond them fails, and nothing leaves.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.watch.expect(answers);
    }

    /// The same for mail servers.
    pub fn mail_answers(&self, answers: impl IntoIterator<Item = MailAnswer>) {
        self.watch.expect_mail(answers);
    }

    /// Conversations with mail servers since the last time, where answers were given.
    #[must_use]
    pub fn letters(&self) -> Vec<MailAsked> {
        self.watch.letters()
    }

    /// The id of its channel.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    /// The small state.
    pub(crate) fn state(&self) -> &Memory {
        &self.state
    }

    /// From now on the plugin is told what it was told in a recorded call.
    pub(crate) fn play_back(&self, playback: Playback) {
        self.watch.play_back(playback);
    }

    /// What was recorded of the last call, where the channel says `record`.
    #[must_use]
    pub fn recorded(&self) -> Option<Recording> {
        self.host.last_recording(&self.channel)
    }

    /// The calls since the last time.
    #[must_use]
    pub fn observed(&self) -> Vec<Observed> {
        self.watch.seen()
    }

    /// The requests that went out since the last time, where answers were given.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.watch.asked()
    }
}

fn configured(plugin: &str, channel: &Value, id: &str) -> Result<ChannelConfig, String> {
    let mut value = if channel.is_null() { json!({}) } else { channel.clone() };
    let members = value.as_object_mut().ok_or("`channel` is no object")?;
    let secrets: BTreeMap<String, String> = match members.remove("secrets") {
        None => BTreeMap::new(),
        Some(secrets) => serde_json::from_value(secrets).map_err(|error| format!("`secrets`: {error}"))?,
    };
    members.insert("id".to_owned(), json!(id));
    members.insert("plugin".to_owned(), json!(plugin));
    members.entry("title").or_insert_with(|| json!("测试渠道"));
    let mut config: ChannelConfig =
        serde_json::from_value(value).map_err(|error| format!("`channel`: {error}"))?;
    config.secrets = Arc::new(move |name| secrets.get(name).cloned().map(Secret::new));
    Ok(config)
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
