//! What the transactions of a registry do, in memory: the plainest statement of the rule.
//!
//! The simulator's worlds run on it. That a database's statements decide the same is tried in `tests/store`, where
//! both are asked the same questions. It knows no waiting: who uses it lets a change of a stay wait until no
//! transaction holds the stay.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{NodeConfig, Owner, Stay};

/// The rows of all nodes. Times are milliseconds of the registry's clock.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    nodes: BTreeMap<String, NodeRow>,
    /// Name and incarnation of who has the instances.
    shard: Option<(String, i64)>,
}

#[derive(Clone, Debug)]
struct NodeRow {
    incarnation: i64,
    nonce: String,
    address: String,
    alive: bool,
    lease_until: i64,
}

impl Rows {
    /// The fence: may this stay write? Asked within the transaction that writes.
    pub fn holds(&self, stay: &Stay) -> bool {
        self.nodes
            .get(&stay.name)
            .is_some_and(|row| row.alive && (row.incarnation, &row.nonce) == (stay.incarnation, &stay.nonce))
    }

    /// Begins a stay.
    pub fn join(&mut self, config: &NodeConfig, nonce: String, now: i64) -> Stay {
        let incarnation = self.nodes.get(&config.name).map_or(1, |row| row.incarnation + 1);
        let row = NodeRow {
            incarnation,
            nonce: nonce.clone(),
            address: config.address.clone(),
            alive: true,
            lease_until: now + millis(config.lease),
        };
        self.nodes.insert(config.name.clone(), row);
        Stay { name: config.name.clone(), incarnation, nonce }
    }

    /// A sign of life.
    pub fn renew(&mut self, stay: &Stay, lease: Duration, now: i64) -> bool {
        if !self.holds(stay) {
            return false;
        }
        if let Some(row) = self.nodes.get_mut(&stay.name) {
            row.lease_until = now + millis(lease);
        }
        true
    }

    /// Who owns the instances.
    pub fn look(&self, now: i64) -> Option<Owner> {
        let (name, incarnation) = self.shard.clone()?;
        let row = self.nodes.get(&name).filter(|row| row.incarnation == incarnation);
        Some(Owner {
            name,
            incarnation,
            address: row.map(|row| row.address.clone()).unwrap_or_default(),
            alive: row.is_some_and(|row| row.alive),
            lease_left_millis: row.map_or(-1, |row| row.lease_until - now),
        })
    }

    /// Ends a stay whose lease has run out.
    pub fn declare_dead(&mut self, owner: &Owner, now: i64) -> bool {
        let row = self.nodes.get_mut(&owner.name);
        let row =
            row.filter(|row| row.alive && row.incarnation == owner.incarnation && row.lease_until < now);
        row.map(|row| row.alive = false).is_some()
    }

    /// Takes the instances.
    pub fn claim(&mut self, stay: &Stay, seen: Option<&Owner>) -> bool {
        let seen = seen.map(|seen| (seen.name.clone(), seen.incarnation));
        let lives = |(name, incarnation): &(String, i64)| {
            self.nodes.get(name).is_some_and(|row| row.alive && row.incarnation == *incarnation)
        };
        if self.shard != seen || seen.as_ref().is_some_and(lives) || !self.holds(stay) {
            return false;
        }
        self.shard = Some((stay.name.clone(), stay.incarnation));
        true
    }

    /// Ends a stay, and frees the instances if they are its own.
    pub fn leave(&mut self, stay: &Stay) {
        if self.shard.as_ref().is_some_and(|(name, at)| (name, *at) == (&stay.name, stay.incarnation)) {
            self.shard = None;
        }
        if let Some(row) = self.nodes.get_mut(&stay.name) {
            row.alive &= (row.incarnation, &row.nonce) != (stay.incarnation, &stay.nonce);
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
