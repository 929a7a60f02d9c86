//! Several nodes at one database: who writes, and who no longer does.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use yiwang_core::InstanceId;
use yiwang_postgres::{Cluster, Psql};
use yiwang_runtime::leased::Lease as _;
use yiwang_runtime::nodes::{Node, Registry as _, Standing, is_fenced};
use yiwang_runtime::ports::{CommitError, Store as _};
use yiwang_store::{Nodes, SqlStore};
use yiwang_store_suite::rows::{deployed, first, turn, turns};

use crate::place::{Place, server, until_blocked};

/// Long enough to hold while a test runs.
const LONG: Duration = Duration::from_secs(600);
/// Over before anybody looks.
const OVER: Duration = Duration::ZERO;

/// A node with a store of its own, which it writes if it owns the instances.
async fn joined(place: &Place, name: &str, lease: Duration) -> (Arc<SqlStore>, Node) {
    (Arc::new(SqlStore::connect(&place.database).await.unwrap()), place.node(name, lease).await)
}

/// A transaction that holds the fence of `one`, and a declaration that waits for it.
async fn waiting_declaration(cluster: &Cluster, place: &Place) -> (Psql, JoinHandle<bool>) {
    let (_other, two) = joined(place, "two", LONG).await;
    let seen = two.look().await.unwrap().unwrap();
    let mut writer = cluster.session(place.name()).unwrap();
    writer.run("BEGIN").unwrap();
    writer.run("SELECT 1 FROM node WHERE name = 'one' FOR SHARE").unwrap();
    let declaring = tokio::spawn(async move { two.declare_dead(&seen).await.unwrap() });
    until_blocked(cluster, place, 1).await;
    (writer, declaring)
}

async fn owner(place: &Place, name: &str, lease: Duration) -> (Arc<SqlStore>, Node) {
    let (store, node) = joined(place, name, lease).await;
    assert_eq!(node.beat().await.unwrap(), Standing::Owner);
    store.write_for(&node).await.unwrap();
    (store, node)
}

#[tokio::test]
async fn one_owns_and_the_others_stand_by() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    let (store, one) = owner(&place, "one", LONG).await;
    deployed(&*store).await;
    let (other, two) = joined(&place, "two", LONG).await;
    let Standing::Standby { owner: Some(known) } = two.beat().await.unwrap() else {
        unreachable!("it is owned")
    };
    assert_eq!((&*known.name, &*known.address, known.alive), ("one", "one.example:7420", true));
    store.commit(turns([first(10)])).await.unwrap();
    assert_eq!(other.load(vec![InstanceId(10)]).await.unwrap().len(), 1, "all may read");
    assert!(other.commit(turns([turn(10, 2)])).await.is_err(), "one writes");
    assert_eq!(one.beat().await.unwrap(), Standing::Owner);
}

/// Who leaves gives the instances away at once, however long its lease is.
#[tokio::test]
async fn a_planned_end_hands_over_at_once() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    let (store, one) = owner(&place, "one", LONG).await;
    deployed(&*store).await;
    store.commit(turns([first(10)])).await.unwrap();
    let (other, two) = joined(&place, "two", LONG).await;
    store.close().await;
    one.leave().await.unwrap();
    assert_eq!(two.beat().await.unwrap(), Standing::Owner);
    other.write_for(&two).await.unwrap();
    other.commit(turns([turn(10, 2)])).await.unwrap();
}

