//! W3: instances that wait for an event, what each costs, and how fast they are woken.

use std::cell::RefCell;
use std::time::Instant;

use anyhow::{Result, ensure};
use yiwang_bench::spread::Spread;
use yiwang_bench::{disk, process};
use yiwang_e2e::random::Random;

use crate::bench::{Bench, completed, id};
use crate::closed::{Length, closed};
use crate::target::Target;

/// Clients that park: enough to share the commits.
const PARKERS: usize = 64;

/// Parks instances, with the numbers as their keys, and gives their ids.
///
/// # Errors
/// When one does not start.
pub(crate) fn park(
    bench: &Bench,
    target: &Target,
    workflow: &str,
    count: usize,
) -> Result<(Vec<String>, f64)> {
    let ids = RefCell::new(vec![String::new(); count]);
    let load = closed(target.address, PARKERS.min(count), Length::Count(count), async |connection, at| {
        let answer = connection.exchange(&target.start(workflow, &format!(r#"{{"key":{at}}}"#))).await?;
        if answer.ok() {
            ids.borrow_mut()[at] = id(&answer.body).map_err(std::io::Error::other)?;
        }
        Ok(answer)
    });
    let outcome = bench.clients.block_on(load)?.whole()?;
    Ok((ids.into_inner(), outcome.per_second()))
}

/// Parks, weighs, wakes.
///
/// # Errors
/// When a server does not come up, or an instance is not woken.
pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let fresh = bench.fresh()?;
    let target = &fresh.target;
    let (parked, woken) = (bench.plan.parked, bench.plan.woken);
    let weigh = || -> Result<(f64, f64)> {
        let files = target.data.as_deref().map_or(Ok(0), disk::bytes)?;
        Ok((files as f64, process::resident_mib(target.pid)))
    };
    let (files, memory) = weigh()?;
    let (ids, started) = park(bench, target, "parked", parked)?;
    let (files_full, memory_full) = weigh()?;
    let each = 1.0 / parked as f64;
    let (bytes, kib) = ((files_full - files) * each, (memory_full - memory) * 1_024.0 * each);
    bench.report.line(
        &format!("W3 {parked} parked"),
        format!(
            "{started:.0} started/s; {bytes:.0} B of files and {kib:.2} KiB of memory each; {memory_full:.0} MiB resident ({memory:.0} before)"
        ),
        &[
            ("startedPerSecond", started),
            ("fileBytesEach", bytes),
            ("memoryKibEach", kib),
            ("residentMib", memory_full),
        ],
    );
    // Whoever is woken was parked at any time: most are not in the engine's memory any more.
    let mut order: Vec<usize> = (0..parked).collect();
    let mut random = Random::new(bench.seed);
    for at in (1..order.len()).rev() {
        order.swap(at, random.below(at + 1));
    }
    let alone = woken / 20;
    let (first, rest) = order[..woken].split_at(alone);
    wake(bench, target, &ids, first, 1)?;
    wake(bench, target, &ids, rest, bench.plan.clients_max())?;
    ensure!(ids.iter().all(|id| !id.is_empty()), "an instance has no id");
    Ok(())
}

fn wake(bench: &mut Bench, target: &Target, ids: &[String], keys: &[usize], clients: usize) -> Result<()> {
    let durable = RefCell::new(Spread::default());
    let load = closed(target.address, clients, Length::Count(keys.len()), async |connection, at| {
        let (key, sent) = (keys[at], Instant::now());
        let accepted = connection.exchange(&target.wake(key)).await?;
        if !accepted.ok() {
            return Ok(accepted);
        }
        durable.borrow_mut().add(sent.elapsed());
        let answer = connection.exchange(&target.ended(&ids[key])).await?;
        if answer.ok() {
            completed(&answer.body)?;
        }
        Ok(answer)
    });
    let outcome = bench.clients.block_on(load)?.whole()?;
    let (durable, spread, rate) = (durable.into_inner(), &outcome.spread, outcome.per_second());
    let (p50, p99) = (spread.percentile_ms(50), spread.percentile_ms(99));
    bench.report.line(
        &format!("W3 wake, {clients} clients"),
        format!(
            "{rate:.0} wakes/s; event durable p50 {:.2} ms, p99 {:.2} ms; instance at its end p50 {p50:.2} ms, p99 {p99:.2} ms",
            durable.percentile_ms(50),
            durable.percentile_ms(99)
        ),
        &[
            ("wakesPerSecond", rate),
            ("durableP50Ms", durable.percentile_ms(50)),
            ("durableP99Ms", durable.percentile_ms(99)),
            ("wakeP50Ms", p50),
            ("wakeP99Ms", p99),
        ],
    );
    Ok(())
}
