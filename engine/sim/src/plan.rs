//! What a seed decides before the first step: which processes there are, and what goes wrong how often.
//!
//! Each seed leaves much out. A run without crashes gets further into the work than one that crashes at every
//! tenth step, and a pair of processes meets itself more often than a dozen does.

use crate::random::Random;
use crate::workload::PROCESSES;

/// The plan of one run. Rates are per mille: of the things that could go wrong, or of the steps.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Indices into the list of processes.
    pub(crate) processes: Vec<usize>,
    /// Steps with faults; after them the world is quiet.
    pub(crate) steps: usize,
    /// Tasks polled between two looks of the world.
    pub(crate) grain: u32,
    pub(crate) faults: Faults,
}

/// How often what goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// Reads of the store that wait at a door instead of being answered at once.
    pub(crate) slow_reads: u32,
    /// Of those, so many fail.
    pub(crate) failed_reads: u32,
    /// Commits that are refused before anything was written.
    pub(crate) failed_commits: u32,
    /// Commits that were begun and are not there; nobody knows.
    pub(crate) torn_commits: u32,
    /// Commits that are there; nobody knows.
    pub(crate) untold_commits: u32,
    /// Requests that do not arrive, answers that do not arrive, requests that arrive twice.
    pub(crate) lost: u32,
    /// Sends and calls that fail, or whose answer is lost.
    pub(crate) failed_effects: u32,
    /// Steps at which the process dies.
    pub(crate) crashes: u32,
    /// Steps at which the clock jumps.
    pub(crate) jumps: u32,
}

impl Plan {
    /// What this seed decides.
    pub(crate) fn of(random: &mut Random, steps: usize) -> Self {
        let mut processes: Vec<usize> = (0..PROCESSES.len()).collect();
        random.shuffle(&mut processes);
        let kept = 2 + random.below(4);
        processes.truncate(kept);
        processes.sort_unstable();
        // Each kind of trouble is absent from about every third run.
        let mut rate = |most: u64| {
            if random.chance(330) { 0 } else { u32::try_from(random.between(1, most)).unwrap_or(0) }
        };
        let faults = Faults {
            slow_reads: rate(400),
            failed_reads: rate(150),
            failed_commits: rate(120),
            torn_commits: rate(80),
            untold_commits: rate(120),
            lost: rate(200),
            failed_effects: rate(300),
            crashes: rate(16),
            jumps: rate(15),
        };
        let grain = if random.chance(500) { 1 } else { 61 };
        Self { processes, steps, grain, faults }
    }
}
