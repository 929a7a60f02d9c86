//! The tests and the gates, in the order in which they fail cheapest.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use xtask::plugins;

use crate::shell::{Steps, cargo, has, root, run, run_in, say, target};

/// Folders with processes and ready projects, each with its scenarios.
const PROCESSES: [&str; 2] = ["workflows", "examples"];

/// All tests.
///
/// # Errors
/// The first step that fails.
pub(crate) fn test() -> Result<()> {
    let mut steps = Steps::new(TEST_STEPS);
    test_steps(&mut steps)?;
    steps.finish();
    Ok(())
}

/// Everything that must be green before a push; the tests too, unless they ran just before.
///
/// # Errors
/// The first step that fails.
pub(crate) fn ci(tests: bool) -> Result<()> {
    let mut steps = Steps::new(7 + if tests { TEST_STEPS } else { 0 });
    steps.step("formatting", || {
        run(cargo(), &["fmt", "--all", "--check"])?;
        run_in(&root().join("plugins"), cargo(), &["fmt", "--all", "--check"], &[])
    })?;
    steps.step("spelling", typos)?;
    steps.step("lints of the engine", || {
        run(cargo(), &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
    })?;
    steps.step("lints of the plugins", || {
        let guests = target().join("guests");
        let guests = guests.to_string_lossy();
        let arguments =
            ["clippy", "--workspace", "--all-targets", "--target-dir", &*guests, "--", "--deny", "warnings"];
        run_in(&root().join("plugins"), cargo(), &arguments, &[])
    })?;
    if tests {
        test_steps(&mut steps)?;
    }
    steps.step("documentation of the code", || {
        let lint = [("RUSTDOCFLAGS", "--deny warnings")];
        run_in(&root(), cargo(), &["doc", "--workspace", "--no-deps", "--document-private-items"], &lint)
    })?;
    steps.step("fuzzing: YAML, workflows, expressions", || {
        crate::fuzz::run(&crate::fuzz::Args::all(30_000))
    })?;
    steps.step("the whole road: the demo with a few cases", || {
        crate::demo::run(&crate::demo::Args { cases: 60, keep: false, seed: 1 })
    })?;
    steps.finish();
    Ok(())
}

const TEST_STEPS: usize = 5;

fn test_steps(steps: &mut Steps) -> Result<()> {
    steps.step("plugins: build", || plugins::run(plugins::Args::default()))?;
    steps.step("plugins: unit tests", || {
        plugins::run(plugins::Args { test: true, ..plugins::Args::default() })
    })?;
    steps.step("units, house rules, crashes", || {
        // The crash tests start the real binary: build it before they run, not in the middle.
        run(cargo(), &["build", "--package", "yiwang-cli"])?;
        if has("cargo-nextest") {
            return run(cargo(), &["nextest", "run", "--workspace", "--config-file", ".ci/nextest.toml"]);
        }
        say("  cargo-nextest is not on the PATH: plain cargo test does the same, slower");
        run(cargo(), &["test", "--workspace", "--lib", "--bins", "--tests"])
    })?;
    steps.step("examples in the documentation", || {
        run(cargo(), &["test", "--workspace", "--doc", "--quiet"])
    })?;
    steps.step("workflows: check, layout and scenarios", workflows)
}

/// Checks every workflow and its layout, and plays its scenarios.
fn workflows() -> Result<()> {
    let yiwang = yiwang()?;
    run(&yiwang, &["calendar", "check", "workflows/calendars/service-hall.yaml"])?;
    for folder in PROCESSES {
        let mut found = Vec::new();
        find(&root().join(folder), &mut found)?;
        if found.is_empty() {
            bail!("{folder}/ has no workflow.yaml");
        }
        found.sort();
        for file in &found {
            let file = file.strip_prefix(root()).unwrap_or(file).to_string_lossy().into_owned();
            run(&yiwang, &["check", &file])?;
        }
        run(&yiwang, &["fmt", "--check", folder])?;
        run(&yiwang, &["test", folder])?;
    }
    Ok(())
}

/// Builds the binary, and says where it is.
///
/// # Errors
/// When it does not build.
pub(crate) fn yiwang() -> Result<PathBuf> {
    run(cargo(), &["build", "--package", "yiwang-cli"])?;
    Ok(target().join("debug/yiwang"))
}

/// Builds the release binary and measures it.
///
/// # Errors
/// When it does not build, or the server refuses something.
pub(crate) fn bench() -> Result<()> {
    let release = target().join("release");
    let yiwang = release.join("yiwang").to_string_lossy().into_owned();
    let plugins = plugins::output().to_string_lossy().into_owned();
    let mut steps = Steps::new(10);
    // Not together with the bench: what is built at once shares its features, and the binary measured is the
    // one that is given away.
    steps.step("release build", || run(cargo(), &["build", "--release", "--package", "yiwang-cli"]))?;
    steps.step("release build of the bench, and of the runtime beside us", || {
        run(cargo(), &["build", "--release", "--package", "yiwang-bench", "--features", "beside"])
    })?;
    steps.step("plugins", || plugins::run(plugins::Args::default()))?;
    steps.step("figures of the language", || run(release.join("yiwang-bench-language"), &[&yiwang]))?;
    steps.step("lists and searches over a million cases", || {
        run(release.join("yiwang-bench-cases"), &["1000000"])
    })?;
    steps.step("the same on PostgreSQL", || {
        run(release.join("yiwang-bench-cases"), &["1000000", "postgres"])
    })?;
    steps.step("figures of the server", || run(release.join("yiwang-bench"), &[&yiwang, &plugins]))?;
    steps.step("the server under load", || {
        let folder = target().join("bench");
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let (json, plots) = (folder.join("load.json"), folder.join("plots"));
        let (json, plots) = (json.to_string_lossy(), plots.to_string_lossy());
        run(release.join("yiwang-bench-load"), &[&yiwang, "--json", &json, "--plots", &plots])?;
        say(&format!("  the same as JSON in {json}, plots in {plots}"));
        Ok(())
    })?;
    steps.step("a sweep beside live work", || run(release.join("yiwang-bench-sweep"), &[&yiwang]))?;
    steps.step("a plugin's call beside a bare one", || {
        let figures = ["test", "--release", "--package", "yiwang-host", "--test", "it", "--"];
        run(cargo(), &[&figures[..], &["--ignored", "--nocapture", "figures"]].concat())
    })?;
    steps.finish();
    Ok(())
}

fn find(folder: &std::path::Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path.file_name().is_some_and(|name| name == "workflow.yaml") {
            found.push(path);
        }
    }
    Ok(())
}

fn typos() -> Result<()> {
    if !has("typos") {
        say("  skipped: typos not found (`pip install typos` brings it)");
        return Ok(());
    }
    run("typos", &["--config", ".ci/typos.toml"])
}
