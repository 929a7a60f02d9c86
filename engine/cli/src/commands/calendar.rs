//! `yiwang calendar list|show|check|add|elapsed|import|versions`.

mod count;
mod show;

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use yiwang_core::calendar::{Calendar, Calendars, DEFAULT};
use yiwang_core::reference::Kind;
use yiwang_dsl::diagnostic::Severity;

use crate::failure::{Exit, Failure};
use crate::language;
use crate::output::{self, Format};
use crate::project::print_remarks;
use crate::references::{self, Document};
use crate::remote::{Server, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// Which calendars are meant: the built-in ones, and those of files.
#[derive(clap::Args, Debug)]
struct Here {
    /// Id of the calendar.
    #[arg(long, default_value = DEFAULT, value_name = "ID")]
    calendar: String,
    /// Folder of workflows with a folder `calendars` in it.
    #[arg(long, default_value = "workflows", value_name = "DIR")]
    workflows: PathBuf,
    /// A calendar document besides; may be given several times.
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List the calendars of a server.
    List,
    /// Show the days of a month or a year, and where they come from.
    Show(show::Args),
    /// Check calendar documents and tell all their mistakes at once.
    Check {
        /// Calendar documents.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Work out when something is due.
    Add(count::Add),
    /// Work out how much working time lies between two times.
    Elapsed(count::Elapsed),
    /// Put a calendar document on a server: a new version that is in force from then on.
    Import {
        /// The document.
        file: PathBuf,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Only if this version is in force, 0 for none.
        #[arg(long = "if-version", value_name = "NUMBER")]
        seen: Option<u32>,
    },
    /// Who put which version of a calendar when, and why.
    Versions {
        /// Id of the calendar.
        #[arg(default_value = DEFAULT)]
        id: String,
    },
}

pub(super) async fn run(
    args: Args,
    server: &Server,
    wanted: Option<Format>,
    format: Format,
) -> Result<(), Failure> {
    match args.verb {
        Verb::Show(args) => show::run(&args, format),
        Verb::Check { files } => check(&files, wanted),
        Verb::Add(args) => count::add(&args, format),
        Verb::Elapsed(args) => count::elapsed(&args, format),
        Verb::List => {
            let columns = [
                ("ID", "/id"),
                ("TITLE", "/title"),
                ("EDITION", "/edition"),
                ("LAYERS", "/layers"),
                ("KNOWN FROM", "/knownFrom"),
                ("TO", "/knownTo"),
            ];
            output::list(format, &server.connect()?.get("/calendars", &[]).await?, &columns);
            Ok(())
        }
        Verb::Import { file, reason, seen } => {
            let document = Document::read(Kind::Calendar, &file)?;
            let body = json!({ "body": document.body, "reason": reason, "version": seen });
            let path = format!("/reference/calendar/{}", encoded(&document.name));
            let stored = server.connect()?.put(&path, &body, &[]).await?;
            let columns = [("CALENDAR", "/name"), ("VERSION", "/version"), ("UNCHANGED", "/existing")];
            output::list(format, &stored, &columns);
            Ok(())
        }
        Verb::Versions { id } => {
            let path = format!("/reference/calendar/{}/versions", encoded(&id));
            let columns = [
                ("VERSION", "/version"),
                ("AT", "/at"),
                ("BY", "/by"),
                ("REASON", "/reason"),
                ("NUMBER", "/number"),
            ];
            output::list(format, &server.connect()?.get(&path, &[]).await?, &columns);
            Ok(())
        }
    }
}

/// Checked together: one may extend another.
fn check(files: &[PathBuf], wanted: Option<Format>) -> Result<(), Failure> {
    let mut calendars = Calendars::built_in();
    let mut errors = 0;
    let mut results: Vec<Value> = Vec::new();
    for path in files {
        let document = Document::read(Kind::Calendar, path)?;
        let remarks = match calendars.put(&document.name, &document.body, 1) {
            Ok(remarks) | Err(remarks) => remarks,
        };
        let bad = remarks.iter().filter(|remark| remark.severity() == Severity::Error).count();
        errors += bad;
        if wanted == Some(Format::Json) {
            let located: Vec<_> =
                remarks.iter().map(|remark| remark.locate(&document.body, language::chosen())).collect();
            results.push(
                json!({ "file": path.display().to_string(), "valid": bad == 0, "diagnostics": located }),
            );
        } else {
            print_remarks(path, &document.body, &remarks);
        }
    }
    if wanted == Some(Format::Json) {
        output::json(&json!({ "valid": errors == 0, "files": results }));
    } else {
        output::note(&format!("{} checked: {errors} errors", files.len()));
    }
    if errors > 0 { Err(Failure::said(Exit::Invalid)) } else { Ok(()) }
}

impl Here {
    fn calendars(&self) -> Result<Calendars, Failure> {
        let mut documents = references::of_workflows(&self.workflows)?;
        documents.retain(|document| document.kind == Kind::Calendar);
        for path in &self.files {
            documents.push(Document::read(Kind::Calendar, path)?);
        }
        Ok(references::district(&documents)?.calendars)
    }

    fn open<'c>(&self, calendars: &'c Calendars) -> Result<&'c Calendar, Failure> {
        calendars.newest(&self.calendar).map(|calendar| &**calendar).ok_or_else(|| {
            let known: Vec<&str> = calendars.ids().collect();
            Failure::new(
                Exit::NotFound,
                "calendar.unknown",
                format!("there is no calendar `{}`", self.calendar),
            )
            .help(format!("known here: {}", known.join(", ")))
        })
    }
}
