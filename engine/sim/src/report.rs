//! What came of a run, for people and scripts.

use crate::violation::Violation;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// What did not hold.
    pub violations: Vec<Violation>,
    /// The last lines of what happened, or all.
    pub trace: Vec<String>,
    /// The same for two runs exactly when all their lines are the same.
    pub digest: u64,
    /// The processes that it was about.
    pub processes: Vec<&'static str>,
    /// Batches written.
    pub commits: u64,
    /// Instances begun.
    pub instances: usize,
    /// Times that a process died.
    pub crashes: u64,
    /// Machines at the store.
    pub nodes: usize,
    /// How often one of several machines took the instances.
    pub owners: usize,
}

impl Report {
    /// Did everything hold?
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }
}
