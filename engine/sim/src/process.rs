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
use yiwang_runtime::leased::{Lease, leased};
use yiwang_runtime::nodes::{Node, NodeConfig, stand_by};
use yiwang_runtime::ports::StoreError;
use yiwang_runtime::{Config, Engine, Error, Handle};

use crate::act::{Act, Said};
use crate::client::{Answer, for_good};
use crate::outside::outside;
use crate::sabotage::Sabotage;
use crate::server::SimNodes;
use crate::store::FaultyStore;
use crate::violation::Check;
use crate::world::{Door, Fate, World};

/// How long an event waits for its listener here: longer than any run lasts.
const BUFFER_MILLIS: u64 = 365 * 24 * 3_600_000;

/// A process that is starting, or runs.
pub(crate) struct Process {
    runtime: Runtime,
    opening: Option<JoinHandle<Result<Opened, StoreError>>>,
    opened: Option<Opened>,
    stopping: Option<JoinHandle<()>>,
}

/// What it has once it can be asked.
struct Opened {
    engine: Handle,
    tenure: Option<Tenure>,
}

/// The time during which the instances are this process's.
struct Tenure {
    node: Arc<Node>,
    keeping: JoinHandle<()>,
}

/// How a process takes part among others.
pub(crate) struct Seat {
    pub(crate) nodes: SimNodes,
    pub(crate) config: NodeConfig,
}

impl Process {
    /// Starts one on this store. `grain`: tasks polled between two looks of the world. `seat`: none: it has the
    /// store for itself.
    pub(crate) fn start(
        world: &World,
        store: Arc<FaultyStore>,
        seed: u64,
        grain: u32,
        seat: Option<Seat>,
    ) -> Self {
        let runtime = Builder::new_current_thread().event_interval(grain).build();
        let runtime = runtime.expect("a runtime without drivers needs nothing of the machine");
        let config = Config { seed: Some(seed), buffer_millis: BUFFER_MILLIS, ..Config::default() };
        let opening = runtime.spawn(open(world.clone(), store, config, seat));
        Self { runtime, opening: Some(opening), opened: None, stopping: None }
    }

    /// Lets its tasks run for a while.
    pub(crate) fn run(&self, rounds: usize) {
        self.runtime.block_on(async {
            for _ in 0..rounds {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Looks whether it has started. True: just now. `Err`: it could not.
    pub(crate) fn opened(&mut self) -> Result<bool, StoreError> {
        let Some(opening) = self.opening.take_if(|opening| opening.is_finished()) else { return Ok(false) };
        let opened = self.runtime.block_on(opening);
        self.opened = Some(opened.expect("an engine does not panic while it starts")?);
        Ok(true)
    }

    /// Can it be asked?
    pub(crate) fn has_opened(&self) -> bool {
        self.opened.is_some() && self.stopping.is_none()
    }

    /// Does the stay of its node last, as far as it knows? False: it ends, as `yiwang serve` does.
    pub(crate) fn is_over(&self) -> bool {
        let fenced = self.tenure().is_some_and(|tenure| tenure.node.membership().has_ended());
        fenced || self.stopping.as_ref().is_some_and(JoinHandle::is_finished)
    }

    fn tenure(&self) -> Option<&Tenure> {
        self.opened.as_ref()?.tenure.as_ref()
    }

    /// It is asked to end: the engine first, then the instances are given away.
    pub(crate) fn stop(&mut self, world: &World) {
        let Some(opened) = self.opened.as_mut().filter(|_| self.stopping.is_none()) else { return };
        let (engine, tenure) = (opened.engine.clone(), opened.tenure.take());
        world.trouble(|trouble| trouble.stopping = true);
        self.stopping = Some(self.runtime.spawn(async move {
            engine.shutdown().await;
            let Some(Tenure { node, keeping }) = tenure else { return };
            keeping.abort();
            // It holds the node until it is gone.
            drop(keeping.await);
            if let Ok(node) = Arc::try_unwrap(node) {
                // When it fails the others wait for the lease.
                drop(node.leave().await);
            }
        }));
    }

    /// A client's request sets out.
    pub(crate) fn ask(&self, world: &World, client: usize, act: Act) {
        let Some(engine) = self.opened.as_ref().map(|opened| opened.engine.clone()) else { return };
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

/// As `yiwang serve` does it: stand by, own, keep the lease, begin the engine.
async fn open(
    world: World,
    store: Arc<FaultyStore>,
    config: Config,
    seat: Option<Seat>,
) -> Result<Opened, StoreError> {
    let clock = Arc::new(world.clock.clone());
    let Some(Seat { nodes, config: seat }) = seat else {
        let engine = Engine::start(config, store, outside(&world, None), clock).await?;
        return Ok(Opened { engine, tenure: None });
    };
    let node = Arc::new(stand_by(Arc::new(nodes), clock.clone(), seat, |_| ()).await?);
    store.write_for(node.membership());
    let keeping = Arc::clone(&node);
    let keeping = tokio::spawn(async move { keeping.keep().await });
    let lease: Arc<dyn Lease> = Arc::new(node.lease());
    let mut reached = outside(&world, Some(node.membership().stay().clone()));
    if !world.is(Sabotage::ActUnsure) {
        reached = leased(reached, &lease);
    }
    let engine = Engine::start(config, store, reached, clock).await?.leased(lease);
    Ok(Opened { engine, tenure: Some(Tenure { node, keeping }) })
}

impl World {
    fn is(&self, sabotage: Sabotage) -> bool {
        self.with(|inner| inner.sabotage == Some(sabotage))
    }

    fn reply(&self, client: usize, answer: Option<Answer>) {
        self.with(|inner| {
            inner.stirs += 1;
            inner.note(format!("client {client} gets {answer:?}"));
            inner.replies.push((client, self.machine(), answer));
        });
    }

    /// The engine has answered. `before`: it was done already when this request arrived.
    fn answered(&self, act: &Act, before: bool, said: &Said) {
        let words = act.words();
        let stopping = self.troubled().stopping;
        self.with(|inner| match said {
            Ok(_) => {
                if !act.is_written(&inner.ledger) {
                    let what = format!("`{words}` was answered before anything of it was durable");
                    inner.ledger.violate(Check::Durable, what);
                }
            }
            // It was asked to end.
            Err(Error::Stopping) if stopping => {}
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
