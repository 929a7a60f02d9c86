//! The engine's task: many callers at once, too many callers, and its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;
use yiwang_core::transition::Status;
use yiwang_runtime::ports::{NoServices, Outside, Query as _, Store};
use yiwang_runtime::{Config, Ending, Engine, Error, Handle, VirtualClock};

use crate::world::{Faulty, NOON, Scripted, event, start, workflow};

struct Running {
    store: Arc<Faulty>,
    channels: Arc<Scripted>,
    clock: VirtualClock,
    handle: Handle,
}

async fn running(config: Config) -> Running {
    let (store, channels) = (Arc::<Faulty>::default(), Arc::<Scripted>::default());
    let clock = VirtualClock::new(NOON);
    let handle = engine(config, &store, &channels, &clock).await;
    Running { store, channels, clock, handle }
}

async fn engine(
    config: Config,
    store: &Arc<Faulty>,
    channels: &Arc<Scripted>,
    clock: &VirtualClock,
) -> Handle {
    let store = Arc::clone(store) as Arc<dyn Store>;
    let outside = Outside { channels: Arc::clone(channels) as _, services: Arc::new(NoServices) };
    Engine::start(config, store, outside, Arc::new(clock.clone())).await.unwrap()
}

async fn deploy(handle: &Handle, name: &str, task: &str) {
    handle.deploy(&workflow(name, "", &format!("  - one: {task}")), BTreeMap::new(), "li").await.unwrap();
}

#[tokio::test]
async fn all_who_wait_are_taken_by_one_commit() {
    let it = running(Config::default()).await;
    deploy(&it.handle, "a", "{set: {n: 1}}").await;
    let before = it.store.commits.load(Ordering::Relaxed);
    let starts =
        (0..500).map(|n| it.handle.start(start("test/a", Some(&format!("k{}", n / 2)), json!(n / 2))));
    let begun = futures::future::try_join_all(starts).await.unwrap();
    assert_eq!(it.store.commits.load(Ordering::Relaxed) - before, 1);
    assert!(begun.chunks(2).all(|pair| pair[0].instance == pair[1].instance && pair[1].existing));
}

#[tokio::test]
async fn whoever_waits_for_the_end_is_told_how_it_ended() {
    let it = running(Config::default()).await;
    deploy(&it.handle, "a", "{wait: PT1H}").await;
    let waiting = tokio::spawn({
        let handle = it.handle.clone();
        async move { handle.start_and_wait(start("test/a", Some("k"), json!({"n": 1}))).await }
    });
    // The other's start is queued before this one: when this is answered, that one is durable.
    tokio::task::yield_now().await;
    let other = it.handle.start(start("test/a", None, json!({}))).await.unwrap().instance;
    let others = tokio::spawn({
        let handle = it.handle.clone();
        async move { handle.ended(other).await }
    });
    tokio::task::yield_now().await;
    it.handle.start(start("test/a", None, json!({}))).await.unwrap();
    it.clock.set(NOON.plus_millis(3_600_000));
    let ended = waiting.await.unwrap().unwrap();
    assert!(matches!(ended.ending, Ending::Completed(_)), "{ended:?}");
    let told = others.await.unwrap();
    assert!(told.is_ok_and(|ended| ended.instance == other), "also whoever asks later, by the instance");
    assert!(matches!(it.handle.ended(other).await, Err(Error::EndedBefore(id)) if id == other));
    let nobody = yiwang_core::InstanceId(1);
    assert!(matches!(it.handle.ended(nobody).await, Err(Error::UnknownInstance(id)) if id == nobody));
    let again = it.handle.start_and_wait(start("test/a", Some("k"), json!({"n": 1}))).await;
    assert!(matches!(again, Err(Error::EndedBefore(id)) if id == ended.instance));
}

#[tokio::test]
async fn too_many_callers_are_told_to_come_back() {
    let it = running(Config { queue_len_max: 10, ..Config::default() }).await;
    deploy(&it.handle, "a", "{set: {n: 1}}").await;
    let starts = (0..30).map(|n| it.handle.start(start("test/a", None, json!(n))));
    let results = futures::future::join_all(starts).await;
    let refused = results.iter().filter(|it| matches!(it, Err(Error::Overloaded))).count();
    assert_eq!((refused, results.iter().filter(|it| it.is_ok()).count()), (20, 10));
    it.handle.start(start("test/a", None, json!(0))).await.unwrap();
}

