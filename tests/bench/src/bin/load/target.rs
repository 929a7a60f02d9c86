//! A server under load: the release binary on a fresh folder, or what is compared with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use tempfile::TempDir;
use yiwang_e2e::http::Client;
use yiwang_e2e::server::Server;
use yiwang_e2e::staff::expect;

use crate::wire::{get, post};
use crate::workflow::{self, NAMESPACE};

/// How a server is reached and looked at.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// An administrator's.
    pub(crate) token: String,
    /// Its process.
    pub(crate) pid: u32,
    /// Where its files are, if it has some.
    pub(crate) data: Option<PathBuf>,
}

impl Target {
    /// Deploys the workflows of the load.
    ///
    /// # Errors
    /// When one is refused.
    pub(crate) fn deploy(&self, stub: SocketAddr) -> Result<()> {
        for (name, source) in workflow::all(stub) {
            let answer =
                self.client().post("/api/v1/definitions", &json!({ "source": source, "forms": {} }))?;
            expect(answer, &format!("deploying {name}"))?;
        }
        Ok(())
    }

    /// Turns and commits so far. Each commit is one fdatasync of the write-ahead log.
    ///
    /// # Errors
    /// When it does not say.
    pub(crate) fn tally(&self) -> Result<(u64, u64)> {
        let stats = expect(self.client().get("/api/v1/stats")?, "the counters")?.json();
        let read = |name: &str| stats[name].as_u64().with_context(|| format!("no counter {name}"));
        Ok((read("engine.turns")?, read("engine.commits")?))
    }

    /// A start that is answered by its first turn.
    pub(crate) fn start(&self, workflow: &str, input: &str) -> Vec<u8> {
        self.started("/api/v1/instances", workflow, input)
    }

    /// A start that is answered at the instance's end.
    pub(crate) fn run(&self, workflow: &str) -> Vec<u8> {
        self.started("/api/v1/instances?wait=true", workflow, "{}")
    }

    fn started(&self, target: &str, workflow: &str, input: &str) -> Vec<u8> {
        let body = format!(r#"{{"workflow":"{NAMESPACE}/{workflow}","input":{input}}}"#);
        post(&self.token, target, "application/json", &body)
    }

    /// An event that wakes the instance parked with this key.
    pub(crate) fn wake(&self, key: usize) -> Vec<u8> {
        let body = format!(
            r#"{{"specversion":"1.0","id":"{key}","source":"/bench","type":"bench.wake","data":{{"key":{key}}}}}"#
        );
        post(&self.token, "/api/v1/events", "application/cloudevents+json", &body)
    }

    /// A look at an instance that is answered at its end.
    pub(crate) fn ended(&self, id: &str) -> Vec<u8> {
        get(&self.token, &format!("/api/v1/instances/{id}?wait=true"))
    }

    fn client(&self) -> Client {
        Client::with_token(self.address, &self.token)
    }
}

/// The release binary on a folder of its own. Killed when dropped, then its folder goes.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// The process.
    pub(crate) server: Server,
    /// How it is reached.
    pub(crate) target: Target,
    folder: TempDir,
}

impl Fresh {
    /// Starts it, with the workflows of the load.
    ///
    /// # Errors
    /// When it does not come up.
    pub(crate) fn start(binary: &Path, stub: SocketAddr, service_calls: usize) -> Result<Self> {
        let folder = tempfile::tempdir_in(binary.parent().unwrap_or(Path::new(".")))?;
        let settings =
            format!("egress: {{ allow: [ '{stub}' ] }}\nlimits: {{ serviceCalls: {service_calls} }}\n");
        std::fs::write(folder.path().join("yiwang.yaml"), settings)?;
        // At its usual level the log tells of starts and troubles, of no single instance.
        let server = Server::start(binary, folder.path(), &[])?;
        let data = Some(folder.path().join("data"));
        let token = server.administrator_token()?;
        let target = Target { address: server.address(), token, pid: server.pid(), data };
        target.deploy(stub)?;
        Ok(Self { server, target, folder })
    }

    /// Its folder, on the disk that it writes to.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
