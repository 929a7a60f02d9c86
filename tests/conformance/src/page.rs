//! What came of all scenarios: the published page, the summary of a run, and a report for `JUnit`.
//!
//! Without the official features at hand the page keeps what it says of them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::kit::Checked;

/// One scenario that was played, or was not.
#[derive(Clone, Debug)]
pub struct Played {
    /// Name of the file, without its ending.
    pub file: String,
    /// The feature's title.
    pub feature: String,
    /// The scenario's title.
    pub scenario: String,
    /// Where it begins; of an outline, the example's line.
    pub line: usize,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the specification says, in both modes.
    Passed,
    /// Only with `errors.legacyTypeAliases`.
    PassedWithAlias,
    /// Why.
    Failed(String),
    /// Why it was not played.
    Skipped(String),
}

impl Played {
    /// Unique among all scenarios of a folder: titles are not.
    pub fn key(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Did it pass without help?
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }

    /// Did it fail?
    pub fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

/// The four numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    passed: usize,
    failed: usize,
    skipped: usize,
    with_alias: usize,
}

impl Numbers {
    fn of<'a>(played: impl IntoIterator<Item = &'a Played>) -> Self {
        let mut numbers = Self::default();
        for scenario in played {
            match scenario.verdict {
                Verdict::Passed => numbers.passed += 1,
                Verdict::PassedWithAlias => numbers.with_alias += 1,
                Verdict::Failed(_) => numbers.failed += 1,
                Verdict::Skipped(_) => numbers.skipped += 1,
            }
        }
        numbers
    }

    fn all(self) -> usize {
        self.passed + self.failed + self.skipped + self.with_alias
    }

    fn sentence(self) -> String {
        let Self { passed, failed, skipped, with_alias } = self;
        format!(
            "{} scenarios: {passed} passed, {failed} failed, {skipped} skipped, {with_alias} passed with alias",
            self.all()
        )
    }
}

/// Everything that was played.
#[derive(Clone, Debug)]
pub struct Page {
    /// The official features with their hashes, if they were there.
    pub official: Option<(Vec<Checked>, Vec<Played>)>,
    /// Ours.
    pub own: Vec<Played>,
}

impl Page {
    /// A few lines for the terminal.
    pub fn summary(&self) -> String {
        let official = match &self.official {
            Some((kit, played)) => {
                let hashes: Vec<String> =
                    kit.iter().map(|it| format!("  {:.12}  {}.feature", it.hash, it.name)).collect();
                format!("{}\nofficial: {}", hashes.join("\n"), Numbers::of(played).sentence())
            }
            None => "official: skipped".to_owned(),
        };
        format!("{official}\nown:      {}", Numbers::of(&self.own).sentence())
    }

    /// One remark for each scenario that failed.
    pub fn failures(&self) -> Vec<String> {
        let official = self.official.iter().flat_map(|(_, played)| played);
        let told = official.chain(&self.own).filter_map(|it| match &it.verdict {
            Verdict::Failed(why) => Some(format!("{}:{} {}\n    {why}", it.file, it.line, it.scenario)),
            Verdict::Passed | Verdict::PassedWithAlias | Verdict::Skipped(_) => None,
        });
        told.collect()
    }

    fn markdown(&self, before: &str) -> String {
        let official = match &self.official {
            Some((kit, played)) => official_section(kit, played),
            None => between(before, OFFICIAL, OWN).unwrap_or_default().to_owned(),
        };
        format!("{HEAD}\n{OFFICIAL}\n{}\n\n{OWN}\n\n{}", official.trim_end(), own_section(&self.own))
    }

    /// All scenarios as `JUnit` wants them.
    pub fn junit(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
        let official = self.official.as_ref().map(|(_, played)| played.as_slice()).unwrap_or_default();
        for (suite, played) in [("official", official), ("own", &self.own)] {
            let numbers = Numbers::of(played);
            let (tests, failures, skipped) = (numbers.all(), numbers.failed, numbers.skipped);
            text += &format!(
                "<testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\" skipped=\"{skipped}\">\n"
            );
            for it in played {
                let name = escape(&format!("{} ({})", it.scenario, it.line));
                let inner = match &it.verdict {
                    Verdict::Passed => String::new(),
                    Verdict::PassedWithAlias => "<system-out>with alias</system-out>".to_owned(),
                    Verdict::Failed(why) => format!("<failure>{}</failure>", escape(why)),
                    Verdict::Skipped(why) => format!("<skipped message=\"{}\"/>", escape(why)),
                };
                text += &format!("<testcase classname=\"{}\" name=\"{name}\">{inner}</testcase>\n", it.file);
            }
            text += "</testsuite>\n";
        }
        text + "</testsuites>\n"
    }
}

