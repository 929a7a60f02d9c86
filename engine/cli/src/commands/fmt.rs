//! `yiwang fmt FILE…`: the usual layout of YAML files, in place.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::failure::{self, Exit, Failure};
use crate::output::{self, Format};
use crate::project::{print_remarks, yaml_files};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// YAML files, or folders with them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing; exit with 1 if a file is not in the usual layout.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, wanted: Option<Format>) -> Result<(), Failure> {
    let mut files = Vec::new();
    for path in &args.files {
        files.extend(yaml_files(path)?);
    }
    if files.is_empty() {
        return Err(Failure::new(
            Exit::NotFound,
            "cli.no-file",
            "there is no YAML file in the folders given",
        ));
    }
    let (mut changed, mut broken) = (Vec::new(), 0_usize);
    for path in &files {
        let text = std::fs::read_to_string(path).map_err(|error| failure::file("reading", path, error))?;
        match yiwang_dsl::format(&text) {
            Ok(formatted) if formatted == text => {}
            Ok(formatted) => {
                if !args.check {
                    std::fs::write(path, formatted).map_err(|error| failure::file("writing", path, error))?;
                }
                changed.push(path.display().to_string());
            }
            Err(remarks) => {
                broken += 1;
                print_remarks(path, &text, &remarks);
            }
        }
    }
    if wanted == Some(Format::Json) {
        let changed: Vec<Value> = changed.iter().map(|path| json!(path)).collect();
        output::json(&json!({ "files": files.len(), "changed": changed, "broken": broken }));
    } else {
        let verb = if args.check { "would be laid out anew" } else { "laid out anew" };
        for path in &changed {
            output::note(&format!("{path}: {verb}"));
        }
        output::note(&format!("{} files, {} {verb}, {broken} cannot be read", files.len(), changed.len()));
    }
    match (broken, args.check && !changed.is_empty()) {
        (0, false) => Ok(()),
        (0, true) => Err(Failure::said(Exit::Failed)),
        _ => Err(Failure::said(Exit::Invalid)),
    }
}
