//! One run: a world from a seed, steps with faults, then quiet, then the last look.

use std::sync::Arc;

use crate::client::{Client, Told};
use crate::disk::{Disk, MemoryDisk};
use crate::ending;
use crate::plan::{Faults, Plan};
use crate::process::Process;
use crate::random::Random;
use crate::sabotage::Sabotage;
use crate::store::FaultyStore;
use crate::trace::Trace;
use crate::violation::Violation;
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
}

impl Default for Options {
    fn default() -> Self {
        Self { steps: STEPS, trace: false, sabotage: None }
    }
}

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
    /// Times that the process died.
    pub crashes: u64,
}

/// Runs a seed on a disk in memory.
pub fn run(seed: u64, options: &Options) -> Report {
    run_on(seed, options, Arc::new(MemoryDisk::default()))
}

/// Runs a seed on this disk, which must be empty.
pub fn run_on(seed: u64, options: &Options, disk: Arc<dyn Disk>) -> Report {
    let mut random = Random::new(seed);
    let plan = Plan::of(&mut random, options.steps);
    let trace = Trace::new(options.trace);
    let world = World::new(Random::new(random.next()), trace, options.sabotage);
    if options.sabotage == Some(Sabotage::HurryClock) {
        world.clock.cheat(600_000);
    }
    let store = Arc::new(FaultyStore::new(world.clone(), Arc::clone(&disk)));
    let process = Some(Process::start(&world, Arc::clone(&store), random.next(), plan.grain));
    let clients = preparations(&plan).into_iter().map(Client::new).collect();
    let mut run = Run {
        world,
        disk,
        store: Some(store),
        process,
        plan,
        clients,
        ideas: Ideas::default(),
        random,
        moment: 0,
        crashes: 0,
    };
    run.noisy();
    run.quiet();
    run.report(seed)
}

struct Run {
    world: World,
    disk: Arc<dyn Disk>,
    /// None only between two processes.
    store: Option<Arc<FaultyStore>>,
    process: Option<Process>,
    plan: Plan,
    clients: Vec<Client>,
    ideas: Ideas,
    /// What the world's inhabitants do not draw from.
    random: Random,
    /// Grows with everything that clients see or do.
    moment: u64,
    crashes: u64,
}

impl Run {
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
        if self.random.chance(faults.crashes) {
            return self.crash();
        }
        if self.random.chance(faults.jumps) {
            let off = self.wrong();
            self.world.clock.jump(off);
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

    /// The process dies where it stands, and another one begins.
    fn crash(&mut self) {
        self.crashes += 1;
        self.world.note(|| "the process dies".to_owned());
        self.process = None;
        self.store = None;
        self.world.forget_waiting();
        for client in &mut self.clients {
            client.under_way = 0;
        }
        self.world.with(|inner| inner.replies.clear());
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
        self.world.clock.restarted();
        self.begin();
    }

    fn begin(&mut self) {
        let store = Arc::new(FaultyStore::new(self.world.clone(), Arc::clone(&self.disk)));
        let disk = Arc::clone(&self.disk);
        self.world.with(|inner| whole::compare(&*disk, store.shelf(), &mut inner.ledger));
        let seed = self.random.next();
        self.process = Some(Process::start(&self.world, Arc::clone(&store), seed, self.plan.grain));
        self.store = Some(store);
        self.world.note(|| "a process begins".to_owned());
    }

    /// Lets the process run, and gives clients what came for them.
    fn poll(&mut self, rounds: usize) {
        let Some(process) = &mut self.process else { return };
        process.run(rounds);
        if process.opened().is_err() {
            // Whoever looks after the machine starts it again.
            return self.crash();
        }
        for (client, answer) in self.world.with(|inner| std::mem::take(&mut inner.replies)) {
            self.moment += 1;
            let elapsed = self.world.clock.elapsed();
            let client = &mut self.clients[client];
            client.under_way = client.under_way.saturating_sub(1);
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
        let open =
            |client: &Client| client.told.is_none() && client.again_at <= elapsed && client.under_way == 0;
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
        let Some(process) = self.process.as_ref().filter(|process| process.has_opened()) else { return };
        let client = &mut self.clients[at];
        self.moment += 1;
        if client.asked == 0 {
            client.began = self.moment;
        }
        client.asked += 1;
        client.under_way += 1;
        process.ask(&self.world, at, client.act.clone());
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
        self.world.clock.pass(millis);
        self.world.note(|| format!("{millis} ms pass"));
    }

    /// Milliseconds until something is due; none: nothing is, or it is time already.
    fn until_next_due(&self) -> Option<u64> {
        let now = self.world.clock.honest();
        let next = self.world.with(|inner| inner.ledger.next_due())?;
        Some(next.millis_since(now)).filter(|millis| *millis > 0)
    }

    /// No more faults: everything must come to its end.
    fn quiet(&mut self) {
        self.world.with(|inner| inner.faults = Faults::default());
        self.world.note(|| "quiet".to_owned());
        let mut idle = 0;
        for _ in 0..QUIET_STEPS_MAX {
            self.world.with(|inner| inner.ledger.step += 1);
            let before = self.world.with(|inner| inner.stirs);
            while self.world.has_waiting() {
                self.world.open_one();
            }
            for at in 0..self.clients.len() {
                if self.clients[at].told.is_none() && self.clients[at].under_way == 0 {
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
        self.world.clock.pass(millis);
    }

    fn report(self, seed: u64) -> Report {
        let Self { world, disk, store, process, plan, clients, crashes, .. } = self;
        drop(process);
        let now = world.clock.honest();
        world.with(|inner| {
            ending::check(&mut inner.ledger, &clients, now);
            if let Some(store) = &store {
                whole::compare(&*disk, store.shelf(), &mut inner.ledger);
            }
        });
        drop(store);
        // What is open only in this process must not make up for what is not on the disk.
        let again = FaultyStore::new(world.clone(), Arc::clone(&disk));
        world.with(|inner| whole::compare(&*disk, again.shelf(), &mut inner.ledger));
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
            }
        })
    }
}

impl Report {
    /// Did everything hold?
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
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
