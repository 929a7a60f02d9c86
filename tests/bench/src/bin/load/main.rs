//! `yiwang-bench-load`: the release binary under load, with steps that are recorded one by one.
//!
//! ```text
//! yiwang-bench-load target/release/yiwang --json load.json --plots plots
//! ```
//! W1 one step, W2 ten steps, W3 park and wake, W4 timers, W5 recovery; each on a fresh store. What stands for
//! durability is measured beside the same server without a store, by turns.

mod ageing;
mod arrival;
mod bench;
mod closed;
mod meter;
mod open;
mod outcome;
mod parked;
mod plan;
mod plot;
mod recovery;
mod reference;
mod report;
mod steps;
mod stub;
mod target;
mod timers;
mod wire;
mod workflow;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use rustix::process::{Resource, getrlimit, setrlimit};
use yiwang_bench::{disk, process};

use crate::bench::{Bench, SERVICE_CALLS};
use crate::plan::Plan;

/// Puts the server under load and says what it did.
#[derive(Parser)]
struct Arguments {
    /// The server: a release build of `yiwang`.
    #[arg(required_unless_present_any = ["reference", "stub"])]
    binary: Option<PathBuf>,
    /// Little of everything, to see that it runs: the figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Only these.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Where the requests of the open loops begin: the same seed, the same arrivals.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write everything here too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write plots here.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// Be the outside that workflows call, and nothing else: for the drivers below `peers/`.
    #[arg(long)]
    stub: bool,
    /// Be the server without a store, in front of this stub.
    #[arg(long, hide = true)]
    reference: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Scenario {
    /// One step, closed and open loop.
    W1,
    /// Ten steps.
    W2,
    /// Park and wake.
    W3,
    /// Timers.
    W4,
    /// Recovery after SIGKILL.
    W5,
    /// One step again, after many.
    Aged,
}

const ALL: [Scenario; 6] =
    [Scenario::W1, Scenario::W2, Scenario::W3, Scenario::W4, Scenario::W5, Scenario::Aged];

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.stub {
        return stub::serve();
    }
    let Some(binary) = arguments.binary else {
        let stub = arguments.reference.context("the server's binary is missing")?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(reference::serve(stub, SERVICE_CALLS));
    };
    connections()?;
    let plan = if arguments.quick { Plan::quick() } else { Plan::whole() };
    let mut bench = Bench::new(plan, arguments.seed, binary.clone())?;
    let machine = surroundings(&mut bench, &binary, arguments.quick)?;
    for scenario in ALL.into_iter().filter(|one| arguments.only.is_empty() || arguments.only.contains(one)) {
        match scenario {
            Scenario::W1 => steps::run(&mut bench, steps::ONE)?,
            Scenario::W2 => steps::run(&mut bench, steps::TEN)?,
            Scenario::W3 => parked::run(&mut bench)?,
            Scenario::W4 => timers::run(&mut bench)?,
            Scenario::W5 => recovery::run(&mut bench)?,
            Scenario::Aged => ageing::run(&mut bench)?,
        }
    }
    if let Some(folder) = arguments.plots {
        plot::write(&folder, &bench.report.points, &machine)?;
    }
    arguments.json.map_or(Ok(()), |path| bench.report.write(&path))
}

/// The machine, its disk and what is asked of it: half of every figure.
fn surroundings(bench: &mut Bench, binary: &Path, quick: bool) -> Result<String> {
    let machine = process::machine();
    let report = &mut bench.report;
    report.line("machine", machine.clone(), &[]);
    if quick || cfg!(debug_assertions) {
        report.line("not for showing", "the load is too small, or this is no release build".to_owned(), &[]);
    }
    report.line(
        "sync mode",
        "SQLite, WAL, synchronous=FULL: one fdatasync for each batch of turns".to_owned(),
        &[],
    );
    let folder = tempfile::tempdir_in(binary.parent().unwrap_or(Path::new(".")))?;
    let sync = disk::fdatasync(folder.path())?;
    let (p50, p99) = (sync.percentile_ms(50), sync.percentile_ms(99));
    let rate = 1_000.0 / p50.max(0.001);
    report.line(
        "fdatasync",
        format!("p50 {p50:.2} ms, p99 {p99:.2} ms; {rate:.0}/s one after another"),
        &[("p50Ms", p50), ("p99Ms", p99), ("perSecond", rate)],
    );
    report.line(
        "load",
        format!(
            "clients and stub share the processor with the server, in one process of two threads; {SERVICE_CALLS} calls of workflows at a time; seed {}",
            bench.seed
        ),
        &[],
    );
    Ok(machine)
}

/// An open loop holds more connections than a process usually may; the server inherits the limit.
fn connections() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("raising the number of connections")
}
