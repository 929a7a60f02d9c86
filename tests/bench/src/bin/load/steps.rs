//! W1 and W2: workflows of one and of ten steps, each a call whose result is recorded before the next begins.
//!
//! ```text
//! start ─► turn 1 ─► call ─► turn 2 ─► call ─► … ─► turn n + 1, the end ─► answer
//! ```
//! n steps are n + 1 turns; as many commits, when nobody else is there to share them.

use anyhow::{Result, ensure};
use yiwang_bench::disk;
use yiwang_bench::spread::Spread;

use crate::arrival::poisson;
use crate::bench::{Bench, completed};
use crate::closed::{Length, closed};
use crate::meter::Reading;
use crate::open::open;
use crate::outcome::Outcome;
use crate::reference::Reference;
use crate::report::{Bound, Point};
use crate::target::Target;

/// The names of the two sides in plots.
pub(crate) const SERVER: &str = "durable";
const REFERENCE: &str = "without a store";

/// One of the two scenarios.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    name: &'static str,
    workflow: &'static str,
    plot: &'static str,
    /// Turns of one workflow.
    turns: f64,
    /// Whether the goals are its goals, and requests come by themselves too.
    first: bool,
}

/// One call.
pub(crate) const ONE: Steps =
    Steps { name: "W1 one step", workflow: "one-step", plot: "w1-clients", turns: 2.0, first: true };
/// Ten calls.
pub(crate) const TEN: Steps =
    Steps { name: "W2 ten steps", workflow: "ten-steps", plot: "w2-clients", turns: 11.0, first: false };

/// A closed load with what it cost.
struct Measured {
    outcome: Outcome,
    cost: Reading,
}

/// One number of clients, over all rounds.
#[derive(Default)]
struct Rounds {
    durable: Vec<Measured>,
    reference: Vec<Measured>,
}

/// Both sides by turns, then the server with requests that come by themselves.
///
/// # Errors
/// When a server does not come up, or a closed load is not done whole.
pub(crate) fn run(bench: &mut Bench, steps: Steps) -> Result<()> {
    let fresh = bench.fresh()?;
    let reference = Reference::start(bench.outside())?;
    reference.target.deploy(bench.outside())?;
    let sync = disk::fdatasync(fresh.folder())?.percentile_ms(50);
    let mut peak: f64 = 0.0;
    for &clients in bench.plan.clients {
        let mut rounds = Rounds::default();
        for _ in 0..bench.plan.rounds {
            rounds.reference.push(measure(bench, &reference.target, steps, clients)?);
            rounds.durable.push(measure(bench, &fresh.target, steps, clients)?);
        }
        peak = peak.max(tell(bench, steps, clients, &rounds, sync));
    }
    drop(reference);
    if steps.first { by_themselves(bench, steps, &fresh.target, peak) } else { Ok(()) }
}

fn measure(bench: &Bench, target: &Target, steps: Steps, clients: usize) -> Result<Measured> {
    let request = target.run(steps.workflow);
    let load = |length| {
        closed(target.address, clients, length, async |connection, _| {
            let answer = connection.exchange(&request).await?;
            if answer.ok() {
                completed(&answer.body)?;
            }
            Ok(answer)
        })
    };
    bench.clients.block_on(load(Length::Time(bench.plan.warm)))?.whole()?;
    let before = Reading::of(target)?;
    let outcome = bench.clients.block_on(load(Length::Time(bench.plan.closed)))?.whole()?;
    let cost = Reading::of(target)?.since(before);
    // The readings are taken while nothing is under way: a step that shared its turn would show.
    let turns = cost.turns / outcome.spread.len() as f64;
    ensure!(turns == steps.turns, "{}: {turns} turns of a workflow, not {}", steps.name, steps.turns);
    Ok(Measured { outcome, cost })
}

