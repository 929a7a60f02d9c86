//! `yiwang plugin inspect FILE`: what a component is and asks for.

use std::path::{Path, PathBuf};

use serde_json::json;
use yiwang_core::Timestamp;
use yiwang_host::installed::{examined, signature_of};
use yiwang_host::{Inspection, Permission, Sbom};
use yiwang_runtime::SystemClock;
use yiwang_runtime::ports::Clock as _;

use super::Where;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format};
use crate::project::Project;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The component.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the list of its parts (CycloneDX in JSON) and nothing else, for tools that look for known weaknesses.
    #[arg(long)]
    sbom: bool,
    #[command(flatten)]
    place: Where,
}

pub(super) fn run(args: &Args, format: Format) -> Result<(), Failure> {
    if args.sbom {
        return parts(&args.file);
    }
    let (found, _) = examined(&args.file, None, now()).map_err(super::refused)?;
    let signature = state(args);
    if format == Format::Json {
        let mut told = json!(found);
        told["signature"] = json!(signature);
        output::json(&told);
        return Ok(());
    }
    if format == Format::Name {
        output::line(&found.digest);
        return Ok(());
    }
    let title: Vec<&str> = found.title.values().map(String::as_str).collect();
    let events = if found.events.is_empty() { "none".to_owned() } else { found.events.join(" ") };
    for (name, value) in [
        ("plugin", format!("{} {} by {}", found.name, found.version, found.publisher)),
        ("title", title.join(" / ")),
        ("contract", found.wit.clone()),
        ("provides", found.provides.join(" ")),
        ("events", events),
        ("imports", found.imports.join(" ")),
        ("exports", found.exports.join(" ")),
        ("size", format!("{} KiB", found.size.div_ceil(1024))),
        ("digest", found.digest.clone()),
        ("signature", signature),
        ("parts", counted(found.sbom.as_ref())),
    ] {
        output::line(&format!("{name:<10} {value}"));
    }
    for (licence, count) in found.sbom.iter().flat_map(|sbom| &sbom.licences) {
        let licence = if licence.is_empty() { "(no licence given)" } else { licence.as_str() };
        output::line(&format!("{:<10} {count:>4} {licence}", ""));
    }
    output::line("");
    permissions(&found.permissions);
    Ok(())
}

fn counted(sbom: Option<&Sbom>) -> String {
    match sbom {
        Some(sbom) => format!("{} by {}, under the licences", sbom.parts, sbom.format),
        None => "it says nothing of them".to_owned(),
    }
}

fn parts(file: &Path) -> Result<(), Failure> {
    let unsound = |reason: String| Failure::new(Exit::Invalid, "plugin.unsound", reason);
    match Inspection::sbom_of(file).map_err(unsound)? {
        Some(list) => output::json(&list),
        None => {
            let message = format!("{} carries no list of its parts", file.display());
            return Err(Failure::new(Exit::NotFound, "plugin.no-sbom", message)
                .help("`yiwang plugin build` puts one in; of other languages it takes one by `--sbom`"));
        }
    }
    Ok(())
}

/// What the administrator reads before saying yes.
pub(super) fn permissions(all: &[Permission]) {
    if all.is_empty() {
        output::line("it asks for nothing beyond its configuration, the clock, chance and the log");
        return;
    }
    let heads = ["ASKS FOR", "WHAT", "UP TO", "WHY"].map(str::to_owned).to_vec();
    let rows = all.iter().map(|one| {
        let max = one.max_bytes.map(|bytes| format!("{} KiB", bytes.div_ceil(1024))).unwrap_or_default();
        let why = one.why.clone().unwrap_or_else(|| "(no reason given)".to_owned());
        vec![one.kind.to_owned(), one.what.clone(), max, why]
    });
    output::table(heads, rows.collect());
}

fn state(args: &Args) -> String {
    let signature = match signature_of(&args.file) {
        Ok(Some(signature)) => signature,
        Ok(None) => return "none".to_owned(),
        Err(refused) => return refused.to_string(),
    };
    let trust = Project::open(&args.place.project, args.place.config.as_deref()).and_then(|it| it.trust());
    match trust {
        Ok(Some(trust)) => match examined(&args.file, Some(&trust), now()) {
            Ok(_) => format!("good, by the key {} that trust.yaml has", signature.keyid),
            Err(refused) => refused.to_string(),
        },
        Ok(None) | Err(_) => {
            format!("there, by the key {}; no trust.yaml says whose that is", signature.keyid)
        }
    }
}

/// The installed file, for those who look at it.
pub(super) fn of(path: &Path) -> Option<Inspection> {
    Inspection::of(path).ok()
}

pub(super) fn now() -> Timestamp {
    SystemClock.now()
}
