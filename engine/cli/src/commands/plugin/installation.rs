//! `yiwang plugin install`, `list`, `upgrade`, `rollback`: which components a project runs.
//!
//! ```text
//! FILE ─► signature (trust.yaml) ─► sound? ─► permissions shown ─► --accept ─► plugins/NAME.wasm ─► plugins.lock
//! ```
//! The component is written first and the lock after it: a crash in between leaves a server that refuses the
//! component, never one that runs what nobody has accepted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use yiwang_host::installed::{beside, examined, short};
use yiwang_host::{Change, Entry, Inspection, Installed, Lock, Permission, Trust};

use super::inspect::{now, of, permissions};
use super::{Where, refused};
use crate::failure::{self, Exit, Failure};
use crate::output::{self, Format};
use crate::project::{Project, files};

#[derive(clap::Args, Debug)]
pub(super) struct InstallArgs {
    /// The component; its signature lies beside it as FILE.sig.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Where,
    /// Let it have what it asks for (a channel still grants it by name).
    #[arg(long)]
    accept: bool,
    /// Take it without a signature, where the project has no trust.yaml.
    #[arg(long)]
    unsigned: bool,
}

#[derive(clap::Args, Debug)]
pub(super) struct RollbackArgs {
    /// Name of the plugin.
    name: String,
    #[command(flatten)]
    place: Where,
}

/// The project with its lock.
struct Place {
    project: Project,
    lock: Lock,
    trust: Option<Trust>,
}

impl Place {
    fn open(place: &Where) -> Result<Self, Failure> {
        let project = Project::open(&place.project, place.config.as_deref())?;
        let lock = project.lock()?.unwrap_or_default();
        let trust = project.trust()?;
        Ok(Self { project, lock, trust })
    }

    fn component(&self, name: &str) -> PathBuf {
        self.project.plugins().join(format!("{name}.wasm"))
    }

    /// Where the version before is kept.
    fn before(&self, name: &str) -> PathBuf {
        self.project.plugins().join("previous").join(format!("{name}.wasm"))
    }

    /// Sound and trusted.
    fn examined(&self, file: &Path, unsigned: bool) -> Result<(Inspection, Option<String>), Failure> {
        if self.trust.is_none() && !unsigned {
            let path = self.project.root.join("trust.yaml");
            let message = format!("there is no {}: nobody is trusted to sign plugins", path.display());
            return Err(Failure::new(Exit::Auth, "plugin.no-trust", message)
                .help("write it with the publisher's key (docs/guide/plugins.md), or say --unsigned"));
        }
        examined(file, self.trust.as_ref(), now()).map_err(refused)
    }

    fn write_lock(&self) -> Result<(), Failure> {
        let path = self.project.lock_path();
        let half = path.with_extension("lock.half");
        let written = fs::write(&half, self.lock.to_yaml()).and_then(|()| fs::rename(&half, &path));
        written.map_err(|error| failure::file("writing", &path, error))
    }
}

pub(super) fn install(args: &InstallArgs, wanted: Option<Format>) -> Result<(), Failure> {
    let mut place = Place::open(&args.place)?;
    let (found, key) = place.examined(&args.file, args.unsigned)?;
    if let Some(entry) = place.lock.get(&found.name) {
        let message = format!("{} {} is installed", found.name, entry.version);
        return Err(Failure::new(Exit::Conflict, "plugin.installed", message)
            .help("`yiwang plugin upgrade` replaces it and shows what changes"));
    }
    if wanted != Some(Format::Json) {
        output::line(&format!("{} {} by {}", found.name, found.version, found.publisher));
        permissions(&found.permissions);
    }
    if !found.permissions.is_empty() && !args.accept {
        let message = format!("{} is not installed: nobody has accepted what it asks for", found.name);
        return Err(Failure::new(Exit::Conflict, "plugin.not-accepted", message).help("say --accept"));
    }
    copy(&args.file, &place.component(&found.name))?;
    let entry = entry(&found, key, &args.file);
    place.lock.put(entry.clone());
    place.write_lock()?;
    told("installed", &entry, &[], wanted);
    Ok(())
}

