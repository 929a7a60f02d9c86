//! What only worlds with several machines have: one database for all of them, and what befalls a node.
//!
//! Time passes in pieces in which healthy nodes can show signs of life; without that every hour that passes would be
//! an hour in which all of them stood still.

use std::sync::Arc;
use std::time::Duration;

use yiwang_runtime::nodes::{BEATS, NodeConfig};

use crate::disk::{Disk, Shelf};
use crate::plan::Plan;
use crate::process::Seat;
use crate::random::Random;
use crate::run::Run;
use crate::server::{ServerMachine, SimNodes};
use crate::store::Desk;
use crate::violation::Check;
use crate::world::World;

/// Pieces in which time passes; of a longer time the beginning passes at once.
const PIECES_MAX: u64 = 24;
/// Looks at nodes that talk with the database, until they have said what they have to say.
const LOOKS_MAX: usize = 24;
/// Looks at a world in which nothing goes wrong, until nobody waits.
const CALM_MAX: usize = 200;
/// So often nobody waits until it is said to be calm: what is begun within a look shows in the next one.
const CALM_LOOKS: u32 = 3;
/// Tenths of a lease after which nodes that nothing befalls have an owner.
const AGREE_MAX: u64 = 60;
/// Tenths of a lease in which each node has shown a sign of life.
const BEAT_TENTHS: u32 = 5;

/// What the machines share.
pub(crate) struct Several {
    machine: ServerMachine,
    shelf: Arc<dyn Shelf>,
    lease: Duration,
    /// What befalls nodes is drawn from here.
    random: Random,
}

/// What befalls the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Its process dies, and is not started again before somebody else owns the instances.
    Dies,
    /// It does not run for longer than its lease.
    StandsStill,
    /// It does not reach the store.
    IsCut,
    /// It is asked to end, and hands over.
    IsStopped,
}

const FAULTS: [Fault; 4] = [Fault::Dies, Fault::StandsStill, Fault::IsCut, Fault::IsStopped];

impl Several {
    pub(crate) fn new(plan: &Plan, disk: &dyn Disk, random: Random) -> Self {
        let machine = ServerMachine::start(plan.grain);
        Self { machine, shelf: disk.open(), lease: Duration::from_millis(plan.nodes.lease), random }
    }

    /// Lets the database run for a while.
    pub(crate) fn run(&self, rounds: usize) {
        self.machine.run(rounds);
    }

    /// What a process on this machine opens.
    pub(crate) fn place(&self, at: usize, world: &World) -> (Arc<dyn Shelf>, Option<Desk>, Option<Seat>) {
        let server = &self.machine.server;
        let name = format!("node {at}");
        let config = NodeConfig { address: name.clone(), name, lease: self.lease };
        let nodes = SimNodes { world: world.clone(), server: Arc::clone(server) };
        (Arc::clone(&self.shelf), Some(Desk::new(server, self.lease)), Some(Seat { nodes, config }))
    }
}

impl Run {
    /// One of the machines. Nothing is drawn where there is one.
    pub(crate) fn any_machine(&mut self) -> usize {
        if self.machines.len() > 1 { self.random.below(self.machines.len()) } else { 0 }
    }

    /// Which machine owns the instances, by the rows of the nodes.
    pub(crate) fn owner(&self) -> Option<usize> {
        let name = self.world.with(|inner| inner.ledger.epochs.owner().map(|stay| stay.name.clone()))?;
        name.strip_prefix("node ")?.parse().ok()
    }

    fn drawn(&mut self, per_mille: u32) -> bool {
        self.several.as_mut().is_some_and(|several| several.random.chance(per_mille))
    }

    /// Perhaps something befalls a node. True: the step is done.
    pub(crate) fn befall(&mut self) -> bool {
        self.get_over();
        if self.drawn(self.plan.nodes.trials) {
            self.trial();
            return true;
        }
        if !self.drawn(self.plan.nodes.befalls) {
            return false;
        }
        // The owner, more often than the others.
        let at = self.any_machine();
        let at = self.owner().filter(|_| self.random.chance(500)).unwrap_or(at);
        let fault = *self.random.pick(&FAULTS).unwrap_or(&Fault::Dies);
        let lease = self.plan.nodes.lease;
        let millis = self.random.between(lease / 2, 4 * lease);
        self.befalls(at, fault, millis);
        true
    }

    fn befalls(&mut self, at: usize, fault: Fault, millis: u64) {
        let until = self.world.clock.elapsed() + millis;
        self.world.note(|| format!("node {at} {fault:?} for {millis} ms"));
        let machine = &mut self.machines[at];
        match fault {
            Fault::Dies => {
                if machine.process.is_some() {
                    self.crash(at);
                    self.machines[at].back_at = until;
                }
            }
            Fault::StandsStill => {
                machine.still_until = until;
                machine.world.trouble(|trouble| trouble.still = true);
            }
            Fault::IsCut => {
                machine.cut_until = until;
                machine.world.trouble(|trouble| trouble.cut = true);
            }
            Fault::IsStopped => {
                if let Some(process) = &mut machine.process {
                    process.stop(&machine.world);
                }
            }
        }
    }

