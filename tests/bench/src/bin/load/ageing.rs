//! Whether a server becomes slower by what it has done: the same load at the start, and after many instances.

use anyhow::Result;
use yiwang_bench::disk;

use crate::bench::Bench;
use crate::closed::{Length, closed};

/// Measures, works, measures again.
///
/// # Errors
/// When a load is not done whole.
pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let fresh = bench.fresh()?;
    let (target, clients) = (&fresh.target, bench.plan.clients_max());
    let request = target.run("one-step");
    let load = |length| {
        let load = closed(target.address, clients, length, async |connection, _| {
            connection.exchange(&request).await
        });
        bench.clients.block_on(load)?.whole()
    };
    let warm = load(Length::Time(bench.plan.warm))?;
    let young = load(Length::Time(bench.plan.closed))?;
    let done = warm.spread.len() + young.spread.len();
    load(Length::Count(bench.plan.aged.saturating_sub(done).max(clients)))?;
    let old = load(Length::Time(bench.plan.closed))?;
    let files = target.data.as_deref().map_or(Ok(0), disk::bytes)? >> 20;
    let (young, old) = (young.per_second(), old.per_second());
    let share = old / young;
    bench.report.line(
        &format!("W1 after {} finished", bench.plan.aged),
        format!(
            "{old:.0} workflows/s beside {young:.0}/s at the start: share {share:.2}; {files} MiB of files"
        ),
        &[("workflowsPerSecond", old), ("atTheStart", young), ("share", share)],
    );
    Ok(())
}
