//! Runs commands so that a reader sees what runs, how long it took and what to do when it failed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("xtask lives in .ci/xtask")
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The cargo that runs us.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Whether a program can be found.
pub(crate) fn has(program: &str) -> bool {
    let quiet = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Steps with a headline each; at the end, what was done and how long it took.
pub(crate) struct Steps {
    of: usize,
    done: Vec<(String, Duration)>,
}

impl Steps {
    /// So many steps are to come.
    pub(crate) fn new(of: usize) -> Self {
        Self { of, done: Vec::new() }
    }

    /// Runs one step.
    ///
    /// # Errors
    /// The first step that fails ends the run.
    pub(crate) fn step(&mut self, title: &str, run: impl FnOnce() -> Result<()>) -> Result<()> {
        say(&format!("\n▶ [{}/{}] {title}", self.done.len() + 1, self.of));
        let began = Instant::now();
        run().with_context(|| format!("step `{title}` failed"))?;
        self.done.push((title.to_owned(), began.elapsed()));
        Ok(())
    }

    /// Says what was done.
    pub(crate) fn finish(self) {
        say("");
        for (title, took) in &self.done {
            say(&format!("  ✔ {:>6.1} s  {title}", took.as_secs_f64()));
        }
    }
}

/// Runs a command in the repository, its output to the terminal.
///
/// # Errors
/// When it cannot be started or does not end with 0.
pub(crate) fn run(program: impl Into<OsString>, arguments: &[&str]) -> Result<()> {
    run_in(&root(), program, arguments, &[])
}

/// The same in some folder and with some variables set.
///
/// # Errors
/// When it cannot be started or does not end with 0.
pub(crate) fn run_in(
    folder: &Path,
    program: impl Into<OsString>,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<()> {
    let program = program.into();
    let name = Path::new(&program).file_name().unwrap_or(&program).to_string_lossy().into_owned();
    say(&format!("  $ {name} {}", arguments.join(" ")));
    let mut command = Command::new(&program);
    command.args(arguments).current_dir(folder).envs(variables.iter().copied());
    let status = command.status().with_context(|| format!("starting {name}"))?;
    if !status.success() {
        bail!("`{name} {}` ended with {status}", arguments.join(" "));
    }
    Ok(())
}

/// One line for the reader.
#[expect(clippy::print_stderr, reason = "automation talks to a terminal; data would go to stdout")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}
