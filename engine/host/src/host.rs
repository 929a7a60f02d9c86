//! The host: loads the plugins, makes the channels ready, and implements the port [`Channels`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Linker;
use yiwang_core::Timestamp;
use yiwang_core::input::EffectOutcome;
use yiwang_runtime::ports::{
    Answer, CallInfo, ChannelHealth, ChannelInfo, ChannelRequest, Channels, Delivery, Files, KeptFile,
    NewFile, Poll, PollFailed, Polled, PolledPage, Received, Rejected, StoreError,
};

use crate::blobs::BlobStore;
use crate::cache::Cache;
use crate::call::{self, CallState, Failed, Plan};
use crate::calls::Calls;
use crate::channel::{Environment, Ready};
use crate::config::{ChannelConfig, Config, Source};
use crate::error::Error;
use crate::grants::Effective;
use crate::installed::Installed;
use crate::mail::Trust;
use crate::outgoing::Clients;
use crate::plugin::Plugin;
use crate::recording::Recording;
use crate::refusal::Refusal;
use crate::witness::Witness;
use crate::{engine, health, imports, limits, package, poll, receive, send};

/// All channels, ready or with the reason why not.
pub struct Host {
    /// Replaced as a whole: a call that has begun keeps the channel that it began with.
    channels: RwLock<Arc<BTreeMap<String, Channel>>>,
    loader: Loader,
    source: Option<Source>,
    /// One reload at a time.
    reloading: tokio::sync::Mutex<()>,
    environment: Arc<Environment>,
    _threads: Threads,
}

struct Channel {
    info: ChannelInfo,
    ready: Option<Arc<Ready>>,
    enabled: bool,
}

/// The plugins' own threads.
struct Threads(Option<tokio::runtime::Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            // A runtime may not be waited for inside another one; calls under way end by themselves.
            threads.shutdown_background();
        }
    }
}