    /// What has lasted long enough is over.
    fn get_over(&mut self) {
        let elapsed = self.world.clock.elapsed();
        for at in 0..self.machines.len() {
            let machine = &self.machines[at];
            let (runs, reaches) = (machine.still_until <= elapsed, machine.cut_until <= elapsed);
            machine.world.trouble(|trouble| {
                trouble.still &= !runs;
                trouble.cut &= !reaches;
            });
            if machine.process.is_none() && machine.back_at <= elapsed {
                self.begin(at);
            }
        }
    }

    /// Nothing befalls anybody any more.
    pub(crate) fn heal(&mut self) {
        for machine in &mut self.machines {
            (machine.back_at, machine.still_until, machine.cut_until) = (0, 0, 0);
        }
        self.get_over();
    }

    fn rounds(&self) -> usize {
        if self.plan.grain == 1 { 40 } else { 4 }
    }

    /// Time passes for all machines and the database.
    fn tick(&mut self, millis: u64) {
        self.world.clock.pass(millis);
        for machine in &self.machines {
            machine.world.clock.pass(millis);
        }
        if let Some(several) = &self.several {
            several.machine.server.clock.pass(millis);
        }
        self.get_over();
    }

    /// Time passes, and nodes show their signs of life.
    pub(crate) fn pass_for_several(&mut self, millis: u64) {
        let piece = self.plan.nodes.lease / u64::from(BEATS) + 1;
        let mut left = millis.min(piece * PIECES_MAX);
        self.tick(millis - left);
        while left > 0 {
            let some = left.min(piece);
            self.tick(some);
            left -= some;
            for _ in 0..LOOKS_MAX {
                self.poll(self.rounds());
                if self.world.open_for_nodes() == 0 {
                    break;
                }
            }
        }
    }

    /// Everybody does what is to be done now.
    fn calm_down(&mut self) {
        let mut calm = 0;
        for _ in 0..CALM_MAX {
            self.poll(self.rounds());
            calm = if self.world.has_waiting() { 0 } else { calm + 1 };
            if calm == CALM_LOOKS {
                break;
            }
            while self.world.has_waiting() {
                self.world.open_one();
            }
        }
    }

    /// The owner goes while nothing else goes wrong: another one must own the instances in time.
    fn trial(&mut self) {
        let faults = self.world.with(|inner| std::mem::take(&mut inner.faults));
        self.heal();
        if let Some(owner) = self.agree() {
            self.must_be_followed(owner);
        }
        self.world.with(|inner| inner.faults = faults);
    }

    /// Waits until somebody owns the instances and all others stand by.
    fn agree(&mut self) -> Option<usize> {
        let lease = self.plan.nodes.lease;
        let mut agreed = 0;
        for _ in 0..AGREE_MAX {
            self.tick(lease / 10);
            self.heal();
            self.calm_down();
            let owner = self.owner().filter(|at| self.machines[*at].serves());
            let all = self.machines.iter().all(|machine| machine.process.is_some());
            agreed = if owner.is_some() && all { agreed + 1 } else { 0 };
            if agreed == BEAT_TENTHS {
                return owner;
            }
        }
        let what = "nothing befalls any node, and none of them owns the instances".to_owned();
        self.world.with(|inner| inner.ledger.violate(Check::TakeOver, what));
        None
    }

    fn must_be_followed(&mut self, owner: usize) {
        let fault = *self.random.pick(&FAULTS).unwrap_or(&Fault::Dies);
        let (lease, step) = (self.plan.nodes.lease, self.plan.nodes.lease / 20);
        let beat = lease / u64::from(BEATS) + 1;
        // A step each until what was under way is done, until a node beats, and until that is seen.
        let within = beat + 3 * step + if fault == Fault::IsStopped { 0 } else { lease };
        let (before, began) =
            (self.world.with(|inner| inner.ledger.epochs.count()), self.world.clock.elapsed());
        self.befalls(owner, fault, 4 * lease);
        self.calm_down();
        while self.world.with(|inner| inner.ledger.epochs.count()) == before {
            let millis = self.world.clock.elapsed() - began;
            if millis > within {
                let what = format!("{fault:?}: nobody has taken over from node {owner} for {millis} ms");
                return self.world.with(|inner| inner.ledger.violate(Check::TakeOver, what));
            }
            self.tick(step);
            self.calm_down();
        }
        let millis = self.world.clock.elapsed() - began;
        self.world.note(|| format!("after {fault:?} of node {owner} it took {millis} ms of {within}"));
    }
}
