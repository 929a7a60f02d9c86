//! A machine: its view of the world, and the process that runs on it.

use std::sync::Arc;

use crate::process::Process;
use crate::random::Random;
use crate::store::FaultyStore;
use crate::world::World;

/// Longest time until a process that has ended among several is started again, milliseconds.
const DOWN_MAX: u64 = 120_000;

/// One of them.
pub(crate) struct Machine {
    pub(crate) world: World,
    /// None only between two processes.
    pub(crate) process: Option<Process>,
    pub(crate) store: Option<Arc<FaultyStore>>,
    /// When whoever looks after it starts the next process, milliseconds since the beginning.
    pub(crate) back_at: u64,
    /// When it runs again.
    pub(crate) still_until: u64,
    /// When it reaches the store again.
    pub(crate) cut_until: u64,
}

impl Machine {
    pub(crate) fn new(world: World) -> Self {
        Self { world, process: None, store: None, back_at: 0, still_until: 0, cut_until: 0 }
    }

    /// Does it believe that it can be asked?
    pub(crate) fn serves(&self) -> bool {
        self.process.as_ref().is_some_and(Process::has_opened)
    }

    /// Nothing runs on it for a while.
    pub(crate) fn stay_down(&mut self, random: &mut Random) {
        self.back_at = self.world.clock.elapsed() + random.between(0, DOWN_MAX);
    }
}
