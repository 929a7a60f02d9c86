//! What everything simulated shares: the numbers of the seed, the doors, the ledger, the trace.
//!
//! ```text
//!  engine ──► store, channel, service, request ──► a door ──(the world picks one)──► goes on, fails, is lost
//! ```
//! Whatever could take time in the real world waits at a door. The order in which doors open is the order of
//! things in this world, and it follows from the seed alone. Where there are several machines, each sees the world
//! through a view of its own, and what befalls one of them keeps its doors shut.

use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;

use crate::client::Answer;
use crate::ledger::Ledger;
use crate::plan::Faults;
use crate::random::Random;
use crate::sabotage::Sabotage;
use crate::time::MachineClock;
use crate::trace::Trace;

/// The world, as all its inhabitants hold it.
#[derive(Clone)]
pub(crate) struct World {
    inner: Arc<Mutex<Inner>>,
    /// Whose view this is.
    machine: usize,
    pub(crate) clock: MachineClock,
}

/// What befalls a machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trouble {
    /// It does not reach the store.
    pub(crate) cut: bool,
    /// It does not run.
    pub(crate) still: bool,
    /// Its process was asked to end.
    pub(crate) stopping: bool,
}

/// Its state. One thread looks at it, so that nobody ever waits for the lock.
pub(crate) struct Inner {
    pub(crate) random: Random,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    pub(crate) trace: Trace,
    pub(crate) sabotage: Option<Sabotage>,
    /// By machine.
    pub(crate) troubles: Vec<Trouble>,
    waiting: Vec<Waiting>,
    /// Things that have happened: whoever waits for calm watches it.
    pub(crate) stirs: u64,
    /// What clients got: the number of the client, and the machine that was asked; none: the answer was lost.
    pub(crate) replies: Vec<(usize, usize, Option<Answer>)>,
}

/// What waits at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// A look into the store.
    Read,
    /// A batch before it is written.
    Commit,
    /// A batch in a transaction that was begun: only where several machines share a store.
    Transaction,
    /// A batch that is written, before anybody knows.
    Committed,
    /// What a node asks of the rows of all nodes.
    Statement,
    /// The answer to it.
    Told,
    /// A message or a call, before the receiver answers.
    Effect,
    /// A request of a client on its way to the engine.
    Ask,
    /// The engine's answer on its way to the client.
    Answer,
}

/// How it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// As it should.
    Pass,
    /// It fails and says so.
    Fail,
    /// It vanishes, or nobody learns what came of it.
    Lose,
}

struct Waiting {
    machine: usize,
    door: Door,
    what: String,
    open: oneshot::Sender<Fate>,
}

impl World {
    pub(crate) fn new(random: Random, trace: Trace, sabotage: Option<Sabotage>) -> Self {
        let inner = Inner {
            random,
            faults: Faults::default(),
            ledger: Ledger::default(),
            trace,
            sabotage,
            troubles: Vec::new(),
            waiting: Vec::new(),
            stirs: 0,
            replies: Vec::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)), machine: 0, clock: MachineClock::default() }
    }

    /// The same world as this machine sees it, with a clock of its own.
    pub(crate) fn on(&self, machine: usize) -> Self {
        Self { inner: Arc::clone(&self.inner), machine, clock: MachineClock::default() }
    }

    /// Whose view this is.
    pub(crate) fn machine(&self) -> usize {
        self.machine
    }

    /// Changes what befalls this machine.
    pub(crate) fn trouble(&self, change: impl FnOnce(&mut Trouble)) {
        self.with(|inner| {
            if inner.troubles.len() <= self.machine {
                inner.troubles.resize_with(self.machine + 1, Trouble::default);
            }
            change(&mut inner.troubles[self.machine]);
        });
    }

    /// A process begins: nothing befalls it yet. Nobody asks where there is one machine.
    pub(crate) fn trouble_free(&self, several: bool) {
        if several {
            self.trouble(|trouble| *trouble = Trouble::default());
        }
    }

    /// What befalls this machine.
    pub(crate) fn troubled(&self) -> Trouble {
        self.with(|inner| inner.trouble_of(self.machine))
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits at a door until the world opens it.
    pub(crate) fn wait(&self, door: Door, what: String) -> BoxFuture<'static, Fate> {
        let (open, opened) = oneshot::channel();
        self.with(|inner| {
            inner.stirs += u64::from(!door.is_of_nodes());
            inner.waiting.push(Waiting { machine: self.machine, door, what, open });
        });
        async move {
            match opened.await {
                Ok(fate) => fate,
                Err(_) => futures::future::pending().await,
            }
        }
        .boxed()
    }

    /// A line for the trace.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        self.with(|inner| {
            inner.stirs += 1;
            inner.note(line());
        });
    }

    /// Does somebody wait at a door that can be opened?
    pub(crate) fn has_waiting(&self) -> bool {
        self.with(|inner| !inner.openable(|_| true).is_empty())
    }

    /// Opens one door, any of them.
    pub(crate) fn open_one(&self) {
        self.with(|inner| {
            let openable = inner.openable(|_| true);
            if !openable.is_empty() {
                let at = inner.random.below(openable.len());
                inner.open(openable[at]);
            }
        });
    }

    /// Opens all doors at which nodes wait now; how many those are.
    pub(crate) fn open_for_nodes(&self) -> usize {
        self.with(|inner| {
            let openable = inner.openable(Door::is_of_nodes);
            openable.iter().rev().for_each(|at| inner.open(*at));
            openable.len()
        })
    }

    /// The process of this machine has died: its transactions go no further.
    pub(crate) fn forget_transactions(&self) {
        let machine = self.machine;
        self.with(|inner| {
            inner.waiting.retain(|it| it.machine != machine || it.door != Door::Transaction);
        });
    }
}

