//! `yiwang message list|show|retry|drop`: what is in the outbox, what came of it, and the dead letters.

use std::io::{self, IsTerminal};

use clap::Subcommand;
use serde_json::{Value, json};

use super::instance::print_object;
use super::sweep::fresh_key;
use crate::confirm::confirm;
use crate::failure::{Exit, Failure};
use crate::output::{self, Column, Format, cell};
use crate::remote::{Remote, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List them, newest first.
    List {
        /// requested, retrying, sent, delivered, failed, handled, withdrawn, dropped; several parted by commas.
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        of: Of,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one, with all that history says of it.
    Show {
        /// Its id.
        id: String,
    },
    /// Send again what failed for good, or now what waits for its next attempt: by id, or all of a channel.
    Retry(Act),
    /// Give up what failed for good, or waits for its next attempt: by id, or all of a channel.
    Drop(Act),
}

/// Which messages.
#[derive(clap::Args, Debug)]
struct Of {
    /// Of this channel.
    #[arg(long)]
    channel: Option<String>,
    /// Whose last attempt failed with this code.
    #[arg(long)]
    code: Option<String>,
    /// Of this instance.
    #[arg(long)]
    instance: Option<String>,
    /// About this case.
    #[arg(long)]
    case: Option<String>,
    /// Asked for at least so long ago, e.g. `PT2H`.
    #[arg(long, value_name = "DURATION", value_parser = yiwang_dsl::duration::parse)]
    older: Option<u64>,
}

#[derive(clap::Args, Debug)]
struct Act {
    /// Their ids; without any, all that failed for good and that the options name.
    #[arg(required_unless_present = "channel", conflicts_with_all = ["channel", "code", "instance", "case", "older", "dry_run", "waiting"])]
    ids: Vec<String>,
    #[command(flatten)]
    of: Of,
    /// Also those that wait for their next attempt.
    #[arg(long)]
    waiting: bool,
    /// Only say which.
    #[arg(long)]
    dry_run: bool,
    /// Why: it stands in the history of each instance.
    #[arg(long, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Your key of this decision: the same key again is the same decision.
    #[arg(long)]
    key: Option<String>,
    /// Do not ask at the terminal.
    #[arg(long)]
    yes: bool,
}

const COLUMNS: &[Column] = &[
    ("ID", "/id"),
    ("CHANNEL", "/channel"),
    ("CASE", "/caseNo"),
    ("RECIPIENT", "/recipient"),
    ("STATE", "/state"),
    ("REPORT", "/report/state"),
    ("ATTEMPTS", "/attempts"),
    ("CODE", "/code"),
    ("REQUESTED", "/requested"),
    ("NEXT", "/nextAttempt"),
    ("AT", "/at"),
];

pub(super) async fn run(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::List { state, of, limit } => {
            let Of { channel, code, instance, case, older } = of;
            let mut query = vec![("limit", limit.to_string())];
            let texts = [
                ("state", state),
                ("channel", channel),
                ("code", code),
                ("instance", instance),
                ("caseNo", case),
                ("before", older.map(before)),
            ];
            query.extend(texts.into_iter().filter_map(|(name, text)| Some((name, text?))));
            output::list(format, &remote.get("/messages", &query).await?, COLUMNS);
            Ok(())
        }
        Verb::Show { id } => show(&id, remote, format).await,
        Verb::Retry(act) => perform("retry", act, remote, format).await,
        Verb::Drop(act) => perform("drop", act, remote, format).await,
    }
}

async fn show(id: &str, remote: &Remote, format: Format) -> Result<(), Failure> {
    let mut message = remote.get(&format!("/messages/{}", encoded(id)), &[]).await?;
    if format != Format::Table {
        print_object(format, &message, "/id");
        return Ok(());
    }
    let history = message.as_object_mut().and_then(|members| members.remove("history"));
    print_object(format, &message, "/id");
    let columns = [
        ("AT", "/at"),
        ("EVENT", "/event"),
        ("ATTEMPT", "/attempt"),
        ("OUTCOME", "/outcome/is"),
        ("CODE", "/outcome/code"),
        ("MESSAGE", "/outcome/message"),
        ("ACT", "/repair/do"),
        ("BY", "/by"),
        ("REASON", "/reason"),
    ];
    output::list(format, &json!({ "items": history }), &columns);
    Ok(())
}

