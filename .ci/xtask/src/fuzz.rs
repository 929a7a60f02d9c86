//! Coverage-guided fuzzing of the doors by which foreign text comes in. Needs nothing but the toolchain and
//! a C++ compiler: libFuzzer comes as source, the instrumentation is LLVM's own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{Steps, cargo, root, say, target};

/// The targets, in `tests/fuzz`.
const TARGETS: [&str; 3] = ["yaml", "check", "expression"];

/// Folders with texts to begin from.
const SEEDS: [&str; 3] = ["examples", "engine/dsl/tests/fixtures", "workflows"];

/// What to tell LLVM: count which edges of the code a text reaches.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks --cfg fuzzing";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Only these targets; all unless given.
    targets: Vec<String>,
    /// How long each runs at most.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How many texts each tries at most; as many as there is time for unless given.
    #[arg(long)]
    runs: Option<u32>,
    /// Where the changes of the texts begin, from the seed texts only; another number each time unless given,
    /// and from what earlier runs found worth keeping.
    #[arg(long)]
    seed: Option<u32>,
}

impl Args {
    /// All targets, so many texts each, from the same seed each time: what decides about a landing finds on two
    /// machines what it finds on one, however fast they are. Hunting is for campaigns.
    pub(crate) fn all(runs: u32) -> Self {
        Self { targets: Vec::new(), seconds: 600, runs: Some(runs), seed: Some(1) }
    }
}

/// Builds and runs the targets, two at a time. What they find to be worth keeping stays beside the build.
///
/// # Errors
/// When one of them finds a text that does not hold: its path is told.
pub(crate) fn run(args: &Args) -> Result<()> {
    let targets: Vec<&str> = match args.targets.as_slice() {
        [] => TARGETS.to_vec(),
        wanted => wanted.iter().map(String::as_str).collect(),
    };
    if let Some(unknown) = targets.iter().find(|wanted| !TARGETS.contains(wanted)) {
        bail!("there is no target `{unknown}`; there are {}", TARGETS.join(", "));
    }
    let folder = target().join("fuzz");
    let mut steps = Steps::new(2);
    steps.step("fuzz targets: build", || {
        let mut command = Command::new(cargo());
        command.current_dir(root()).args([
            "build",
            "--release",
            "--package",
            "yiwang-fuzz",
            "--features",
            "libfuzzer",
        ]);
        // Without a target of their own the flags would be given to build scripts as well.
        command.args(["--target", &host()?, "--target-dir"]).arg(&folder);
        let status = command.env("RUSTFLAGS", INSTRUMENTED).status().context("starting cargo")?;
        ensure!(status.success(), "the fuzz targets were not built");
        Ok(())
    })?;
    steps.step("fuzz targets: run", || {
        for pair in targets.chunks(2) {
            let started = pair.iter().map(|name| start(name, &folder, args));
            let started: Vec<_> = started.collect::<Result<_>>()?;
            for (name, log, mut child) in started {
                let status = child.wait().with_context(|| format!("waiting for {name}"))?;
                report(name, &log, status.success())?;
            }
        }
        Ok(())
    })?;
    steps.finish();
    Ok(())
}

fn start<'n>(
    name: &'n str,
    folder: &std::path::Path,
    args: &Args,
) -> Result<(&'n str, PathBuf, std::process::Child)> {
    let (corpus, found) = (folder.join("corpus").join(name), folder.join("found").join(name));
    // A run that can be repeated does not begin from what other runs left.
    let corpus = if args.seed.is_some() { folder.join("fresh").join(name) } else { corpus };
    if args.seed.is_some() && corpus.exists() {
        std::fs::remove_dir_all(&corpus).with_context(|| format!("removing {}", corpus.display()))?;
    }
    for made in [&corpus, &found] {
        std::fs::create_dir_all(made).with_context(|| format!("making {}", made.display()))?;
    }
    let log = folder.join(format!("{name}.log"));
    let output = std::fs::File::create(&log).with_context(|| format!("making {}", log.display()))?;
    let program = folder.join(host()?).join("release").join(format!("fuzz-{name}"));
    let mut command = Command::new(&program);
    command.current_dir(root());
    // A text that takes ten seconds or two gigabytes is a finding as well.
    command.args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={}", args.seconds));
    command.args(args.runs.map(|runs| format!("-runs={runs}")));
    command.args(args.seed.map(|seed| format!("-seed={seed}")));
    command.arg(format!("-artifact_prefix={}/", found.display()));
    command.arg(&corpus).args(SEEDS);
    let child = command
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    Ok((name, log, child))
}

fn report(name: &str, log: &std::path::Path, held: bool) -> Result<()> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let stat = |wanted: &str| {
        let line = text.lines().rev().find(|line| line.contains(wanted));
        line.and_then(|line| line.split(':').next_back()).map_or("?", str::trim).to_owned()
    };
    if !held {
        let from = text.rfind("panicked at").unwrap_or_else(|| text.len().saturating_sub(3_000));
        say(text.get(from..).unwrap_or_default());
        bail!(
            "the target `{name}` found a text that does not hold; its path is the last line of {}",
            log.display()
        );
    }
    say(&format!("  {name}: {} texts tried, none failed", stat("stat::number_of_executed_units")));
    Ok(())
}

/// The triple of this machine.
fn host() -> Result<String> {
    let told = Command::new("rustc").arg("-vV").output().context("asking rustc")?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not say its host")?.to_owned())
}