pub(super) fn upgrade(args: &InstallArgs, wanted: Option<Format>) -> Result<(), Failure> {
    let mut place = Place::open(&args.place)?;
    let (found, key) = place.examined(&args.file, args.unsigned)?;
    let Some(old) = place.lock.get(&found.name).cloned() else {
        let message = format!("{} is not installed", found.name);
        return Err(Failure::new(Exit::NotFound, "plugin.not-installed", message)
            .help("`yiwang plugin install` puts in what is not there yet"));
    };
    if old.digest == found.digest {
        output::note(&format!("{} {} is what is installed", found.name, found.version));
        return Ok(());
    }
    newer(&found, &old)?;
    let component = place.component(&found.name);
    // Without the old file nobody knows what it asked for: then all counts as new.
    let before = of(&component).filter(|before| before.digest == old.digest);
    let changes = before.map_or_else(
        || found.permissions.iter().cloned().map(Change::More).collect(),
        |before| found.changes(&before),
    );
    if wanted != Some(Format::Json) {
        output::line(&format!("{} {} → {}", found.name, old.version, found.version));
        difference(&changes);
    }
    let grew = changes.iter().any(|change| matches!(change, Change::More(_)));
    if grew && !args.accept {
        let message = format!("{} stays at {}: it asks for more than was accepted", found.name, old.version);
        return Err(Failure::new(Exit::Conflict, "plugin.not-accepted", message).help("say --accept"));
    }
    if component.is_file() {
        copy(&component, &place.before(&found.name))?;
    }
    copy(&args.file, &component)?;
    let previous = Some(Box::new(Entry { previous: None, ..old }));
    let entry = Entry { previous, ..entry(&found, key, &args.file) };
    place.lock.put(entry.clone());
    place.write_lock()?;
    told("upgraded", &entry, &changes, wanted);
    Ok(())
}

/// A version before the one that is there may have mistakes that others know of.
fn newer(found: &Inspection, old: &Entry) -> Result<(), Failure> {
    let numbers = |text: &str| semver::Version::parse(text).ok();
    if let (Some(found), Some(old)) = (numbers(&found.version), numbers(&old.version))
        && found < old
    {
        let message = format!("{found} is older than {old}, which is installed");
        return Err(Failure::new(Exit::Conflict, "plugin.older", message)
            .help("`yiwang plugin rollback` goes back to what was installed before"));
    }
    Ok(())
}

pub(super) fn rollback(args: &RollbackArgs) -> Result<(), Failure> {
    let mut place = Place::open(&args.place)?;
    let nothing = |message: String| Failure::new(Exit::NotFound, "plugin.not-installed", message);
    let name = &args.name;
    let now_there =
        place.lock.get(name).cloned().ok_or_else(|| nothing(format!("{name} is not installed")))?;
    let Some(previous) = now_there.previous.clone() else {
        return Err(nothing(format!("nothing was installed before {name} {}", now_there.version)));
    };
    let (component, before) = (place.component(name), place.before(name));
    let (found, key) = examined(&before, place.trust.as_ref(), now()).map_err(refused)?;
    if found.digest != previous.digest {
        let message = format!(
            "{} is {}, not the {} that was installed",
            before.display(),
            short(&found.digest),
            short(&previous.digest)
        );
        return Err(Failure::new(Exit::Conflict, "plugin.differs", message)
            .help("somebody changed it: take the earlier version from where it came"));
    }
    let aside = before.with_extension("wasm.aside");
    if component.is_file() {
        copy(&component, &aside)?;
    }
    copy(&before, &component)?;
    if aside.is_file() {
        copy(&aside, &before)?;
        // What was moved aside is at its place now.
        drop(fs::remove_file(beside(&aside)));
        drop(fs::remove_file(&aside));
    }
    let previous =
        Entry { key, previous: Some(Box::new(Entry { previous: None, ..now_there })), ..*previous };
    output::line(&format!("{name} is {} again", previous.version));
    place.lock.put(previous);
    place.write_lock()?;
    restart();
    Ok(())
}

