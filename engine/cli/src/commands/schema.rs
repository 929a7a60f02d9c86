//! `yiwang schema`: the language with our functions as a JSON Schema, for editors.

use std::path::PathBuf;

use clap::ValueEnum;
use yiwang_dsl::diagnostic::Language;
use yiwang_dsl::language::schema;

use crate::failure::Failure;
use crate::output;
use crate::project::catalog;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Know the channels of this project.
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Language of the descriptions.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
}

/// A language that people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// English.
    En,
    /// 中文.
    Zh,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let language = match args.lang {
        Lang::En => Language::English,
        Lang::Zh => Language::Chinese,
    };
    output::json(&schema(&catalog(args.project.as_deref())?, language));
    Ok(())
}
