//! `yiwang test [DIR…]`: plays the scenarios of workflows.

mod junit;

use std::path::PathBuf;
use std::sync::Arc;

use miette::{LabeledSpan, MietteDiagnostic, NamedSource};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::{self, Format};
use crate::project::{files, packages};
use crate::scenario::{Coverage, Outcome, play};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Folders with workflows, or single workflow folders.
    #[arg(default_value = "workflows", value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Only scenarios with this text in their file name.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write the results as JUnit XML too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(super) async fn run(args: Args, wanted: Option<Format>) -> Result<(), Failure> {
    let quiet = wanted == Some(Format::Json);
    let mut coverage = Coverage::default();
    let mut outcomes = Vec::new();
    let mut workflows = 0;
    for folder in &args.folders {
        for package in packages(folder)? {
            workflows += 1;
            for path in files(&package.path.with_file_name("scenarios"), "yaml")? {
                let outcome = play(&path, &package, &mut coverage).await?;
                let text =
                    format!("{} {}", path.file_name().unwrap_or_default().to_string_lossy(), outcome.name);
                if args.only.as_ref().is_some_and(|only| !text.contains(only.as_str())) {
                    continue;
                }
                if !quiet {
                    print(&outcome);
                }
                outcomes.push(outcome);
            }
        }
    }
    if outcomes.is_empty() {
        let message = format!("{workflows} workflows, and no scenario fits");
        return Err(Failure::new(Exit::NotFound, "scenario.none", message)
            .help("scenarios are the files scenarios/*.yaml beside a workflow.yaml"));
    }
    if let Some(path) = &args.junit {
        junit::write(path, &outcomes)?;
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    if quiet {
        let passed = outcomes.len() - failed;
        let scenarios: Vec<Value> = outcomes.iter().map(to_json).collect();
        output::json(
            &json!({ "passed": passed, "failed": failed, "scenarios": scenarios, "coverage": coverage.to_json() }),
        );
    } else {
        summary(&outcomes, failed, &coverage);
    }
    if failed > 0 { Err(Failure::said(Exit::Failed)) } else { Ok(()) }
}

fn print(outcome: &Outcome) {
    let path = outcome.path.display().to_string();
    if outcome.failures.is_empty() {
        output::line(&format!("ok      {path}  {}", outcome.name));
        return;
    }
    output::line(&format!("FAILED  {path}  {}", outcome.name));
    let named = Arc::new(NamedSource::new(path, outcome.source.clone()));
    for (span, sentence) in &outcome.failures {
        let label = LabeledSpan::new_with_span(None, span.clone());
        let diagnostic = MietteDiagnostic::new(sentence.clone()).with_code("scenario").with_label(label);
        let report = miette::Report::new(diagnostic).with_source_code(Arc::clone(&named));
        output::note(&format!("{report:?}"));
    }
}

fn summary(outcomes: &[Outcome], failed: usize, coverage: &Coverage) {
    output::line("");
    let heads = ["WORKFLOW", "TASKS RAN", "BRANCHES RAN", "NEVER RAN"].map(str::to_owned).to_vec();
    let part = |ran: usize, all: usize| {
        let percent = (100 * ran).checked_div(all).unwrap_or(100);
        format!("{ran} of {all} ({percent} %)")
    };
    let rows = coverage.rows().into_iter().map(|row| {
        let (tasks, branches) = (part(row.tasks_ran, row.tasks), part(row.branches_ran, row.branches));
        vec![row.workflow, tasks, branches, row.missed.join(", ")]
    });
    output::table(heads, rows.collect());
    output::line("");
    let steps: usize = outcomes.iter().map(|outcome| outcome.steps).sum();
    let passed = outcomes.len() - failed;
    output::line(&format!("{} scenarios, {steps} steps: {passed} passed, {failed} failed", outcomes.len()));
}

fn to_json(outcome: &Outcome) -> Value {
    let failures = outcome.failures.iter().map(|(span, sentence)| {
        let (line, column) = place(&outcome.source, span.start);
        json!({ "line": line, "column": column, "message": sentence })
    });
    json!({
        "file": outcome.path.display().to_string(),
        "name": outcome.name,
        "passed": outcome.failures.is_empty(),
        "steps": outcome.steps,
        "failures": failures.collect::<Vec<_>>(),
    })
}

/// Line and column of a byte, from 1.
fn place(source: &str, byte: usize) -> (usize, usize) {
    let at = yiwang_dsl::diagnostic::Place::of(source, byte);
    (at.line, at.column)
}
