//! `yiwang instance where|skip|move|patch|rerun`: where an instance stands, and how it is got on from there.

use clap::{ArgGroup, Subcommand};
use serde_json::{Value, json};

use super::print_object;
use crate::commands::task::json_argument;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::{Remote, encoded};

#[derive(Subcommand, Debug)]
pub(super) enum Verb {
    /// Show at which tasks it stands, and to which it could be moved.
    Where {
        /// Its id.
        id: String,
    },
    /// Pass over a task: it returns what you say.
    Skip {
        #[command(flatten)]
        why: Why,
        /// Name or pointer of the task; without it, where the instance stands.
        #[arg(long)]
        task: Option<String>,
        /// What the task would have returned, JSON or `@file`; without it, its input.
        #[arg(long)]
        result: Option<String>,
    },
    /// Leave a task for another one of the same list.
    Move {
        #[command(flatten)]
        why: Why,
        /// The task that is left; without it, where the instance stands.
        #[arg(long)]
        from: Option<String>,
        /// The task that begins.
        #[arg(long)]
        to: String,
        /// Its raw input, JSON or `@file`; without it, that of the task that is left.
        #[arg(long)]
        input: Option<String>,
    },
    /// Correct its context or the input of a task, which then begins once more.
    #[command(group(ArgGroup::new("change").required(true).multiple(true)
        .args(["context_merge", "context_patch", "input_merge", "input_patch"])))]
    Patch {
        #[command(flatten)]
        why: Why,
        /// Name or pointer of the task; without it, where the instance stands.
        #[arg(long)]
        task: Option<String>,
        /// A JSON Merge Patch of the context, or `@file`.
        #[arg(long, conflicts_with = "context_patch")]
        context_merge: Option<String>,
        /// A JSON Patch of the context, or `@file`.
        #[arg(long)]
        context_patch: Option<String>,
        /// A JSON Merge Patch of the task's input, or `@file`.
        #[arg(long, conflicts_with = "input_patch")]
        input_merge: Option<String>,
        /// A JSON Patch of the task's input, or `@file`.
        #[arg(long)]
        input_patch: Option<String>,
    },
    /// Go on by another version of its workflow.
    Migrate {
        /// Its id.
        id: String,
        #[command(flatten)]
        wish: Wish,
        /// Only show what it would do.
        #[arg(long)]
        preview: bool,
        /// Why: it stands in the history.
        #[arg(long, required_unless_present = "preview")]
        reason: Option<String>,
        /// Your id of this decision: the same id again is the same decision.
        #[arg(long)]
        decision: Option<String>,
    },
    /// Run a step once more with the input that it had; without a step, one that has ended, as a new instance.
    Rerun {
        #[command(flatten)]
        why: Why,
        /// Name or pointer of the step.
        #[arg(long)]
        task: Option<String>,
        /// The task that is left; without it, where the instance stands.
        #[arg(long, requires = "task")]
        from: Option<String>,
    },
}

/// How it is migrated.
#[derive(clap::Args, Debug)]
pub(super) struct Wish {
    /// The version that it goes to.
    #[arg(long)]
    to_version: String,
    /// What takes the place of a task that has gone or was renamed: names or pointers. May stand several times.
    #[arg(long = "map", value_name = "OLD=NEW", value_parser = pair)]
    mapping: Vec<(String, String)>,
    /// Offer work anew whose task says something else now. Without it, it stays as it was offered.
    #[arg(long)]
    renew: bool,
}

impl Wish {
    /// As the API takes it.
    pub(super) fn body(&self) -> Value {
        let mapping: serde_json::Map<_, _> =
            self.mapping.iter().map(|(old, new)| (old.clone(), json!(new))).collect();
        json!({ "version": self.to_version, "mapping": mapping, "renew": self.renew })
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty());
    pair.map(|(old, new)| (old.to_owned(), new.to_owned())).ok_or_else(|| "write OLD=NEW".to_owned())
}

