//! What people do with cases. Each verb is an act of the API.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::commands::{instance, task};
use crate::failure::{self, Failure};
use crate::output::{self, Format};
use crate::remote::{Remote, encoded};

/// What every act takes.
#[derive(clap::Args, Debug)]
pub(super) struct Common {
    /// The case's number.
    no: String,
    /// Why. Acts that change the flow need it.
    #[arg(long)]
    reason: Option<String>,
    /// Id of this decision: the same id again is the same decision. Without it a fresh one is made and printed.
    #[arg(long)]
    decision: Option<String>,
    /// Only if the case still has this version.
    #[arg(long = "if-version", value_name = "VERSION")]
    if_version: Option<u32>,
}

#[derive(Subcommand, Debug)]
pub(super) enum Verb {
    /// Write a note on a case.
    Note {
        #[command(flatten)]
        common: Common,
        /// The note.
        text: String,
    },
    /// Attach a file to a case.
    Attach {
        #[command(flatten)]
        common: Common,
        /// The file.
        file: PathBuf,
        /// Its name; without it the file's own.
        #[arg(long)]
        name: Option<String>,
        /// Its media type.
        #[arg(long, default_value = "application/octet-stream", value_name = "TYPE")]
        media_type: String,
    },
    /// Note that two cases have to do with each other.
    Link {
        #[command(flatten)]
        common: Common,
        /// The other case.
        other: String,
    },
    /// Merge a case into another one, which goes on for both.
    Merge {
        #[command(flatten)]
        common: Common,
        /// The other case.
        into: String,
    },
    /// Open one more case for a part of the matter.
    Split {
        #[command(flatten)]
        common: Common,
        /// Its workflow, `namespace/name`.
        workflow: String,
        /// The part as JSON, or `@file`: members over those of the case's content.
        #[arg(long)]
        content: String,
    },
    /// Open a closed case again.
    Reopen(Common),
    /// Give a case back to be dispatched again: the unit is not the right one.
    Return(Common),
    /// Have a case dispatched again.
    Redispatch {
        #[command(flatten)]
        common: Common,
        /// The unit that is proposed.
        #[arg(long)]
        unit: Option<String>,
    },
    /// Ask for a later due time.
    Extend {
        #[command(flatten)]
        common: Common,
        /// When it is to be due, RFC 3339.
        due: String,
    },
    /// Let the time of a case rest.
    Suspend(Common),
    /// Let the time of a case run again.
    Resume(Common),
    /// Urge those who handle a case.
    Urge(Common),
    /// Put a case under supervision.
    Supervise(Common),
    /// Write down that the unit has spoken with the petitioner.
    Contact {
        #[command(flatten)]
        common: Common,
        /// Nobody was reached.
        #[arg(long)]
        unreached: bool,
        /// What was said.
        #[arg(long)]
        text: Option<String>,
    },
    /// Write down a call back to the petitioner.
    Callback {
        #[command(flatten)]
        common: Common,
        /// Nobody was reached.
        #[arg(long)]
        unreached: bool,
        /// They say that it is solved.
        #[arg(long, conflicts_with = "unsolved")]
        solved: bool,
        /// They say that it is not solved.
        #[arg(long)]
        unsolved: bool,
        /// What they said.
        #[arg(long)]
        text: Option<String>,
    },
    /// Write down how satisfied the petitioner is, once.
    Satisfaction {
        #[command(flatten)]
        common: Common,
        /// 1 to 5; 5 is best.
        score: u8,
        /// In their words.
        #[arg(long)]
        text: Option<String>,
    },
    /// End a case because the petitioner takes it back.
    Withdraw(Common),
    /// Pass a case on to the city, the province, another system.
    Transfer {
        #[command(flatten)]
        common: Common,
        /// To whom.
        to: String,
    },
    /// Mark a case: overdue, warned, supervised, reopened, repeat.
    Flag {
        #[command(flatten)]
        common: Common,
        /// The mark.
        flag: String,
    },
}

pub(super) async fn run(verb: Verb, remote: &Remote, format: Format) -> Result<(), Failure> {
    let (word, common, members) = match verb {
        Verb::Attach { common, file, name, media_type } => {
            return attach(&common, &file, name, &media_type, remote, format).await;
        }
        Verb::Note { common, text } => ("note", common, json!({ "text": text })),
        Verb::Link { common, other } => ("link", common, json!({ "no": other })),
        Verb::Merge { common, into } => ("merge", common, json!({ "into": into })),
        Verb::Split { common, workflow, content } => {
            let content = task::json_argument("--content", &content)?;
            ("split", common, json!({ "workflow": workflow, "content": content }))
        }
        Verb::Reopen(common) => ("reopen", common, json!({})),
        Verb::Return(common) => ("return", common, json!({})),
        Verb::Redispatch { common, unit } => ("redispatch", common, json!({ "unit": unit })),
        Verb::Extend { common, due } => ("extend", common, json!({ "due": due })),
        Verb::Suspend(common) => ("suspend", common, json!({})),
        Verb::Resume(common) => ("resume", common, json!({})),
        Verb::Urge(common) => ("urge", common, json!({})),
        Verb::Supervise(common) => ("supervise", common, json!({})),
        Verb::Contact { common, unreached, text } => {
            ("contact", common, json!({ "reached": !unreached, "text": text }))
        }
        Verb::Callback { common, unreached, solved, unsolved, text } => {
            let solved = if solved { Some(true) } else { unsolved.then_some(false) };
            ("callback", common, json!({ "reached": !unreached, "solved": solved, "text": text }))
        }
        Verb::Satisfaction { common, score, text } => {
            ("satisfaction", common, json!({ "score": score, "text": text }))
        }
        Verb::Withdraw(common) => ("withdraw", common, json!({})),
        Verb::Transfer { common, to } => ("transfer", common, json!({ "to": to })),
        Verb::Flag { common, flag } => ("flag", common, json!({ "flag": flag })),
    };
    let Common { no, reason, decision, if_version } = common;
    let mut body: Map<String, Value> = members.as_object().cloned().unwrap_or_default();
    body.extend(reason.map(|reason| ("reason".to_owned(), json!(reason))));
    body.extend(decision.map(|decision| ("decision".to_owned(), json!(decision))));
    let tag = if_version.map(|version| format!("\"{version}\""));
    let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
    let path = format!("/cases/{}:{word}", encoded(&no));
    let acted = remote.post(&path, Some(&Value::Object(body)), &headers).await?;
    print(format, &acted);
    Ok(())
}

async fn attach(
    common: &Common,
    file: &std::path::Path,
    name: Option<String>,
    media_type: &str,
    remote: &Remote,
    format: Format,
) -> Result<(), Failure> {
    let bytes = std::fs::read(file).map_err(|error| failure::file("reading", file, error))?;
    let own = || file.file_name().map_or("file".into(), |name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(own);
    let path = format!("/cases/{}/attachments?name={}", encoded(&common.no), encoded(&name));
    let tag = common.if_version.map(|version| format!("\"{version}\""));
    let mut headers = vec![("content-type", media_type)];
    headers.extend(tag.iter().map(|tag| ("if-match", tag.as_str())));
    headers.extend(common.decision.iter().map(|decision| ("idempotency-key", decision.as_str())));
    let acted = remote.upload(&path, bytes, &headers).await?;
    print(format, &acted);
    Ok(())
}

fn print(format: Format, acted: &Value) {
    if let Some(decision) = acted.get("decision").and_then(Value::as_str) {
        output::note(&format!("decision {decision}"));
    }
    instance::print_object(format, acted, "/caseNo");
}
