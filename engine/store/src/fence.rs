//! What a writer must hold before it writes: a lock on the file, or its node's row in the database.
//!
//! The row is read `FOR SHARE` in each writing transaction. Who declares the node dead must change the row, and so
//! waits for the transactions that hold it; those that come later find it changed and write nothing. No clock is
//! trusted for that. ADR 0030.

use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use crate::connection::Connection;
use crate::lock::Lock;
use crate::sql::Sql;

/// One of both.
#[derive(Debug)]
pub(crate) enum Fence {
    /// The file is this process's as long as the lock lives.
    File { _lock: Lock },
    /// The instances are this node's as long as its row says so.
    Node(Membership),
}

/// A node's stay among the others: one incarnation, from its joining until it is declared dead or leaves.
#[derive(Clone, Debug)]
pub struct Membership {
    /// Which node.
    pub(crate) name: String,
    /// Its how-manieth stay.
    pub(crate) incarnation: i64,
    /// Drawn when it joined: a database that lost its last commits in a failover gives an incarnation twice.
    pub(crate) nonce: String,
    /// Told when the row was found changed.
    pub(crate) broken: CancellationToken,
}

impl Fence {
    /// Takes hold until the end of the transaction. False: it is lost, and nothing may be written.
    pub(crate) async fn hold(&self, tx: &impl Connection) -> Result<bool, DbErr> {
        match self {
            Self::File { .. } => Ok(true),
            Self::Node(membership) => membership.hold(tx).await,
        }
    }
}

impl Membership {
    /// See [`Fence::hold`].
    pub(crate) async fn hold(&self, tx: &impl Connection) -> Result<bool, DbErr> {
        let held = Sql::new(
            "SELECT 1 FROM node WHERE name = ? AND incarnation = ? AND nonce = ? AND state = 'alive' FOR SHARE",
            [self.name.as_str().into(), self.incarnation.into(), self.nonce.as_str().into()],
        );
        let held = held.one(tx).await?.is_some();
        if !held {
            self.broken.cancel();
        }
        Ok(held)
    }
}

/// Another node has taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this node no longer owns the instances")]
pub struct Fenced;
