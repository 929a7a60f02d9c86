//! `yiwang task list|show|claim|release|complete|…`: a person's work items.

mod acts;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::failure::{self, Exit, Failure};
use crate::output::{self, Format};
use crate::remote::{Remote, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List the work items that the token's person may act on, by due time.
    List {
        /// Everybody's.
        #[arg(long)]
        all: bool,
        /// Of this case.
        #[arg(long)]
        case: Option<String>,
        /// offered, claimed, completed, cancelled; several parted by commas. Without it the open ones.
        #[arg(long)]
        state: Option<String>,
        /// Overdue ones only.
        #[arg(long)]
        overdue: bool,
        /// Only those that nobody was there for.
        #[arg(long)]
        unheld: bool,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one work item with its form.
    Show {
        /// Its id.
        id: String,
    },
    /// Take it.
    Claim {
        /// Its id.
        id: String,
    },
    /// Give it back to the candidates.
    Release {
        /// Its id.
        id: String,
    },
    /// Decide it.
    Complete {
        /// Its id.
        id: String,
        /// One of its outcomes.
        #[arg(long)]
        outcome: Option<String>,
        /// The form's data as JSON, or `@file`.
        #[arg(long, default_value = "{}")]
        form: String,
        /// Id of this decision: the same id again is the same decision. Without it a fresh one is made and printed.
        #[arg(long)]
        decision: Option<String>,
        /// Only if the work item still has this version.
        #[arg(long = "if-version", value_name = "VERSION")]
        if_version: Option<u32>,
    },
    #[command(flatten)]
    Act(acts::Verb),
}

pub(super) async fn run(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::List { all, case, state, overdue, unheld, limit } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(all.then(|| ("all", "true".to_owned())));
            query.extend(overdue.then(|| ("overdue", "true".to_owned())));
            query.extend(unheld.then(|| ("unheld", "true".to_owned())));
            query.extend(case.map(|case| ("case", case)));
            query.extend(state.map(|state| ("state", state)));
            let columns = [
                ("ID", "/id"),
                ("TITLE", "/title"),
                ("CASE", "/caseNo"),
                ("STATE", "/state"),
                ("ROLES", "/candidateRoles"),
                ("ASSIGNEE", "/assignee"),
                ("PRIORITY", "/priority"),
                ("DUE", "/due"),
                ("OVERDUE", "/overdue"),
            ];
            output::list(format, &remote.get("/work-items", &query).await?, &columns);
        }
        Verb::Show { id } => {
            let item = remote.get(&format!("/work-items/{}", encoded(&id)), &[]).await?;
            super::instance::print_object(format, &item, "/id");
        }
        Verb::Claim { id } => {
            let item = remote.post(&format!("/work-items/{}:claim", encoded(&id)), None, &[]).await?;
            super::instance::print_object(format, &item, "/id");
        }
        Verb::Release { id } => {
            let item = remote.post(&format!("/work-items/{}:release", encoded(&id)), None, &[]).await?;
            super::instance::print_object(format, &item, "/id");
        }
        Verb::Complete { id, outcome, form, decision, if_version } => {
            let mut body = Map::new();
            body.insert("form".to_owned(), json_argument("--form", &form)?);
            body.extend(outcome.map(|outcome| ("outcome".to_owned(), json!(outcome))));
            body.extend(decision.map(|decision| ("decision".to_owned(), json!(decision))));
            let tag = if_version.map(|version| format!("\"{version}\""));
            let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
            let path = format!("/work-items/{}:complete", encoded(&id));
            let item = remote.post(&path, Some(&Value::Object(body)), &headers).await?;
            if let Some(decision) = item.pointer("/completion/decision").and_then(Value::as_str) {
                output::note(&format!("decision {decision}"));
            }
            super::instance::print_object(format, &item, "/id");
        }
        Verb::Act(verb) => acts::run(verb, remote, format).await?,
    }
    Ok(())
}

/// JSON on the command line, or in a file after `@`.
pub(super) fn json_argument(name: &str, text: &str) -> Result<Value, Failure> {
    let text = match text.strip_prefix('@') {
        None => text.to_owned(),
        Some(path) => {
            let path = std::path::Path::new(path);
            std::fs::read_to_string(path).map_err(|error| failure::file("reading", path, error))?
        }
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(Exit::Invalid, "cli.json", format!("{name} is not JSON")).because(error)
    })
}
