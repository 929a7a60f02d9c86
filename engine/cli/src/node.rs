//! `yiwang serve --database`: one of the nodes that share a PostgreSQL database.
//!
//! ```text
//! join ─► stand by, showing the way to the owner ─► own: engine and server ─► leave
//!                                                    └─ fenced: the process ends with an error
//! ```
//! The protocol is `yiwang_runtime::nodes`, its rows are the database's (`yiwang-store`); here is what a process does
//! with it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use yiwang_runtime::leased::Lease;
use yiwang_runtime::nodes::{self, MachineStopwatch, Node, NodeConfig, Owner};
use yiwang_server::Standby;
use yiwang_store::{Error, Nodes, Postgres, SqlStore};

use crate::failure::{Exit, Failure};
use crate::output;

/// A shorter lease would run out while a disk or a network takes a breath.
const LEASE_SECS_MIN: u64 = 2;

/// How this process takes part.
#[derive(clap::Args, Debug)]
pub(crate) struct NodeArgs {
    /// A PostgreSQL database that several nodes may share (postgres://…), instead of a file in the data folder.
    #[arg(long, env = "YIWANG_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// This node's name among them; by default the address.
    #[arg(long, env = "YIWANG_NODE", value_name = "NAME", requires = "database")]
    node: Option<String>,
    /// Where clients and other nodes reach this one; by default where it listens.
    #[arg(long, env = "YIWANG_ADVERTISE", value_name = "HOST:PORT", requires = "database")]
    advertise: Option<String>,
    /// After so many seconds without a sign of life another node takes over.
    #[arg(long, env = "YIWANG_LEASE", value_name = "SECONDS", default_value_t = 10, requires = "database")]
    lease: u64,
}

/// A database, and who this node is there.
pub(crate) struct Place {
    pub(crate) database: Postgres,
    config: NodeConfig,
}

impl NodeArgs {
    /// None: the store is a file.
    pub(crate) fn place(&self, listen: SocketAddr) -> Result<Option<Place>, Failure> {
        let Some(url) = &self.database else { return Ok(None) };
        let database = Postgres::new(url).map_err(failed)?;
        if self.lease < LEASE_SECS_MIN {
            let message = format!("--lease is at least {LEASE_SECS_MIN} seconds");
            return Err(Failure::new(Exit::Invalid, "node.lease", message));
        }
        let address = self.advertise.clone().unwrap_or_else(|| listen.to_string());
        let name = self.node.clone().unwrap_or_else(|| address.clone());
        let lease = Duration::from_secs(self.lease);
        Ok(Some(Place { database, config: NodeConfig { name, address, lease } }))
    }
}

/// The time during which the instances are this node's.
pub(crate) struct Tenure {
    node: Arc<Node>,
    beating: JoinHandle<()>,
}

impl Place {
    /// Stands by until the instances are this node's. None: `stop` came first.
    pub(crate) async fn own(
        &self,
        store: &SqlStore,
        listen: SocketAddr,
        stop: impl Future<Output = ()>,
    ) -> Result<Option<Tenure>, Failure> {
        let (known, owner) = watch::channel(None);
        let standby = Standby::start(listen, owner).await.map_err(|error| {
            Failure::new(Exit::Failed, "server.listen", format!("listening on {listen}")).because(error)
        })?;
        let node = tokio::select! {
            node = self.wait(&known) => Some(node?),
            () = stop => None,
        };
        standby.stop().await;
        let Some(node) = node else { return Ok(None) };
        let node = Arc::new(node);
        let beating = Arc::clone(&node);
        let beating = tokio::spawn(async move { beating.keep().await });
        store.write_for(&node).await.map_err(failed)?;
        Ok(Some(Tenure { node, beating }))
    }

    /// Joins, and asks until it owns them.
    async fn wait(&self, known: &watch::Sender<Option<String>>) -> Result<Node, Failure> {
        let nodes = Nodes::connect(&self.database, self.config.lease).await.map_err(failed)?;
        let stopwatch = Arc::new(MachineStopwatch::start());
        let seen = |owner: Option<&Owner>| {
            let address = owner.map(|owner| owner.address.clone());
            known.send_if_modified(|before| {
                let new = *before != address;
                if new {
                    let whose = address.as_deref().unwrap_or("nobody");
                    output::note(&format!("stands by; the instances are owned by {whose}"));
                }
                *before = address;
                new
            });
        };
        let node = nodes::stand_by(Arc::new(nodes), stopwatch, self.config.clone(), seen).await;
        let node = node.map_err(|error| {
            Failure::new(Exit::Failed, "store.unavailable", "joining the nodes").because(error)
        })?;
        // For those who are still connected when this node no longer stands by.
        known.send_replace(Some(self.config.address.clone()));
        Ok(node)
    }
}

impl Tenure {
    /// What effects wait for before they begin.
    pub(crate) fn lease(&self) -> Arc<dyn Lease> {
        Arc::new(self.node.lease())
    }

    /// Ends when another node has taken over.
    pub(crate) async fn lost(&self) {
        self.node.membership().ended().await;
    }

    /// The end of it in this process.
    pub(crate) fn fenced() -> Failure {
        Failure::new(Exit::Failed, "node.fenced", "another node has taken over the instances").help(
            "this process stood still, or could not reach the database for longer than --lease; \
             start it again to stand by",
        )
    }

    /// Gives the instances away, after engine and writer have ended.
    pub(crate) async fn leave(self) {
        self.beating.abort();
        // It holds the node until it is gone.
        drop(self.beating.await);
        let Ok(node) = Arc::try_unwrap(self.node) else { return };
        if let Err(error) = node.leave().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the others wait for the lease to run out"
            );
        }
    }
}

/// The database could not be opened.
pub(crate) fn failed(error: Error) -> Failure {
    let help = error.help();
    let failure = Failure::new(Exit::Failed, error.code(), "opening the database").because(error);
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}
