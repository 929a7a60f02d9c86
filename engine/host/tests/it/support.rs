//! A host in a fresh folder.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::plugins::Plugin;
use yiwang_core::Timestamp;
use yiwang_host::{ChannelConfig, Config, Host, Memory, Secret};
use yiwang_runtime::ports::{ChannelRequest, Channels as _, Received, Rejected};

/// 2024-06-04T14:30:00+08:00.
pub(crate) const NOW: Timestamp = Timestamp(1_717_482_600_000);

/// All plugins, built.
pub(crate) fn plugins() -> Vec<Plugin> {
    xtask::plugins::built().expect("the plugins build")
}

/// One plugin's component.
pub(crate) fn plugin(name: &str) -> Plugin {
    plugins().into_iter().find(|plugin| plugin.name == name).unwrap_or_else(|| panic!("no plugin {name}"))
}

/// A plugin of an older version of the contract, as it was released.
pub(crate) fn older(version: &str, name: &str) -> Plugin {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/contract").join(version);
    Plugin { name: name.to_owned(), wasm: folder.join(name).with_extension("wasm"), ..plugin(name) }
}

/// A host with one channel, called `test`.
pub(crate) struct Fixture {
    pub(crate) host: Host,
    _folder: TempDir,
}

impl Fixture {
    /// Of this plugin; `channel` has the members of a channel's configuration, and `secrets` by name.
    pub(crate) async fn new(plugin: &Plugin, channel: &Value) -> Self {
        Self::with(plugin, &[("test", channel)]).await
    }

    /// With several channels.
    pub(crate) async fn with(plugin: &Plugin, channels: &[(&str, &Value)]) -> Self {
        Self::start(plugin, channels, false, Vec::new()).await
    }

    /// With the allocator that the server uses.
    pub(crate) async fn pooled(plugin: &Plugin, channel: &Value) -> Self {
        Self::start(plugin, &[("test", channel)], true, Vec::new()).await
    }

    /// That believes certificates of these authorities (PEM), too.
    pub(crate) async fn trusting(plugin: &Plugin, channel: &Value, authorities: Vec<Vec<u8>>) -> Self {
        Self::start(plugin, &[("test", channel)], false, authorities).await
    }

    async fn start(
        plugin: &Plugin,
        channels: &[(&str, &Value)],
        pooling: bool,
        authorities: Vec<Vec<u8>>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let components = plugin.wasm.parent().unwrap().to_owned();
        let mut config = Config::new(components, folder.path().to_owned(), Arc::new(Memory::default()));
        // Compiled code is shared by the tests, or each of their processes would compile it.
        config.cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache");
        config.pooling = pooling;
        config.authorities = authorities;
        for (id, channel) in channels {
            config.channels.push(channel_config(id, &plugin.name, channel));
        }
        Self { host: Host::start(config).await.unwrap(), _folder: folder }
    }

    /// The problem of the channel, if it has one.
    pub(crate) fn problem(&self) -> Option<String> {
        self.host.list()[0].problem.clone()
    }

    pub(crate) async fn receive(&self, request: ChannelRequest) -> Result<Received, Rejected> {
        assert_eq!(self.problem(), None);
        self.host.receive("test", request).await
    }

    /// The code with which a request is refused.
    pub(crate) async fn refused(&self, request: ChannelRequest) -> String {
        let rejected = self.receive(request).await.map(|received| received.response).unwrap_err();
        let problem: Value = serde_json::from_slice(&rejected.response.body).unwrap();
        assert_eq!(problem["code"], rejected.code);
        assert_eq!(problem["status"], rejected.response.status);
        format!("{} {}", rejected.response.status, rejected.code)
    }
}

fn channel_config(id: &str, plugin: &str, channel: &Value) -> ChannelConfig {
    let mut value = channel.clone();
    value["id"] = json!(id);
    if value.get("title").is_none() {
        value["title"] = json!("测试渠道");
    }
    value["plugin"] = json!(plugin);
    let secrets: BTreeMap<String, String> = value
        .as_object_mut()
        .unwrap()
        .remove("secrets")
        .map(|secrets| serde_json::from_value(secrets).unwrap())
        .unwrap_or_default();
    let mut config: ChannelConfig = serde_json::from_value(value).unwrap();
    config.secrets = Arc::new(move |name| secrets.get(name).cloned().map(Secret::new));
    config
}

/// A request with a body.
pub(crate) fn post(path: &str, content_type: &str, body: impl Into<Bytes>) -> ChannelRequest {
    ChannelRequest {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query: String::new(),
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        client: Some("203.0.113.7".to_owned()),
        body: body.into(),
        now: NOW,
    }
}

/// A part of a form: name, file name and type, bytes.
pub(crate) type Part<'a> = (&'a str, Option<(&'a str, &'a str)>, &'a [u8]);

/// A body of a multipart form.
pub(crate) fn multipart(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let head = match file {
            Some((file, kind)) => format!("name=\"{name}\"; filename=\"{file}\"\r\ncontent-type: {kind}"),
            None => format!("name=\"{name}\""),
        };
        body.extend_from_slice(format!("--xx\r\ncontent-disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xx--\r\n");
    body
}

/// The content type of [`multipart`].
pub(crate) const MULTIPART: &str = "multipart/form-data; boundary=xx";
