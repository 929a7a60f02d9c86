//! How much of everything.

use std::time::Duration;

/// Sizes of one run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Clients of the closed loops.
    pub(crate) clients: &'static [usize],
    /// How often both sides of a ratio are measured, by turns.
    pub(crate) rounds: usize,
    /// One closed load, and what runs before it and is not counted.
    pub(crate) closed: Duration,
    pub(crate) warm: Duration,
    /// Open loads, as shares of the best of the closed ones. The last one is beyond what can be done.
    pub(crate) loads: &'static [f64],
    /// One open load.
    pub(crate) open: Duration,
    /// Instances that wait, and how many of them are woken.
    pub(crate) parked: usize,
    pub(crate) woken: usize,
    /// Timers, how many are due in a second, and how long they run.
    pub(crate) timers: usize,
    pub(crate) timers_per_second: f64,
    pub(crate) timer_secs: u64,
    /// Instances whose call is under way when the server dies.
    pub(crate) held: usize,
    /// Instances that have ended before the old server is measured.
    pub(crate) aged: usize,
}

impl Plan {
    /// For figures.
    pub(crate) fn whole() -> Self {
        Self {
            clients: &[1, 8, 32, 128, 256],
            rounds: 3,
            closed: Duration::from_secs(5),
            warm: Duration::from_secs(1),
            loads: &[0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0],
            open: Duration::from_secs(8),
            parked: 50_000,
            woken: 20_000,
            timers: 10_000,
            timers_per_second: 1_000.0,
            timer_secs: 15,
            held: 200,
            aged: 100_000,
        }
    }

    /// To see that it runs.
    pub(crate) fn quick() -> Self {
        Self {
            clients: &[1, 8],
            rounds: 1,
            closed: Duration::from_millis(300),
            warm: Duration::from_millis(100),
            loads: &[0.5, 3.0],
            open: Duration::from_millis(800),
            parked: 100,
            woken: 60,
            timers: 30,
            timers_per_second: 50.0,
            timer_secs: 1,
            held: 10,
            aged: 100,
        }
    }

    /// The most clients of the closed loops.
    pub(crate) fn clients_max(&self) -> usize {
        self.clients.last().copied().unwrap_or(1)
    }
}