impl Door {
    /// Is it one of those at which nodes wait to agree, and not of the work itself?
    fn is_of_nodes(self) -> bool {
        match self {
            Self::Statement | Self::Told => true,
            Self::Read
            | Self::Commit
            | Self::Transaction
            | Self::Committed
            | Self::Effect
            | Self::Ask
            | Self::Answer => false,
        }
    }

    fn is_shut_by(self, trouble: Trouble) -> bool {
        match self {
            Self::Read | Self::Commit | Self::Committed | Self::Statement | Self::Told => trouble.cut,
            // It goes on by what its process says.
            Self::Transaction => trouble.cut || trouble.still,
            Self::Effect | Self::Ask | Self::Answer => false,
        }
    }
}

impl Inner {
    pub(crate) fn note(&mut self, line: String) {
        let step = self.ledger.step;
        self.trace.line(step, line);
    }

    fn trouble_of(&self, machine: usize) -> Trouble {
        self.troubles.get(machine).copied().unwrap_or_default()
    }

    /// Where those wait who still want an answer, at doors of this kind that can be opened.
    fn openable(&mut self, wanted: impl Fn(Door) -> bool) -> Vec<usize> {
        self.waiting.retain(|waiting| !waiting.open.is_closed());
        let open = |it: &Waiting| wanted(it.door) && !it.door.is_shut_by(self.trouble_of(it.machine));
        (0..self.waiting.len()).filter(|at| open(&self.waiting[*at])).collect()
    }

    fn open(&mut self, at: usize) {
        let Waiting { machine, door, what, open } = self.waiting.remove(at);
        let fate = self.fate(door);
        let whose = if self.troubles.is_empty() { String::new() } else { format!(" of node {machine}") };
        self.note(format!("{door:?}{whose} {what}: {fate:?}"));
        // Who has gone away needs no answer.
        open.send(fate).ok();
    }

    fn fate(&mut self, door: Door) -> Fate {
        let faults = self.faults;
        let (fail, lose) = match door {
            Door::Read => (faults.failed_reads, 0),
            Door::Commit => (faults.failed_commits, faults.torn_commits),
            Door::Transaction => (faults.failed_commits / 2, 0),
            Door::Committed => (0, faults.untold_commits),
            Door::Statement | Door::Told => (faults.failed_beats, 0),
            Door::Effect => (faults.failed_effects, faults.failed_effects / 3),
            Door::Ask | Door::Answer => (0, faults.lost),
        };
        if self.random.chance(fail) {
            Fate::Fail
        } else if self.random.chance(lose) {
            Fate::Lose
        } else {
            Fate::Pass
        }
    }
}
