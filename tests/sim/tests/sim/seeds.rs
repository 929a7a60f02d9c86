//! A few hundred worlds.

use yiwang_sim::{Options, Report, run};

fn tell(report: &Report) -> String {
    let violations: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
    let trace = report.trace.join("\n  ");
    format!(
        "seed {} ({}): {}\n  {trace}\nagain: yiwang sim --seed {} --trace",
        report.seed,
        report.processes.join(", "),
        violations.join("\n"),
        report.seed
    )
}

fn hold(seeds: std::ops::Range<u64>) {
    let mut all = Vec::new();
    for seed in seeds {
        let report = run(seed, &Options::default());
        if !report.is_sound() {
            all.push(tell(&report));
        }
    }
    assert!(all.is_empty(), "{} broken\n{}", all.len(), all.join("\n\n"));
}

#[test]
fn tryout() {
    let first = std::env::var("SIM_SEED").ok().map_or(0, |it| it.parse().unwrap());
    let count: u64 = std::env::var("SIM_RUNS").ok().map_or(10, |it| it.parse().unwrap());
    let begun = std::time::Instant::now();
    let (mut commits, mut instances, mut crashes) = (0, 0, 0);
    for seed in first..first + count {
        let started = std::time::Instant::now();
        let report = run(seed, &Options::default());
        commits += report.commits;
        instances += report.instances;
        crashes += report.crashes;
        eprintln!(
            "{seed} {:?} commits {} instances {} crashes {} {:?}",
            started.elapsed(),
            report.commits,
            report.instances,
            report.crashes,
            report.processes
        );
    }
    eprintln!("{count} in {:?}: {commits} {instances} {crashes}", begun.elapsed());
    hold(first..first + count);
}
