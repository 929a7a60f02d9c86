//! `cargo xtask`: the project's automation. Each subcommand has a module of its own.
//!
//! Each does the set-up that it needs, or names exactly what is missing.

mod checks;
mod demo;
mod fuzz;
mod shell;
mod sizes;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::plugins;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The automation of Yiwang")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The figures: language, throughput, latency, memory, disk, plugin calls, on the release build.
    Bench,
    /// A district for a minute: people, channels, staff, two crashes, and the proof that nothing was lost.
    Demo(demo::Args),
    /// All tests: plugins, units, crashes, doc tests, scenarios of the workflows.
    Test,
    /// Everything that must be green before a push: formatting, lints, tests, documents, workflows, demo.
    Ci {
        /// Leave the tests out: `cargo xtask test` ran just before.
        #[arg(long)]
        without_tests: bool,
    },
    /// Build the channel plugins to WebAssembly components.
    Plugins(plugins::Args),
    /// Feed the parsers with millions of texts; a finding fails.
    Fuzz(fuzz::Args),
    /// The longest files and functions.
    Sizes,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Bench => checks::bench(),
        Command::Demo(args) => demo::run(&args),
        Command::Test => checks::test(),
        Command::Ci { without_tests } => checks::ci(!without_tests),
        Command::Plugins(args) => plugins::run(args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Sizes => sizes::print(),
    }
}
