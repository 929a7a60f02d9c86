//! `yiwang schema`: the language with our functions as a JSON Schema, for editors.

use std::path::PathBuf;

use yiwang_dsl::language::schema;

use crate::failure::Failure;
use crate::language;
use crate::output;
use crate::project::catalog;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Know the channels of this project.
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    output::json(&schema(&catalog(args.project.as_deref())?, language::chosen()));
    Ok(())
}
