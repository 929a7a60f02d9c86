//! One process: the real engine on a runtime of its own, which dies with everything in it.
//!
//! ```text
//!  world: open a door, let time pass ──► run(n): so many tasks are polled ──► look again
//! ```
//! The runtime has one thread, that of the caller, and neither timers nor sockets. Between two polls the world
//! may drop it: then the engine is dead at whatever it was waiting for.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use yiwang_runtime::ports::{Outside, Store, StoreError};
use yiwang_runtime::{Config, Engine, Error, Handle};

use crate::act::{Act, Said};
use crate::client::{Answer, for_good};
use crate::outside::{SimChannels, SimServices};
use crate::sabotage::Sabotage;
use crate::store::FaultyStore;
use crate::violation::Check;
use crate::world::{Door, Fate, World};

/// How long an event waits for its listener here: longer than any run lasts.
const BUFFER_MILLIS: u64 = 365 * 24 * 3_600_000;

/// A process that is starting, or runs.
pub(crate) struct Process {
    runtime: Runtime,
    opening: Option<JoinHandle<Result<Handle, StoreError>>>,
    engine: Option<Handle>,
}

impl Process {
    /// Starts one on this store. `grain`: tasks polled between two looks of the world.
    pub(crate) fn start(world: &World, store: Arc<FaultyStore>, seed: u64, grain: u32) -> Self {
        let runtime = Builder::new_current_thread().event_interval(grain).build();
        let runtime = runtime.expect("a runtime without drivers needs nothing of the machine");
        let config = Config { seed: Some(seed), buffer_millis: BUFFER_MILLIS, ..Config::default() };
        let outside = Outside {
            channels: Arc::new(SimChannels(world.clone())),
            services: Arc::new(SimServices(world.clone())),
        };
        let clock = Arc::new(world.clock.clone());
        let opening = runtime.spawn(Engine::start(config, store as Arc<dyn Store>, outside, clock));
        Self { runtime, opening: Some(opening), engine: None }
    }

    /// Lets its tasks run for a while.
    pub(crate) fn run(&self, rounds: usize) {
        self.runtime.block_on(async {
            for _ in 0..rounds {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Looks whether it has started. `Err`: it could not.
    pub(crate) fn opened(&mut self) -> Result<(), StoreError> {
        if let Some(opening) = self.opening.take_if(|opening| opening.is_finished()) {
            let opened = self.runtime.block_on(opening);
            self.engine = Some(opened.expect("an engine does not panic while it starts")?);
        }
        Ok(())
    }

    /// Can it be asked?
    pub(crate) fn has_opened(&self) -> bool {
        self.engine.is_some()
    }

    /// A client's request sets out.
    pub(crate) fn ask(&self, world: &World, client: usize, act: Act) {
        let Some(engine) = self.engine.clone() else { return };
        let world = world.clone();
        self.runtime.spawn(async move {
            let words = act.words();
            let early = world.with(|inner| {
                inner.sabotage == Some(Sabotage::AnswerEarly)
                    && act.mark().is_some()
                    && inner.random.chance(500)
            });
            if early {
                world.reply(client, Some(Answer::Done(None)));
                for _ in 0..6 {
                    world.wait(Door::Ask, "not yet".to_owned()).await;
                }
            }
            if world.wait(Door::Ask, words.clone()).await != Fate::Pass {
                return world.reply(client, None);
            }
            let before = world.with(|inner| act.is_written(&inner.ledger));
            let decision = format!("decision-{client}");
            if world.is(Sabotage::StopEngine) && client == 5 {
                engine.shutdown().await;
            }
            let mut said = act.clone().perform(&engine, decision.clone()).await;
            if before && world.is(Sabotage::RefuseAgain) {
                said = Err(Error::UnknownWorkflow { workflow: words.clone(), version: None });
            }
            world.answered(&act, before, &said);
            if matches!(act, Act::Case { .. }) && world.is(Sabotage::DoubleDecision) {
                let again = act.perform(&engine, format!("{decision}-again")).await;
                drop(again);
            }
            let passes = world.wait(Door::Answer, words).await == Fate::Pass;
            world.reply(client, for_good(&said).filter(|_| passes));
        });
    }
}

impl World {
    fn is(&self, sabotage: Sabotage) -> bool {
        self.with(|inner| inner.sabotage == Some(sabotage))
    }

    fn reply(&self, client: usize, answer: Option<Answer>) {
        self.with(|inner| {
            inner.stirs += 1;
            inner.note(format!("client {client} gets {answer:?}"));
            inner.replies.push((client, answer));
        });
    }

    /// The engine has answered. `before`: it was done already when this request arrived.
    fn answered(&self, act: &Act, before: bool, said: &Said) {
        let words = act.words();
        self.with(|inner| match said {
            Ok(_) => {
                if !act.is_written(&inner.ledger) {
                    let what = format!("`{words}` was answered before anything of it was durable");
                    inner.ledger.violate(Check::Durable, what);
                }
            }
            Err(Error::Stopping) => {
                let what = "the engine has ended while its process lives".to_owned();
                inner.ledger.violate(Check::Engine, what);
            }
            Err(error) => {
                // An item that was withdrawn is forgotten, with what was done with it.
                let withdrawn = act.is_of_withdrawn(&inner.ledger);
                if before && act.has_key() && !withdrawn && !error.is_retryable() {
                    let what = format!("`{words}` was done, and asked for again it is refused: {error}");
                    inner.ledger.violate(Check::Retry, what);
                }
            }
        });
    }
}
