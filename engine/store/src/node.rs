//! The nodes that share one database, and who of them owns the instances.
//!
//! ```text
//!  join ──► standby ──(nobody owns, or the owner's lease has run out: declare it dead, then claim)──► owner
//!              ▲                                                                                        │
//!              └──── join again, one incarnation later ◄──── fenced ◄──(declared dead by another)───────┘
//! ```
//! Each arrow is one transaction. Leases only decide when somebody tries to take over; that two never write at the
//! same time rests on the rows alone (see the fence), whatever the clocks say. ADR 0030.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use yiwang_runtime::leased;
use yiwang_runtime::ports::StoreError;

use crate::connection::{Connection as _, Row, within};
use crate::fence::{Fenced, Membership};
use crate::postgres::{Access, Postgres};
use crate::sql::{Sql, column, doing};
use crate::{Error, SqlStore};

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

/// One of the nodes.
#[derive(Debug)]
pub struct Node {
    db: DatabaseConnection,
    config: NodeConfig,
    membership: Membership,
    sure_until: Arc<watch::Sender<Instant>>,
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
    /// How long its lease still lasts by the database's clock, milliseconds; below 0: it has run out.
    pub lease_left_millis: i64,
}

/// Until when this process may act by itself, told by its own clock.
#[derive(Clone, Debug)]
pub struct Lease {
    sure_until: watch::Receiver<Instant>,
}

impl Lease {
    /// Is it sure now that nobody else has been let in?
    pub fn is_sure(&self) -> bool {
        Instant::now() < *self.sure_until.borrow()
    }
}

impl leased::Lease for Lease {
    fn held(&self) -> BoxFuture<'_, ()> {
        let mut sure_until = self.sure_until.clone();
        async move {
            while Instant::now() >= *sure_until.borrow_and_update() {
                if sure_until.changed().await.is_err() {
                    // The node is gone, and with it everything that may be done.
                    futures::future::pending::<()>().await;
                }
            }
        }
        .boxed()
    }
}

