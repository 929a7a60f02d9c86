//! The results of scenarios as JUnit XML: what build servers show.

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::place;
use crate::failure::{self, Exit, Failure};
use crate::scenario::Outcome;

/// Writes one suite for each folder of scenarios.
pub(super) fn write(path: &Path, outcomes: &[Outcome]) -> Result<(), Failure> {
    let mut report = Report::new("yiwang test");
    let mut suites: Vec<(String, TestSuite)> = Vec::new();
    for outcome in outcomes {
        let folder = outcome.path.parent().and_then(Path::parent).unwrap_or(Path::new(""));
        let folder = folder.display().to_string();
        let at = suites.iter().position(|(name, _)| *name == folder).unwrap_or_else(|| {
            suites.push((folder.clone(), TestSuite::new(folder.clone())));
            suites.len() - 1
        });
        suites[at].1.add_test_case(case(outcome));
    }
    report.add_test_suites(suites.into_iter().map(|(_, suite)| suite));
    let text = report.to_string().map_err(|error| {
        Failure::new(Exit::Failed, "cli.junit", "writing the JUnit report").because(error)
    })?;
    std::fs::write(path, text).map_err(|error| failure::file("writing", path, error))
}

fn case(outcome: &Outcome) -> TestCase {
    let status = if outcome.failures.is_empty() {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let told: Vec<String> = outcome
            .failures
            .iter()
            .map(|(span, sentence)| {
                let (line, column) = place(&outcome.source, span.start);
                format!("{}:{line}:{column}: {sentence}", outcome.path.display())
            })
            .collect();
        status.set_message(told.first().map_or("", String::as_str)).set_description(told.join("\n"));
        status
    };
    let file = outcome.path.file_stem().unwrap_or_default().to_string_lossy();
    let name = if outcome.name.is_empty() { file.to_string() } else { outcome.name.clone() };
    let mut case = TestCase::new(name, status);
    // The clock of a scenario is virtual: how long it took says nothing.
    case.set_classname(file).set_time(Duration::ZERO);
    case
}
