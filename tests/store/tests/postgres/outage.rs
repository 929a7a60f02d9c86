//! The server goes away and comes back.

use yiwang_core::InstanceId;
use yiwang_postgres::{Cluster, Durability, Settings};
use yiwang_runtime::ports::Store as _;
use yiwang_store_suite::rows::{deployed, first, turn, turns};

use crate::place::{Place, until};

/// What was answered is there after a crash of the server, what was not is there whole or not at all, and the
/// store goes on by itself.
#[tokio::test]
async fn a_server_that_crashes_costs_nothing_that_was_answered() {
    // Its own: the others share one that stays.
    let Some(cluster) =
        Cluster::start(&Settings { durability: Durability::Full, ..Settings::default() }).unwrap()
    else {
        eprintln!("skipped: there are no binaries of a PostgreSQL server");
        return;
    };
    let place = Place::new(&cluster).await;
    let (store, _node) = place.owned().await;
    deployed(&*store).await;
    store.commit(turns([first(10), first(11)])).await.unwrap();
    cluster.crash().unwrap();
    assert!(store.commit(turns([turn(10, 2)])).await.is_err());
    assert!(store.load(vec![InstanceId(10)]).await.is_err());
    cluster.go_on().unwrap();
    until("it goes on", async || store.load(vec![InstanceId(10)]).await.is_ok()).await;
    let rev = store.load(vec![InstanceId(10)]).await.unwrap()[0].rev;
    until("it is written again", async || store.commit(turns([turn(11, 2)])).await.is_ok()).await;
    store.commit(turns([turn(10, rev + 1)])).await.unwrap();
    // Each connection of the readers finds out for itself that its server is gone.
    until("all is read again", async || store.verify().await.is_ok()).await;
    let audit = store.verify().await.unwrap();
    assert!(audit.broken.is_none(), "{audit:?}");
}
