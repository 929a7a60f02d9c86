//! Calls that nobody waits for any more: broken off where they stand, and their places given to others.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;
use tokio::sync::mpsc;
use yiwang_core::InstanceId;
use yiwang_core::input::{EffectOutcome, OperatorCommand};
use yiwang_core::work_item::Actor;
use yiwang_runtime::ports::{Outside, ServiceCall, Services, Store};
use yiwang_runtime::{Config, Engine, Handle, OperatorAct, VirtualClock};

use crate::world::{Faulty, NOON, Scripted, start, uri_of, workflow};

/// A service that never answers and says when a call begins and when it is dropped.
struct Endless {
    told: mpsc::UnboundedSender<String>,
}

/// Says so when it goes.
struct Dropped(mpsc::UnboundedSender<String>, String);

impl Drop for Dropped {
    fn drop(&mut self) {
        drop(self.0.send(format!("dropped {}", self.1)));
    }
}

impl Services for Endless {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome> {
        let uri = uri_of(&call);
        async move {
            self.told.send(format!("begun {uri}")).unwrap();
            let _dropped = Dropped(self.told.clone(), uri);
            futures::future::pending().await
        }
        .boxed()
    }
}

struct World {
    handle: Handle,
    clock: VirtualClock,
    told: mpsc::UnboundedReceiver<String>,
}

impl World {
    async fn with(tasks: &str) -> Self {
        let (told, listening) = mpsc::unbounded_channel();
        let store = Arc::<Faulty>::default() as Arc<dyn Store>;
        let outside = Outside { channels: Arc::<Scripted>::default(), services: Arc::new(Endless { told }) };
        let clock = VirtualClock::new(NOON);
        let config = Config { service_calls_max: 1, ..Config::default() };
        let handle = Engine::start(config, store, outside, Arc::new(clock.clone())).await.unwrap();
        handle.deploy(&workflow("w", "", tasks), BTreeMap::new(), "li").await.unwrap();
        Self { handle, clock, told: listening }
    }

    async fn cancel(&self, instance: InstanceId) {
        let by = Actor::new("li", Vec::new());
        self.handle
            .operator(OperatorAct { instance, command: OperatorCommand::Cancel, by, reason: None })
            .await
            .unwrap();
    }

    async fn hears(&mut self, expected: &str) {
        assert_eq!(self.told.recv().await.unwrap(), expected);
    }
}

fn call(uri: &str) -> String {
    format!("call: http, with: {{method: get, endpoint: 'http://{uri}'}}")
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_broken_off() {
    let mut world = World::with(&format!("  - slow: {{timeout: {{after: PT5S}}, {}}}", call("slow"))).await;
    world.handle.start(start("test/w", None, json!({}))).await.unwrap();
    world.hears("begun http://slow").await;
    world.clock.set(NOON.plus_millis(5_000));
    world.hears("dropped http://slow").await;
}

#[tokio::test]
async fn a_cancelled_instance_makes_room_for_the_next_call() {
    let mut world = World::with(&format!("  - slow: {{{}}}", call("slow"))).await;
    let first = world.handle.start(start("test/w", None, json!({}))).await.unwrap().instance;
    let second = world.handle.start(start("test/w", None, json!({}))).await.unwrap().instance;
    let third = world.handle.start(start("test/w", None, json!({}))).await.unwrap().instance;
    world.hears("begun http://slow").await;
    // One that waits for a place is not begun at all.
    world.cancel(second).await;
    world.cancel(first).await;
    world.hears("dropped http://slow").await;
    world.hears("begun http://slow").await;
    world.cancel(third).await;
    world.hears("dropped http://slow").await;
    assert!(world.told.try_recv().is_err(), "the second call was never begun");
}

#[tokio::test]
async fn the_branches_that_lost_are_broken_off() {
    let branches = format!(
        "  - race:\n      fork:\n        compete: true\n        branches:\n          - slow: {{{}}}\n          - timer: {{wait: PT1S}}",
        call("slow")
    );
    let mut world = World::with(&branches).await;
    world.handle.start(start("test/w", None, json!({}))).await.unwrap();
    world.hears("begun http://slow").await;
    world.clock.set(NOON.plus_millis(1_000));
    world.hears("dropped http://slow").await;
}