pub(super) fn list(place: &Where, format: Format) -> Result<(), Failure> {
    let project = Project::open(&place.project, place.config.as_deref())?;
    let installed = project.installed(now())?;
    let channels = project.channels()?;
    let mut names: BTreeSet<String> =
        installed.iter().flat_map(|it| &it.lock.plugins).map(|entry| entry.name.clone()).collect();
    for path in files(&project.plugins(), "wasm")? {
        // Interpreters of scripts lie there, too, and have no manifest.
        names.extend(of(&path).map(|found| found.name));
    }
    let rows: Vec<Value> = names
        .iter()
        .map(|name| {
            let path = project.plugins().join(format!("{name}.wasm"));
            let entry = installed.as_ref().and_then(|it| it.lock.get(name));
            let used = channels.iter().filter(|channel| channel.value["plugin"] == name.as_str());
            let found = of(&path);
            json!({
                "name": name,
                "version": found.as_ref().map(|found| found.version.clone()),
                "digest": found.as_ref().map(|found| short(&found.digest).to_owned()),
                "key": entry.and_then(|entry| entry.key.clone()),
                "previous": entry.and_then(|it| it.previous.as_ref()).map(|it| it.version.clone()),
                "channels": used.map(|channel| channel.id.clone()).collect::<Vec<_>>(),
                "state": state(installed.as_ref(), &path),
            })
        })
        .collect();
    let columns = [
        ("NAME", "/name"),
        ("VERSION", "/version"),
        ("DIGEST", "/digest"),
        ("KEY", "/key"),
        ("BEFORE", "/previous"),
        ("CHANNELS", "/channels"),
        ("STATE", "/state"),
    ];
    output::list(format, &json!({ "items": rows }), &columns);
    Ok(())
}

/// Would a server run it?
fn state(installed: Option<&Installed>, path: &Path) -> String {
    match installed {
        None => "not locked: there is no plugins.lock".to_owned(),
        Some(installed) => match installed.examine(path) {
            Ok(_) => "ready".to_owned(),
            Err(refused) => refused.to_string(),
        },
    }
}

fn entry(found: &Inspection, key: Option<String>, file: &Path) -> Entry {
    Entry {
        name: found.name.clone(),
        version: found.version.clone(),
        digest: found.digest.clone(),
        source: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        key,
        permissions: found.permissions_digest(),
        previous: None,
    }
}

fn difference(changes: &[Change]) {
    if changes.is_empty() {
        output::line("it asks for what it asked for before");
        return;
    }
    let heads = ["", "ASKS FOR", "WHAT", "WHY"].map(str::to_owned).to_vec();
    let row = |mark: &str, one: &Permission| {
        let max = one.max_bytes.map(|bytes| format!(" up to {} KiB", bytes.div_ceil(1024)));
        let what = format!("{}{}", one.what, max.unwrap_or_default());
        vec![mark.to_owned(), one.kind.to_owned(), what, one.why.clone().unwrap_or_default()]
    };
    let rows = changes.iter().map(|change| match change {
        Change::More(one) => row("+", one),
        Change::Less(one) => row("-", one),
    });
    output::table(heads, rows.collect());
}

fn told(done: &str, entry: &Entry, changes: &[Change], wanted: Option<Format>) {
    if wanted == Some(Format::Json) {
        output::json(&json!({ "done": done, "plugin": entry, "permissions": changes }));
    } else {
        output::line(&format!("{done} {} {} ({})", entry.name, entry.version, short(&entry.digest)));
    }
    restart();
}

fn restart() {
    output::note("a running server takes it up with `yiwang channel reload`, or at its next start");
}

/// A component and its signature, each whole or not at all.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| failure::file("making the folder", folder, error))?;
    let (signature, target) = (beside(from), beside(to));
    if signature.is_file() {
        whole(&signature, &target)?;
    } else if target.exists() {
        fs::remove_file(&target).map_err(|error| failure::file("removing", &target, error))?;
    }
    whole(from, to)
}

fn whole(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut half = to.as_os_str().to_owned();
    half.push(".half");
    let copied = fs::copy(from, &half).and_then(|_| fs::File::open(&half)?.sync_all());
    let moved = copied.and_then(|()| fs::rename(&half, to));
    moved.map_err(|error| failure::file("writing", to, error))
}
