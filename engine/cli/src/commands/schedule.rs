//! `yiwang schedule list|next|runs|run|pause|resume`.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::{Remote, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List schedules with their next time.
    List,
    /// The next planned times of one.
    Next {
        /// `namespace/name` of the workflow.
        workflow: String,
        /// How many.
        #[arg(long, default_value_t = 5)]
        count: usize,
    },
    /// What became of its planned times, newest first.
    Runs {
        /// `namespace/name` of the workflow.
        workflow: String,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Start a run now.
    Run {
        /// `namespace/name` of the workflow.
        workflow: String,
        /// Names the run: the same key starts it once. Without it, each call is another run.
        #[arg(long)]
        key: Option<String>,
        /// For the list of runs.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Start nothing by itself until resumed.
    Pause {
        /// `namespace/name` of the workflow.
        workflow: String,
        /// For the list of runs.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Go on with the next planned time; nothing is made up for.
    Resume {
        /// `namespace/name` of the workflow.
        workflow: String,
        /// For the list of runs.
        #[arg(long)]
        reason: Option<String>,
    },
}

const RUN: [output::Column; 6] = [
    ("PLANNED", "/planned"),
    ("OUTCOME", "/outcome"),
    ("INSTANCE", "/instance"),
    ("STATUS", "/status"),
    ("BY", "/by"),
    ("REASON", "/reason"),
];

pub(super) async fn run(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::List => {
            let columns = [
                ("WORKFLOW", "/workflow"),
                ("KIND", "/kind"),
                ("SCHEDULE", "/schedule"),
                ("TIMEZONE", "/timezone"),
                ("DAYS OFF", "/daysOff"),
                ("NEXT", "/next/0"),
                ("LAST RUN", "/run"),
                ("PAUSED BY", "/paused/by"),
            ];
            output::list(format, &remote.get("/schedules", &[]).await?, &columns);
        }
        Verb::Next { workflow, count } => {
            let found = remote.get(&path(&workflow, ""), &[("next", count.to_string())]).await?;
            let times = found.get("next").and_then(Value::as_array).cloned().unwrap_or_default();
            if times.is_empty() && found.pointer("/paused/by").is_some() {
                output::note("it is paused: nothing starts by itself");
            }
            let items: Vec<Value> = times.into_iter().map(|at| json!({"at": at})).collect();
            output::list(format, &json!({"items": items}), &[("AT", "/at")]);
        }
        Verb::Runs { workflow, limit } => {
            let found = remote.get(&path(&workflow, "/runs"), &[("limit", limit.to_string())]).await?;
            output::list(format, &found, &RUN);
        }
        Verb::Run { workflow, key, reason } => {
            let key = key.unwrap_or_else(super::sweep::fresh_key);
            let headers = [("idempotency-key", key.as_str())];
            let answer =
                remote.post(&path(&workflow, ":run"), Some(&json!({"reason": reason})), &headers).await?;
            output::list(format, &answer, &RUN);
        }
        Verb::Pause { workflow, reason } => act(remote, format, &workflow, ":pause", reason).await?,
        Verb::Resume { workflow, reason } => act(remote, format, &workflow, ":resume", reason).await?,
    }
    Ok(())
}

async fn act(
    remote: &Remote,
    format: Format,
    workflow: &str,
    verb: &str,
    reason: Option<String>,
) -> Result<(), Failure> {
    let answer = remote.post(&path(workflow, verb), Some(&json!({"reason": reason})), &[]).await?;
    output::list(format, &answer, &RUN);
    Ok(())
}

fn path(workflow: &str, verb: &str) -> String {
    let (namespace, name) = workflow.split_once('/').unwrap_or((workflow, ""));
    format!("/schedules/{}/{}{verb}", encoded(namespace), encoded(name))
}
