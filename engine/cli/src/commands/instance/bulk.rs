//! `yiwang instance bulk …`: one operator's act on all instances that a selector finds, as a sweep.

use clap::Subcommand;
use serde_json::{Value, json};
use yiwang_dsl::yaml;

use super::repair::Wish;
use crate::commands::sweep::{self, Run};
use crate::commands::task::json_argument;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format, cell};
use crate::remote::{Remote, encoded};

/// Instances of one sweep that are named one by one: as many as a selector's list may hold.
const NAMED_MAX: usize = 500;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Do nothing until resumed.
    Suspend(Bulk),
    /// Go on.
    Resume(Bulk),
    /// Run what failed again.
    Retry(Bulk),
    /// End them; a second person must approve it.
    Cancel(Bulk),
    /// Pass over a task; a second person must approve it.
    Skip {
        #[command(flatten)]
        bulk: Bulk,
        /// Name or pointer of the task; without it, where each stands.
        #[arg(long)]
        task: Option<String>,
        /// What the task would have returned, JSON or `@file`; without it, its input.
        #[arg(long)]
        result: Option<String>,
    },
    /// Leave a task for another one of its list; a second person must approve it.
    Move {
        #[command(flatten)]
        bulk: Bulk,
        /// The task that is left; without it, where each stands.
        #[arg(long)]
        from: Option<String>,
        /// The task that begins.
        #[arg(long)]
        to: String,
        /// Its raw input, JSON or `@file`; without it, that of the task that is left.
        #[arg(long)]
        input: Option<String>,
    },
    /// Go on by another version; a second person must approve it.
    Migrate {
        #[command(flatten)]
        bulk: Bulk,
        #[command(flatten)]
        wish: Wish,
    },
    /// Resume what a bulk suspend has suspended.
    Undo {
        /// The sweep that suspended them.
        sweep: String,
        #[command(flatten)]
        how: How,
    },
}

#[derive(clap::Args, Debug)]
struct Bulk {
    /// Which: a selector of instances in YAML or JSON, e.g. `{workflow: district/x, status: faulted}`, or `@file`.
    #[arg(long = "where", value_name = "SELECTOR")]
    filter: String,
    /// Only count them and show some.
    #[arg(long)]
    dry_run: bool,
    /// Instances per second.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    #[command(flatten)]
    how: How,
}

#[derive(clap::Args, Debug)]
struct How {
    /// Why: it stands in each history.
    #[arg(long)]
    reason: String,
    /// Names it: the same key does it once.
    #[arg(long)]
    key: Option<String>,
    /// Do not ask at the terminal.
    #[arg(long)]
    yes: bool,
    /// Return when it is accepted.
    #[arg(long)]
    no_wait: bool,
}

pub(super) async fn run(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    let data = |name, text: Option<String>| text.map(|text| json_argument(name, &text)).transpose();
    match args.verb {
        Verb::Suspend(bulk) => ask(remote, format, "suspend", json!(bulk.how.reason), bulk).await,
        Verb::Resume(bulk) => ask(remote, format, "resume", json!(bulk.how.reason), bulk).await,
        Verb::Retry(bulk) => ask(remote, format, "retry", json!(bulk.how.reason), bulk).await,
        Verb::Cancel(bulk) => ask(remote, format, "cancel", json!(bulk.how.reason), bulk).await,
        Verb::Skip { bulk, task, result } => {
            let mut act = json!({ "reason": bulk.how.reason });
            give(&mut act, "task", task.map(Value::String));
            give(&mut act, "output", data("--result", result)?);
            ask(remote, format, "skip", act, bulk).await
        }
        Verb::Move { bulk, from, to, input } => {
            let mut act = json!({ "reason": bulk.how.reason, "to": to });
            give(&mut act, "from", from.map(Value::String));
            give(&mut act, "input", data("--input", input)?);
            ask(remote, format, "move", act, bulk).await
        }
        Verb::Migrate { bulk, wish } => {
            let mut act = wish.body();
            act["reason"] = json!(bulk.how.reason);
            ask(remote, format, "migrate", act, bulk).await
        }
        Verb::Undo { sweep, how } => undo(remote, format, &sweep, how).await,
    }
}

fn give(act: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        act[name] = value;
    }
}

async fn ask(remote: &Remote, format: Format, word: &str, act: Value, bulk: Bulk) -> Result<(), Failure> {
    let definition = definition(word, selector(&bulk.filter)?, act, bulk.rate);
    if bulk.dry_run {
        return sweep::preview(remote, format, &json!({"definition": definition})).await;
    }
    perform(remote, format, definition, bulk.how).await
}

fn definition(word: &str, filter: Value, act: Value, rate: u32) -> Value {
    json!({
        "sweep": format!("instances-{word}"),
        "of": "instances",
        "where": filter,
        "actions": [{ word: act }],
        "rate": rate,
    })
}

async fn perform(remote: &Remote, format: Format, definition: Value, how: How) -> Result<(), Failure> {
    let How { reason, key, yes, no_wait } = how;
    let run = Run { key, preview: None, reason: Some(reason), yes, no_wait };
    sweep::run_meant(remote, format, json!({"definition": definition}), run).await
}

/// The selector, as JSON.
fn selector(text: &str) -> Result<Value, Failure> {
    let read;
    let text = match text.strip_prefix('@') {
        None => text,
        Some(path) => {
            let path = std::path::Path::new(path);
            read = std::fs::read_to_string(path)
                .map_err(|error| crate::failure::file("reading", path, error))?;
            &read
        }
    };
    yaml::from_str(text).map_err(|_| {
        Failure::new(Exit::Invalid, "cli.selector", "--where is neither YAML nor JSON")
            .help("for example: --where '{workflow: district/x, status: faulted}'")
    })
}

/// Resumes what a sweep has suspended, by the lines of its ledger.
async fn undo(remote: &Remote, format: Format, id: &str, how: How) -> Result<(), Failure> {
    let sweep = remote.get(&format!("/sweeps/{}", encoded(id)), &[]).await?;
    if sweep.pointer("/definition/actions/0/suspend").is_none() {
        return Err(Failure::new(
            Exit::Conflict,
            "sweep.not-undone",
            format!("the sweep {id} has not suspended instances: what it did stays done"),
        ));
    }
    let instances = acted(remote, id).await?;
    if instances.is_empty() {
        output::note("it has suspended nothing");
        return Ok(());
    }
    let parts = instances.len().div_ceil(NAMED_MAX);
    for (n, part) in instances.chunks(NAMED_MAX).enumerate() {
        let filter = json!({ "instance": part, "status": "suspended" });
        let definition = definition("resume", filter, json!(how.reason), 50);
        // The same part of the same sweep is resumed once, however often it is asked for.
        let key = how.key.clone().unwrap_or_else(|| format!("undo:{id}"));
        let (reason, yes, no_wait) = (how.reason.clone(), how.yes, how.no_wait);
        let how = How { reason, key: Some(format!("{key}:{n}")), yes, no_wait };
        if parts > 1 {
            output::note(&format!("part {} of {parts}", n + 1));
        }
        perform(remote, format, definition, how).await?;
    }
    Ok(())
}

async fn acted(remote: &Remote, id: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("result", "acted".to_owned()), ("limit", NAMED_MAX.to_string())];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page = remote.get(&format!("/sweeps/{}/lines", encoded(id)), &query).await?;
        let lines = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        found.extend(lines.iter().map(|line| cell(line, "/instance")));
        cursor = page.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            return Ok(found);
        }
    }
}
