//! `yiwang check FILE…`: all mistakes of workflows, with their places.

mod watch;

use std::path::PathBuf;

use serde_json::{Value, json};
use yiwang_dsl::diagnostic::Severity;

use crate::failure::{Exit, Failure};
use crate::language;
use crate::output::{self, Format};
use crate::project::{Package, catalog, packages_as_written, print_remarks};
use crate::services;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Workflows, or folders with workflows.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check names of channels against those of this project.
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Check again whenever a file changes, until it is stopped.
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(args: Args, wanted: Option<Format>) -> Result<(), Failure> {
    if args.watch { watch::run(&args.files, || once(&args, wanted)) } else { once(&args, wanted) }
}

fn once(args: &Args, wanted: Option<Format>) -> Result<(), Failure> {
    let catalog = catalog(args.project.as_deref())?;
    let mut results: Vec<Value> = Vec::new();
    let (mut checked, mut errors, mut warnings) = (0_usize, 0_usize, 0_usize);
    for path in &args.files {
        for package in packages_as_written(path)? {
            let resources = services::texts(args.project.as_deref(), &package)?;
            let (_, remarks) =
                yiwang_dsl::check_with(&package.source, &package.catalog(&catalog), &resources);
            let bad = remarks.iter().filter(|remark| remark.severity() == Severity::Error).count();
            checked += 1;
            errors += bad;
            warnings += remarks.len() - bad;
            if wanted == Some(Format::Json) {
                let located: Vec<_> =
                    remarks.iter().map(|remark| remark.locate(&package.source, language::chosen())).collect();
                results.push(json!({ "file": package.path.display().to_string(), "valid": bad == 0, "diagnostics": located }));
            } else {
                print_remarks(&package.path, &package.source, &remarks);
            }
            errors += check_forms(&package, wanted, &mut results);
        }
    }
    if wanted == Some(Format::Json) {
        output::json(&json!({ "valid": errors == 0, "files": results }));
    } else {
        output::note(&format!("{checked} checked: {errors} errors, {warnings} warnings"));
    }
    if checked == 0 {
        let message = "there is no workflow.yaml in the folders given";
        return Err(Failure::new(Exit::NotFound, "project.no-workflow", message));
    }
    if errors > 0 { Err(Failure::said(Exit::Invalid)) } else { Ok(()) }
}

/// Forms must be JSON Schemas. How many are not.
fn check_forms(package: &Package, wanted: Option<Format>, results: &mut Vec<Value>) -> usize {
    let broken = package.broken_forms.iter().map(|(name, error)| {
        let message = format!("not JSON: {error}");
        (name, message, String::new())
    });
    let wrong = package.forms.iter().filter_map(|(name, form)| {
        let error = jsonschema::validator_for(form).err()?;
        Some((name, format!("not a JSON Schema: {error}"), error.instance_path().to_string()))
    });
    let mut errors = 0;
    for (name, message, pointer) in broken.chain(wrong) {
        errors += 1;
        let file = package.path.with_file_name(format!("{name}.json")).display().to_string();
        if wanted == Some(Format::Json) {
            let remark = json!({ "code": "form.invalid", "severity": "error", "message": message, "pointer": pointer });
            results.push(json!({ "file": file, "valid": false, "diagnostics": [remark] }));
        } else {
            output::note(&format!("form.invalid\n  × {file}: {message}\n"));
        }
    }
    errors
}