/// Does the page say what this run has shown? With `UPDATE_EXPECT` it is written anew.
///
/// # Errors
/// When it cannot be written.
pub fn check(page: &Page, path: &Path) -> Result<Option<String>, String> {
    let before = std::fs::read_to_string(path).unwrap_or_default();
    let now = page.markdown(&before);
    if before == now {
        return Ok(None);
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, now).map_err(|error| format!("writing {}: {error}", path.display()))?;
        return Ok(None);
    }
    Ok(Some(
        "docs/conformance.md says something else; `UPDATE_EXPECT=1 cargo test -p yiwang-conformance` writes it"
            .to_owned(),
    ))
}

const HEAD: &str = "\
<!-- Written by `UPDATE_EXPECT=1 cargo test -p yiwang-conformance`; a test says when it is stale. -->

# Conformance

What Yiwang does of the Open Workflow DSL 1.0, shown by features that are played on each change.
Each scenario is played twice: once in memory to its end, and once with the engine killed and opened again \
between every two commits.
Both must come to the same: the same output or error, the same tasks in the same order, the same events.
Time is virtual; services are local TLS servers under their real names.

Passed, failed, skipped and passed with alias are counted apart.
*With alias* means: only with the setting `errors.legacyTypeAliases`, by which the misprinted error types of \
the official kit count as the ones of the specification.
";

const OFFICIAL: &str = "## The official kit";
const OWN: &str = "## Our own features";

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(inner, _)| inner)
}

fn official_section(kit: &[Checked], played: &[Played]) -> String {
    let mut text =
        format!("\nUnedited, from the specification's repository. {}.\n\n", Numbers::of(played).sentence());
    text += &table(played, |file| {
        let hash =
            kit.iter().find(|it| it.name == file).map(|it| it.hash.chars().take(12).collect::<String>());
        Some(format!("`{}`", hash.unwrap_or_default()))
    });
    let told = played.iter().filter_map(|it| match &it.verdict {
        Verdict::Passed => None,
        Verdict::PassedWithAlias => Some(format!("- `{}`: {}: passed with alias\n", it.file, it.scenario)),
        Verdict::Failed(why) => Some(format!("- `{}`: {}: failed: {}\n", it.file, it.scenario, first(why))),
        Verdict::Skipped(why) => Some(format!("- `{}`: {}: skipped: {why}\n", it.file, it.scenario)),
    });
    let told: String = told.collect();
    if told.is_empty() { text } else { format!("{text}\n{told}") }
}

fn own_section(played: &[Played]) -> String {
    let mut text = format!(
        "For all that the official kit leaves out, in the same vocabulary and a few more words \
         ([how to add one](CONTRIBUTING.md)).\n{}.\n\n",
        Numbers::of(played).sentence()
    );
    text += &table(played, |_| None);
    let failed = played.iter().filter_map(|it| match &it.verdict {
        Verdict::Failed(why) => Some(format!("- `{}`: {}: failed: {}\n", it.file, it.scenario, first(why))),
        Verdict::Skipped(why) => Some(format!("- `{}`: {}: skipped: {why}\n", it.file, it.scenario)),
        Verdict::Passed | Verdict::PassedWithAlias => None,
    });
    let failed: String = failed.collect();
    if failed.is_empty() { text } else { format!("{text}\n{failed}") }
}

fn first(why: &str) -> &str {
    why.lines().next().unwrap_or_default()
}

fn table(played: &[Played], hash: impl Fn(&str) -> Option<String>) -> String {
    let mut files: BTreeMap<&str, Vec<&Played>> = BTreeMap::new();
    for scenario in played {
        files.entry(&scenario.file).or_default().push(scenario);
    }
    let hashed = files.keys().next().is_some_and(|file| hash(file).is_some());
    let (more, line) = if hashed { (" SHA-256 |", "---|") } else { ("", "") };
    let mut text = format!("| feature | scenarios | passed | failed | skipped | with alias |{more}\n");
    text += &format!("|---|--:|--:|--:|--:|--:|{line}\n");
    for (file, scenarios) in files {
        let numbers = Numbers::of(scenarios);
        let Numbers { passed, failed, skipped, with_alias } = numbers;
        let all = numbers.all();
        let hash = hash(file).map(|hash| format!(" {hash} |")).unwrap_or_default();
        text += &format!("| {file} | {all} | {passed} | {failed} | {skipped} | {with_alias} |{hash}\n");
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
