//! `yiwang completion SHELL`.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::failure::Failure;

/// Where to put the script: see `docs/guide/cli.md`.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// For which shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    clap_complete::generate(args.shell, &mut super::Cli::command(), "yiwang", &mut io::stdout().lock());
    Ok(())
}
