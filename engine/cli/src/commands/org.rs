//! `yiwang org check|import|show|people|person|leave|absent|back|history`: who there is.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};
use yiwang_core::organisation::{Document, Mistake, Organisation, Table, read_tables, read_yaml};

use crate::failure::{self, Exit, Failure};
use crate::language;
use crate::output::{self, Format, cell};
use crate::project::print_remarks;
use crate::remote::{Remote, Server, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// Where an organisation is read from.
#[derive(clap::Args, Debug)]
struct Source {
    /// YAML (or JSON) of the whole organisation.
    #[arg(value_name = "FILE", conflicts_with_all = ["units", "people", "absences", "experts"])]
    file: Option<PathBuf>,
    /// CSV of units: id, name, kind, parent.
    #[arg(long, value_name = "CSV")]
    units: Option<PathBuf>,
    /// CSV of people: id, name, phone, contacts, roles.
    #[arg(long, value_name = "CSV")]
    people: Option<PathBuf>,
    /// CSV of absences: person, substitute, from, until, reason.
    #[arg(long, value_name = "CSV")]
    absences: Option<PathBuf>,
    /// CSV of pools of experts: pool, name, person, fields, affiliations.
    #[arg(long, value_name = "CSV")]
    experts: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Check an organisation and tell all its mistakes at once; needs no server.
    Check(Source),
    /// Put a new version of the organisation on the server. A table replaces that part alone.
    Import {
        #[command(flatten)]
        source: Source,
        /// Why, for the history.
        #[arg(long)]
        reason: Option<String>,
        /// Only if the organisation still has this version.
        #[arg(long = "if-version", value_name = "VERSION")]
        if_version: Option<u32>,
    },
    /// Show the units as a tree, with the people who have roles there.
    Show,
    /// List people, their roles, and who acts for them now.
    People {
        /// `role`, `role@unit`, or `*@unit`.
        #[arg(long)]
        role: Option<String>,
    },
    /// Show one person; with a name or roles, add or change them.
    Person {
        /// The person's id.
        id: String,
        /// Name, for people.
        #[arg(long)]
        name: Option<String>,
        /// Where to call.
        #[arg(long)]
        phone: Option<String>,
        /// `role` or `role@unit`, in place of all roles before; may be given several times.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Why, for the history.
        #[arg(long)]
        reason: Option<String>,
    },
    /// A person works here no more.
    Leave {
        /// The person's id.
        id: String,
        /// Why, for the history.
        #[arg(long)]
        reason: Option<String>,
    },
    /// A person is away, and somebody stands in.
    Absent {
        /// The person's id; without it, oneself.
        id: Option<String>,
        /// Who acts meanwhile.
        #[arg(long)]
        substitute: Option<String>,
        /// A day, or an RFC 3339 time.
        #[arg(long)]
        from: String,
        /// A day (to its end), or an RFC 3339 time; without it, until `back`.
        #[arg(long)]
        until: Option<String>,
        /// Why, for the history.
        #[arg(long)]
        reason: Option<String>,
    },
    /// A person is back.
    Back {
        /// The person's id.
        id: String,
        /// Why, for the history.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Versions of the organisation: who, when, why.
    History,
}

pub(super) async fn run(args: Args, server: &Server, format: Format) -> Result<(), Failure> {
    let verb = match args.verb {
        Verb::Check(source) => return check(&source, format),
        other => other,
    };
    let remote = &server.connect()?;
    match verb {
        Verb::Check(_) => Ok(()),
        Verb::Import { source, reason, if_version } => {
            import(remote, &source, reason, if_version, format).await
        }
        Verb::Show => show(remote, format).await,
        Verb::People { role } => {
            let query: Vec<_> = role.into_iter().map(|role| ("role", role)).collect();
            let columns = [
                ("ID", "/id"),
                ("NAME", "/name"),
                ("ROLES", "/roles"),
                ("PHONE", "/phone"),
                ("ACTING", "/acting"),
                ("INACTIVE", "/inactive"),
            ];
            output::list(format, &remote.get("/organisation/people", &query).await?, &columns);
            Ok(())
        }
        Verb::Person { id, name, phone, roles, reason } => {
            if name.is_some() || phone.is_some() || !roles.is_empty() {
                set_person(remote, &id, name, phone, roles, reason).await?;
            }
            show_person(remote, &id, format).await
        }
        Verb::Leave { id, reason } => {
            let body = json!({"change": {"do": "leaves", "person": id}, "reason": reason});
            remote.post("/organisation/changes", Some(&body), &[]).await?;
            show_person(remote, &id, format).await
        }
        Verb::Absent { id, substitute, from, until, reason } => {
            let body = json!({
                "person": id, "substitute": substitute, "from": from, "until": until, "reason": reason,
            });
            let person = remote.post("/organisation/absences", Some(&body), &[]).await?;
            super::instance::print_object(format, &person, "/id");
            Ok(())
        }
        Verb::Back { id, reason } => {
            let path = format!("/organisation/people/{}:back", encoded(&id));
            let person = remote.post(&path, Some(&json!({"reason": reason})), &[]).await?;
            super::instance::print_object(format, &person, "/id");
            Ok(())
        }
        Verb::History => {
            let columns = [("VERSION", "/version"), ("AT", "/at"), ("BY", "/by"), ("REASON", "/reason")];
            output::list(format, &remote.get("/organisation/versions", &[]).await?, &columns);
            Ok(())
        }
    }
}

async fn show_person(remote: &Remote, id: &str, format: Format) -> Result<(), Failure> {
    let person = remote.get(&format!("/organisation/people/{}", encoded(id)), &[]).await?;
    super::instance::print_object(format, &person, "/id");
    Ok(())
}

async fn set_person(
    remote: &Remote,
    id: &str,
    name: Option<String>,
    phone: Option<String>,
    roles: Vec<String>,
    reason: Option<String>,
) -> Result<(), Failure> {
    let all = remote.get("/organisation", &[]).await?;
    let people = all.pointer("/organisation/people").and_then(Value::as_array);
    let known = people.into_iter().flatten().find(|person| person["id"] == id);
    let mut person = known.cloned().unwrap_or_else(|| json!({"id": id, "name": id}));
    if let Some(name) = name {
        person["name"] = json!(name);
    }
    if let Some(phone) = phone {
        person["phone"] = json!(phone);
    }
    if !roles.is_empty() {
        person["roles"] = json!(roles);
    }
    if let Some(members) = person.as_object_mut() {
        members.remove("inactive");
    }
    let body = json!({"change": {"do": "person", "person": person}, "reason": reason});
    remote.post("/organisation/changes", Some(&body), &[]).await.map(drop)
}

async fn import(
    remote: &Remote,
    source: &Source,
    reason: Option<String>,
    version: Option<u32>,
    format: Format,
) -> Result<(), Failure> {
    let before = if source.file.is_some() {
        json!({})
    } else {
        // What has no table stays as the server has it.
        remote.get("/organisation", &[]).await?
    };
    let known = before.get("organisation").cloned().unwrap_or_else(|| json!({}));
    let known: Document = serde_json::from_value(known).map_err(|error| {
        Failure::new(Exit::Failed, "cli.answer", "the server's organisation").because(error)
    })?;
    let organisation = read(source, &known, format)?;
    let version = version.or_else(|| before["version"].as_u64().and_then(|version| version.try_into().ok()));
    let tag = version.map(|version| format!("\"{version}\""));
    let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
    let body = json!({"organisation": organisation.document(), "reason": reason});
    let stored = remote.put("/organisation", &body, &headers).await?;
    match format {
        Format::Json => output::json(&stored),
        Format::Name => output::line(&cell(&stored, "/version")),
        Format::Table => output::note(&format!(
            "version {}: {}",
            cell(&stored, "/version"),
            counts(organisation.document())
        )),
    }
    Ok(())
}

fn counts(document: &Document) -> String {
    format!(
        "{} units, {} people, {} absences, {} pools of experts",
        document.units.len(),
        document.people.len(),
        document.absences.len(),
        document.pools.len()
    )
}

fn check(source: &Source, format: Format) -> Result<(), Failure> {
    let organisation = read(source, &Document::default(), format)?;
    match format {
        Format::Json => output::json(&json!({"valid": true, "mistakes": []})),
        Format::Name | Format::Table => output::note(&counts(organisation.document())),
    }
    Ok(())
}

/// Reads it, or prints all its mistakes.
fn read(source: &Source, before: &Document, format: Format) -> Result<Organisation, Failure> {
    if let Some(path) = &source.file {
        let text = text(path)?;
        return read_yaml(&text).map_err(|mistakes| {
            if format == Format::Json {
                print_json(&mistakes, Some(path));
            } else {
                let remarks: Vec<_> = mistakes.into_iter().map(|mistake| mistake.remark).collect();
                print_remarks(path, &text, &remarks);
            }
            Failure::said(Exit::Invalid)
        });
    }
    let given = [
        (Table::Units, &source.units),
        (Table::People, &source.people),
        (Table::Absences, &source.absences),
        (Table::Experts, &source.experts),
    ];
    let given: Vec<_> = given.into_iter().filter_map(|(table, path)| Some((table, path.as_ref()?))).collect();
    if given.is_empty() {
        let message = "neither a file nor a table was given";
        return Err(Failure::new(Exit::Invalid, "cli.nothing", message)
            .help("yiwang org import organisation.yaml, or --people people.csv"));
    }
    let texts: Vec<_> =
        given.iter().map(|(table, path)| Ok((*table, text(path)?))).collect::<Result<_, Failure>>()?;
    let tables: Vec<_> = texts.iter().map(|(table, text)| (*table, text.as_str())).collect();
    read_tables(before, &tables).map_err(|mistakes| {
        let path = |mistake: &Mistake| {
            let found = given.iter().find(|(table, _)| Some(table.name()) == mistake.table);
            found.map(|(_, path)| path.as_path())
        };
        if format == Format::Json {
            print_json(&mistakes, None);
        } else {
            for mistake in &mistakes {
                print_line(mistake, path(mistake));
            }
        }
        Failure::said(Exit::Invalid)
    })
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| failure::file("reading", path, error))
}

/// `people.csv:3 YW0552 there is no unit `x`; did you mean `y`?`
fn print_line(mistake: &Mistake, path: Option<&Path>) {
    let language = language::chosen();
    let remark = &mistake.remark;
    let file = path.map_or_else(|| remark.pointer.clone(), |path| path.display().to_string());
    let line = mistake.line.map(|line| format!(":{line}")).unwrap_or_default();
    let help = remark.help.as_ref().map(|help| format!("; {}", help.render(language))).unwrap_or_default();
    output::note(&format!("{file}{line} {} {}{help}", remark.code, remark.message.render(language)));
}

fn print_json(mistakes: &[Mistake], path: Option<&Path>) {
    let language = language::chosen();
    let view = |mistake: &Mistake| {
        json!({
            "code": mistake.remark.code.as_str(),
            "file": path.map(|path| path.display().to_string()),
            "table": mistake.table,
            "line": mistake.line,
            "pointer": mistake.remark.pointer,
            "message": mistake.remark.message.render(language),
            "help": mistake.remark.help.as_ref().map(|help| help.render(language)),
        })
    };
    output::json(&json!({"valid": false, "mistakes": mistakes.iter().map(view).collect::<Vec<_>>()}));
}

/// Units as a tree.
async fn show(remote: &Remote, format: Format) -> Result<(), Failure> {
    let whole = remote.get("/organisation", &[]).await?;
    if format != Format::Table {
        output::json(&whole);
        return Ok(());
    }
    let document: Document = serde_json::from_value(whole["organisation"].clone()).map_err(|error| {
        Failure::new(Exit::Failed, "cli.answer", "the server's organisation").because(error)
    })?;
    output::note(&format!("version {}: {}", cell(&whole, "/version"), counts(&document)));
    branch(&document, None, 0);
    let homeless = document
        .people
        .iter()
        .filter(|person| !person.inactive && person.roles.iter().all(|role| !role.contains('@')));
    for person in homeless {
        output::line(&format!("· {} {} [{}]", person.id, person.name, person.roles.join(" ")));
    }
    Ok(())
}

fn branch(document: &Document, parent: Option<&str>, depth: usize) {
    for unit in document.units.iter().filter(|unit| unit.parent.as_deref() == parent) {
        let indent = "  ".repeat(depth);
        output::line(&format!("{indent}{} {}", unit.id, unit.name));
        for person in document.people.iter().filter(|person| !person.inactive) {
            let here = person.roles.iter().filter_map(|role| role.strip_suffix(&format!("@{}", unit.id)));
            let here: Vec<&str> = here.collect();
            if !here.is_empty() {
                output::line(&format!("{indent}  · {} {} [{}]", person.id, person.name, here.join(" ")));
            }
        }
        branch(document, Some(&unit.id), depth + 1);
    }
}
