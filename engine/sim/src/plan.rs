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
    pub(crate) nodes: Nodes,
}

/// The machines that share the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nodes {
    /// One: it has the store for itself.
    pub(crate) count: usize,
    /// After so long without a sign of life another one takes over, milliseconds.
    pub(crate) lease: u64,
    /// Steps at which something befalls one of them, per mille.
    pub(crate) befalls: u32,
    /// Steps at which the owner goes while all else is well, per mille.
    pub(crate) trials: u32,
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
    /// Signs of life that are not heard, or not answered.
    pub(crate) failed_beats: u32,
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
            failed_beats: 0,
        };
        let grain = if random.chance(500) { 1 } else { 61 };
        Self { processes, steps, grain, faults, nodes: Nodes::ONE }
    }

    /// The same with so many machines; none: as many as `random` says, most often one.
    pub(crate) fn with_nodes(mut self, random: &mut Random, wanted: Option<usize>) -> Self {
        let drawn = if random.chance(750) { 1 } else { 2 + random.below(2) };
        let count = wanted.unwrap_or(drawn);
        if count > 1 {
            let mut rate = |most: u64| {
                if random.chance(250) { 0 } else { u32::try_from(random.between(1, most)).unwrap_or(0) }
            };
            self.faults.failed_beats = rate(200);
            let (befalls, trials) = (rate(60), rate(6));
            let lease = *random.pick(&[4_000, 10_000, 60_000]).unwrap_or(&10_000);
            self.nodes = Nodes { count, lease, befalls, trials };
        }
        self
    }
}

impl Nodes {
    const ONE: Self = Self { count: 1, lease: 0, befalls: 0, trials: 0 };
}