impl Host {
    /// Loads plugins and channels. One that is broken is listed with its problem; the others work.
    ///
    /// # Errors
    /// What no channel could work without: the engine, the folders, the threads.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let threads = Threads(Some(threads().map_err(Error::Threads)?));
        let handle = threads.0.as_ref().map_or_else(Handle::current, |threads| threads.handle().clone());
        let folder = |path: &PathBuf| {
            let path = path.clone();
            move |source| Error::Folder { path, source }
        };
        let environment = Arc::new(Environment {
            threads: handle,
            places: Arc::new(Semaphore::new(limits::CALLS_MAX as usize)),
            key_value: Arc::clone(&config.key_value),
            blobs: BlobStore::open(&config.blobs).map_err(folder(&config.blobs))?,
            clients: Clients::new()?,
            trust: Trust::new(config.authorities),
            body_bytes_max: config.body_bytes_max.min(limits::BODY_BYTES_MAX),
            watch: config.watch,
            calls: Calls::default(),
        });
        let engine = engine::start(config.pooling)?;
        let linker = imports::linker(&engine).map_err(Error::Link)?;
        let cache = Cache::open(&config.cache).map_err(folder(&config.cache))?;
        let host = Self {
            channels: RwLock::default(),
            loader: Loader { folder: config.plugins, engine, linker, cache },
            source: config.source,
            reloading: tokio::sync::Mutex::new(()),
            environment,
            _threads: threads,
        };
        let channels = host.load(&config.channels, config.lock.as_ref()).await;
        for (id, channel) in channels.iter().filter(|(_, channel)| channel.enabled) {
            if let Some(problem) = &channel.info.problem {
                tracing::error!(channel = id, problem, "a channel is not ready");
            }
        }
        host.replace(channels);
        Ok(host)
    }

    /// The channels as they are now.
    fn channels(&self) -> Arc<BTreeMap<String, Channel>> {
        Arc::clone(&self.channels.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, channels: BTreeMap<String, Channel>) {
        *self.channels.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(channels);
    }

    async fn load(&self, configs: &[ChannelConfig], lock: Option<&Installed>) -> BTreeMap<String, Channel> {
        let mut plugins = Plugins { loader: &self.loader, lock, loaded: BTreeMap::new() };
        let mut channels = BTreeMap::new();
        for config in configs {
            let twice = channels.contains_key(&config.id);
            let channel = self.make(&mut plugins, config, twice).await;
            channels.insert(config.id.clone(), channel);
        }
        channels
    }

    async fn reloaded(&self) -> Result<Vec<ChannelInfo>, Vec<String>> {
        let _one = self.reloading.lock().await;
        let Some(source) = self.source.clone() else { return Ok(self.list()) };
        let read = self.environment.threads.spawn_blocking(move || source()).await;
        let read = read.unwrap_or_else(|error| Err(error.to_string())).map_err(|reason| vec![reason])?;
        let next = self.load(&read.channels, read.lock.as_ref()).await;
        let now = self.channels();
        let works = |id: &String| now.get(id).is_none_or(|channel| channel.ready.is_some());
        let broken = next.iter().filter(|(id, channel)| channel.enabled && works(id));
        let broken: Vec<String> = broken
            .filter_map(|(id, channel)| Some(format!("channel `{id}`: {}", channel.info.problem.as_ref()?)))
            .collect();
        if !broken.is_empty() {
            return Err(broken);
        }
        self.replace(next);
        tracing::info!("channels and plugins were read again");
        Ok(self.list())
    }

    /// What was recorded of the last call of a channel.
    pub(crate) fn last_recording(&self, channel: &str) -> Option<Recording> {
        self.channels().get(channel)?.ready.as_ref()?.calls.last()
    }

    /// Where a kept file is, by its digest (`sha256:…`).
    #[must_use]
    pub fn file(&self, digest: &str) -> Option<PathBuf> {
        self.environment.blobs.path(digest)
    }

    async fn make(&self, plugins: &mut Plugins<'_>, config: &ChannelConfig, twice: bool) -> Channel {
        let mut info = ChannelInfo {
            id: config.id.clone(),
            title: config.title.clone(),
            plugin: config.plugin.clone(),
            provides: Vec::new(),
            problem: None,
            health: None,
        };
        let ready = if twice {
            Err("its id is there twice".to_owned())
        } else {
            self.make_ready(plugins, config, &mut info).await
        };
        let ready = ready.map_err(|problem| info.problem = Some(problem)).ok();
        Channel { info, ready, enabled: config.enabled }
    }

    async fn make_ready(
        &self,
        plugins: &mut Plugins<'_>,
        config: &ChannelConfig,
        info: &mut ChannelInfo,
    ) -> Result<Arc<Ready>, String> {
        let named = (1..=64).contains(&config.id.len())
            && config.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !named {
            return Err("its id is not made of letters, digits, dashes and underscores".to_owned());
        }
        if !config.enabled {
            return Err("it is switched off (`enabled: false`)".to_owned());
        }
        let plugin = plugins.get(&config.plugin)?;
        info.plugin = plugin.label();
        info.provides.clone_from(&plugin.manifest.provides);
        let ready = Arc::new(Ready::new(config, plugin, Arc::clone(&self.environment))?);
        match validate(&ready).await {
            Ok(problems) if problems.is_empty() => Ok(ready),
            Ok(problems) => Err(problems.join("; ")),
            Err(failed) => Err(format!("checking its configuration: {} ({})", failed.message, failed.code)),
        }
    }

    fn ready(&self, channel: &str) -> Result<Arc<Ready>, Refusal> {
        let channels = self.channels();
        let Some(channel) = channels.get(channel) else {
            return Err(Refusal::new(404, "channel.unknown", "there is no such channel").noise());
        };
        channel.ready.clone().ok_or_else(|| {
            Refusal::new(503, "channel.not-ready", "this channel is not ready").noise().after_secs(Some(60))
        })
    }
}

impl Channels for Host {
    fn list(&self) -> Vec<ChannelInfo> {
        let info = |channel: &Channel| {
            let mut info = channel.info.clone();
            // What stands still is a problem, too, though it may end by itself.
            info.problem = info.problem.or_else(|| channel.ready.as_ref()?.breakers.parked());
            info.health = channel.ready.as_ref().and_then(|ready| ready.health.last());
            info
        };
        self.channels().values().map(info).collect()
    }

