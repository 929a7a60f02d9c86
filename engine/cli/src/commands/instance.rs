//! `yiwang instance …`.

mod bulk;
mod repair;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::{self, Format, cell};
use crate::remote::{Remote, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List instances, newest first.
    List {
        /// `namespace/name`.
        #[arg(long)]
        workflow: Option<String>,
        /// pending, running, waiting, suspended, cancelled, faulted or completed.
        #[arg(long)]
        status: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Begin an instance of a deployed workflow.
    Start {
        /// `namespace/name`.
        workflow: String,
        /// Its version; without it the newest.
        #[arg(long = "of-version", value_name = "VERSION")]
        of_version: Option<String>,
        /// Your name for this start: the same key starts once.
        #[arg(long)]
        key: Option<String>,
        /// JSON, or `@file`.
        #[arg(long, default_value = "{}")]
        input: String,
        /// Wait for its end.
        #[arg(long)]
        wait: bool,
    },
    /// Show one instance.
    Show {
        /// Its id.
        id: String,
    },
    /// Show what happened to an instance.
    History {
        /// Its id.
        id: String,
    },
    /// End it; its work items are withdrawn.
    Cancel(Intervention),
    /// Run the task that faulted again.
    Retry(Intervention),
    /// Do nothing until resumed.
    Suspend(Intervention),
    /// Go on.
    Resume(Intervention),
    #[command(flatten)]
    Repair(repair::Verb),
    /// One act on all instances that a selector finds.
    Bulk(bulk::Args),
}

#[derive(clap::Args, Debug)]
struct Intervention {
    /// Its id.
    id: String,
    /// Why, for the history.
    #[arg(long)]
    reason: Option<String>,
}

pub(super) async fn run(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::List { workflow, status, limit } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(workflow.map(|workflow| ("workflow", workflow)));
            query.extend(status.map(|status| ("status", status)));
            let columns = [
                ("ID", "/id"),
                ("NAMESPACE", "/workflow/namespace"),
                ("WORKFLOW", "/workflow/name"),
                ("VERSION", "/workflow/version"),
                ("STATUS", "/status"),
                ("CASE", "/caseNo"),
                ("WAKES", "/wakeAt"),
                ("UPDATED", "/updated"),
            ];
            output::list(format, &remote.get("/instances", &query).await?, &columns);
        }
        Verb::Start { workflow, of_version, key, input, wait } => {
            let mut body =
                json!({ "workflow": workflow, "input": super::task::json_argument("--input", &input)? });
            body["version"] = json!(of_version);
            body["key"] = json!(key);
            let path = if wait { "/instances?wait=true" } else { "/instances" };
            let started = remote.post(path, Some(&body), &[]).await?;
            print_object(format, &started, "/id");
            if wait && started["status"] == "faulted" {
                return Err(Failure::said(Exit::Failed));
            }
        }
        Verb::Show { id } => {
            let instance = remote.get(&format!("/instances/{}", encoded(&id)), &[]).await?;
            print_object(format, &instance, "/id");
        }
        Verb::History { id } => {
            print_history(format, remote, &format!("/instances/{}/history", encoded(&id))).await?;
        }
        Verb::Cancel(it) => operate(it, "cancel", remote, format).await?,
        Verb::Retry(it) => operate(it, "retry", remote, format).await?,
        Verb::Suspend(it) => operate(it, "suspend", remote, format).await?,
        Verb::Resume(it) => operate(it, "resume", remote, format).await?,
        Verb::Bulk(args) => bulk::run(args, remote, format).await?,
        Verb::Repair(verb) => repair::run(verb, remote, format).await?,
    }
    Ok(())
}

async fn operate(it: Intervention, verb: &str, remote: &Remote, format: Format) -> Result<(), Failure> {
    let body = json!({ "reason": it.reason });
    let instance = remote.post(&format!("/instances/{}:{verb}", encoded(&it.id)), Some(&body), &[]).await?;
    print_object(format, &instance, "/id");
    Ok(())
}

/// One object: its members line by line, or JSON.
pub(super) fn print_object(format: Format, object: &Value, id: &str) {
    match format {
        Format::Json => output::json(object),
        Format::Name => output::line(&cell(object, id)),
        Format::Table => {
            let members = object.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
            let rows = members.map(|(name, value)| {
                let pointer = format!("/{name}");
                let shown = if value.is_object() { value.to_string() } else { cell(object, &pointer) };
                vec![name.clone(), shown]
            });
            output::table(vec!["FIELD".to_owned(), "VALUE".to_owned()], rows.collect());
        }
    }
}

/// All lines of a history, page by page.
pub(super) async fn history(remote: &Remote, path: &str) -> Result<Vec<Value>, Failure> {
    let mut items = Vec::new();
    let mut after = 0;
    loop {
        let mut page = remote.get(path, &[("after", after.to_string())]).await?;
        let next = page.get("nextAfter").and_then(Value::as_u64);
        if let Some(Value::Array(lines)) = page.get_mut("items").map(Value::take) {
            items.extend(lines);
        }
        match next {
            Some(next) => after = next,
            None => return Ok(items),
        }
    }
}

/// Prints them.
pub(super) async fn print_history(format: Format, remote: &Remote, path: &str) -> Result<(), Failure> {
    let items = history(remote, path).await?;
    match format {
        Format::Json | Format::Name => output::json(&json!({ "items": items })),
        Format::Table => {
            let heads = ["SEQ", "AT", "EVENT", "TASK", "WHAT"].map(str::to_owned).to_vec();
            let rows = items.iter().map(|line| {
                let rest = line
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(name, _)| !["seq", "at", "event", "task"].contains(&name.as_str()));
                let what: Vec<String> = rest
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| format!("{name}={}", short(value)))
                    .collect();
                let mut row: Vec<String> =
                    ["/seq", "/at", "/event", "/task"].map(|at| cell(line, at)).to_vec();
                row.push(what.join(" "));
                row
            });
            output::table(heads, rows.collect());
        }
    }
    Ok(())
}

/// A value in one cell, cut at a character.
fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
