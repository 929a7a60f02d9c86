//! The demo's project: the district of `examples/district`, with short deadlines and secrets of its own.
//!
//! The override is this and nothing else: each duration of the process's SLA table becomes seconds, so that
//! a minute shows what takes weeks; the process itself is the one that ships.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xtask::plugins;
use yiwang_e2e::receiver::Receiver;
use yiwang_e2e::senders::Secrets;

use super::fresh_folder;
use crate::shell::root;

/// What the demo writes instead of the durations of the table, by the name of the line.
const SHORT: [(&str, &str); 12] = [
    ("triage", "{ general: PT20S, urgent: PT15S, emergency: PT10S }"),
    ("dispatch", "{ general: PT20S, urgent: PT15S, emergency: PT10S }"),
    ("sign", "{ general: PT20S, urgent: PT15S, emergency: PT10S }"),
    ("handle", "{ consult: PT5S, general: PT6S, urgent: PT4S, emergency: PT3S }"),
    ("rework", "{ general: PT6S, urgent: PT4S, emergency: PT3S }"),
    ("reply", "PT20S"),
    ("audit", "PT20S"),
    ("feedback", "PT3S"),
    ("callback", "PT20S"),
    ("review", "PT20S"),
    ("redCard", "PT30S"),
    ("version", "'1.0.0-demo'"),
];

/// Channels that talk to the outside, and the address that the demo takes the place of.
const OUTSIDE: [(&str, &str); 1] = [("notify.yaml", "https://gateway.district.example")];

/// Makes a fresh folder with everything that the server needs.
///
/// # Errors
/// When a file cannot be written, or the process has another table than the demo knows.
pub(crate) fn lay_out(receiver: &Receiver) -> Result<PathBuf> {
    let folder = fresh_folder()?;
    copy(&root().join("examples/district/channels"), &folder.join("channels"))?;
    copy(&root().join("workflows/citizen-complaint"), &folder.join("workflows/citizen-complaint"))?;
    shorten(&folder.join("workflows/citizen-complaint/workflow.yaml"))?;
    let settings = format!("casePrefix: QC\nplugins: {}\n", plugins::output().display());
    write(&folder.join("yiwang.yaml"), &settings)?;
    // Messages go to the receiver of the demo instead of the city's gateway.
    for (channel, elsewhere) in OUTSIDE {
        let file = folder.join("channels").join(channel);
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        ensure!(text.contains(elsewhere), "{} does not name {elsewhere} any more", file.display());
        write(&file, &text.replace(elsewhere, &format!("http://{}", receiver.address())))?;
    }
    Ok(folder)
}

/// The secrets, as the project asks for them.
pub(crate) fn variables(secrets: &Secrets) -> Vec<(String, String)> {
    [
        ("DISTRICT_WEBHOOK_SECRET", &secrets.webhook),
        ("DISTRICT_NOTIFY_SECRET", &secrets.notify),
        ("DISTRICT_WECHAT_TOKEN", &secrets.wechat_token),
        ("DISTRICT_WECHAT_AES_KEY", &secrets.wechat_aes_key),
        ("DISTRICT_WECHAT_APP_SECRET", &secrets.wechat_app_secret),
    ]
    .map(|(name, value)| (name.to_owned(), value.clone()))
    .to_vec()
}

/// Writes short durations into the table of the task `configure`.
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
    ensure!(found == SHORT.len(), "the SLA table of {} has changed: {found} lines known", file.display());
    write(file, &(lines.join("\n") + "\n"))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

/// Copies a folder with what is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
        }
    }
    Ok(())
}
