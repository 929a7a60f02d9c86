//! `yiwang graph FILE -o svg|mermaid|dot|json`: the flow of a workflow, drawn or as data.

use std::path::PathBuf;

use serde_json::to_value;

use crate::draw::{dot, mermaid, svg};
use crate::failure::{Exit, Failure};
use crate::output::{self, Wanted};
use crate::project::{Package, catalog, print_remarks};
use crate::services;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The workflow.
    file: PathBuf,
    /// Know the channels of this project.
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub(super) fn run(args: &Args, wanted: Option<Wanted>) -> Result<(), Failure> {
    let file = if args.file.is_dir() { args.file.join("workflow.yaml") } else { args.file.clone() };
    let package = Package::read(&file)?;
    let resources = services::texts(args.project.as_deref(), &package)?;
    let (definition, remarks) =
        yiwang_dsl::check_with(&package.source, &catalog(args.project.as_deref())?, &resources);
    let Some(definition) = definition else {
        print_remarks(&package.path, &package.source, &remarks);
        return Err(Failure::said(Exit::Invalid));
    };
    let graph = definition.graph();
    match wanted.unwrap_or(Wanted::Svg) {
        Wanted::Svg | Wanted::Table => output::line(svg(&graph).trim_end()),
        Wanted::Mermaid => output::line(mermaid(&graph).trim_end()),
        Wanted::Dot => output::line(dot(&graph).trim_end()),
        Wanted::Json => output::json(&to_value(&graph).unwrap_or_default()),
        Wanted::Name => {
            for node in &graph.nodes {
                output::line(&node.name);
            }
        }
    }
    Ok(())
}
