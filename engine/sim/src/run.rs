//! One run: a world from a seed, steps with faults, then quiet, then the last look.

use std::sync::Arc;

use yiwang_core::Timestamp;

use crate::client::{Client, Told};
use crate::disk::{Disk, MemoryDisk};
use crate::ending;
use crate::machine::Machine;
use crate::plan::{Faults, Plan};
use crate::process::Process;
use crate::random::Random;
use crate::report::Report;
use crate::sabotage::Sabotage;
use crate::several::Several;
use crate::store::FaultyStore;
use crate::trace::Trace;
use crate::whole;
use crate::workload::{Ideas, PROCESSES, preparations};
use crate::world::World;

/// Steps with faults, unless somebody wants others.
pub const STEPS: usize = 400;

/// Things that clients want at most.
const CLIENTS_MAX: usize = 40;
/// Looks at a quiet world before it is said to be stuck.
const QUIET_STEPS_MAX: usize = 20_000;
/// Looks at a quiet world in which nothing happens.
const IDLE_MAX: usize = 160;
/// The clock is at most this much off, milliseconds.
const OFF_MAX: u64 = 3_600_000;

/// What is wanted of a run besides its seed.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Steps with faults.
    pub steps: usize,
    /// Keep all lines of the trace, not only the last ones.
    pub trace: bool,
    /// Break the world on purpose.
    pub sabotage: Option<Sabotage>,
    /// So many machines at one store; none: as many as the seed says, most often one.
    pub nodes: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self { steps: STEPS, trace: false, sabotage: None, nodes: None }
    }
}

/// Runs a seed on a disk in memory.
pub fn run(seed: u64, options: &Options) -> Report {
    run_on(seed, options, Arc::new(MemoryDisk::default()))
}

/// Runs a seed on this disk, which must be empty. One that a process must have for itself has one machine.
pub fn run_on(seed: u64, options: &Options, disk: Arc<dyn Disk>) -> Report {
    let mut random = Random::new(seed);
    // Drawn beside the rest, so that a world of one machine is the same with and without them.
    let mut beside = Random::new(!seed);
    let wanted = if disk.is_shared() { options.nodes } else { Some(1) };
    let plan = Plan::of(&mut random, options.steps).with_nodes(&mut beside, wanted);
    let trace = Trace::new(options.trace);
    let world = World::new(Random::new(random.next()), trace, options.sabotage);
    if options.sabotage == Some(Sabotage::HurryClock) {
        world.clock.cheat(600_000);
    }
    let clients = preparations(&plan).into_iter().map(Client::new).collect();
    let several = (plan.nodes.count > 1).then(|| Several::new(&plan, &*disk, beside));
    let mut run = Run {
        world,
        disk,
        machines: Vec::new(),
        several,
        plan,
        clients,
        ideas: Ideas::default(),
        random,
        moment: 0,
        crashes: 0,
    };
    run.populate();
    run.noisy();
    run.quiet();
    run.report(seed)
}

pub(crate) struct Run {
    pub(crate) world: World,
    disk: Arc<dyn Disk>,
    pub(crate) machines: Vec<Machine>,
    /// None: there is one machine, which has the store for itself.
    pub(crate) several: Option<Several>,
    pub(crate) plan: Plan,
    pub(crate) clients: Vec<Client>,
    ideas: Ideas,
    /// What the world's inhabitants do not draw from.
    pub(crate) random: Random,
    /// Grows with everything that clients see or do.
    moment: u64,
    pub(crate) crashes: u64,
}

impl Run {
    /// The machines, each with its first process.
    fn populate(&mut self) {
        for at in 0..self.plan.nodes.count {
            let world = if self.several.is_none() { self.world.clone() } else { self.world.on(at) };
            self.machines.push(Machine::new(world));
            self.begin(at);
        }
    }

    fn noisy(&mut self) {
        self.world.with(|inner| inner.faults = self.plan.faults);
        for _ in 0..self.plan.steps {
            self.world.with(|inner| inner.ledger.step += 1);
            self.step();
            let rounds = if self.plan.grain == 1 { 1 + self.random.below(12) } else { 2 };
            self.poll(rounds);
        }
    }

    fn step(&mut self) {
        let faults = self.plan.faults;
        if self.several.is_some() && self.befall() {
            return;
        }
        if self.random.chance(faults.crashes) {
            let at = self.any_machine();
            return self.crash(at);
        }
        if self.random.chance(faults.jumps) {
            let (at, off) = (self.any_machine(), self.wrong());
            self.machines[at].world.clock.jump(off);
            return self.world.note(|| format!("the clock is off by {off} ms"));
        }
        match self.random.below(20) {
            0..11 if self.world.has_waiting() => self.world.open_one(),
            0..14 => self.ask_one(),
            14..17 => self.pass_some_time(),
            _ => self.think(),
        }
    }

    fn wrong(&mut self) -> i64 {
        let off = i64::try_from(self.random.between(0, 2 * OFF_MAX)).unwrap_or(0);
        if self.random.chance(400) { 0 } else { off - i64::try_from(OFF_MAX).unwrap_or(0) }
    }

