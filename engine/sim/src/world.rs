//! What everything simulated shares: the numbers of the seed, the doors, the ledger, the trace.
//!
//! ```text
//!  engine ──► store, channel, service, request ──► a door ──(the world picks one)──► goes on, fails, is lost
//! ```
//! Whatever could take time in the real world waits at a door. The order in which doors open is the order of
//! things in this world, and it follows from the seed alone.

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
    pub(crate) clock: MachineClock,
}

/// Its state. One thread looks at it, so that nobody ever waits for the lock.
pub(crate) struct Inner {
    pub(crate) random: Random,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    pub(crate) trace: Trace,
    pub(crate) sabotage: Option<Sabotage>,
    waiting: Vec<Waiting>,
    /// Things that have happened: whoever waits for calm watches it.
    pub(crate) stirs: u64,
    /// What clients got: by the number of the client; none: the answer was lost.
    pub(crate) replies: Vec<(usize, Option<Answer>)>,
}

/// What waits at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// A look into the store.
    Read,
    /// A batch before it is written.
    Commit,
    /// A batch that is written, before anybody knows.
    Committed,
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
            waiting: Vec::new(),
            stirs: 0,
            replies: Vec::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)), clock: MachineClock::default() }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits at a door until the world opens it.
    pub(crate) fn wait(&self, door: Door, what: String) -> BoxFuture<'static, Fate> {
        let (open, opened) = oneshot::channel();
        self.with(|inner| {
            inner.stirs += 1;
            inner.waiting.push(Waiting { door, what, open });
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

    /// Is somebody waiting?
    pub(crate) fn has_waiting(&self) -> bool {
        self.with(|inner| {
            inner.waiting.retain(|waiting| !waiting.open.is_closed());
            !inner.waiting.is_empty()
        })
    }

    /// Opens one door, any of them.
    pub(crate) fn open_one(&self) {
        self.with(|inner| {
            inner.waiting.retain(|waiting| !waiting.open.is_closed());
            if inner.waiting.is_empty() {
                return;
            }
            let at = inner.random.below(inner.waiting.len());
            let Waiting { door, what, open } = inner.waiting.remove(at);
            let fate = inner.fate(door);
            inner.note(format!("{door:?} {what}: {fate:?}"));
            // Who has gone away needs no answer.
            open.send(fate).ok();
        });
    }

    /// The process dies: nobody waits any more.
    pub(crate) fn forget_waiting(&self) {
        self.with(|inner| inner.waiting.clear());
    }
}

impl Inner {
    pub(crate) fn note(&mut self, line: String) {
        let step = self.ledger.step;
        self.trace.line(step, line);
    }

    fn fate(&mut self, door: Door) -> Fate {
        let faults = self.faults;
        let (fail, lose) = match door {
            Door::Read => (faults.failed_reads, 0),
            Door::Commit => (faults.failed_commits, faults.torn_commits),
            Door::Committed => (0, faults.untold_commits),
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