#[derive(clap::Args, Debug)]
pub(super) struct Why {
    /// Its id.
    id: String,
    /// Why: it stands in the history.
    #[arg(long)]
    reason: String,
    /// Your id of this decision: the same id again is the same decision.
    #[arg(long)]
    decision: Option<String>,
}

pub(super) async fn run(verb: Verb, remote: &Remote, format: Format) -> Result<(), Failure> {
    let data = |name, text: Option<String>| text.map(|text| json_argument(name, &text)).transpose();
    let (why, word, members) = match verb {
        Verb::Where { id } => return stands(&id, remote, format).await,
        Verb::Skip { why, task, result } => {
            (why, "skip", vec![("task", text(task)), ("output", data("--result", result)?)])
        }
        Verb::Move { why, from, to, input } => {
            let members =
                vec![("from", text(from)), ("to", Some(json!(to))), ("input", data("--input", input)?)];
            (why, "move", members)
        }
        Verb::Patch { why, task, context_merge, context_patch, input_merge, input_patch } => {
            let context =
                change(data("--context-merge", context_merge)?, data("--context-patch", context_patch)?);
            let input = change(data("--input-merge", input_merge)?, data("--input-patch", input_patch)?);
            (why, "patch", vec![("task", text(task)), ("context", context), ("input", input)])
        }
        Verb::Migrate { id, wish, preview: true, .. } => {
            let path = format!("/instances/{}:preview-migration", encoded(&id));
            show_preview(format, &remote.post(&path, Some(&wish.body()), &[]).await?);
            return Ok(());
        }
        Verb::Migrate { id, wish, preview: false, reason, decision } => {
            let Value::Object(members) = wish.body() else { return Ok(()) };
            let why = Why { id, reason: reason.unwrap_or_default(), decision };
            return perform(remote, format, why, "migrate", members).await;
        }
        Verb::Rerun { why, task, from } => (why, "rerun", vec![("task", text(task)), ("from", text(from))]),
    };
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    perform(remote, format, why, word, members).await
}

async fn perform(
    remote: &Remote,
    format: Format,
    why: Why,
    word: &str,
    members: serde_json::Map<String, Value>,
) -> Result<(), Failure> {
    let mut body = members;
    body.insert("reason".to_owned(), json!(why.reason));
    if let Some(decision) = why.decision {
        body.insert("decision".to_owned(), json!(decision));
    }
    let path = format!("/instances/{}:{word}", encoded(&why.id));
    let done = remote.post(&path, Some(&Value::Object(body)), &[]).await?;
    print_object(format, done.get("now").unwrap_or(&done), "/id");
    Ok(())
}

/// What a migration would do: the verdict, what it means task by task, and the lines of history.
fn show_preview(format: Format, preview: &Value) {
    if format == Format::Json {
        output::json(preview);
        return;
    }
    output::line(&output::cell(preview, "/verdict"));
    let columns =
        [("VERDICT", "/verdict"), ("CODE", "/code"), ("TASK", "/task"), ("WHAT IT MEANS", "/message")];
    output::list(format, &json!({ "items": preview.get("remarks") }), &columns);
    let columns =
        [("EVENT", "/event"), ("TASK", "/task"), ("ITEM", "/item"), ("TITLE", "/title"), ("DUE", "/due")];
    output::list(format, &json!({ "items": preview.get("lines") }), &columns);
}

fn text(text: Option<String>) -> Option<Value> {
    text.map(Value::String)
}

fn change(merge: Option<Value>, patch: Option<Value>) -> Option<Value> {
    merge.map(|merge| json!({ "merge": merge })).or_else(|| patch.map(|patch| json!({ "patch": patch })))
}

async fn stands(id: &str, remote: &Remote, format: Format) -> Result<(), Failure> {
    let standing = remote.get(&format!("/instances/{}/standing", encoded(id)), &[]).await?;
    let columns = [
        ("TASK", "/task"),
        ("TITLE", "/title"),
        ("WAITS", "/waits"),
        ("SINCE", "/since"),
        ("MAY GO TO", "/targets"),
    ];
    output::list(format, &standing, &columns);
    Ok(())
}
