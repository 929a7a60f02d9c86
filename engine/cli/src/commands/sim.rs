//! `yiwang sim --seed N`: the engine in simulated worlds, one for each seed.

use serde_json::{Value, json};
use yiwang_sim::{Options, Report, STEPS};

use crate::failure::{Exit, Failure};
use crate::output::{self, Format};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The first seed.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// So many seeds, one after the other.
    #[arg(long, value_name = "M", default_value_t = 1)]
    runs: u64,
    /// Steps with faults in each world; then it is quiet.
    #[arg(long, value_name = "K", default_value_t = STEPS)]
    steps: usize,
    /// So many nodes at one store in each world, instead of as many as its seed says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    nodes: Option<u8>,
    /// Show everything that happens, not only the last lines before a broken promise.
    #[arg(long)]
    trace: bool,
}

pub(super) fn run(args: &Args, wanted: Option<Format>) -> Result<(), Failure> {
    let nodes = args.nodes.map(usize::from);
    let options = Options { steps: args.steps, trace: args.trace, nodes, ..Options::default() };
    let mut broken = 0;
    for seed in args.seed..args.seed.saturating_add(args.runs) {
        // A world has a runtime of its own, and the caller's thread has one already.
        let world = std::thread::spawn(move || yiwang_sim::run(seed, &options));
        let report = world.join().map_err(|_| {
            Failure::new(Exit::Failed, "sim.panicked", format!("the world of seed {seed} panicked"))
        })?;
        broken += u64::from(!report.is_sound());
        match wanted {
            Some(Format::Json) => output::json(&as_json(&report)),
            _ => tell(&report, args),
        }
    }
    if broken > 0 {
        return Err(Failure::said(Exit::Failed));
    }
    Ok(())
}

fn tell(report: &Report, args: &Args) {
    if args.trace || !report.is_sound() {
        report.trace.iter().for_each(|line| output::line(line));
    }
    let Report { seed, commits, instances, crashes, nodes, owners, digest, .. } = report;
    let processes = report.processes.join(", ");
    let nodes = if *nodes > 1 { format!("{nodes} nodes, {owners} owners, ") } else { String::new() };
    output::line(&format!(
        "seed {seed}: {nodes}{instances} instances, {commits} commits, {crashes} crashes, {digest:016x} \
         ({processes})"
    ));
    for violation in &report.violations {
        output::line(&format!("  broken: {violation}"));
    }
    if !report.is_sound() && !args.trace {
        let nodes = args.nodes.map(|nodes| format!(" --nodes {nodes}")).unwrap_or_default();
        output::line(&format!("  again: yiwang sim --seed {seed} --steps {}{nodes} --trace", args.steps));
    }
}

fn as_json(report: &Report) -> Value {
    let violations = report
        .violations
        .iter()
        .map(|it| json!({"check": it.check.to_string(), "step": it.step, "what": it.what}));
    json!({
        "seed": report.seed,
        "processes": report.processes,
        "instances": report.instances,
        "commits": report.commits,
        "crashes": report.crashes,
        "nodes": report.nodes,
        "owners": report.owners,
        "digest": format!("{:016x}", report.digest),
        "violations": violations.collect::<Vec<_>>(),
        "trace": report.trace,
    })
}