async fn perform(verb: &str, act: Act, remote: &Remote, format: Format) -> Result<(), Failure> {
    let key = act.key.clone().unwrap_or_else(fresh_key);
    if act.ids.is_empty() {
        return all(verb, act, &key, remote, format).await;
    }
    let mut items = Vec::new();
    for id in &act.ids {
        // Each is a decision of its own.
        let body = json!({ "reason": act.reason, "decision": format!("{key}/{id}") });
        let path = format!("/messages/{}:{verb}", encoded(id));
        let done = remote.post(&path, Some(&body), &[]).await?;
        items.push(done.get("now").unwrap_or(&done).clone());
    }
    output::list(format, &json!({ "items": items }), COLUMNS);
    Ok(())
}

/// All that are meant, page by page, after somebody has seen how many there are.
async fn all(verb: &str, act: Act, key: &str, remote: &Remote, format: Format) -> Result<(), Failure> {
    let Act { of: Of { channel, code, instance, case, older }, waiting, dry_run, reason, yes, .. } = act;
    let states = if waiting { vec!["failed", "retrying"] } else { vec!["failed"] };
    let mut body = json!({ "channel": channel, "states": states, "dryRun": true, "reason": reason.unwrap_or_default(), "decision": key });
    let texts = [
        ("code", code),
        ("instance", instance),
        ("caseNo", case),
        // One moment for all pages.
        ("before", older.map(before)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            body[name] = json!(text);
        }
    }
    let path = format!("/messages:{verb}");
    let meant = pages(remote, &path, &mut body, "").await?;
    if dry_run {
        output::list(format, &json!({ "dryRun": true, "items": meant.items }), COLUMNS);
        output::note(&format!("{} messages", meant.items.len()));
        return Ok(());
    }
    if !yes && !confirmed(verb, &meant.items)? {
        output::note("nothing was done");
        return Ok(());
    }
    body["dryRun"] = json!(false);
    let done = pages(remote, &path, &mut body, verb).await?;
    let told = json!({ "found": done.items.len(), "done": done.done, "refused": done.refused });
    match format {
        Format::Json => output::json(&told),
        Format::Name => done.items.iter().for_each(|item| output::line(&cell(item, "/id"))),
        Format::Table => {
            output::line(&format!("{} of {}", done.done, done.items.len()));
            if !done.refused.is_empty() {
                let columns = [("ID", "/id"), ("CODE", "/code"), ("WHY", "/detail")];
                output::list(format, &json!({ "items": done.refused }), &columns);
            }
        }
    }
    if done.refused.is_empty() { Ok(()) } else { Err(Failure::said(Exit::Partial)) }
}

/// What several pages say together.
#[derive(Default)]
struct Told {
    items: Vec<Value>,
    refused: Vec<Value>,
    done: u64,
}

/// Asks page by page. Messages keep their places in the list, whatever is done to them meanwhile.
async fn pages(remote: &Remote, path: &str, body: &mut Value, verb: &str) -> Result<Told, Failure> {
    let terminal = io::stderr().is_terminal() && !verb.is_empty();
    let mut told = Told::default();
    body["cursor"] = Value::Null;
    loop {
        let page = remote.post(path, Some(body), &[]).await?;
        let list = |name: &str| page.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        told.items.extend(list("items"));
        told.refused.extend(list("refused"));
        told.done += page.get("done").and_then(Value::as_u64).unwrap_or(0);
        if terminal {
            output::note(&format!("{verb}: {} of {} so far", told.done, told.items.len()));
        }
        match page.get("nextCursor").filter(|cursor| cursor.is_string()) {
            Some(cursor) => body["cursor"] = cursor.clone(),
            None => return Ok(told),
        }
    }
}

/// Asks the person at the terminal. Without a terminal nobody can be asked.
fn confirmed(verb: &str, meant: &[Value]) -> Result<bool, Failure> {
    let count = meant.len();
    if !io::stdin().is_terminal() {
        let message = format!("this would {verb} {count} messages");
        return Err(Failure::new(Exit::Invalid, "message.not-confirmed", message)
            .help("look at them with --dry-run, then run it with --yes"));
    }
    let sample: Vec<&Value> = meant.iter().take(10).collect();
    output::list(Format::Table, &json!({ "items": sample }), COLUMNS);
    confirm(&format!("{verb} {count}"))
}

/// So long before now, as the API takes it.
fn before(millis: u64) -> String {
    let now = jiff::Timestamp::now();
    let span = jiff::SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
    now.checked_sub(span).unwrap_or(jiff::Timestamp::MIN).to_string()
}
