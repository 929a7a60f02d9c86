//! Databases to test on, and nodes at them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use yiwang_postgres::Cluster;
use yiwang_runtime::nodes::{MachineStopwatch, Node, NodeConfig, Standing};
use yiwang_store::{Nodes, Postgres, SqlStore};

/// Longest wait for something that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server that all share.
pub(crate) fn server() -> Option<Arc<Cluster>> {
    let cluster = Cluster::shared().unwrap();
    if cluster.is_none() {
        eprintln!("skipped: there are no binaries of a PostgreSQL server");
    }
    cluster
}

/// An empty database.
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) database: Postgres,
}

impl Place {
    pub(crate) async fn new(cluster: &Cluster) -> Self {
        let url = cluster.database().unwrap();
        Self { database: Postgres::new(&url).unwrap(), url }
    }

    /// The database's name.
    pub(crate) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    /// A node at it, with this lease.
    pub(crate) async fn node(&self, name: &str, lease: Duration) -> Node {
        let address = format!("{name}.example:7420");
        let nodes = Arc::new(Nodes::connect(&self.database, lease).await.unwrap());
        let config = NodeConfig { name: name.to_owned(), address, lease };
        Node::join(nodes, Arc::new(MachineStopwatch::start()), config).await.unwrap()
    }

    /// A store that owns the instances, and its node.
    pub(crate) async fn owned(&self) -> (Arc<SqlStore>, Node) {
        let store = SqlStore::connect(&self.database).await.unwrap();
        let node = self.node("one", Duration::from_secs(600)).await;
        assert_eq!(node.beat().await.unwrap(), Standing::Owner);
        store.write_for(&node).await.unwrap();
        (Arc::new(store), node)
    }
}

/// Waits until this holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until so many sessions of this database wait for a lock.
pub(crate) async fn until_blocked(cluster: &Cluster, place: &Place, count: usize) {
    let name = place.name();
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND wait_event_type = 'Lock'"
    );
    until(&format!("{count} sessions wait for a lock"), async || {
        cluster.run_sql("postgres", &sql).unwrap() == count.to_string()
    })
    .await;
}