    /// The process of a machine dies where it stands, and another one begins: at once where nobody takes over.
    pub(crate) fn crash(&mut self, at: usize) {
        self.crashes += 1;
        self.machines[at].world.note(|| "the process dies".to_owned());
        self.end(at);
        if self.several.is_some() {
            return self.machines[at].stay_down(&mut self.random);
        }
        if self.world.with(|inner| inner.sabotage == Some(Sabotage::ForgetCommit)) {
            self.disk.forget_last();
        }
        if self.random.chance(500) {
            let millis = self.random.between(1, 1_200_000);
            self.world.clock.pass(millis);
        }
        if self.random.chance(self.plan.faults.jumps.saturating_mul(20)) {
            let off = self.wrong();
            self.world.clock.jump(off);
        }
        self.begin(at);
    }

    /// The process of a machine is no more.
    pub(crate) fn end(&mut self, at: usize) {
        let machine = &mut self.machines[at];
        machine.process = None;
        machine.store = None;
        machine.world.forget_transactions();
        for client in &mut self.clients {
            client.under_way.retain(|asked| *asked != at);
        }
        self.world.with(|inner| inner.replies.retain(|(_, asked, _)| *asked != at));
    }

    pub(crate) fn begin(&mut self, at: usize) {
        let again = self.crashes > 0;
        let machine = &mut self.machines[at];
        machine.world.clock.restarted();
        machine.world.trouble_free(self.several.is_some());
        let (world, disk) = (machine.world.clone(), Arc::clone(&self.disk));
        let (shelf, desk, seat) = match &self.several {
            None => (disk.open(), None, None),
            Some(several) => several.place(at, &world),
        };
        let store = Arc::new(FaultyStore::new(world.clone(), disk, shelf, desk));
        if again {
            let disk = &*self.disk;
            self.world.with(|inner| whole::compare(disk, store.shelf(), &mut inner.ledger));
        }
        let seed = self.random.next();
        machine.process = Some(Process::start(&world, Arc::clone(&store), seed, self.plan.grain, seat));
        machine.store = Some(store);
        if again || self.several.is_some() {
            self.world.note(|| "a process begins".to_owned());
        }
    }

    /// Lets the processes run, and gives clients what came for them.
    pub(crate) fn poll(&mut self, rounds: usize) {
        if let Some(several) = &self.several {
            several.run(rounds);
        }
        for at in 0..self.machines.len() {
            let machine = &mut self.machines[at];
            let still = machine.world.troubled().still;
            let Some(process) = machine.process.as_mut().filter(|_| !still) else { continue };
            process.run(rounds);
            match process.opened() {
                // Whoever looks after the machine starts it again.
                Err(_) => self.crash(at),
                Ok(_) if process.is_over() => self.crash(at),
                Ok(_) => {}
            }
        }
        for (client, asked, answer) in self.world.with(|inner| std::mem::take(&mut inner.replies)) {
            self.moment += 1;
            let elapsed = self.world.clock.elapsed();
            let client = &mut self.clients[client];
            if let Some(done) = client.under_way.iter().position(|it| *it == asked) {
                client.under_way.remove(done);
            }
            client.again_at = elapsed + self.random.between(100, 20_000);
            if let Some(answer) = answer
                && client.told.is_none()
            {
                client.told = Some(Told { at: self.moment, answer });
            }
        }
    }

    /// What must be there before anything else is done?
    fn is_prepared(&self) -> bool {
        let first = preparations(&self.plan).len();
        self.clients.iter().take(first).all(|client| client.told.is_some())
    }

    /// A client that is not content asks.
    fn ask_one(&mut self) {
        let elapsed = self.world.clock.elapsed();
        let open = |client: &Client| client.again_at <= elapsed && client.is_open(elapsed);
        let open: Vec<usize> = (0..self.clients.len()).filter(|at| open(&self.clients[*at])).collect();
        if let Some(at) = self.random.pick(&open).copied() {
            self.ask(at);
            if self.random.chance(self.plan.faults.lost) {
                // The network delivers it twice.
                self.ask(at);
            }
        }
    }

    fn ask(&mut self, at: usize) {
        let serving: Vec<usize> = (0..self.machines.len()).filter(|at| self.machines[*at].serves()).collect();
        let picked = if serving.len() > 1 { self.random.pick(&serving) } else { serving.first() };
        let Some(asked) = picked.copied() else { return };
        let machine = &self.machines[asked];
        let Some(process) = &machine.process else { return };
        let client = &mut self.clients[at];
        self.moment += 1;
        if client.asked == 0 {
            client.began = self.moment;
        }
        client.asked += 1;
        client.under_way.push(asked);
        client.asked_at = self.world.clock.elapsed();
        process.ask(&machine.world, at, client.act.clone());
        let words = client.act.words();
        self.world.note(|| format!("client {at} asks: {words}"));
    }

