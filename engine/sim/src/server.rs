//! The database that several machines share: the nodes' rows, and the transactions that hold them.
//!
//! ```text
//!  a node ──► Statement ──► a row changes, once no transaction holds it ──► Told ──► the node
//!  a batch ─► Commit ─► hold the row ─► Transaction ─► write ─► let go ─► Committed ─► the engine
//! ```
//! It has a runtime of its own: what was sent to it happens, or not, whatever becomes of the sender. The rule is
//! that of `yiwang_runtime::nodes::rows`; a held row is what `FOR SHARE` is in a database.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;
use yiwang_runtime::nodes::rows::Rows;
use yiwang_runtime::nodes::{NodeConfig, Owner, Registry, Stay};
use yiwang_runtime::ports::{Answer, StoreError};

use crate::sabotage::Sabotage;
use crate::store::fault;
use crate::time::MachineClock;
use crate::world::{Door, Fate, World};

/// The machine on which it runs.
pub(crate) struct ServerMachine {
    runtime: Runtime,
    pub(crate) server: Arc<Server>,
}

/// The database.
pub(crate) struct Server {
    tasks: Handle,
    /// It is never set wrong: leases are measured by it.
    pub(crate) clock: MachineClock,
    state: Mutex<State>,
    /// A row was let go.
    freed: Notify,
}

#[derive(Default)]
struct State {
    rows: Rows,
    /// Transactions that hold the row of a node.
    held: BTreeMap<String, usize>,
    nonces: u64,
}

/// The row of a node, held by a transaction until it is dropped.
pub(crate) struct Held {
    server: Arc<Server>,
    name: String,
}

impl ServerMachine {
    pub(crate) fn start(grain: u32) -> Self {
        let runtime = Builder::new_current_thread().event_interval(grain).build();
        let runtime = runtime.expect("a runtime without drivers needs nothing of the machine");
        let (clock, state, freed) = (MachineClock::default(), Mutex::default(), Notify::new());
        let server = Server { tasks: runtime.handle().clone(), clock, state, freed };
        Self { server: Arc::new(server), runtime }
    }

    /// Lets its transactions run for a while.
    pub(crate) fn run(&self, rounds: usize) {
        self.runtime.block_on(async {
            for _ in 0..rounds {
                tokio::task::yield_now().await;
            }
        });
    }
}

impl Server {
    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.elapsed()).unwrap_or(i64::MAX)
    }

    /// Begins something that goes on whatever becomes of who began it.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let task = self.tasks.spawn(work);
        async move { task.await.ok() }
    }

    /// Takes hold of the row of this stay. None: the stay has ended.
    pub(crate) fn hold(self: &Arc<Self>, stay: &Stay, sabotage: Option<Sabotage>) -> Option<Held> {
        self.with(|state| {
            (sabotage == Some(Sabotage::OpenFence) || state.rows.holds(stay)).then(|| {
                *state.held.entry(stay.name.clone()).or_default() += 1;
                Held { server: Arc::clone(self), name: stay.name.clone() }
            })
        })
    }

    /// Changes the row of this node, once no transaction holds it.
    async fn alone<T>(&self, name: &str, change: impl FnOnce(&mut State) -> T) -> T {
        loop {
            let freed = self.freed.notified();
            if self.with(|state| !state.held.contains_key(name)) {
                return self.with(change);
            }
            freed.await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.server.with(|state| {
            if let Some(count) = state.held.get_mut(&self.name) {
                *count -= 1;
                if *count == 0 {
                    state.held.remove(&self.name);
                }
            }
        });
        self.server.freed.notify_waiters();
    }
}

/// The rows of the nodes, as one machine asks for them.
pub(crate) struct SimNodes {
    pub(crate) world: World,
    pub(crate) server: Arc<Server>,
}

impl SimNodes {
    /// A statement on its way, the answer on its way back.
    fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Answer<'_, T> {
        let world = self.world.clone();
        let asked = self.server.spawn(async move {
            if world.wait(Door::Statement, what.to_owned()).await != Fate::Pass {
                return Err(fault());
            }
            let done = work.await;
            match world.wait(Door::Told, what.to_owned()).await {
                Fate::Pass => Ok(done),
                Fate::Fail | Fate::Lose => Err(fault()),
            }
        });
        async move { asked.await.unwrap_or_else(|| Err(gone())) }.boxed()
    }
}

fn gone() -> StoreError {
    StoreError::new("asking a database", "it is gone")
}

impl Registry for SimNodes {
    fn join(&self, config: &NodeConfig) -> Answer<'_, Stay> {
        let (server, config) = (Arc::clone(&self.server), config.clone());
        self.ask("join", async move {
            let join = |state: &mut State| {
                state.nonces += 1;
                state.rows.join(&config, state.nonces.to_string(), server.now())
            };
            server.alone(&config.name, join).await
        })
    }

    fn renew(&self, stay: &Stay, lease: Duration) -> Answer<'_, bool> {
        let (server, stay) = (Arc::clone(&self.server), stay.clone());
        self.ask("renew", async move {
            let now = server.now();
            server.with(|state| state.rows.renew(&stay, lease, now))
        })
    }

    fn look(&self) -> Answer<'_, Option<Owner>> {
        let (server, world) = (Arc::clone(&self.server), self.world.clone());
        self.ask("look", async move {
            let now = server.now();
            let mut owner = server.with(|state| state.rows.look(now));
            if let Some(owner) = &mut owner
                && world.with(|inner| inner.sabotage == Some(Sabotage::EndlessLease))
            {
                owner.lease_left_millis = owner.lease_left_millis.max(0);
            }
            owner
        })
    }

    fn declare_dead(&self, owner: &Owner) -> Answer<'_, bool> {
        let (server, world, owner) = (Arc::clone(&self.server), self.world.clone(), owner.clone());
        self.ask("declare dead", async move {
            // By the time at which nobody holds the row any more.
            let declare = |state: &mut State| state.rows.declare_dead(&owner, server.now());
            let dead = server.alone(&owner.name, declare).await;
            if dead {
                world.note(|| format!("{} is declared dead in its stay {}", owner.name, owner.incarnation));
            }
            dead
        })
    }

    fn claim(&self, stay: &Stay, seen: Option<&Owner>) -> Answer<'_, bool> {
        let (server, world) = (Arc::clone(&self.server), self.world.clone());
        let (stay, seen) = (stay.clone(), seen.cloned());
        self.ask("claim", async move {
            let claimed = server.with(|state| state.rows.claim(&stay, seen.as_ref()));
            if claimed {
                world.note(|| format!("{} owns the instances in its stay {}", stay.name, stay.incarnation));
                world.with(|inner| inner.ledger.epochs.claimed(&stay));
            }
            claimed
        })
    }

    fn leave(&self, stay: &Stay) -> Answer<'_, ()> {
        let (server, stay) = (Arc::clone(&self.server), stay.clone());
        self.ask("leave", async move { server.alone(&stay.name, |state| state.rows.leave(&stay)).await })
    }
}
