//! Listens to cucumber and keeps one verdict for each scenario. Nothing is printed here.

use cucumber::event::{Cucumber, Feature, Hook, Rule, Scenario, Step};
use cucumber::gherkin;
use cucumber::{Event, Writer, cli, parser, writer};
use yiwang_conformance::page::{Played, Verdict};

use crate::world::Case;

/// Verdicts so far.
#[derive(Debug, Default)]
pub(crate) struct Collect {
    pub(crate) played: Vec<Played>,
}

impl writer::Normalized for Collect {}

impl Writer<Case> for Collect {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<Cucumber<Case>>>, _: &cli::Empty) {
        match event {
            Ok(event) => match event.value {
                Cucumber::Feature(feature, Feature::Scenario(scenario, event)) => {
                    self.scenario(&feature, &scenario, event.event);
                }
                Cucumber::Feature(feature, Feature::Rule(_, Rule::Scenario(scenario, event))) => {
                    self.scenario(&feature, &scenario, event.event);
                }
                _ => {}
            },
            Err(error) => self.played.push(Played {
                file: "unreadable".to_owned(),
                feature: String::new(),
                scenario: error.to_string(),
                line: 0,
                verdict: Verdict::Failed(error.to_string()),
            }),
        }
    }
}

impl Collect {
    fn scenario(&mut self, feature: &gherkin::Feature, scenario: &gherkin::Scenario, event: Scenario<Case>) {
        match event {
            Scenario::Started => self.played.push(played(feature, scenario, Verdict::Passed)),
            Scenario::Background(step, event) | Scenario::Step(step, event) => match event {
                Step::Started | Step::Passed(..) => {}
                Step::Skipped => self.fail(format!("no such step: {}", step.value)),
                Step::Failed(_, _, _, error) => {
                    let error = error.to_string();
                    let error = error.trim_start_matches("Step panicked. Captured output: ");
                    self.fail(format!("{}{}: {error}", step.keyword, step.value));
                }
            },
            Scenario::Hook(_, Hook::Failed(..)) => self.fail("a hook failed".to_owned()),
            Scenario::Hook(..) | Scenario::Log(_) | Scenario::Finished => {}
        }
    }

    fn fail(&mut self, why: String) {
        if let Some(last) = self.played.last_mut()
            && last.passed()
        {
            last.verdict = Verdict::Failed(why);
        }
    }
}

/// A scenario with a verdict.
pub(crate) fn played(feature: &gherkin::Feature, scenario: &gherkin::Scenario, verdict: Verdict) -> Played {
    let file = feature.path.as_deref().and_then(std::path::Path::file_stem);
    Played {
        file: file.unwrap_or_default().to_string_lossy().into_owned(),
        feature: feature.name.clone(),
        scenario: scenario.name.clone(),
        line: scenario.position.line,
        verdict,
    }
}
