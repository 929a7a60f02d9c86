//! The nodes that share one store, and who of them owns the instances.
//!
//! ```text
//!  join ──► standby ──(nobody owns, or the owner's lease has run out: declare it dead, then claim)──► owner
//!              ▲                                                                                        │
//!              └──── join again, one incarnation later ◄──── fenced ◄──(declared dead by another)───────┘
//! ```
//! Each arrow is one transaction of a [`Registry`]. Leases only decide when somebody tries to take over; that two
//! never write at the same time rests on the rows alone (the fence of a store), whatever the clocks say. ADR 0030.
//!
//! How the rows are kept is not known here: a database's store and the simulator each have their registry, and
//! [`rows`] says in memory what its transactions do.

pub mod rows;
mod stopwatch;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::leased;
use crate::ports::{Answer, StoreError};

pub use stopwatch::{MachineStopwatch, Stopwatch};

/// Signs of life within one lease: two may be lost.
pub const BEATS: u32 = 3;
/// No effect begins so shortly before the lease may have run out, or in the last quarter of a short one.
const MARGIN_MAX: Duration = Duration::from_secs(2);

/// How a node takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// Its name among the nodes. A node that comes back under its name ends its stay of before.
    pub name: String,
    /// Where the others reach it: `host:port`.
    pub address: String,
    /// How long the others wait for a sign of life.
    pub lease: Duration,
}

/// A node's stay among the others: from its joining until it is declared dead or leaves. One that has ended never
/// begins again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stay {
    /// Which node.
    pub name: String,
    /// Its how-manieth stay.
    pub incarnation: i64,
    /// Drawn when it joined: a database that lost its last commits in a failover gives an incarnation twice.
    pub nonce: String,
}

/// Who owns the instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub name: String,
    /// Its how-manieth stay.
    pub incarnation: i64,
    /// Where it is reached.
    pub address: String,
    /// Not declared dead, and not gone.
    pub alive: bool,
    /// How long its lease still lasts by the store's clock, milliseconds; below 0: it has run out.
    pub lease_left_millis: i64,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The instances are its own.
    Owner,
    /// Another one has them, or nobody.
    Standby {
        /// Who.
        owner: Option<Owner>,
    },
    /// Its stay has ended: what it holds in memory may be old. It joins again.
    Fenced,
}

/// The rows on which the nodes agree. Each method is one transaction; an error means that it is not known whether
/// it happened. Leases are measured by the registry's own clock.
pub trait Registry: Send + Sync {
    /// Begins a stay, and ends that of before under this name. Waits for the transactions that hold that one.
    fn join(&self, config: &NodeConfig) -> Answer<'_, Stay>;

    /// A sign of life: the lease lasts for so long from now. False: the stay has ended. Waits for a declaration.
    fn renew(&self, stay: &Stay, lease: Duration) -> Answer<'_, bool>;

    /// Who owns the instances.
    fn look(&self) -> Answer<'_, Option<Owner>>;

    /// Ends the stay of an owner whose lease has run out. Waits for the transactions that hold it, and looks at
    /// the lease after that; no transaction holds the stay any more. False: it has shown a sign of life, or another
    /// was faster.
    fn declare_dead(&self, owner: &Owner) -> Answer<'_, bool>;

    /// Takes the instances from `seen`, whose stay has ended, or from nobody. False: another was faster, or the
    /// taker's own stay has ended.
    fn claim(&self, stay: &Stay, seen: Option<&Owner>) -> Answer<'_, bool>;

    /// Ends a stay: the instances are free at once. After everything that writes for it has ended.
    fn leave(&self, stay: &Stay) -> Answer<'_, ()>;
}

/// Another node has taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this node no longer owns the instances")]
pub struct Fenced;

/// Was it refused because another node has taken over?
pub fn is_fenced(error: &StoreError) -> bool {
    error.source.is::<Fenced>()
}

/// A stay, as whoever writes for it holds it.
#[derive(Clone, Debug)]
pub struct Membership {
    stay: Stay,
    /// Told when it was found ended.
    broken: CancellationToken,
}

impl Membership {
    fn of(stay: Stay) -> Self {
        Self { stay, broken: CancellationToken::new() }
    }

    /// Which stay.
    pub fn stay(&self) -> &Stay {
        &self.stay
    }

    /// Its how-manieth stay this is.
    pub fn incarnation(&self) -> i64 {
        self.stay.incarnation
    }

    /// A write or a sign of life has found the stay ended.
    pub fn found_ended(&self) {
        self.broken.cancel();
    }

    /// Has it been found ended?
    pub fn has_ended(&self) -> bool {
        self.broken.is_cancelled()
    }

    /// Ends when a write or a sign of life has found the stay ended.
    pub async fn ended(&self) {
        self.broken.cancelled().await;
    }
}

/// One of the nodes.
pub struct Node {
    registry: Arc<dyn Registry>,
    stopwatch: Arc<dyn Stopwatch>,
    config: NodeConfig,
    membership: Membership,
    sure_until: watch::Sender<Duration>,
}

/// Until when this process may act by itself, told by its own stopwatch.
#[derive(Clone)]
pub struct Lease {
    stopwatch: Arc<dyn Stopwatch>,
    sure_until: watch::Receiver<Duration>,
}

impl leased::Lease for Lease {
    fn is_sure(&self) -> bool {
        self.stopwatch.elapsed() < *self.sure_until.borrow()
    }

