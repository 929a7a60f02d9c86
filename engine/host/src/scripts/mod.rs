//! `run: script`: each script in a fresh interpreter that imports nothing, bounded in time, memory and words.
//!
//! ```text
//! with ─► invocation (checked) ─► a place ─► interpreter (compiled once) ─► fresh instance ─► outcome
//! ```
//!
//! It knows no workflow and no secret: what is handed over has all its parts filled in.

mod bindings;
mod interpreter;
mod invocation;
mod run;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::{OnceCell, Semaphore};
use wasmtime::Engine;
use yiwang_core::{EffectId, Timestamp};
use yiwang_dsl::definition::ScriptLanguage;
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::cache::Cache;
use crate::error::Error;
use crate::{engine, limits};
use interpreter::Interpreter;

/// What the caller tells.
#[derive(Clone, Debug)]
pub struct ScriptsConfig {
    /// Folders that may hold `script-js.wasm` and `script-python.wasm`; the first that does is taken.
    pub folders: Vec<PathBuf>,
    /// Folder for compiled components; the server's alone.
    pub cache: PathBuf,
    /// How long a script may compute.
    pub time_max: Duration,
}

impl ScriptsConfig {
    /// With the usual limits.
    #[must_use]
    pub fn new(folders: Vec<PathBuf>, cache: PathBuf) -> Self {
        Self { folders, cache, time_max: limits::SCRIPT_TIME_MAX }
    }
}

/// The interpreters, each loaded when it is first asked for.
pub struct Scripts {
    shared: Arc<Shared>,
    places: Arc<Semaphore>,
    js: OnceCell<Arc<Interpreter>>,
    python: OnceCell<Arc<Interpreter>>,
    threads: Option<tokio::runtime::Runtime>,
}

struct Shared {
    config: ScriptsConfig,
    engine: Engine,
    cache: Cache,
}

impl Scripts {
    /// Makes ready what does not depend on a language.
    ///
    /// # Errors
    /// The engine, the folder or the threads.
    pub fn start(config: ScriptsConfig) -> Result<Self, Error> {
        let folder = |source| Error::Folder { path: config.cache.clone(), source };
        let cache = Cache::open(&config.cache).map_err(folder)?;
        Ok(Self {
            shared: Arc::new(Shared { engine: engine::for_scripts()?, cache, config }),
            places: Arc::new(Semaphore::new(limits::SCRIPTS_MAX)),
            js: OnceCell::new(),
            python: OnceCell::new(),
            threads: Some(threads().map_err(Error::Threads)?),
        })
    }

    /// Runs a script. `with` has `code`, and may have `arguments`, `environment` and `stdin`; the same effect
    /// at the same time has the same outcome: `{ code, stdout, stderr }`.
    ///
    /// # Errors
    /// An error of the language, with an empty instance.
    pub async fn run(
        &self,
        language: ScriptLanguage,
        with: &Data,
        effect: &EffectId,
        now: Timestamp,
    ) -> Result<Data, Fault> {
        let invocation = invocation::invocation(with, seed(effect), now)
            .map_err(|reason| Fault::new(Kind::Validation, "", reason))?;
        let interpreter = self.interpreter(language).await?;
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return Err(stopping()) };
        let Some(threads) = &self.threads else { return Err(stopping()) };
        let time = self.shared.config.time_max;
        let task = threads.spawn(async move {
            let outcome = run::run(&interpreter, &invocation, time).await;
            drop(place);
            outcome
        });
        // Who waits for it no more ends it: at its next tick it yields, and does not come back.
        let mut task = AbortOnDrop(task);
        let outcome = (&mut task.0).await.map_err(|error| {
            tracing::error!(%error, "the host panicked in a script's run");
            Fault::new(Kind::Runtime, "", "the host failed while it ran the script")
        })??;
        invocation::output(outcome).map_err(|reason| Fault::new(Kind::Runtime, "", reason))
    }

    async fn interpreter(&self, language: ScriptLanguage) -> Result<Arc<Interpreter>, Fault> {
        let cell = match language {
            ScriptLanguage::Js => &self.js,
            ScriptLanguage::Python => &self.python,
        };
        let Some(threads) = &self.threads else { return Err(stopping()) };
        // What fails is tried again by the next script: a missing file may have been put there.
        let loaded = cell.get_or_try_init(|| async {
            let shared = Arc::clone(&self.shared);
            let load = move || {
                let (config, engine) = (&shared.config, &shared.engine);
                Interpreter::load(language, &config.folders, engine, &shared.cache)
            };
            let loading = threads.spawn_blocking(load).await;
            loading.map_err(|error| format!("loading it: {error}")).flatten().map(Arc::new)
        });
        loaded.await.cloned().map_err(|reason| Fault::new(Kind::Configuration, "", reason))
    }
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn stopping() -> Fault {
    Fault::new(Kind::Runtime, "", "the server is stopping")
}

/// All randomness of a script: the same when the effect is tried again.
fn seed(effect: &EffectId) -> u64 {
    let digest = Sha256::digest(effect.to_string());
    digest.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

/// Threads of their own: what a script computes delays neither the API nor the plugins.
fn threads() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads((cores / 2).clamp(1, limits::SCRIPTS_MAX))
        .max_blocking_threads(2)
        .thread_name("script")
        .build()
}

impl Drop for Scripts {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            // A runtime may not be waited for inside another one; scripts under way end by themselves.
            threads.shutdown_background();
        }
    }
}