#[tokio::test]
async fn too_many_bytes_are_told_to_come_back() {
    let it = running(Config { queue_bytes_max: 10_000, ..Config::default() }).await;
    deploy(&it.handle, "a", "{set: {n: 1}}").await;
    let large = "路".repeat(2_000);
    let events = (0..3).map(|n| it.handle.publish(vec![event(&format!("m{n}"), "t", json!(large))]));
    let results = futures::future::join_all(events).await;
    assert_eq!(results.iter().filter(|it| matches!(it, Err(Error::Overloaded))).count(), 2);
    it.handle.publish(vec![event("m9", "t", json!(large))]).await.unwrap();
}

#[tokio::test]
async fn a_shutdown_answers_those_who_wait_and_refuses_those_who_come() {
    let it = running(Config::default()).await;
    deploy(&it.handle, "a", "{set: {n: 1}}").await;
    let starts: Vec<_> = (0..20).map(|n| it.handle.start(start("test/a", None, json!(n)))).collect();
    let (results, ()) = futures::join!(futures::future::join_all(starts), it.handle.shutdown());
    assert!(results.iter().all(Result::is_ok), "queued before the stop");
    assert!(matches!(it.handle.start(start("test/a", None, json!(1))).await, Err(Error::Stopping)));
    it.handle.shutdown().await;
}

#[tokio::test]
async fn whoever_starts_is_told_what_the_first_turn_made_of_it() {
    let it = running(Config::default()).await;
    deploy(&it.handle, "a", "{set: {n: 1}}").await;
    let begun = it.handle.start(start("test/a", Some("k"), json!({}))).await.unwrap();
    let standing = begun.standing.unwrap();
    assert_eq!((standing.summary.id, standing.summary.rev), (begun.instance, 1));
    assert_eq!(
        (standing.summary.status, standing.summary.start_key.as_deref()),
        (Status::Completed, Some("k"))
    );
    let stored = it.store.inner.instance(begun.instance).await.unwrap();
    assert_eq!(stored.as_ref(), Some(&standing.summary), "as the store tells it");
    assert!(
        matches!(standing.ending, Some(Ending::Completed(output)) if output.to_json() == json!({"n": 1}))
    );
    let again = it.handle.start(start("test/a", Some("k"), json!({}))).await.unwrap();
    assert!(again.existing && again.standing.is_none());
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_channel_that_hangs() {
    let it = running(Config::default()).await;
    let task =
        "{call: 'notify:1.0.0@default', with: {channel: sms, to: {kind: mobile, address: '1'}, body: 你好}}";
    deploy(&it.handle, "tell", task).await;
    it.channels.stuck.store(true, Ordering::Relaxed);
    it.handle.start(start("test/tell", Some("k"), json!({}))).await.unwrap();
    it.handle.shutdown().await;
    it.channels.stuck.store(false, Ordering::Relaxed);
    let handle = engine(Config::default(), &it.store, &it.channels, &it.clock).await;
    let ended = handle.start_and_wait(start("test/tell", Some("k"), json!({}))).await;
    assert!(matches!(ended, Ok(_) | Err(Error::EndedBefore(_))), "{ended:?}");
    assert_eq!(it.channels.distinct(), 1, "sent again with the same id");
}

#[tokio::test]
async fn a_failed_commit_is_told_and_the_next_one_goes_well() {
    let it = running(Config::default()).await;
    deploy(&it.handle, "a", "{set: {n: 1}}").await;
    let next = it.store.commits.load(Ordering::Relaxed) + 1;
    *it.store.crash.lock().unwrap() = Some((next, crate::world::Crash::After));
    let error = it.handle.start(start("test/a", Some("k"), json!(1))).await.unwrap_err();
    assert!(error.is_retryable());
    let again = it.handle.start(start("test/a", Some("k"), json!(1))).await.unwrap();
    assert!(again.existing, "it had happened");
}
