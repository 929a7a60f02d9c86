//! `yiwang check FILE…`: all mistakes of workflows, with their places.

mod watch;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use yiwang_dsl::Diagnostic;
use yiwang_dsl::diagnostic::Severity;

use crate::failure::{Exit, Failure};
use crate::language;
use crate::output::{self, Format};
use crate::project::{Package, catalog, packages_as_written, print_remarks};
use crate::references;
use crate::services;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Workflows, sweeps, or folders with them.
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
        let sweeps = references::sweeps(path)?;
        for sweep in &sweeps {
            let remarks = yiwang_core::sweep::read_yaml(&sweep.name, &sweep.body).err().unwrap_or_default();
            checked += 1;
            errors += remarks.len();
            tell(&sweep.path, &sweep.body, &remarks, wanted, &mut results);
        }
        if !sweeps.is_empty() && !path.is_dir() {
            continue;
        }
        for package in packages_as_written(path)? {
            let resources = services::texts(args.project.as_deref(), &package)?;
            let (_, remarks) =
                yiwang_dsl::check_with(&package.source, &package.catalog(&catalog), &resources);
            let bad = remarks.iter().filter(|remark| remark.severity() == Severity::Error).count();
            checked += 1;
            errors += bad;
            warnings += remarks.len() - bad;
            tell(&package.path, &package.source, &remarks, wanted, &mut results);
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

/// Prints the remarks on a file, or keeps them for the result.
fn tell(path: &Path, source: &str, remarks: &[Diagnostic], wanted: Option<Format>, results: &mut Vec<Value>) {
    if wanted != Some(Format::Json) {
        print_remarks(path, source, remarks);
        return;
    }
    let valid = remarks.iter().all(|remark| remark.severity() != Severity::Error);
    let located: Vec<_> = remarks.iter().map(|remark| remark.locate(source, language::chosen())).collect();
    results.push(json!({ "file": path.display().to_string(), "valid": valid, "diagnostics": located }));
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
