//! `yiwang sweep check|preview|run|approve|list|show|cancel|lines|report`.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use yiwang_core::sweep::Definition;
use yiwang_dsl::yaml;

use crate::confirm::confirm;
use crate::failure::{self, Exit, Failure};
use crate::language;
use crate::output::{self, Format};
use crate::remote::{Remote, Server, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Check definitions, here: all mistakes with their places.
    Check {
        /// YAML files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Count what a sweep would find, and show some. Nothing is written.
    Preview {
        /// A file, or the name of a sweep that the server knows.
        sweep: PathBuf,
    },
    /// Ask for a sweep, and watch it.
    Run {
        /// A file, or the name of a sweep that the server knows.
        sweep: PathBuf,
        /// Names the sweep: the same key runs it once. Without it, each call is another sweep.
        #[arg(long)]
        key: Option<String>,
        /// Token of a preview that was looked at before; without it, it is previewed now.
        #[arg(long)]
        preview: Option<String>,
        /// Why: the approver and the report show it.
        #[arg(long)]
        reason: Option<String>,
        /// Do not ask at the terminal.
        #[arg(long)]
        yes: bool,
        /// Return when it is accepted.
        #[arg(long)]
        no_wait: bool,
    },
    /// Approve a sweep that another person asked for.
    Approve {
        /// Its id.
        id: String,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Stop a sweep. What was done stays done.
    Cancel {
        /// Its id.
        id: String,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// List sweeps, newest first.
    List {
        /// waiting, counting, running, completed, cancelled or refused.
        #[arg(long)]
        state: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one sweep.
    Show {
        /// Its id.
        id: String,
        /// Watch it until it is over.
        #[arg(long)]
        wait: bool,
    },
    /// The ledger: what was done with each target.
    Lines {
        /// Its id.
        id: String,
        /// acted, skipped or failed.
        #[arg(long)]
        result: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Found, done and remaining, by cause and unit.
    Report {
        /// Its id.
        id: String,
        /// `csv`: the whole ledger as a table.
        #[arg(long, value_enum, default_value_t = Export::Json)]
        export: Export,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Export {
    /// In numbers.
    Json,
    /// The whole ledger as a table.
    Csv,
}

/// How often a watched sweep is asked for.
const WATCH: Duration = Duration::from_millis(500);

const SWEEP: [output::Column; 9] = [
    ("SWEEP", "/id"),
    ("NAME", "/name"),
    ("STATE", "/state"),
    ("FOUND", "/found"),
    ("ACTED", "/acted"),
    ("SKIPPED", "/skipped"),
    ("FAILED", "/failed"),
    ("REQUESTED BY", "/requested/person"),
    ("APPROVED BY", "/approved/person"),
];

pub(super) async fn run(args: Args, server: &Server, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::Check { files } => check(&files),
        Verb::Preview { sweep } => {
            let meant = meant(&sweep)?;
            preview(&server.connect()?, format, &meant).await
        }
        Verb::Run { sweep, key, preview, reason, yes, no_wait } => {
            let meant = meant(&sweep)?;
            run_meant(&server.connect()?, format, meant, Run { key, preview, reason, yes, no_wait }).await
        }
        Verb::Approve { id, reason } => decide(&server.connect()?, format, &id, "approve", reason).await,
        Verb::Cancel { id, reason } => decide(&server.connect()?, format, &id, "cancel", reason).await,
        Verb::List { state, limit } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(state.map(|state| ("state", state)));
            output::list(format, &server.connect()?.get("/sweeps", &query).await?, &SWEEP);
            Ok(())
        }
        Verb::Show { id, wait } => {
            let remote = server.connect()?;
            let mut sweep = remote.get(&format!("/sweeps/{}", encoded(&id)), &[]).await?;
            if wait {
                sweep = watch(&remote, sweep).await?;
            }
            super::instance::print_object(format, &sweep, "/id");
            Ok(())
        }
        Verb::Lines { id, result, limit } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(result.map(|result| ("result", result)));
            let columns = [
                ("TARGET", "/target"),
                ("CASE", "/caseNo"),
                ("UNIT", "/unit"),
                ("CAUSE", "/cause"),
                ("RESULT", "/result"),
                ("CODE", "/code"),
                ("WHY", "/why"),
                ("AT", "/at"),
            ];
            let found = server.connect()?.get(&format!("/sweeps/{}/lines", encoded(&id)), &query).await?;
            output::list(format, &found, &columns);
            Ok(())
        }
        Verb::Report { id, export } => report(&server.connect()?, format, &id, export).await,
    }
}

/// How a sweep is asked for.
pub(super) struct Run {
    pub(super) key: Option<String>,
    pub(super) preview: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) yes: bool,
    pub(super) no_wait: bool,
}

/// Asks for a sweep, after a preview, and watches it. `meant`: `{definition}` or `{name}`.
pub(super) async fn run_meant(
    remote: &Remote,
    format: Format,
    mut meant: Value,
    run: Run,
) -> Result<(), Failure> {
    let Run { key, preview, reason, yes, no_wait } = run;
    let token = match preview {
        Some(token) => token,
        None => {
            let preview = ask_preview(remote, &meant).await?;
            let count = preview.get("count").and_then(Value::as_u64).unwrap_or(0);
            if !yes && !confirmed(&preview, count)? {
                output::note("nothing was done");
                return Ok(());
            }
            preview.get("token").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
    };
    let key = key.unwrap_or_else(fresh_key);
    meant["preview"] = json!(token);
    meant["reason"] = json!(reason);
    let headers = [("idempotency-key", key.as_str())];
    let mut sweep = remote.post("/sweeps", Some(&meant), &headers).await?;
    if sweep.get("state").and_then(Value::as_str) == Some("waiting") {
        let id = output::cell(&sweep, "/id");
        output::note(&format!("a second person must approve it: yiwang sweep approve {id}"));
    } else if !no_wait {
        sweep = watch(remote, sweep).await?;
    }
    end(format, &sweep)
}

/// Counts what a sweep would find, and shows some. `meant`: `{definition}` or `{name}`.
pub(super) async fn preview(remote: &Remote, format: Format, meant: &Value) -> Result<(), Failure> {
    let preview = ask_preview(remote, meant).await?;
    show_preview(format, &preview);
    Ok(())
}

async fn report(remote: &Remote, format: Format, id: &str, export: Export) -> Result<(), Failure> {
    let path = format!("/sweeps/{}/report", encoded(id));
    if export == Export::Csv {
        for line in remote.get_text(&format!("{path}?format=csv")).await?.lines() {
            output::line(line);
        }
        return Ok(());
    }
    let report = remote.get(&path, &[]).await?;
    if format == Format::Json {
        output::json(&report);
        return Ok(());
    }
    output::list(format, report.get("sweep").unwrap_or(&Value::Null), &SWEEP);
    let columns = [("RESULT", "/result"), ("CAUSE", "/cause"), ("UNIT", "/unit"), ("COUNT", "/count")];
    output::list(format, &json!({"items": report.get("groups")}), &columns);
    let age = report.get("medianAgeSeconds").and_then(Value::as_u64).map(|seconds| seconds / 86_400);
    let remaining = output::cell(&report, "/remaining");
    output::note(&format!("remaining now: {remaining}; median age in days: {}", age.unwrap_or(0)));
    Ok(())
}

async fn decide(
    remote: &Remote,
    format: Format,
    id: &str,
    verb: &str,
    reason: Option<String>,
) -> Result<(), Failure> {
    let path = format!("/sweeps/{}:{verb}", encoded(id));
    let sweep = remote.post(&path, Some(&json!({"reason": reason})), &[]).await?;
    output::list(format, &sweep, &SWEEP);
    Ok(())
}

async fn ask_preview(remote: &Remote, meant: &Value) -> Result<Value, Failure> {
    remote.post("/sweeps:preview", Some(meant), &[]).await
}

/// The definition in a file, or a name: what is no file and looks like one of a sweep.
fn meant(sweep: &Path) -> Result<Value, Failure> {
    let name = sweep.to_str().filter(|text| !sweep.exists() && !text.contains(['/', '\\', '.']));
    match name {
        Some(name) => Ok(json!({"name": name})),
        None => Ok(json!({"definition": read(sweep)?})),
    }
}

fn show_preview(format: Format, preview: &Value) {
    if format != Format::Table {
        output::json(preview);
        return;
    }
    output::line(&format!("{}: {}", output::cell(preview, "/name"), output::cell(preview, "/count")));
    let unit = if preview.get("of").is_some_and(|of| of == "instances") { "VERSION" } else { "UNIT" };
    for (head, member) in [("STATE", "byState"), (unit, "byUnit"), ("CAUSE", "byCause")] {
        let groups = preview.get(member).cloned().unwrap_or_default();
        if groups.as_array().is_some_and(|groups| !groups.is_empty()) {
            output::list(format, &json!({"items": groups}), &[(head, "/value"), ("COUNT", "/count")]);
        }
    }
    let columns = [
        ("INSTANCE", "/instance"),
        ("CASE", "/caseNo"),
        ("ITEM", "/item"),
        ("STATE", "/state"),
        ("UNIT", "/unit"),
        ("DUE", "/due"),
        ("TITLE", "/title"),
    ];
    output::list(format, &json!({"items": preview.get("samples")}), &columns);
    output::note(&format!("token of this preview: {}", output::cell(preview, "/token")));
}

/// Asks the person at the terminal. Without a terminal nobody can be asked.
fn confirmed(preview: &Value, count: u64) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(
            Exit::Invalid,
            "sweep.not-confirmed",
            format!("this sweep would act on {count}"),
        )
        .help("look at `yiwang sweep preview`, then run it with --preview TOKEN or --yes"));
    }
    show_preview(Format::Table, preview);
    confirm(&format!("act on {count}"))
}

/// Looks again until it is over or waits for a person; progress on stderr at a terminal.
async fn watch(remote: &Remote, mut sweep: Value) -> Result<Value, Failure> {
    let id = output::cell(&sweep, "/id");
    let terminal = io::stderr().is_terminal();
    loop {
        let state = output::cell(&sweep, "/state");
        if terminal {
            progress(&sweep, &state);
        }
        if !matches!(state.as_str(), "counting" | "running") {
            if terminal {
                output::note("");
            }
            return Ok(sweep);
        }
        tokio::time::sleep(WATCH).await;
        sweep = remote.get(&format!("/sweeps/{}", encoded(&id)), &[]).await?;
    }
}

fn progress(sweep: &Value, state: &str) {
    let number = |name: &str| sweep.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (found, done) = (number("found"), number("acted") + number("skipped") + number("failed"));
    let filled = usize::try_from((done * 30).checked_div(found).unwrap_or(0)).unwrap_or(30).min(30);
    let bar = format!("{}{}", "█".repeat(filled), "░".repeat(30 - filled));
    let mut terminal = io::stderr();
    let written = write!(terminal, "\r{bar} {done}/{found} {state}   ").and_then(|()| terminal.flush());
    // A terminal that has gone is no mistake of the sweep's.
    drop(written);
}

/// A sweep that was refused is a failure of the command.
fn end(format: Format, sweep: &Value) -> Result<(), Failure> {
    output::list(format, sweep, &SWEEP);
    match sweep.get("refused").and_then(Value::as_str) {
        Some(reason) => Err(Failure::new(Exit::Conflict, "sweep.refused", reason)),
        None => Ok(()),
    }
}

/// A key that nobody has used: each call without one is a call of its own.
pub(super) fn fresh_key() -> String {
    let now = jiff::Timestamp::now();
    format!("cli:{}:{}", now.as_nanosecond(), std::process::id())
}

fn read(file: &Path) -> Result<Value, Failure> {
    let source = std::fs::read_to_string(file).map_err(|error| failure::file("reading", file, error))?;
    match mistakes(&source) {
        Ok(definition) => Ok(definition),
        Err(told) => {
            for line in told {
                output::note(&format!("{}:{line}", file.display()));
            }
            Err(Failure::said(Exit::Invalid))
        }
    }
}

fn check(files: &[PathBuf]) -> Result<(), Failure> {
    let mut failed = false;
    for file in files {
        failed |= read(file).is_err();
    }
    if failed { Err(Failure::said(Exit::Invalid)) } else { Ok(()) }
}

/// The definition, or `line:column code sentence` of each mistake.
fn mistakes(source: &str) -> Result<Value, Vec<String>> {
    let remarks = |remarks: Vec<yiwang_dsl::Diagnostic>| -> Vec<String> {
        let line = |remark: &yiwang_dsl::Diagnostic| {
            format!("{} {}", position(source, remark.span.start), remark.message.render(language::chosen()))
        };
        remarks.iter().map(line).collect()
    };
    let node = yaml::parse(source).map_err(remarks)?;
    let definition: Value = yaml::from_str(source).map_err(remarks)?;
    Definition::parse(&definition).map(|_| definition).map_err(|mistakes| {
        let told = mistakes.into_iter().map(|mistake| {
            let span =
                node.key_span(&mistake.place).or_else(|| node.at(&mistake.place).map(|it| it.span.clone()));
            let help = mistake.help.map(|help| format!("; {help}")).unwrap_or_default();
            let at = position(source, span.map_or(0, |span| span.start));
            format!("{at} {} {}{help}", mistake.code, mistake.message)
        });
        told.collect()
    })
}

fn position(source: &str, at: usize) -> String {
    let before = source.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{line}:{column}")
}
