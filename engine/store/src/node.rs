//! The nodes' rows on a server: each arrow of the protocol (`yiwang_runtime::nodes`) as one transaction of it.
//!
//! Who owns the instances, and until when a lease lasts, is decided by these statements and the server's clock.
//! `yiwang_runtime::nodes::rows` says the same in memory. ADR 0030.

use std::time::Duration;

use futures::FutureExt as _;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use yiwang_runtime::nodes::{Node, NodeConfig, Owner, Registry, Stay};
use yiwang_runtime::ports::Answer;

use crate::connection::{Connection as _, Row, within};
use crate::fence;
use crate::postgres::{Access, Postgres};
use crate::sql::{Sql, column, doing};
use crate::{Error, SqlStore};

/// The rows of the nodes in a database, through a connection of their own.
#[derive(Clone, Debug)]
pub struct Nodes {
    db: DatabaseConnection,
}

impl Nodes {
    /// Connects. `standstill`: after so long the server ends a transaction in which nothing happens.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn connect(database: &Postgres, standstill: Duration) -> Result<Self, Error> {
        let connected = database.connect(Access::Node { standstill }).await;
        Ok(Self { db: connected.map_err(database.failed("connecting as a node"))? })
    }

    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        within(self.db.backend(), self.db.begin()).await
    }

    async fn commit(&self, tx: DatabaseTransaction) -> Result<(), DbErr> {
        within(self.db.backend(), tx.commit()).await
    }

    async fn try_join(&self, config: &NodeConfig) -> Result<Stay, DbErr> {
        let tx = self.begin().await?;
        let row = Sql::new(
            "INSERT INTO node (name, incarnation, nonce, address, state)
             VALUES (?, 1, CAST(gen_random_uuid() AS TEXT), ?, 'alive')
                 ON CONFLICT (name) DO UPDATE SET incarnation = node.incarnation + 1, nonce = excluded.nonce,
                    address = excluded.address, state = excluded.state
             RETURNING incarnation, nonce",
            [config.name.as_str().into(), config.address.as_str().into()],
        );
        let row = row.one(&tx).await?;
        let row = row.ok_or_else(|| DbErr::Custom("a node just joined is missing".to_owned()))?;
        let (incarnation, nonce): (i64, String) = (column(&row, 0)?, column(&row, 1)?);
        Sql::new(
            "INSERT INTO lease (node, incarnation, until)
             VALUES (?, ?, clock_timestamp() + CAST(? AS BIGINT) * INTERVAL '1 millisecond')
                 ON CONFLICT (node) DO UPDATE SET incarnation = excluded.incarnation, until = excluded.until",
            [config.name.as_str().into(), incarnation.into(), millis(config.lease).into()],
        )
        .run(&tx)
        .await?;
        self.commit(tx).await?;
        Ok(Stay { name: config.name.clone(), incarnation, nonce })
    }

    async fn try_renew(&self, stay: &Stay, lease: Duration) -> Result<bool, DbErr> {
        let tx = self.begin().await?;
        // A declaration under way is waited for: no stay is prolonged that is being ended.
        let held = fence::hold(stay, &tx).await?;
        if held {
            Sql::new(
                "UPDATE lease SET until = clock_timestamp() + CAST(? AS BIGINT) * INTERVAL '1 millisecond'
                  WHERE node = ? AND incarnation = ?",
                [millis(lease).into(), stay.name.as_str().into(), stay.incarnation.into()],
            )
            .run(&tx)
            .await?;
        }
        self.commit(tx).await?;
        Ok(held)
    }

    async fn try_look(&self) -> Result<Option<Owner>, DbErr> {
        let row = Sql::new(
            "SELECT s.node, s.incarnation, n.address, n.state,
                    CAST(extract(EPOCH FROM l.until - clock_timestamp()) * 1000 AS BIGINT)
               FROM shard s LEFT JOIN node n ON n.name = s.node AND n.incarnation = s.incarnation
               LEFT JOIN lease l ON l.node = s.node AND l.incarnation = s.incarnation WHERE s.id = 0",
            [],
        );
        let row = row.one(&self.db).await?;
        Ok(row.as_ref().map(owner).transpose()?.flatten())
    }

    async fn try_declare_dead(&self, owner: &Owner) -> Result<bool, DbErr> {
        let (name, incarnation) = (owner.name.as_str(), owner.incarnation);
        let tx = self.begin().await?;
        // The lease is looked at by a statement of its own, once nobody holds the row: one statement for both would
        // judge by what it saw before it waited, and end a stay that has been prolonged meanwhile.
        let held = Sql::new(
            "SELECT 1 FROM node WHERE name = ? AND incarnation = ? AND state = 'alive' FOR UPDATE",
            [name.into(), incarnation.into()],
        );
        let dead = Sql::new(
            "UPDATE node SET state = 'dead' WHERE name = ? AND incarnation = ? AND state = 'alive'
                AND EXISTS (SELECT 1 FROM lease l
                  WHERE l.node = ? AND l.incarnation = ? AND l.until < clock_timestamp())",
            [name.into(), incarnation.into(), name.into(), incarnation.into()],
        );
        let dead = held.one(&tx).await?.is_some() && dead.run(&tx).await? == 1;
        self.commit(tx).await?;
        Ok(dead)
    }

    async fn try_claim(&self, stay: &Stay, seen: Option<&Owner>) -> Result<bool, DbErr> {
        let tx = self.begin().await?;
        let (name, incarnation) = (stay.name.as_str(), stay.incarnation);
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
        if !fence::hold(stay, &tx).await? || shard.run(&tx).await? == 0 {
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
        self.commit(tx).await?;
        Ok(true)
    }

    async fn try_leave(&self, stay: &Stay) -> Result<(), DbErr> {
        let tx = self.begin().await?;
        let (name, incarnation) = (stay.name.as_str(), stay.incarnation);
        Sql::new(
            "UPDATE shard SET node = NULL, incarnation = NULL WHERE id = 0 AND node = ? AND incarnation = ?",
            [name.into(), incarnation.into()],
        )
        .run(&tx)
        .await?;
        Sql::new(
            "UPDATE node SET state = 'left' WHERE name = ? AND incarnation = ? AND nonce = ?",
            [name.into(), incarnation.into(), stay.nonce.as_str().into()],
        )
        .run(&tx)
        .await?;
        self.commit(tx).await
    }
}

