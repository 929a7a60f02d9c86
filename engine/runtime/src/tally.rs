//! How many turns share a commit, counted since the start. What a commit costs is not known here.

use std::sync::atomic::{AtomicU64, Ordering};

/// Written by the shard, read by anyone.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    commits: AtomicU64,
    turns: AtomicU64,
}

/// The work of this process so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tallied {
    /// Transactions committed; each is durable, so each costs the disk one sync.
    pub commits: u64,
    /// Turns of instances in them.
    pub turns: u64,
}

impl Tally {
    pub(crate) fn committed(&self, turns: usize) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.turns.fetch_add(turns as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Tallied {
        Tallied { commits: self.commits.load(Ordering::Relaxed), turns: self.turns.load(Ordering::Relaxed) }
    }
}
