//! `yiwang run FILE`: one instance of one workflow, here and now, without a server.
//!
//! The engine is the real one, and so are calls of services. Waits are waited for, or jumped over with
//! `--virtual-time`; messages are shown on stderr instead of being sent.

mod trace;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use yiwang_core::Timestamp;
use yiwang_core::input::Cause;
use yiwang_dsl::Data;
use yiwang_runtime::harness::Harness;
use yiwang_runtime::ports::{Clock, Outside, Store};
use yiwang_runtime::{Config, Ended, Ending, Error, Start, SystemClock};
use yiwang_services::egress::Target;

use self::trace::Trace;
use super::task::json_argument;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format, cell};
use crate::project::{Package, Project, print_remarks};
use crate::scenario::{Scripted, channels_of};
use crate::services;
use crate::wiring::Scratch;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The workflow; its forms are those in `forms/` beside it.
    file: PathBuf,
    /// Its input as JSON, or `@file`.
    #[arg(long, value_name = "JSON", conflicts_with = "input_file")]
    input: Option<String>,
    /// A file with its input as JSON.
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
    /// Keep the instance in this store; without it everything is in memory.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// A project whose `egress` and `secrets` hold for its calls; without it, nothing inside is reached and
    /// there are no secrets.
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Let its calls reach this besides: a host, `*.domain`, an address, a network, each with `:port` or not.
    #[arg(long, value_name = "TARGET")]
    allow: Vec<Target>,
    /// Jump over timers instead of waiting for them.
    #[arg(long)]
    virtual_time: bool,
    /// Show on stderr each line of history as it is written.
    #[arg(long)]
    trace: bool,
}

pub(super) async fn run(args: Args, wanted: Option<Format>) -> Result<(), Failure> {
    let file = if args.file.is_dir() { args.file.join("workflow.yaml") } else { args.file.clone() };
    let package = Package::read(&file)?;
    let input = match (&args.input, &args.input_file) {
        (Some(text), _) => json_argument("--input", text)?,
        (None, Some(path)) => json_argument("--input-file", &format!("@{}", path.display()))?,
        (None, None) => Value::Object(serde_json::Map::new()),
    };
    let project = args.project.as_deref().map(|root| Project::open(root, None)).transpose()?;
    let services = services::alone(project.as_ref(), &args.allow)?;
    let processes = project.as_ref().map(|project| project.settings.processes.allowed()).unwrap_or_default();
    let config = Config { processes, ..Config::default() };
    let Scratch { store, query, file } = Scratch::open(args.db.as_deref()).await?;
    let trace = args.trace.then(|| Trace::new(query, wanted));
    let channels = Arc::new(Scripted::new(channels_of(&package.source)));
    let outside = Outside { channels: channels.clone(), services };
    let ended = run_here(&args, &package, Data::from(input), store, outside, config, trace).await;
    if let Some(file) = file {
        file.close().await;
    }
    for message in channels.sent() {
        let (to, body) = (cell(&message, "/to"), cell(&message, "/body"));
        output::note(&format!("message by {} to {to}: {body}", cell(&message, "/channel")));
    }
    match ended?.ending {
        Ending::Completed(result) => {
            // Straight from the data: the members stay in the order in which the workflow gave them.
            let text = match Format::or_by_terminal(wanted) {
                Format::Table => serde_json::to_string_pretty(&result),
                Format::Json | Format::Name => serde_json::to_string(&result),
            };
            output::line(&text.unwrap_or_default());
            Ok(())
        }
        Ending::Faulted(fault) => {
            output::note(&serde_json::to_string_pretty(&fault).unwrap_or_default());
            Err(Failure::said(Exit::Failed))
        }
        Ending::Cancelled => Err(Failure::new(Exit::Failed, "run.cancelled", "the instance was cancelled")),
    }
}

async fn run_here(
    args: &Args,
    package: &Package,
    input: Data,
    store: Arc<dyn Store>,
    outside: Outside,
    config: Config,
    mut trace: Option<Trace>,
) -> Result<Ended, Failure> {
    let clock = SystemClock;
    let mut harness = Harness::open(config, store, outside, clock.now()).await.map_err(engine)?;
    let deployed = match harness
        .deploy_with(&package.source, package.forms.clone(), package.resources.clone(), "cli")
        .await
    {
        Ok(deployed) => deployed,
        Err(Error::Invalid(remarks)) => {
            print_remarks(&package.path, &package.source, &remarks);
            return Err(Failure::said(Exit::Invalid));
        }
        Err(error) => return Err(engine(error)),
    };
    print_remarks(&package.path, &package.source, &deployed.warnings);
    let start = Start {
        workflow: format!("{}/{}", deployed.id.namespace, deployed.id.name),
        version: Some(deployed.id.version),
        key: None,
        input,
        cause: Cause::Request { person: "cli".to_owned() },
    };
    let mut waiting = harness.start_and_wait(start).await;
    loop {
        let settled = harness.settle().await;
        if let Some(trace) = &mut trace {
            trace.show().await?;
        }
        settled.map_err(engine)?;
        if let Some(ended) = waiting.ended() {
            return ended.map_err(engine);
        }
        let Some(due) = harness.next_due().await.map_err(engine)? else { return Err(parked()) };
        pass(&mut harness, due, args.virtual_time).await?;
    }
}

/// Lets the time until `due` pass.
async fn pass(harness: &mut Harness, due: Timestamp, jump: bool) -> Result<(), Failure> {
    if jump {
        return harness.advance_to(due).await.map_err(engine);
    }
    SystemClock.sleep_until(due).await;
    harness.set_clock(SystemClock.now());
    Ok(())
}

fn parked() -> Failure {
    Failure::new(
        Exit::Failed,
        "run.waiting",
        "the instance waits for a person or an event, and nobody is here",
    )
    .help("`yiwang test` plays people and events; `yiwang serve` runs a server for real ones")
}

fn engine(error: Error) -> Failure {
    let exit = match &error {
        Error::TooLarge { .. } | Error::InvalidForm { .. } | Error::Invalid(_) => Exit::Invalid,
        Error::DeployConflict { .. } | Error::StartConflict { .. } => Exit::Conflict,
        _ => Exit::Failed,
    };
    Failure::new(exit, error.code(), error.to_string())
}
