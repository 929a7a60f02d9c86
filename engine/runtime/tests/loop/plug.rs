//! The plug is pulled at every commit of a life, before and after it: the picture at its end is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use yiwang_core::{EffectId, InstanceId};
use yiwang_runtime::Error;
use yiwang_runtime::ports::IncomingEvent;

use crate::world::{Crash, World, start};

/// What is lived through.
#[derive(Clone, Default)]
pub(crate) struct Life {
    /// Deployed at the beginning.
    pub(crate) workflows: Vec<String>,
    /// Begun then: workflow and input.
    pub(crate) starts: Vec<(&'static str, Value)>,
    /// Come then, one after the other.
    pub(crate) events: Vec<IncomingEvent>,
    /// How many calls of a URI fail.
    pub(crate) fails: Vec<(&'static str, usize)>,
    /// Times that pass, milliseconds.
    pub(crate) times: Vec<u64>,
    /// Branches run beside each other: what comes first may be another after a crash.
    pub(crate) branches: bool,
}

/// Lives it once undisturbed, and once for each commit with the plug pulled before and after it. What it
/// looks like at the end.
pub(crate) async fn pulled_everywhere(life: Life, names: &[&str]) -> Value {
    let world = lived(&life, None).await;
    let commits = world.store.commits.load(Ordering::Relaxed);
    let expected = picture(&world, names, life.branches).await;
    for at in 1..=commits {
        for crash in [Crash::Before, Crash::After] {
            let world = lived(&life, Some((at, crash))).await;
            assert!(world.store.commits.load(Ordering::Relaxed) >= at, "commit {at} came");
            let got = picture(&world, names, life.branches).await;
            assert_eq!(got, expected, "plug pulled {crash:?} commit {at} of {commits}");
        }
    }
    expected
}

async fn lived(life: &Life, crash: Option<(u64, Crash)>) -> World {
    let mut world = World::new().await;
    *world.store.crash.lock().unwrap() = crash;
    world.services.fails.lock().unwrap().extend(life.fails.iter().map(|(uri, n)| ((*uri).to_owned(), *n)));
    for text in &life.workflows {
        while let Err(error) = world.engine.deploy(text, BTreeMap::new(), "li").await {
            died(&mut world, error).await;
        }
        settle(&mut world).await;
    }
    for (n, (workflow, input)) in life.starts.iter().enumerate() {
        let key = format!("k{n}");
        while let Err(error) = world.engine.start(start(workflow, Some(&key), input.clone())).await {
            died(&mut world, error).await;
        }
        settle(&mut world).await;
    }
    for event in &life.events {
        while let Err(error) = world.engine.publish(vec![event.clone()]).await {
            died(&mut world, error).await;
        }
        settle(&mut world).await;
    }
    for millis in &life.times {
        world.later(*millis).await;
        settle(&mut world).await;
    }
    world
}

async fn died(world: &mut World, error: Error) {
    assert!(error.is_retryable(), "{error}");
    world.restart().await;
}

/// Goes on until nothing is left; a process that has died is followed by another one.
async fn settle(world: &mut World) {
    world.engine.settle().await.unwrap();
    world.restart().await;
    world.engine.settle().await.unwrap();
}

/// All that a person could compare, with the names of instances replaced by their order.
async fn picture(world: &World, names: &[&str], branches: bool) -> Value {
    let mut by_id: BTreeMap<InstanceId, String> = BTreeMap::new();
    let mut lives = BTreeMap::new();
    for workflow in names {
        for (n, id) in world.instances(workflow).await.into_iter().enumerate() {
            let name = format!("{workflow}#{n}");
            by_id.insert(id, name.clone());
            let mut words: Vec<String> = world.history(id).await.iter().map(line).collect();
            if branches {
                words.sort_unstable();
            }
            let output = world.last(id, "completed", "output").await;
            lives.insert(name, json!({"status": world.status(id).await, "output": output, "words": words}));
        }
    }
    let calls: BTreeSet<EffectId> = world.services.calls.lock().unwrap().iter().map(|it| it.effect).collect();
    let calls: BTreeSet<String> =
        calls.into_iter().map(|it| format!("{}.{}", by_id[&it.instance], it.n)).collect();
    let calls = if branches { json!(calls.len()) } else { json!(calls) };
    json!({"lives": lives, "calls": calls, "dispositions": world.dispositions().await})
}

/// A line without what differs from run to run.
fn line(line: &Value) -> String {
    format!("{} {}", line["task"].as_str().unwrap_or_default(), line["event"].as_str().unwrap())
}
