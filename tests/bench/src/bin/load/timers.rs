//! W4: how late timers are, seen from outside: when the call comes that the woken instance makes.
//!
//! So it is the look at the clock, the transition, its commit and the call together. Before its time none may come.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::parked::park;

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
    let (count, secs) = (bench.plan.timers, bench.plan.timer_secs);
    let began = Instant::now();
    let (_, started) = park(bench, &fresh.target, &format!("timer-{secs}"), count)?;
    let starting = began.elapsed();
    while bench.stub.late()?.len() < count {
        let waited = began.elapsed() < starting + Duration::from_secs(secs) + PATIENCE;
        ensure!(waited, "only {} of {count} timers fired", bench.stub.late()?.len());
        sleep(LOOK);
    }
    let late = bench.stub.late()?;
    let (p50, p99, last) = (late.percentile_ms(50), late.percentile_ms(99), late.percentile_ms(100));
    bench.report.line(
        &format!("W4 {count} timers"),
        format!("late p50 {p50:.2} ms, p99 {p99:.2} ms, at most {last:.2} ms; due at {started:.0}/s"),
        &[("lateP50Ms", p50), ("lateP99Ms", p99), ("lateMaxMs", last), ("duePerSecond", started)],
    );
    Ok(())
}
