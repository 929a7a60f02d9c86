//! `cargo xtask`: the project's automation. Each subcommand has a module of its own.

use clap::{Parser, Subcommand};
use xtask::plugins;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The automation of Yiwang")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the channel plugins to WebAssembly components.
    Plugins(plugins::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Plugins(args) => plugins::run(args),
    }
}
