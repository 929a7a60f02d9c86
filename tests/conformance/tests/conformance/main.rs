//! Plays all features: `cargo test -p yiwang-conformance`, with a word after `--` only those whose file,
//! feature or scenario has it in its name.
//!
//! It speaks as much of libtest's language as nextest needs. Every scenario is played twice; what cannot be
//! played is counted and said. The words of the steps are in the modules beside this one.

#![expect(clippy::print_stdout, reason = "this is a test's report")]

mod act;
mod arrange;
mod collect;
mod outcome;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use cucumber::World as _;
use yiwang_conformance::page::{Page, Played, Verdict};
use yiwang_conformance::{kit, page, sandbox};
use yiwang_dsl::definition::ScriptLanguage;

use collect::Collect;
use world::Case;

/// The only test that nextest sees.
const NAME: &str = "conformance";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has("--list") {
        if !has("--ignored") {
            println!("{NAME}: test");
        }
        return ExitCode::SUCCESS;
    }
    if has("--ignored") {
        return ExitCode::SUCCESS;
    }
    let word = arguments.iter().find(|argument| !argument.starts_with('-') && *argument != NAME);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let told = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(play_all(word.map(String::as_str))));
    match told {
        Ok(remarks) if remarks.is_empty() => ExitCode::SUCCESS,
        Ok(remarks) => {
            println!("\n{}", remarks.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("\n{error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays everything, prints what came of it, and looks whether the page says the same.
async fn play_all(word: Option<&str>) -> Result<Vec<String>, String> {
    let mut remarks = Vec::new();
    let official = match kit::official() {
        Some(folder) => {
            let kit =
                kit::check(&folder).map_err(|error| format!("reading {}: {error}", folder.display()))?;
            let edited = kit.iter().filter(|it| !it.known);
            remarks.extend(
                edited.map(|it| format!("the official feature `{}` is not the text we know", it.name)),
            );
            let mut played = play(&folder, word, false).await;
            let failed: Vec<String> = played.iter().filter(|it| it.failed()).map(Played::key).collect();
            if !failed.is_empty() {
                // Only what failed is tried again with the misprinted error types taken for the real ones.
                let again = play(&folder, word, true).await;
                for scenario in played.iter_mut().filter(|it| failed.contains(&it.key())) {
                    let passed = again.iter().any(|it| it.key() == scenario.key() && it.passed());
                    if passed {
                        scenario.verdict = Verdict::PassedWithAlias;
                    }
                }
            }
            Some((kit, played))
        }
        None => {
            println!(
                "skipped: no official features beside the repository; {} may name their folder",
                kit::VARIABLE
            );
            None
        }
    };
    let own = play(&kit::own(), word, false).await;
    let page = Page { official, own };
    println!("{}", page.summary());
    println!("engines killed between two commits: {}", yiwang_conformance::run::killed());
    remarks.extend(page.failures());
    if let Some(path) = std::env::var_os("YIWANG_JUNIT") {
        std::fs::write(path, page.junit()).map_err(|error| format!("writing the JUnit report: {error}"))?;
    }
    if let Some(obstacle) = sandbox::obstacle(ScriptLanguage::Python) {
        println!("skipped: scripts in Python, and a look whether the page is right: {obstacle}");
    } else if word.is_none() {
        remarks.extend(page::check(&page, &kit::root().join("docs/conformance.md"))?);
    }
    Ok(remarks)
}

/// Plays the features of one folder.
async fn play(folder: &Path, word: Option<&str>, legacy_aliases: bool) -> Vec<Played> {
    let word = word.map(str::to_lowercase);
    let skipped: Arc<Mutex<Vec<Played>>> = Arc::default();
    let kept = Arc::clone(&skipped);
    let wanted = move |feature: &cucumber::gherkin::Feature,
                       _: Option<&cucumber::gherkin::Rule>,
                       scenario: &cucumber::gherkin::Scenario| {
        let mut played = collect::played(feature, scenario, Verdict::Passed);
        let named = |name: &str| word.as_ref().is_none_or(|word| name.to_lowercase().contains(word));
        if !named(&played.file) && !named(&played.feature) && !named(&played.scenario) {
            return false;
        }
        let Some(reason) = world::not_yet(feature, scenario) else { return true };
        played.verdict = Verdict::Skipped(reason);
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(played);
        false
    };
    let cucumber = Case::cucumber::<std::path::PathBuf>()
        .max_concurrent_scenarios(1)
        .with_writer(Collect::default())
        .before(move |_, _, scenario, case| {
            case.surroundings.legacy_aliases = legacy_aliases;
            case.networked = world::is_networked(scenario);
            Box::pin(std::future::ready(()))
        })
        .with_default_cli();
    let collected = cucumber.filter_run(folder.to_owned(), wanted).await;
    let mut played = collected.played;
    played.append(&mut skipped.lock().unwrap_or_else(PoisonError::into_inner));
    played.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
    played
}
