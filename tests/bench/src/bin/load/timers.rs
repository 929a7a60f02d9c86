//! W4: how late timers are, seen from outside: when the call comes that the woken instance makes.
//!
//! So it is the look at the clock, the transition, its commit and the call together. They are started, and so are
//! due, at a rate that the server can keep up with: a burst would measure how long the queue is. Before its time
//! none may come.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::arrival::poisson;
use crate::bench::Bench;
use crate::open::open;

/// Longest wait for the last one after it was due.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Starts them all, and waits until all have fired.
///
/// # Errors
/// When one comes early, or not at all.
pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let fresh = bench.fresh()?;
    let (target, secs, rate) = (&fresh.target, bench.plan.timer_secs, bench.plan.timers_per_second);
    let count = bench.plan.timers;
    let mut arrivals = poisson(bench.seed, rate, Duration::from_secs_f64(2.0 * count as f64 / rate));
    arrivals.truncate(count);
    let time = arrivals.last().copied().context("no timers are planned")?;
    let request = target.start(&format!("timer-{secs}"), "{}");
    let opened =
        open(target.address, arrivals, time, async |connection, _| connection.exchange(&request).await);
    let outcome = bench.clients.block_on(opened)?.outcome;
    if let Some(failure) = outcome.failure {
        bail!("a timer was not started: {failure}");
    }
    let started = Instant::now();
    while bench.stub.late()?.len() < count {
        let waited = started.elapsed() < Duration::from_secs(secs) + PATIENCE;
        ensure!(waited, "only {} of {count} timers fired", bench.stub.late()?.len());
        sleep(LOOK);
    }
    let late = bench.stub.late()?;
    let (p50, p99, last) = (late.percentile_ms(50), late.percentile_ms(99), late.percentile_ms(100));
    bench.report.line(
        &format!("W4 {count} timers"),
        format!("late p50 {p50:.2} ms, p99 {p99:.2} ms, at most {last:.2} ms; {rate:.0} are due in a second"),
        &[("lateP50Ms", p50), ("lateP99Ms", p99), ("lateMaxMs", last), ("duePerSecond", rate)],
    );
    Ok(())
}