    fn held(&self) -> BoxFuture<'_, ()> {
        let mut sure_until = self.sure_until.clone();
        async move {
            while self.stopwatch.elapsed() >= *sure_until.borrow_and_update() {
                if sure_until.changed().await.is_err() {
                    // The node is gone, and with it everything that may be done.
                    futures::future::pending::<()>().await;
                }
            }
        }
        .boxed()
    }
}

/// Joins, and beats until the instances are its own. `seen` is told who has them, each time that is asked.
///
/// # Errors
/// When it cannot join. What goes wrong between joining and owning is tried again.
pub async fn stand_by(
    registry: Arc<dyn Registry>,
    stopwatch: Arc<dyn Stopwatch>,
    config: NodeConfig,
    mut seen: impl FnMut(Option<&Owner>) + Send,
) -> Result<Node, StoreError> {
    let join = || Node::join(Arc::clone(&registry), Arc::clone(&stopwatch), config.clone());
    let mut node = join().await?;
    loop {
        match node.beat().await {
            Ok(Standing::Owner) => return Ok(node),
            Ok(Standing::Standby { owner }) => seen(owner.as_ref()),
            Ok(Standing::Fenced) => node = join().await?,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the database does not answer");
            }
        }
        stopwatch.sleep(config.lease / BEATS).await;
    }
}

impl Node {
    /// Begins a stay.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn join(
        registry: Arc<dyn Registry>,
        stopwatch: Arc<dyn Stopwatch>,
        config: NodeConfig,
    ) -> Result<Self, StoreError> {
        let asked = stopwatch.elapsed();
        let membership = Membership::of(registry.join(&config).await?);
        let (name, incarnation) = (&config.name, membership.incarnation());
        tracing::info!(node = name, incarnation, address = config.address, "joined");
        let node =
            Self { registry, stopwatch, config, membership, sure_until: watch::Sender::new(Duration::ZERO) };
        node.renewed(asked);
        Ok(node)
    }

    /// The fence of its writes.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// How it takes part.
    pub fn config(&self) -> &NodeConfig {
        &self.config
    }

    /// Until when it may act.
    pub fn lease(&self) -> Lease {
        Lease { stopwatch: Arc::clone(&self.stopwatch), sure_until: self.sure_until.subscribe() }
    }

    /// One sign of life, one look around, and the instances if nobody alive has them.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn beat(&self) -> Result<Standing, StoreError> {
        if !self.renew().await? {
            return Ok(Standing::Fenced);
        }
        let owner = self.look().await?;
        match &owner {
            Some(owner) if self.is(owner) => return Ok(Standing::Owner),
            Some(known) if known.alive && known.lease_left_millis >= 0 => {
                return Ok(Standing::Standby { owner });
            }
            Some(known) if known.alive && !self.declare_dead(known).await? => {
                return Ok(Standing::Standby { owner });
            }
            Some(_) | None => {}
        }
        match self.claim(owner.as_ref()).await? {
            true => Ok(Standing::Owner),
            false => Ok(Standing::Standby { owner: None }),
        }
    }

    fn is(&self, owner: &Owner) -> bool {
        let stay = self.membership.stay();
        (&*owner.name, owner.incarnation) == (&*stay.name, stay.incarnation)
    }

    /// A sign of life. False: the stay has ended.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn renew(&self) -> Result<bool, StoreError> {
        let asked = self.stopwatch.elapsed();
        let renewed = self.registry.renew(self.membership.stay(), self.config.lease).await?;
        if renewed {
            self.renewed(asked);
        } else {
            self.membership.found_ended();
        }
        Ok(renewed)
    }

    /// The lease lasts from when it was asked for, not from when the answer came.
    fn renewed(&self, asked: Duration) {
        let margin = MARGIN_MAX.min(self.config.lease / 4);
        self.sure_until.send_replace(asked + (self.config.lease - margin));
    }

    /// Who owns the instances.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn look(&self) -> Result<Option<Owner>, StoreError> {
        self.registry.look().await
    }

    /// Ends the stay of an owner whose lease has run out: see [`Registry::declare_dead`].
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn declare_dead(&self, owner: &Owner) -> Result<bool, StoreError> {
        let dead = self.registry.declare_dead(owner).await?;
        if dead {
            let Owner { name, incarnation, .. } = owner;
            tracing::warn!(node = name, incarnation, "declared dead: its lease has run out");
        }
        Ok(dead)
    }

    /// Takes the instances: see [`Registry::claim`].
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn claim(&self, seen: Option<&Owner>) -> Result<bool, StoreError> {
        let claimed = self.registry.claim(self.membership.stay(), seen).await?;
        if claimed {
            let Stay { name, incarnation, .. } = self.membership.stay();
            tracing::info!(node = name, incarnation, "this node owns the instances");
        }
        Ok(claimed)
    }

    /// Signs of life until the stay has ended. The first one at once: taking over may have taken long, and nothing
    /// begins before the lease is sure.
    pub async fn keep(&self) {
        loop {
            match self.renew().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the lease was not renewed");
                }
            }
            self.stopwatch.sleep(self.config.lease / BEATS).await;
        }
    }

    /// Ends the stay: the instances are free at once. After the engine and the store's writer have ended.
    ///
    /// # Errors
    /// When the registry does not answer; then the others wait for the lease.
    pub async fn leave(self) -> Result<(), StoreError> {
        self.registry.leave(self.membership.stay()).await
    }
}