impl Node {
    /// Begins a stay.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn join(database: &Postgres, config: NodeConfig) -> Result<Self, Error> {
        let connected = database.connect(Access::Node { standstill: config.lease }).await;
        let db = connected.map_err(database.failed("connecting as a node"))?;
        let asked = Instant::now();
        let joined = join(&db, &config).await.map_err(database.failed("joining the nodes"))?;
        let node = Self { db, config, membership: joined, sure_until: Arc::new(watch::Sender::new(asked)) };
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
        Lease { sure_until: self.sure_until.subscribe() }
    }

    /// Lets this store write for the node.
    ///
    /// # Errors
    /// When the end of the journal cannot be read.
    pub async fn write_by(&self, store: &SqlStore) -> Result<(), Error> {
        store.own(&self.membership, self.config.lease).await
    }

    /// One sign of life, one look around, and the instances if nobody alive has them.
    ///
    /// # Errors
    /// When the database does not answer.
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
        (&*owner.name, owner.incarnation) == (&*self.membership.name, self.membership.incarnation)
    }

    /// A sign of life. False: the stay has ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew(&self) -> Result<bool, StoreError> {
        let asked = Instant::now();
        let (name, incarnation) = (self.membership.name.as_str(), self.membership.incarnation);
        let renewed = Sql::new(
            "UPDATE lease SET until = clock_timestamp() + CAST(? AS BIGINT) * INTERVAL '1 millisecond'
              WHERE node = ? AND incarnation = ? AND EXISTS (SELECT 1 FROM node n
                WHERE n.name = ? AND n.incarnation = ? AND n.nonce = ? AND n.state = 'alive')",
            [
                millis(self.config.lease).into(),
                name.into(),
                incarnation.into(),
                name.into(),
                incarnation.into(),
                self.membership.nonce.as_str().into(),
            ],
        );
        let renewed = renewed.run(&self.db).await.map_err(doing("renewing the lease"))? == 1;
        if renewed {
            self.renewed(asked);
        } else {
            self.membership.broken.cancel();
        }
        Ok(renewed)
    }

    /// The lease lasts from when it was asked for, not from when the answer came.
    fn renewed(&self, asked: Instant) {
        let margin = MARGIN_MAX.min(self.config.lease / 4);
        self.sure_until.send_replace(asked + (self.config.lease - margin));
    }

    /// Who owns the instances.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look(&self) -> Result<Option<Owner>, StoreError> {
        let row = Sql::new(
            "SELECT s.node, s.incarnation, n.address, n.state,
                    CAST(extract(EPOCH FROM l.until - clock_timestamp()) * 1000 AS BIGINT)
               FROM shard s LEFT JOIN node n ON n.name = s.node AND n.incarnation = s.incarnation
               LEFT JOIN lease l ON l.node = s.node AND l.incarnation = s.incarnation WHERE s.id = 0",
            [],
        );
        let row = row.one(&self.db).await.map_err(doing("looking for the owner"))?;
        let owner = row.as_ref().map(owner).transpose().map_err(doing("looking for the owner"))?;
        Ok(owner.flatten())
    }

    /// Ends the stay of an owner whose lease has run out. Waits for its transactions under way; none commits
    /// after this has. False: it has shown a sign of life, or another was faster.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn declare_dead(&self, owner: &Owner) -> Result<bool, StoreError> {
        let (name, incarnation) = (owner.name.as_str(), owner.incarnation);
        let dead = Sql::new(
            "UPDATE node SET state = 'dead' WHERE name = ? AND incarnation = ? AND state = 'alive'
                AND EXISTS (SELECT 1 FROM lease l
                  WHERE l.node = ? AND l.incarnation = ? AND l.until < clock_timestamp())",
            [name.into(), incarnation.into(), name.into(), incarnation.into()],
        );
        let dead = dead.run(&self.db).await.map_err(doing("declaring a node dead"))? == 1;
        if dead {
            tracing::warn!(node = name, incarnation, "declared dead: its lease has run out");
        }
        Ok(dead)
    }

    /// Takes the instances from `seen`, whose stay has ended, or from nobody. False: another was faster, or this
    /// node's own stay has ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim(&self, seen: Option<&Owner>) -> Result<bool, StoreError> {
        let claimed = self.try_claim(seen).await.map_err(doing("taking over the instances"))?;
        if claimed {
            let (name, incarnation) = (&self.membership.name, self.membership.incarnation);
            tracing::info!(node = name, incarnation, "this node owns the instances");
        }
        Ok(claimed)
    }

    async fn try_claim(&self, seen: Option<&Owner>) -> Result<bool, DbErr> {
        let tx = self.begin().await?;
        let (name, incarnation) = (self.membership.name.as_str(), self.membership.incarnation);
        let before = (seen.map_or("", |seen| &*seen.name), seen.map_or(0, |seen| seen.incarnation));
        // A stay that has ended never begins again, so that what is read of it here cannot become wrong.
        let shard = Sql::new(
            "UPDATE shard SET node = ?, incarnation = ?
              WHERE id = 0 AND coalesce(node, '') = ? AND coalesce(incarnation, 0) = ? AND NOT EXISTS
                (SELECT 1 FROM node n WHERE n.name = ? AND n.incarnation = ? AND n.state = 'alive')",
            [
                name.into(),
                incarnation.into(),
                before.0.into(),
                before.1.into(),
                before.0.into(),
                before.1.into(),
            ],
        );
        if !self.membership.hold(&tx).await? || shard.run(&tx).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let tenure = Sql::new(
            "INSERT INTO tenure (shard, n, node, incarnation, first_lsn, since)
             SELECT 0, (SELECT coalesce(max(n), 0) + 1 FROM tenure WHERE shard = 0), ?, ?,
                    (SELECT coalesce(max(lsn), 0) + 1 FROM journal), clock_timestamp()",
            [name.into(), incarnation.into()],
        );
        tenure.run(&tx).await?;
        within(self.db.backend(), tx.commit()).await?;
        Ok(true)
    }

    /// Ends the stay: the instances are free at once. After the engine and the store's writer have ended.
    ///
    /// # Errors
    /// When the database does not answer; then the others wait for the lease.
    pub async fn leave(self) -> Result<(), StoreError> {
        let left = self.try_leave().await.map_err(doing("leaving the nodes"));
        self.db.close().await.map_err(doing("closing a connection"))?;
        left
    }

    async fn try_leave(&self) -> Result<(), DbErr> {
        let tx = self.begin().await?;
        let (name, incarnation) = (self.membership.name.as_str(), self.membership.incarnation);
        Sql::new(
            "UPDATE shard SET node = NULL, incarnation = NULL WHERE id = 0 AND node = ? AND incarnation = ?",
            [name.into(), incarnation.into()],
        )
        .run(&tx)
        .await?;
        Sql::new(
            "UPDATE node SET state = 'left' WHERE name = ? AND incarnation = ? AND nonce = ?",
            [name.into(), incarnation.into(), self.membership.nonce.as_str().into()],
        )
        .run(&tx)
        .await?;
        within(self.db.backend(), tx.commit()).await
    }

    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        within(self.db.backend(), self.db.begin()).await
    }
}

