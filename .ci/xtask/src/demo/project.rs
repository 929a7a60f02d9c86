//! The demo's project: the district of `examples/district`, with short deadlines and secrets of its own.
//!
//! The override is this and nothing else: each duration of the process and of the table of promises becomes seconds,
//! so that a minute shows what takes weeks, and the one process takes every channel; the review does not wait for its
//! experts, and the clean-up does not wait for its hours. Otherwise they are the ones that ship.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xtask::plugins;
use yiwang_e2e::project;
use yiwang_e2e::receiver::Receiver;

use super::fresh_folder;
use crate::shell::root;

/// What the demo writes instead of the durations of the process, by the name of the line.
const SHORT: [(&str, &str); 13] = [
    ("triage", "{ general: { after: PT20S }, urgent: { after: PT15S }, emergency: { after: PT10S } }"),
    ("dispatch", "{ general: { after: PT20S }, urgent: { after: PT15S }, emergency: { after: PT10S } }"),
    ("rework", "{ general: { after: PT6S }, urgent: { after: PT4S }, emergency: { after: PT3S } }"),
    ("reply", "{ after: PT20S }"),
    ("audit", "{ after: PT20S }"),
    ("feedback", "PT3S"),
    ("review", "{ after: PT20S }"),
    ("redCard", "PT30S"),
    ("reopen", "PT2S"),
    ("extension", "{ after: PT6S }"),
    ("approveExtension", "{ after: PT20S }"),
    ("version", "'1.0.0-demo'"),
    // One process takes all channels here, those too that have a process of their own.
    ("data", "${ true }"),
];

/// What the demo promises instead of the district: reference data, as a district would write them.
const PROMISES: &str = "schema: yiwang.sla/v1
id: default
rows:
  - { clock: sign, goal: { after: PT20S }, thresholds: [ { at: 80%, flag: warned } ] }
  - { clock: sign, urgency: urgent, goal: { after: PT15S } }
  - { clock: sign, urgency: emergency, goal: { after: PT10S } }
  - clock: handling
    goal: { after: PT6S }
    thresholds: &ladder
      - { at: 80%, flag: warned }
      - { at: 100%, card: yellow, flag: supervised }
      - { after: { after: PT30S }, card: red }
  - { clock: handling, kind: consult, goal: { after: PT5S }, thresholds: *ladder }
  - { clock: handling, urgency: urgent, goal: { after: PT4S }, thresholds: *ladder }
  - { clock: handling, urgency: emergency, goal: { after: PT3S }, thresholds: *ladder }
  - { clock: first_contact, goal: { after: PT20S } }
  - { clock: callback, goal: { after: PT20S } }
";

/// Makes a fresh folder with everything that the server needs.
///
/// # Errors
/// When a file cannot be written, or the process has other durations than the demo knows.
pub(crate) fn lay_out(receiver: &Receiver) -> Result<PathBuf> {
    let folder = fresh_folder()?;
    project::district(&folder, &plugins::output(), receiver.address()).context("laying out the project")?;
    let process = folder.join("workflows/citizen-complaint");
    project::copy(&root().join("workflows/citizen-complaint"), &process).context("copying the process")?;
    let shared = folder.join("workflows/shared");
    project::copy(&root().join("workflows/shared"), &shared).context("copying the phases that it calls")?;
    shorten(&process.join("workflow.yaml"))?;
    let promises = folder.join("workflows/sla");
    fs::create_dir_all(&promises).context("making the folder of promises")?;
    fs::write(promises.join("default.yaml"), PROMISES).context("writing the table of promises")?;
    for other in ["base-station-report", "project-review", "overdue-cleanup"] {
        project::copy(&root().join("workflows").join(other), &folder.join("workflows").join(other))
            .with_context(|| format!("copying {other}"))?;
    }
    do_not_wait(&folder.join("workflows/project-review/workflow.yaml"))?;
    hurry(&folder.join("workflows/overdue-cleanup"))?;
    // The way to the city is the same gateway.
    let channels = folder.join("channels");
    let city = fs::read_to_string(channels.join("notify.yaml")).context("reading the channel `notify`")?;
    fs::write(channels.join("city.yaml"), city.replace("id: notify", "id: city"))
        .context("making the channel `city`")?;
    Ok(folder)
}

/// The units, people and experts of the example.
///
/// # Errors
/// When the file is not there.
pub(crate) fn organisation() -> Result<String> {
    let file = root().join("workflows/project-review/organisation.yaml");
    fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
}

/// Experts get three working days' notice: here they get a second.
fn do_not_wait(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let line = text.lines().find(|line| line.trim_start().starts_with("wait: "));
    let line = line.with_context(|| format!("{} does not wait any more", file.display()))?;
    let indent = &line[..line.len() - line.trim_start().len()];
    let text = text.replace(line, &format!("{indent}wait: PT1S"));
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

/// What the clean-up waits for, and what it does here instead: an item is late after three seconds, and a zombie
/// and due for a red card as soon as it is late. The rounds are made by hand: no schedule is due before the next
/// leap year.
const HURRY: [(&str, &str, &str); 7] = [
    ("item", "workingDays: ${ $context.days }", "after: PT3S"),
    ("clock", "due: { before: { ago: { workingDays: 3 } } }", "due: { before: now }"),
    ("clock", "cron: 0 * * * *", "cron: 0 0 29 2 *"),
    ("zombies", "due: { before: { ago: { workingDays: 15 } } }", "due: { before: now }"),
    ("zombies", "cron: 0 2 * * *", "cron: 0 0 29 2 *"),
    ("bulletin", "due: { before: { ago: { workingDays: 15 } } }", "due: { before: now }"),
    ("bulletin", "cron: 30 8 * * 1", "cron: 0 0 29 2 *"),
];

fn hurry(folder: &Path) -> Result<()> {
    for (workflow, slow, fast) in HURRY {
        let file = folder.join(workflow).join("workflow.yaml");
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        ensure!(text.contains(slow), "{} does not say `{slow}` any more", file.display());
        fs::write(&file, text.replace(slow, fast)).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// Writes short durations into the task `configure`.
fn shorten(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let mut found = 0;
    let mut table = true;
    let mut lines = Vec::new();
    for line in text.lines() {
        let name = line.trim_start().split(':').next().unwrap_or_default();
        let short = SHORT.iter().find(|(known, _)| *known == name && table);
        match short {
            Some((name, value)) => {
                let indent = &line[..line.len() - line.trim_start().len()];
                lines.push(format!("{indent}{name}: {value}"));
                found += 1;
            }
            None => lines.push(line.to_owned()),
        }
        // The table ends where the first task begins that does something.
        table &= !line.contains("- register:");
    }
    ensure!(found == SHORT.len(), "the durations of {} have changed: {found} lines known", file.display());
    fs::write(file, lines.join("\n") + "\n").with_context(|| format!("writing {}", file.display()))
}
