//! Automation: everything that CI, the demo and a developer's desk run. `cargo xtask help` lists it.
//!
//! Each command does the set-up that it needs, or names exactly what is missing.

mod checks;
mod shell;
mod sizes;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::plugins;

/// Automation of the Yiwang project.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// All tests: plugins, unit and crash tests, doc tests, scenarios of the workflows
    Test,
    /// Everything that must be green before a push: formatting, lints, tests, documents, workflows, demo
    Ci,
    /// Build the channel plugins to WebAssembly components
    Plugins(plugins::Args),
    /// The longest files and functions
    Sizes,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Test => checks::test(),
        Command::Ci => checks::ci(),
        Command::Plugins(args) => plugins::run(args),
        Command::Sizes => sizes::print(),
    }
}
