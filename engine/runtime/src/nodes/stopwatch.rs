//! The clock of leases: it measures, and tells no time of day.

use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;

/// A clock that nobody sets: it only goes on, also while the process stands still.
pub trait Stopwatch: Send + Sync {
    /// How long it has run.
    fn elapsed(&self) -> Duration;

    /// Ends after so long. Never early.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's.
#[derive(Clone, Copy, Debug)]
pub struct MachineStopwatch {
    began: Instant,
}

impl MachineStopwatch {
    /// Begins now.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }
}

impl Stopwatch for MachineStopwatch {
    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time).boxed()
    }
}