async fn join(db: &DatabaseConnection, config: &NodeConfig) -> Result<Membership, DbErr> {
    let tx = within(db.backend(), db.begin()).await?;
    let row = Sql::new(
        "INSERT INTO node (name, incarnation, nonce, address, state)
         VALUES (?, 1, CAST(gen_random_uuid() AS TEXT), ?, 'alive')
             ON CONFLICT (name) DO UPDATE SET incarnation = node.incarnation + 1, nonce = excluded.nonce,
                address = excluded.address, state = excluded.state
         RETURNING incarnation, nonce",
        [config.name.as_str().into(), config.address.as_str().into()],
    );
    let row = row.one(&tx).await?.ok_or_else(|| DbErr::Custom("a node just joined is missing".to_owned()))?;
    let (incarnation, nonce): (i64, String) = (column(&row, 0)?, column(&row, 1)?);
    Sql::new(
        "INSERT INTO lease (node, incarnation, until)
         VALUES (?, ?, clock_timestamp() + CAST(? AS BIGINT) * INTERVAL '1 millisecond')
             ON CONFLICT (node) DO UPDATE SET incarnation = excluded.incarnation, until = excluded.until",
        [config.name.as_str().into(), incarnation.into(), millis(config.lease).into()],
    )
    .run(&tx)
    .await?;
    within(db.backend(), tx.commit()).await?;
    tracing::info!(node = config.name, incarnation, address = config.address, "joined");
    Ok(Membership { name: config.name.clone(), incarnation, nonce, broken: CancellationToken::new() })
}

/// None: nobody has the instances.
fn owner(row: &Row) -> Result<Option<Owner>, DbErr> {
    let (Some(name), Some(incarnation)) = (column(row, 0)?, column(row, 1)?) else { return Ok(None) };
    let state: Option<String> = column(row, 3)?;
    Ok(Some(Owner {
        name,
        incarnation,
        address: column::<Option<String>>(row, 2)?.unwrap_or_default(),
        alive: state.as_deref() == Some("alive"),
        lease_left_millis: column::<Option<i64>>(row, 4)?.unwrap_or(-1),
    }))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl Membership {
    /// Ends when a write or a sign of life has found the stay ended.
    pub async fn ended(&self) {
        self.broken.cancelled().await;
    }

    /// Its how-manieth stay this is.
    pub fn incarnation(&self) -> i64 {
        self.incarnation
    }
}

/// Was it refused because another node has taken over?
pub fn is_fenced(error: &StoreError) -> bool {
    error.source.is::<Fenced>()
}
