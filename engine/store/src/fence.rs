//! What a writer must hold before it writes: a lock on the file, or its node's row in the database.
//!
//! The row is read `FOR SHARE` in each writing transaction. Who declares the node dead must change the row, and so
//! waits for the transactions that hold it; those that come later find it changed and write nothing. No clock is
//! trusted for that. ADR 0030.

use sea_orm::DbErr;
use yiwang_runtime::nodes::{Membership, Stay};

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

impl Fence {
    /// Takes hold until the end of the transaction. False: it is lost, and nothing may be written.
    pub(crate) async fn hold(&self, tx: &impl Connection) -> Result<bool, DbErr> {
        match self {
            Self::File { .. } => Ok(true),
            Self::Node(membership) => {
                let held = hold(membership.stay(), tx).await?;
                if !held {
                    membership.found_ended();
                }
                Ok(held)
            }
        }
    }
}

/// Holds this stay until the end of the transaction. False: it has ended.
pub(crate) async fn hold(stay: &Stay, tx: &impl Connection) -> Result<bool, DbErr> {
    let held = Sql::new(
        "SELECT 1 FROM node WHERE name = ? AND incarnation = ? AND nonce = ? AND state = 'alive' FOR SHARE",
        [stay.name.as_str().into(), stay.incarnation.into(), stay.nonce.as_str().into()],
    );
    Ok(held.one(tx).await?.is_some())
}
