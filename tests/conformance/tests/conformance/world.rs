//! What one scenario has arranged, and the two runs that play it.

use std::sync::Arc;

use cucumber::{World, gherkin};
use serde_json::Value;
use yiwang_conformance::run::{Mode, Run, Surroundings};
use yiwang_conformance::sandbox;
use yiwang_conformance::stub::Stub;
use yiwang_dsl::definition::ScriptLanguage;

/// One scenario.
#[derive(Debug, Default, World)]
pub(crate) struct Case {
    /// Clock, secrets, settings.
    pub(crate) surroundings: Surroundings,
    /// The workflow under test.
    pub(crate) definition: Option<String>,
    /// Workflows that it runs.
    pub(crate) others: Vec<String>,
    /// Its input; none: null.
    pub(crate) input: Option<Value>,
    /// What services answer, by URI.
    pub(crate) answers: Vec<(String, Vec<Value>)>,
    /// Does it call something outside?
    pub(crate) networked: bool,
    /// Both of them, once something happens.
    pub(crate) runs: Vec<Run>,
}

impl Case {
    /// Opens the engines and deploys what was arranged, unless that was done before.
    pub(crate) async fn open(&mut self) -> Result<(), String> {
        if !self.runs.is_empty() {
            return Ok(());
        }
        let definition = self.definition.clone().ok_or("no workflow was given")?;
        for mode in Mode::ALL {
            let stub = Arc::new(Stub::start().await?);
            for (uri, answers) in &self.answers {
                stub.answer(uri, answers.clone());
            }
            let mut run = Run::open(mode, &self.surroundings, stub).await?;
            for text in &self.others {
                run.deploy(text).await?;
                if let Some(refused) = &run.refused {
                    return Err(format!("a workflow that it needs was refused: {refused:?}"));
                }
            }
            run.deploy(&definition).await?;
            self.runs.push(run);
        }
        Ok(())
    }

    /// Both runs have come to the same.
    pub(crate) async fn compare(&self) -> Result<(), String> {
        let mut pictures = Vec::new();
        for run in &self.runs {
            pictures.push(run.picture().await?);
        }
        match pictures.as_slice() {
            [first, second] if first != second => Err(format!("the two runs differ:\n  {first}\n  {second}")),
            _ => Ok(()),
        }
    }
}

/// Does the scenario call a service outside?
pub(crate) fn is_networked(scenario: &gherkin::Scenario) -> bool {
    let texts = scenario.steps.iter().filter_map(|step| step.docstring.as_deref());
    let mut definitions = texts.filter(|text| text.contains("document:"));
    definitions.any(|text| ["call: http", "call: openapi"].iter().any(|call| text.contains(call)))
}

/// Why a scenario is not played: the engine lacks what it needs, and says so when asked.
pub(crate) fn not_yet(feature: &gherkin::Feature, scenario: &gherkin::Scenario) -> Option<String> {
    let tagged = |name: &str| feature.tags.iter().chain(&scenario.tags).any(|tag| tag == name);
    if tagged("pending") {
        return Some("waits for a part of the language".to_owned());
    }
    if tagged("python") { sandbox::obstacle(ScriptLanguage::Python) } else { None }
}
