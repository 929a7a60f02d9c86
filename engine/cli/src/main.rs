//! The `yiwang` binary: the only place that knows store, host, runtime and server together.
//!
//! stdout is data, stderr is for people; the exit code says which kind of failure it was (docs/guide/cli.md).

mod commands;
mod confirm;
mod draw;
mod egress;
mod failure;
mod language;
mod lsp;
mod node;
mod output;
mod project;
mod references;
mod remote;
mod scenario;
mod services;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Cli;

/// Requests and turns make many small things that live for a moment: under load glibc's allocator was a good tenth of
/// the server's time (docs/figures.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    language::choose(cli.lang);
    let json = cli.output == Some(output::Wanted::Json);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime
        .map_err(|error| anyhow::Error::from(error).context("starting the async runtime").into())
        .and_then(|runtime| runtime.block_on(commands::run(cli)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let exit = ExitCode::from(failure.exit as u8);
            if !failure.silent {
                if json {
                    output::note(&failure.to_json().to_string());
                } else {
                    output::note(&format!("{:?}", miette::Report::new(failure)));
                }
            }
            exit
        }
    }
}