/// After a take-over nothing of the old owner commits, and all it was told is there.
#[tokio::test]
async fn an_owner_that_stood_still_writes_nothing_more() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    let (store, one) = owner(&place, "one", OVER).await;
    deployed(&*store).await;
    store.commit(turns([first(10)])).await.unwrap();
    assert!(!one.lease().is_sure(), "no effect begins");

    let (other, two) = joined(&place, "two", LONG).await;
    assert_eq!(two.beat().await.unwrap(), Standing::Owner);
    other.write_for(&two).await.unwrap();
    assert_eq!(other.load(vec![InstanceId(10)]).await.unwrap()[0].rev, 1, "what it was told is there");

    let refused = store.commit(turns([turn(10, 2)])).await.unwrap_err();
    assert!(matches!(&refused, CommitError::Failed(error) if is_fenced(error)), "{refused:?}");
    one.membership().ended().await;
    assert_eq!(one.beat().await.unwrap(), Standing::Fenced);
    assert_eq!(other.load(vec![InstanceId(10)]).await.unwrap()[0].rev, 1);
    other.commit(turns([turn(10, 2)])).await.unwrap();
}

/// A sign of life that came in time keeps a stay; one that comes after the declaration does not bring it back.
#[tokio::test]
async fn a_late_sign_of_life_changes_nothing() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    let (_store, one) = owner(&place, "one", OVER).await;
    let (_other, two) = joined(&place, "two", LONG).await;
    let seen = two.look().await.unwrap().unwrap();
    assert!(two.declare_dead(&seen).await.unwrap());
    assert!(!one.renew().await.unwrap());
    assert!(!two.declare_dead(&seen).await.unwrap(), "once");
    assert!(two.claim(Some(&seen)).await.unwrap());
    let (_third, three) = joined(&place, "three", LONG).await;
    assert!(!three.claim(Some(&seen)).await.unwrap(), "one of two is faster");
}

/// A process that is started again under its name ends its own stay of before.
#[tokio::test]
async fn a_node_that_comes_back_ends_its_stay_of_before() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    let (store, _old) = owner(&place, "one", LONG).await;
    deployed(&*store).await;
    let (again, new) = joined(&place, "one", LONG).await;
    assert_eq!(new.beat().await.unwrap(), Standing::Owner);
    again.write_for(&new).await.unwrap();
    assert_eq!(new.membership().incarnation(), 2);
    assert!(store.commit(turns([first(10)])).await.is_err());
    again.commit(turns([first(10)])).await.unwrap();
}

/// Who declares an owner dead waits for its transaction under way.
#[tokio::test]
async fn a_declaration_waits_for_a_transaction_that_holds_the_fence() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    let (_store, _one) = owner(&place, "one", OVER).await;
    let (mut writer, declaring) = waiting_declaration(&cluster, &place).await;
    assert!(!declaring.is_finished());
    writer.run("COMMIT").unwrap();
    assert!(declaring.await.unwrap());
}

/// A sign of life that comes while the declaration waits is not lost on it: a stay that was prolonged does not end
/// before its lease does. (It did: the declaration judged by what it had seen before it waited.)
#[tokio::test]
async fn a_declaration_looks_at_the_lease_after_it_has_waited() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    let (_store, one) = owner(&place, "one", OVER).await;
    let (mut writer, declaring) = waiting_declaration(&cluster, &place).await;
    let nodes = Nodes::connect(&place.database, LONG).await.unwrap();
    assert!(nodes.renew(one.membership().stay(), LONG).await.unwrap());
    writer.run("COMMIT").unwrap();
    assert!(!declaring.await.unwrap(), "it was prolonged");
}

/// And a transaction that comes while the declaration is under way waits for it, and writes nothing.
#[tokio::test]
async fn a_transaction_waits_for_a_declaration_and_writes_nothing() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    let (store, _one) = owner(&place, "one", LONG).await;
    deployed(&*store).await;
    let mut other = cluster.session(place.name()).unwrap();
    other.run("BEGIN").unwrap();
    other.run("UPDATE node SET state = 'dead' WHERE name = 'one'").unwrap();
    let committing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.commit(turns([first(10)])).await })
    };
    until_blocked(&cluster, &place, 1).await;
    other.run("COMMIT").unwrap();
    let refused = committing.await.unwrap().unwrap_err();
    assert!(matches!(&refused, CommitError::Failed(error) if is_fenced(error)), "{refused:?}");
    assert!(store.load(vec![InstanceId(10)]).await.unwrap().is_empty());
}
