//! Puts the parts together: the store behind its ports, the plugin host behind `Channels`.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use yiwang_host::{ChannelConfig, Configured, Host, Secret, Source};
use yiwang_runtime::SystemClock;
use yiwang_runtime::memory::MemoryStore;
use yiwang_runtime::ports::{Archive, Clock as _, KeyValue, Query, Store, Tokens};
use yiwang_store::{Postgres, SqlStore};

use crate::egress;
use crate::failure::{self, Exit, Failure};
use crate::node::{self, Place};
use crate::project::{ChannelFile, Project, SecretSource};

/// The durable store, behind each of its ports.
pub(crate) struct Stores {
    durable: Arc<SqlStore>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) query: Arc<dyn Query>,
    pub(crate) key_value: Arc<dyn KeyValue>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) archive: Arc<dyn Archive>,
}

impl Stores {
    /// The store in this database, or the file of the data folder, which is made if it is not there.
    pub(crate) async fn open(data: &Path, place: Option<&Place>) -> Result<Self, Failure> {
        // It holds personal data: when it is made here, only the server's user may read it.
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
        made.map_err(|error| failure::file("making the data folder", data, error))?;
        let durable = Arc::new(match place {
            Some(place) => connect(&place.database).await?,
            None => open(&data.join("yiwang.db")).await?,
        });
        let (store, query) = (durable.clone(), durable.clone());
        let (key_value, tokens, archive) = (durable.clone(), durable.clone(), durable.clone());
        Ok(Self { store, query, key_value, tokens, archive, durable })
    }

    /// What a node owns and writes.
    pub(crate) fn durable(&self) -> &SqlStore {
        &self.durable
    }

    /// Writes what is queued and lets the database go, after the engine has stopped.
    pub(crate) async fn close(self) {
        self.durable.close().await;
    }
}

/// The store of `yiwang run`: a file, or memory.
pub(crate) struct Scratch {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) query: Arc<dyn Query>,
    /// To be closed at the end.
    pub(crate) file: Option<Arc<SqlStore>>,
}

impl Scratch {
    pub(crate) async fn open(db: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = db else {
            let store = Arc::new(MemoryStore::default());
            return Ok(Self { store: store.clone(), query: store, file: None });
        };
        let store = Arc::new(open(path).await?);
        Ok(Self { store: store.clone(), query: store.clone(), file: Some(store) })
    }
}

async fn connect(database: &Postgres) -> Result<SqlStore, Failure> {
    SqlStore::connect(database).await.map_err(node::failed)
}

async fn open(path: &Path) -> Result<SqlStore, Failure> {
    SqlStore::open(path).await.map_err(|error| {
        Failure::new(Exit::Failed, error.code(), format!("opening the store {}", path.display()))
            .because(error)
            .help("one server at a time may use a data folder; `yiwang doctor` looks at the rest")
    })
}

/// The channels of a project. One that is broken is listed with its problem; the others work.
pub(crate) async fn channels(
    project: &Project,
    files: &[ChannelFile],
    data: &Path,
    stores: &Stores,
) -> Result<Arc<Host>, Failure> {
    let mut config = yiwang_host::Config::new(project.plugins(), data.to_owned(), stores.key_value.clone());
    config.channels = configured(project, files)?;
    config.lock = project.installed(SystemClock.now())?;
    config.authorities = egress::certificates(project)?;
    config.source = Some(again(project.clone()));
    if let Some(bytes) = project.settings.limits.channel_body_bytes {
        config.body_bytes_max = bytes;
    }
    let host = Host::start(config).await.map_err(|error| {
        Failure::new(Exit::Failed, "host.start", "starting the plugin host").because(error)
    })?;
    Ok(Arc::new(host))
}

/// Reads the channels and the lock anew, for a reload.
fn again(project: Project) -> Source {
    Arc::new(move || {
        let read = || {
            let channels = configured(&project, &project.channels()?)?;
            Ok(Configured { channels, lock: project.installed(SystemClock.now())? })
        };
        read().map_err(|failure: Failure| failure.to_string())
    })
}

fn configured(project: &Project, files: &[ChannelFile]) -> Result<Vec<ChannelConfig>, Failure> {
    files.iter().map(|file| channel(&project.root, file)).collect()
}

fn channel(root: &Path, file: &ChannelFile) -> Result<ChannelConfig, Failure> {
    let mut config: ChannelConfig = serde_json::from_value(file.value.clone()).map_err(|error| {
        Failure::new(Exit::Invalid, "project.channel", format!("{}: {error}", file.path.display()))
    })?;
    let (root, sources): (PathBuf, BTreeMap<String, SecretSource>) = (root.to_owned(), file.secrets.clone());
    config.secrets = Arc::new(move |name| sources.get(name)?.read(&root).map(Secret::new));
    Ok(config)
}
