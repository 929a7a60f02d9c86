//! The tests and the gates, in the order in which they fail cheapest.

use anyhow::Result;

use crate::shell::{Steps, cargo, has, root, run, run_in, say};

/// All tests.
///
/// # Errors
/// The first step that fails.
pub(crate) fn test() -> Result<()> {
    let mut steps = Steps::new(2);
    test_steps(&mut steps)?;
    steps.finish();
    Ok(())
}

/// Everything that must be green before a push.
///
/// # Errors
/// The first step that fails.
pub(crate) fn ci() -> Result<()> {
    let mut steps = Steps::new(7);
    steps.step("formatting", || run(cargo(), &["fmt", "--all", "--check"]))?;
    steps.step("spelling", typos)?;
    steps.step("house rules", || run(cargo(), &["test", "--quiet", "--package", "yiwang-house"]))?;
    steps.step("lints", || {
        run(cargo(), &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
    })?;
    test_steps(&mut steps)?;
    steps.step("documentation of the code", || {
        let lint = [("RUSTDOCFLAGS", "--deny warnings")];
        run_in(&root(), cargo(), &["doc", "--workspace", "--no-deps", "--document-private-items"], &lint)
    })?;
    steps.finish();
    Ok(())
}

fn test_steps(steps: &mut Steps) -> Result<()> {
    steps.step("unit, port and crash tests", || {
        if has("cargo-nextest") {
            return run(cargo(), &["nextest", "run", "--workspace", "--config-file", ".ci/nextest.toml"]);
        }
        say("  cargo-nextest is not on the PATH: plain cargo test does the same, slower");
        run(cargo(), &["test", "--workspace", "--lib", "--bins", "--tests"])
    })?;
    steps.step("examples in the documentation", || run(cargo(), &["test", "--workspace", "--doc", "--quiet"]))
}

fn typos() -> Result<()> {
    if !has("typos") {
        say("  skipped: typos not found (`pip install typos` brings it)");
        return Ok(());
    }
    run("typos", &["--config", ".ci/typos.toml"])
}
