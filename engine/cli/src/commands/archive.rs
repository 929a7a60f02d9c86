//! `yiwang archive run|list|get|check`: what has ended leaves the store, by the district's rules of retention.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};
use yiwang_core::reference::Kind;
use yiwang_core::retention::NAME;
use yiwang_runtime::ports::{ArchivedRow, JournalTurn};

use crate::failure::{self, Exit, Failure};
use crate::output::{self, Format};
use crate::references::Document;
use crate::remote::{Remote, Server, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Archive all that the rules let go.
    Run {
        /// Only say what would go, and what is held.
        #[arg(long)]
        dry_run: bool,
    },
    /// List the archives.
    List,
    /// Fetch an archive, to keep it elsewhere.
    Get {
        /// Its digest, `sha256:…`.
        digest: String,
        /// File to write.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Show the rules of retention and the holds, or put new ones.
    Rules {
        /// The new document.
        file: Option<PathBuf>,
        /// Why.
        #[arg(long, value_name = "TEXT", requires = "file")]
        reason: Option<String>,
    },
    /// Work out all hashes of the archives again, and hold them against those that stayed in the store.
    Check {
        /// A fetched archive: only this one, by itself, without a server.
        file: Option<PathBuf>,
    },
}

pub(super) async fn run(args: Args, server: &Server, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::Check { file: Some(file) } => check_file(&file, format),
        Verb::Check { file: None } => check_all(&server.connect()?, format).await,
        Verb::Run { dry_run } => archive(dry_run, &server.connect()?, format).await,
        Verb::List => {
            let columns = [
                ("DIGEST", "/digest"),
                ("INSTANCES", "/instances"),
                ("TURNS", "/turns"),
                ("BYTES", "/size"),
                ("AT", "/at"),
                ("BY", "/by"),
            ];
            output::list(format, &server.connect()?.get("/archives", &[]).await?, &columns);
            Ok(())
        }
        Verb::Get { digest, to } => {
            let digits = digest.strip_prefix("sha256:").unwrap_or(&digest);
            let text = server.connect()?.get_text(&format!("/archives/{}", encoded(digits))).await?;
            fs::write(&to, text).map_err(|error| failure::file("writing", &to, error))
        }
        Verb::Rules { file: None, .. } => {
            let stored = server.connect()?.get(&format!("/reference/retention/{NAME}"), &[]).await?;
            output::line(stored["body"].as_str().unwrap_or_default().trim_end());
            Ok(())
        }
        Verb::Rules { file: Some(file), reason } => {
            let document = Document::read(Kind::Retention, &file)?;
            let body = json!({ "body": document.body, "reason": reason });
            let path = format!("/reference/retention/{}", encoded(&document.name));
            let stored = server.connect()?.put(&path, &body, &[]).await?;
            let columns = [("RULES", "/name"), ("VERSION", "/version"), ("UNCHANGED", "/existing")];
            output::list(format, &stored, &columns);
            Ok(())
        }
    }
}

/// One archive after the other, until nothing is left to go.
async fn archive(dry_run: bool, remote: &Remote, format: Format) -> Result<(), Failure> {
    let mut all = json!({ "instances": 0, "archives": [], "held": [] });
    loop {
        let done = remote.post("/archives", Some(&json!({ "dryRun": dry_run })), &[]).await?;
        let gone = done["instances"].as_u64().unwrap_or_default();
        all["instances"] = json!(all["instances"].as_u64().unwrap_or_default() + gone);
        all["held"] = done["held"].clone();
        if let (Some(archives), Some(digest)) =
            (all["archives"].as_array_mut(), done["archive"].get("digest"))
        {
            archives.push(digest.clone());
        }
        if dry_run || gone == 0 || done["more"] != true {
            all["more"] = done["more"].clone();
            super::instance::print_object(format, &all, "/instances");
            return Ok(());
        }
    }
}

/// All archives of a server, one after the other. A broken one does not keep the others from being looked at.
async fn check_all(remote: &Remote, format: Format) -> Result<(), Failure> {
    let archives = remote.get("/archives", &[]).await?;
    let mut items = Vec::new();
    let mut broken = 0;
    for archive in archives["items"].as_array().into_iter().flatten() {
        let digest = archive["digest"].as_str().unwrap_or_default();
        let (turns, problem) = match check_one(remote, digest).await {
            Ok(turns) => (turns, None),
            Err(failure) => (0, Some(failure.to_string())),
        };
        broken += usize::from(problem.is_some());
        let result = problem.unwrap_or_else(|| "ok".to_owned());
        let instances = &archive["instances"];
        items.push(json!({ "digest": digest, "instances": instances, "turns": turns, "result": result }));
    }
    let columns =
        [("DIGEST", "/digest"), ("INSTANCES", "/instances"), ("TURNS", "/turns"), ("RESULT", "/result")];
    output::list(format, &json!({ "items": items }), &columns);
    if broken > 0 {
        let message = format!("{broken} archives are not what left the store");
        return Err(Failure::new(Exit::Failed, "archive.hash", message)
            .help("bring their files back from where `yiwang archive get` put copies, or from a backup"));
    }
    Ok(())
}

/// How many turns it has.
async fn check_one(remote: &Remote, digest: &str) -> Result<usize, Failure> {
    let path = format!("/archives/{}", encoded(digest.strip_prefix("sha256:").unwrap_or(digest)));
    let turns = read(digest, &remote.get_text(&path).await?)?;
    let stayed = remote.get(&format!("{path}/hashes"), &[]).await?;
    let stayed: Vec<ArchivedRow> = serde_json::from_value(stayed["items"].clone()).map_err(|error| {
        Failure::new(Exit::Failed, "archive.line", "what stayed is unreadable").because(error)
    })?;
    yiwang_store::check_against(&turns, &stayed).map_err(|(instance, what)| {
        Failure::new(Exit::Failed, "archive.hash", format!("instance {instance}: {what}"))
    })?;
    Ok(turns.len())
}

fn check_file(file: &Path, format: Format) -> Result<(), Failure> {
    let text = fs::read_to_string(file).map_err(|error| failure::file("reading", file, error))?;
    let turns = read(&file.display().to_string(), &text)?;
    let instances: BTreeSet<_> = turns.iter().map(|turn| turn.instance).collect();
    let told: Value = json!({ "turns": turns.len(), "instances": instances.len() });
    super::instance::print_object(format, &told, "/turns");
    Ok(())
}

/// The turns of an archive, each with the hash that it must have.
fn read(name: &str, text: &str) -> Result<Vec<JournalTurn>, Failure> {
    let mut turns = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let turn: JournalTurn = serde_json::from_str(line).map_err(|error| {
            let what = format!("{name}:{}: this is no line of an archive", n + 1);
            Failure::new(Exit::Invalid, "archive.line", what).because(error)
        })?;
        turns.push(turn);
    }
    match yiwang_store::check_turns(&turns) {
        Ok(()) => Ok(turns),
        Err((n, what)) => {
            let message = format!("{name}:{}: {what}", n + 1);
            Err(Failure::new(Exit::Failed, "archive.hash", message)
                .help("this archive was changed after it was made; use another copy"))
        }
    }
}