    fn receive(&self, channel: &str, request: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        let ready = self.ready(channel);
        async move {
            match ready {
                Ok(ready) => receive::receive(&ready, request).await,
                Err(refusal) => Err(refusal.rejected(false)),
            }
        }
        .boxed()
    }

    fn send(&self, channel: &str, delivery: Delivery) -> BoxFuture<'_, EffectOutcome> {
        let ready = self.ready(channel);
        async move {
            match ready {
                Ok(ready) => send::send(&ready, delivery).await,
                Err(refusal) if refusal.code == "channel.unknown" => {
                    EffectOutcome::Permanent { code: refusal.code, message: refusal.detail }
                }
                Err(refusal) => EffectOutcome::Retryable {
                    code: refusal.code,
                    message: refusal.detail,
                    retry_after: refusal.retry_after_secs.map(|secs| secs * 1000),
                },
            }
        }
        .boxed()
    }

    fn report(&self, channel: &str, request: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        let ready = self.ready(channel);
        async move {
            match ready {
                Ok(ready) => receive::report(&ready, request).await,
                Err(refusal) => Err(refusal.rejected(false)),
            }
        }
        .boxed()
    }

    fn health(&self, channel: &str, now: Timestamp) -> BoxFuture<'_, Option<ChannelHealth>> {
        let ready = self.ready(channel);
        async move {
            match ready {
                Ok(ready) => Some(health::health(&ready, now).await),
                // Why it is not ready stands in the list.
                Err(_) => None,
            }
        }
        .boxed()
    }

    fn unpark(&self, channel: &str) -> bool {
        let channels = self.channels();
        let Some(channel) = channels.get(channel) else { return false };
        if channel.ready.as_ref().is_some_and(|ready| ready.breakers.unpark()) {
            tracing::info!(channel = channel.info.id, "parked no more, by an administrator's word");
        }
        true
    }

    fn polled(&self) -> Vec<Polled> {
        let channels = self.channels();
        let ready = channels.values().filter_map(|channel| channel.ready.as_ref());
        let pollers = ready.filter(|ready| ready.plugin.manifest.provides("poller"));
        let every = |ready: &Ready| u64::try_from(ready.poll_every.as_millis()).unwrap_or(u64::MAX);
        pollers.map(|ready| Polled { channel: ready.id.clone(), every: every(ready) }).collect()
    }

    fn poll(&self, channel: &str, question: Poll) -> BoxFuture<'_, Result<PolledPage, PollFailed>> {
        let ready = self.ready(channel);
        async move {
            match ready {
                Ok(ready) => poll::poll(&ready, question).await,
                Err(refusal) => Err(PollFailed {
                    code: refusal.code,
                    message: refusal.detail,
                    parks: true,
                    retry_after: None,
                }),
            }
        }
        .boxed()
    }

    fn calls(&self, channel: &str) -> Option<Vec<CallInfo>> {
        let channels = self.channels();
        let channel = channels.get(channel)?;
        Some(channel.ready.as_ref().map_or_else(Vec::new, |ready| ready.calls.list(&ready.redactor())))
    }

    fn recording(&self, channel: &str, call: &str) -> Option<Value> {
        let recording = self.channels().get(channel)?.ready.as_ref()?.calls.recording(call)?;
        serde_json::to_value(recording).ok()
    }

    fn reload(&self) -> BoxFuture<'_, Result<Vec<ChannelInfo>, Vec<String>>> {
        self.reloaded().boxed()
    }
}

/// Plugins have threads of their own: one that computes for seconds must not delay the API. They look for
/// timers often, because a guest yields only once in ten milliseconds.
fn threads() -> std::io::Result<tokio::runtime::Runtime> {
    let count = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get).clamp(2, 8);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(count)
        .thread_name("plugin")
        .event_interval(4)
        .enable_all()
        .build()
}