    fn think(&mut self) {
        if self.clients.len() >= CLIENTS_MAX || !self.is_prepared() {
            return;
        }
        let (ideas, random, plan) = (&mut self.ideas, &mut self.random, &self.plan);
        let acts = self.world.with(|inner| ideas.next(random, plan, &inner.ledger));
        self.clients.extend(acts.into_iter().map(Client::new));
    }

    fn pass_some_time(&mut self) {
        let millis = match self.random.below(100) {
            0..55 => self.random.between(1, 3_000),
            55..85 => self.until_next_due().unwrap_or(500) + self.random.between(0, 2),
            _ => self.random.between(10_000, 300_000),
        };
        self.pass(millis);
        self.world.note(|| format!("{millis} ms pass"));
    }

    fn pass(&mut self, millis: u64) {
        match self.several {
            None => self.world.clock.pass(millis),
            Some(_) => self.pass_for_several(millis),
        }
    }

    /// What the clock shows of whoever owns the instances.
    fn now(&self) -> Timestamp {
        self.machines[self.owner().unwrap_or(0)].world.clock.honest()
    }

    /// Milliseconds until something is due; none: nothing is, or it is time already.
    fn until_next_due(&self) -> Option<u64> {
        let now = self.now();
        let next = self.world.with(|inner| inner.ledger.next_due())?;
        Some(next.millis_since(now)).filter(|millis| *millis > 0)
    }

    /// No more faults: everything must come to its end.
    fn quiet(&mut self) {
        self.world.with(|inner| inner.faults = Faults::default());
        self.world.note(|| "quiet".to_owned());
        if self.several.is_some() {
            self.heal();
        }
        let mut idle = 0;
        for _ in 0..QUIET_STEPS_MAX {
            self.world.with(|inner| inner.ledger.step += 1);
            let before = self.world.with(|inner| inner.stirs);
            while self.world.has_waiting() {
                self.world.open_one();
            }
            let elapsed = self.world.clock.elapsed();
            for at in 0..self.clients.len() {
                // A node that is not sure of its lease tells people to come back, until time has passed.
                let may = self.several.is_none() || self.clients[at].again_at <= elapsed;
                if may && self.clients[at].is_open(elapsed) {
                    self.ask(at);
                }
            }
            self.poll(if self.plan.grain == 1 { 40 } else { 4 });
            if self.world.with(|inner| inner.stirs) > before {
                idle = 0;
                continue;
            }
            idle += 1;
            if idle % 4 != 0 {
                continue;
            }
            let clients = &self.clients;
            if self.world.with(|inner| ending::is_over(&inner.ledger, clients)) || idle > IDLE_MAX {
                break;
            }
            self.go_on(idle);
        }
    }

    /// Nothing happens at this time: people do what is left, or time passes.
    fn go_on(&mut self, idle: usize) {
        let (ideas, random) = (&mut self.ideas, &mut self.random);
        let acts = self.world.with(|inner| ideas.endings(random, &inner.ledger));
        if !acts.is_empty() && idle == 4 {
            return self.clients.extend(acts.into_iter().map(Client::new));
        }
        // A clock that was set back delays what is due; more than three hours are no delay.
        let millis = if idle < 16 { 1_000 } else { self.until_next_due().unwrap_or(300_000) };
        self.pass(millis);
    }

    fn report(self, seed: u64) -> Report {
        let now = self.now();
        let Self { world, disk, machines, several, plan, clients, crashes, .. } = self;
        // Of several machines that share a store, one tells of all.
        let store = machines.into_iter().next().and_then(|machine| machine.store);
        world.with(|inner| {
            ending::check(&mut inner.ledger, &clients, now);
            if let Some(store) = &store {
                whole::compare(&*disk, store.shelf(), &mut inner.ledger);
            }
        });
        drop((store, several));
        // What is open only in this process must not make up for what is not on the disk.
        let again = disk.open();
        world.with(|inner| whole::compare(&*disk, &*again, &mut inner.ledger));
        drop(again);
        let audit = disk.audit();
        world.with(|inner| {
            if let Some(problem) = audit {
                inner.ledger.violate(crate::Check::History, format!("the audit failed: {problem}"));
            }
            Report {
                seed,
                violations: std::mem::take(&mut inner.ledger.violations),
                trace: inner.trace.lines(),
                digest: inner.trace.digest(),
                processes: plan.processes.iter().map(|at| PROCESSES[*at].name).collect(),
                commits: inner.ledger.commits,
                instances: inner.ledger.lives.len(),
                crashes,
                nodes: plan.nodes.count,
                owners: inner.ledger.epochs.count(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_run() {
        for seed in [1, 2] {
            let (one, two) = (run(seed, &Options::default()), run(seed, &Options::default()));
            assert_eq!(one.digest, two.digest, "seed {seed}");
            assert_eq!(one.violations, two.violations);
        }
        assert_ne!(run(1, &Options::default()).digest, run(2, &Options::default()).digest);
    }
}