/// Prints one number of clients, and gives the server's workflows in a second.
fn tell(bench: &mut Bench, steps: Steps, clients: usize, rounds: &Rounds, sync: f64) -> f64 {
    let rate = |side: &[Measured]| median(side.iter().map(|one| one.outcome.per_second()));
    let share = median(
        rounds
            .durable
            .iter()
            .zip(&rounds.reference)
            .map(|(durable, reference)| durable.outcome.per_second() / reference.outcome.per_second()),
    );
    for (side, name) in [(&rounds.reference, REFERENCE), (&rounds.durable, SERVER)] {
        let spread = joined(side);
        bench.report.points.push(Point {
            plot: steps.plot,
            side: name,
            load: clients as f64,
            per_second: rate(side),
            refused: 0.0,
            p50_ms: spread.percentile_ms(50),
            p99_ms: spread.percentile_ms(99),
        });
    }
    let (spread, done) = (joined(&rounds.durable), rate(&rounds.durable));
    let count = spread.len() as f64;
    let sum = |read: fn(&Reading) -> f64| rounds.durable.iter().map(|one| read(&one.cost)).sum::<f64>();
    let (turns, commits) = (sum(|cost| cost.turns), sum(|cost| cost.commits));
    let (written, files) = (sum(|cost| cost.written), sum(|cost| cost.files));
    let (cpu, own) = (sum(|cost| cost.cpu.as_secs_f64()), sum(|cost| cost.own.as_secs_f64()));
    let (p50, p99) = (spread.percentile_ms(50), spread.percentile_ms(99));
    let what = format!("{}, {clients} clients", steps.name);
    bench.report.line(
        &what,
        format!(
            "{done:.0} workflows/s, p50 {p50:.2} ms, p99 {p99:.2} ms; {:.0}/s without a store, share {share:.2}",
            rate(&rounds.reference)
        ),
        &[("workflowsPerSecond", done), ("p50Ms", p50), ("p99Ms", p99), ("share", share)],
    );
    bench.report.line(
        "  one workflow",
        format!(
            "{:.0} turns in {:.2} commits; CPU for 1,000: server {:.2} s, clients and stub {:.2} s",
            turns / count,
            commits / count,
            cpu / count * 1_000.0,
            own / count * 1_000.0
        ),
        &[
            ("turns", turns / count),
            ("commits", commits / count),
            ("serverCpuSecsPer1000", cpu / count * 1_000.0),
            ("clientCpuSecsPer1000", own / count * 1_000.0),
        ],
    );
    bench.report.line(
        "  one transition",
        format!(
            "{:.1} share one fdatasync; {:.0} B of writes and {:.0} B of files each",
            turns / commits,
            written / turns,
            files / turns
        ),
        &[("perFsync", turns / commits), ("writtenBytes", written / turns), ("fileBytes", files / turns)],
    );
    if steps.first {
        match clients {
            1 => bench.report.goal(
                "W1, one client: p50 in ms, beside one fdatasync + 0.3 ms",
                Bound::AtMost(sync + 0.3),
                p50,
            ),
            32 => bench.report.goal("W1, 32 clients: share", Bound::AtLeast(0.25), share),
            256 => bench.report.goal("W1, 256 clients: share", Bound::AtLeast(0.40), share),
            _ => {}
        }
    }
    done
}

/// Requests that come whether the server keeps up or not, up to beyond what it can do.
fn by_themselves(bench: &mut Bench, steps: Steps, target: &Target, peak: f64) -> Result<()> {
    let request = target.run(steps.workflow);
    let (mut best, mut last) = (peak, 0.0);
    for (at, load) in bench.plan.loads.iter().enumerate() {
        let time = bench.plan.open;
        let arrivals = poisson(bench.seed + at as u64, peak * load, time);
        let opened =
            open(target.address, arrivals, time, async |connection, _| connection.exchange(&request).await);
        let opened = bench.clients.block_on(opened)?;
        let (outcome, took) = (opened.outcome, opened.counted.as_secs_f64());
        let (p50, p99) = (outcome.spread.percentile_ms(50), outcome.spread.percentile_ms(99));
        let refused = outcome.refused as f64 / took;
        let failure = outcome.failure.map_or(String::new(), |failure| format!(", the first: {failure}"));
        bench.report.line(
            &format!("{}, {:.0} % of the peak come", steps.name, load * 100.0),
            format!(
                "{:.0}/s come, {:.0}/s done, {refused:.0}/s refused (429), {} failed{failure}; p50 {p50:.2} ms, p99 {p99:.2} ms",
                opened.offered, opened.done, outcome.failed
            ),
            &[
                ("comePerSecond", opened.offered),
                ("donePerSecond", opened.done),
                ("refusedPerSecond", refused),
                ("failed", outcome.failed as f64),
                ("p50Ms", p50),
                ("p99Ms", p99),
            ],
        );
        bench.report.points.push(Point {
            plot: "w1-arrivals",
            side: SERVER,
            load: opened.offered,
            per_second: opened.done,
            refused,
            p50_ms: p50,
            p99_ms: p99,
        });
        best = best.max(opened.done);
        last = opened.done;
    }
    bench.report.goal("W1, three times the peak comes: share of the peak", Bound::AtLeast(0.9), last / best);
    Ok(())
}

fn joined(side: &[Measured]) -> Spread {
    let mut all = Spread::default();
    side.iter().for_each(|one| all.join(one.outcome.spread.clone()));
    all
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