/// What components are made ready with.
struct Loader {
    folder: PathBuf,
    engine: Engine,
    linker: Linker<CallState>,
    cache: Cache,
}

/// The plugins of one reading of the channels, each read once.
struct Plugins<'a> {
    loader: &'a Loader,
    lock: Option<&'a Installed>,
    loaded: BTreeMap<String, Result<Arc<Plugin>, String>>,
}

impl Plugins<'_> {
    fn get(&mut self, name: &str) -> Result<Arc<Plugin>, String> {
        if let Some(known) = self.loaded.get(name) {
            return known.clone();
        }
        let loaded = self.load(name).map(Arc::new);
        self.loaded.insert(name.to_owned(), loaded.clone());
        loaded
    }

    fn load(&self, name: &str) -> Result<Plugin, String> {
        let plain =
            (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let Loader { folder, engine, linker, cache } = self.loader;
        let path = folder.join(format!("{name}.wasm"));
        if !plain || !path.is_file() {
            return Err(format!("there is no plugin `{name}` in {}", folder.display()));
        }
        let about = |reason: String| format!("plugin `{name}`: {reason}");
        let package = package::read(&path).map_err(about)?;
        if package.manifest.name != name {
            return Err(format!("{} holds the plugin `{}`", path.display(), package.manifest.name));
        }
        if let Some(lock) = self.lock {
            lock.check(&package, &path).map_err(|refused| about(refused.to_string()))?;
        }
        Plugin::new(engine, linker, cache, package).map_err(about)
    }
}

/// The plugin's own check of the configuration; it runs with no grant.
async fn validate(ready: &Arc<Ready>) -> Result<Vec<String>, Failed> {
    let plan = Plan {
        door: None,
        channel: Arc::clone(ready),
        effective: Arc::new(Effective::nothing(&ready.id, &ready.plugin.manifest)),
        now: Timestamp(0),
        time: limits::VALIDATE_MAX.max(Duration::from_secs(1)),
        files: std::collections::BTreeSet::new(),
        witness: Witness::default(),
    };
    let config = ready.config.clone();
    let plugin = Arc::clone(&ready.plugin);
    let problems = call::run(
        plan,
        Box::new(move |store, instance| {
            async move { plugin.exports.validate_config(store, instance, &config).await }.boxed()
        }),
    )
    .await?;
    let told = |text: &str| Value::String(text.chars().take(300).collect()).to_string();
    Ok(problems
        .iter()
        .take(20)
        .map(|problem| format!("config{}: {}", problem.pointer, told(&problem.message)))
        .collect())
}

impl Files for Host {
    fn keep(&self, file: NewFile) -> Answer<'_, KeptFile> {
        let blobs = self.environment.blobs.clone();
        let kept = self.environment.threads.spawn_blocking(move || {
            let kept = blobs.put(&file.media_type, Some(&file.name), &file.bytes)?;
            Ok(KeptFile {
                digest: kept.digest,
                size: kept.size,
                media_type: kept.media_type,
                name: kept.file_name,
            })
        });
        async move { joined("keeping a file", kept.await) }.boxed()
    }

    fn holds(&self, digest: &str) -> Answer<'_, bool> {
        let (blobs, digest) = (self.environment.blobs.clone(), digest.to_owned());
        let found = self.environment.threads.spawn_blocking(move || Ok(blobs.path(&digest).is_some()));
        async move { joined("looking for a file", found.await) }.boxed()
    }

    fn read(&self, digest: &str) -> Answer<'_, Option<bytes::Bytes>> {
        let path = self.environment.blobs.path(digest);
        let read = self.environment.threads.spawn_blocking(move || match path {
            None => Ok(None),
            Some(path) => std::fs::read(path).map(|bytes| Some(bytes.into())),
        });
        async move { joined("reading a file", read.await) }.boxed()
    }
}

fn joined<T>(doing: &str, done: Result<std::io::Result<T>, tokio::task::JoinError>) -> Result<T, StoreError> {
    match done {
        Ok(done) => done.map_err(|error| StoreError::new(doing, error)),
        Err(error) => Err(StoreError::new(doing, error)),
    }
}