impl Registry for Nodes {
    fn join(&self, config: &NodeConfig) -> Answer<'_, Stay> {
        let config = config.clone();
        async move { self.try_join(&config).await.map_err(doing("joining the nodes")) }.boxed()
    }

    fn renew(&self, stay: &Stay, lease: Duration) -> Answer<'_, bool> {
        let stay = stay.clone();
        async move { self.try_renew(&stay, lease).await.map_err(doing("renewing the lease")) }.boxed()
    }

    fn look(&self) -> Answer<'_, Option<Owner>> {
        async move { self.try_look().await.map_err(doing("looking for the owner")) }.boxed()
    }

    fn declare_dead(&self, owner: &Owner) -> Answer<'_, bool> {
        let owner = owner.clone();
        async move { self.try_declare_dead(&owner).await.map_err(doing("declaring a node dead")) }.boxed()
    }

    fn claim(&self, stay: &Stay, seen: Option<&Owner>) -> Answer<'_, bool> {
        let (stay, seen) = (stay.clone(), seen.cloned());
        async move { self.try_claim(&stay, seen.as_ref()).await.map_err(doing("taking over the instances")) }
            .boxed()
    }

    fn leave(&self, stay: &Stay) -> Answer<'_, ()> {
        let stay = stay.clone();
        async move { self.try_leave(&stay).await.map_err(doing("leaving the nodes")) }.boxed()
    }
}

impl SqlStore {
    /// Lets this store write for the node, as long as its stay lasts.
    ///
    /// # Errors
    /// When the end of the journal cannot be read.
    pub async fn write_for(&self, node: &Node) -> Result<(), Error> {
        self.own(node.membership(), node.config().lease).await
    }
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
