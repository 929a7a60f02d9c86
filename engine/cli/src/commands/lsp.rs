//! `yiwang lsp`: a language server on stdin and stdout.

use std::path::PathBuf;

use crate::failure::{Exit, Failure};
use crate::lsp;
use crate::project::catalog;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Know the channels of this project, and fetch by its rules.
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Editors pass it to say what they speak; nothing else is spoken.
    #[arg(long, hide = true)]
    stdio: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let catalog = catalog(args.project.as_deref())?;
    lsp::serve(&catalog, args.project.as_deref())
        .map_err(|error| Failure::new(Exit::Failed, "lsp.protocol", "talking to the editor").because(error))
}
