//! What every test here needs: the built binary, built plugins, a fresh project.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use yiwang_e2e::http::Client;
use yiwang_e2e::random::Random;
use yiwang_e2e::receiver::Receiver;
use yiwang_e2e::senders::Secrets;
use yiwang_e2e::server::Server;
use yiwang_e2e::{project, staff};

/// A server on a fresh project, with an administrator.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) token: String,
    pub(crate) receiver: Receiver,
    pub(crate) secrets: Secrets,
    pub(crate) folder: TempDir,
}

impl World {
    /// With the channels of the district and no workflow.
    pub(crate) fn new(seed: u64) -> Self {
        let secrets = Secrets::invent(&mut Random::new(seed));
        let receiver = Receiver::start(&secrets.notify).unwrap();
        let folder = district(&receiver);
        let server = Server::start(&binary(), folder.path(), &project::variables(&secrets)).unwrap();
        keep_compiled(folder.path());
        let token = server.administrator_token().unwrap();
        Self { server, token, receiver, secrets, folder }
    }

    /// A connection of the administrator.
    pub(crate) fn administrator(&self) -> Client {
        Client::with_token(self.server.address(), &self.token)
    }

    /// A connection without a token.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(self.server.address())
    }

    /// Puts a workflow on the server.
    pub(crate) fn deploy(&self, source: &str) {
        let body = serde_json::json!({ "source": source });
        let answer = self.administrator().post("/api/v1/definitions", &body).unwrap();
        staff::expect(answer, "deploying").unwrap();
    }

    /// Runs the command line against this server.
    pub(crate) fn yiwang(&self, arguments: &[&str]) -> Output {
        Command::new(binary())
            .args(arguments)
            .env("YIWANG_SERVER", format!("http://{}", self.server.address()))
            .env("YIWANG_TOKEN", &self.token)
            .current_dir(project::repository())
            .output()
            .unwrap()
    }
}

/// A project folder with the channels of the district, whose messages go to this receiver.
pub(crate) fn district(receiver: &Receiver) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    xtask::plugins::built().expect("the plugins build: see `cargo xtask plugins`");
    project::district(folder.path(), &xtask::plugins::output(), receiver.address()).unwrap();
    // Compiling the plugins for the machine takes seconds in a debug build: once is enough for all tests.
    let shared = compiled();
    if shared.exists() {
        project::copy(&shared, &folder.path().join(CACHE)).unwrap();
    }
    folder
}

/// Keeps what a server has compiled in this folder for the other tests.
pub(crate) fn keep_compiled(folder: &Path) {
    let shared = compiled();
    if !shared.exists() {
        let mine = shared.with_extension(std::process::id().to_string());
        project::copy(&folder.join(CACHE), &mine).unwrap();
        // Another test may have been faster; then its copy stays.
        drop(std::fs::rename(&mine, &shared));
    }
}

/// Where plugins that are compiled for the machine lie in a project folder.
const CACHE: &str = "data/plugin-cache";

/// Where they lie for all tests.
fn compiled() -> PathBuf {
    xtask::plugins::output().join("test/cache")
}

/// The command line without a server.
pub(crate) fn yiwang(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).current_dir(project::repository()).output().unwrap()
}

/// The binary, built from the sources as they are now.
pub(crate) fn binary() -> PathBuf {
    yiwang_e2e::server::built().unwrap()
}

/// The seed of this run: given by `YIWANG_SEED`, else from the clock; printed, so that it can be repeated.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("YIWANG_SEED").ok().and_then(|text| text.parse().ok());
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    let seed = given.unwrap_or_else(|| u64::try_from(clock % 1_000_000_007).unwrap());
    println!("seed {seed}: repeat with YIWANG_SEED={seed}");
    seed
}
