//! `yiwang backup|restore|verify|export`: copies of a data folder that prove what is in them.
//!
//! ```text
//! data folder (a server may run) ──backup──► folder: yiwang.db, blobs/, backup.json (written last)
//!                                               └──restore──► another data folder; the seal must be the same
//! ```
//! For stores on a PostgreSQL server its own tools do this; see `docs/guide/operating.md`.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yiwang_core::Timestamp;
use yiwang_runtime::SystemClock;
use yiwang_runtime::ports::Clock as _;
use yiwang_store::{Audit, SqlStore};

use crate::failure::{self, Exit, Failure};
use crate::output::Format;

const STORE: &str = "yiwang.db";
/// Files that channels kept and people attached.
const FILES: &str = "blobs";
/// Written last: a folder without it is no whole backup.
const MANIFEST: &str = "backup.json";
/// Turns read at once.
const PAGE_LEN: usize = 500;

#[derive(clap::Args, Debug)]
pub(super) struct BackupArgs {
    /// Folder of the store. A server may run on it.
    #[arg(long, env = "YIWANG_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// Folder to make.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

#[derive(clap::Args, Debug)]
pub(super) struct RestoreArgs {
    /// A folder that `yiwang backup` made.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Folder of the store to make. It must not be there, or be empty.
    #[arg(long, env = "YIWANG_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
}

#[derive(clap::Args, Debug)]
pub(super) struct VerifyArgs {
    /// Folder of a store on which no server runs, or of a backup.
    #[arg(long, env = "YIWANG_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
}

#[derive(clap::Args, Debug)]
pub(super) struct ExportArgs {
    /// Folder of a store on which no server runs, or of a backup.
    #[arg(long, env = "YIWANG_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// Only what was known at this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Only instances of this workflow, `namespace/name`.
    #[arg(long)]
    workflow: Option<String>,
}

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// Of the program that made it.
    version: String,
    made: String,
    turns: u64,
    instances: u64,
    /// The last seal of the journal: over all that was ever committed.
    seal: String,
    files: u64,
}

/// Copies a data folder while a server may run on it.
pub(super) async fn backup(args: BackupArgs, format: Format) -> Result<(), Failure> {
    let BackupArgs { data, to } = args;
    let store = data.join(STORE);
    if !store.is_file() {
        return Err(no_store(&data));
    }
    make(&to)?;
    let copy = to.join(STORE);
    SqlStore::copy(&store, &copy).await.map_err(|error| {
        Failure::new(Exit::Failed, "backup.copy", format!("copying {}", store.display())).because(error)
    })?;
    // What the store names was kept before it was committed: what is copied after the store has all of it.
    let files = copy_files(&data.join(FILES), &to.join(FILES))?;
    let audit = audit(&to).await?;
    sync(&copy)?;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made: SystemClock.now().rfc3339(),
        turns: audit.turns,
        instances: audit.instances,
        seal: audit.seal,
        files,
    };
    let path = to.join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest).expect("a manifest can be written");
    fs::write(&path, text + "\n").map_err(|error| failure::file("writing", &path, error))?;
    sync(&path)?;
    sync(&to)?;
    show(format, &to, &manifest);
    Ok(())
}

/// Makes a data folder of a backup.
pub(super) async fn restore(args: RestoreArgs, format: Format) -> Result<(), Failure> {
    let RestoreArgs { from, data } = args;
    let path = from.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|error| {
        failure::file("reading", &path, error)
            .help("a folder without it is no whole backup: it was not finished")
    })?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| {
        Failure::new(Exit::Invalid, "backup.manifest", format!("{} cannot be read", path.display()))
            .because(error)
    })?;
    make(&data)?;
    let (source, target) = (from.join(STORE), data.join(STORE));
    fs::copy(&source, &target).map_err(|error| failure::file("copying", &source, error))?;
    copy_files(&from.join(FILES), &data.join(FILES))?;
    let audit = audit(&data).await?;
    if audit.seal != manifest.seal {
        return Err(Failure::new(
            Exit::Failed,
            "backup.seal",
            format!("{} is not what the backup says of itself: its last seal differs", target.display()),
        )
        .help("the copy was changed after it was made; use another one"));
    }
    sync(&target)?;
    sync(&data)?;
    show(format, &data, &manifest);
    Ok(())
}

/// Walks all chains of a store.
pub(super) async fn verify(args: VerifyArgs, format: Format) -> Result<(), Failure> {
    if !args.data.join(STORE).is_file() {
        return Err(no_store(&args.data));
    }
    let audit = audit(&args.data).await?;
    let told = json!({
        "turns": audit.turns, "instances": audit.instances, "archived": audit.archived, "seal": audit.seal,
    });
    super::instance::print_object(format, &told, "/seal");
    Ok(())
}

/// History of all instances as JSON lines, in the order in which it was committed.
pub(super) async fn export(args: ExportArgs) -> Result<(), Failure> {
    let ExportArgs { data, at, workflow } = args;
    let until = match at.as_deref() {
        None => None,
        Some(text) => Some(Timestamp::parse(text).ok_or_else(|| {
            Failure::new(Exit::Invalid, "cli.time", "--at is a time as in 2026-11-26T09:00:00+08:00")
        })?),
    };
    if !data.join(STORE).is_file() {
        return Err(no_store(&data));
    }
    let store = open(&data).await?;
    let written = write(&store, until, workflow.as_deref()).await;
    store.close().await;
    written
}

async fn write(store: &SqlStore, until: Option<Timestamp>, workflow: Option<&str>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let failed = |error: io::Error| Failure::new(Exit::Failed, "cli.output", "writing lines").because(error);
    let mut after = 0;
    loop {
        let turns = store.recorded(after, PAGE_LEN).await.map_err(|error| {
            Failure::new(Exit::Failed, "store.read", "reading the journal").because(error)
        })?;
        let Some(last) = turns.last() else { return out.flush().map_err(failed) };
        after = last.lsn;
        for turn in turns {
            let known = until.is_none_or(|until| turn.at <= until);
            let wanted = workflow.is_none_or(|workflow| turn.workflow.as_deref() == Some(workflow));
            if !known || !wanted {
                continue;
            }
            for line in &turn.lines {
                let mut line: Value = serde_json::from_str(line.get()).unwrap_or_default();
                line["instance"] = json!(turn.instance);
                line["workflow"] = json!(turn.workflow);
                writeln!(out, "{line}").map_err(failed)?;
            }
        }
    }
}

async fn open(data: &Path) -> Result<SqlStore, Failure> {
    let path = data.join(STORE);
    SqlStore::open(&path).await.map_err(|error| {
        Failure::new(Exit::Failed, error.code(), format!("opening the store {}", path.display()))
            .because(error)
            .help("while a server runs on it, make a backup and look at that")
    })
}

/// Walks all chains; what does not fit is a failure.
async fn audit(data: &Path) -> Result<Audit, Failure> {
    let store = open(data).await?;
    let audit = store.verify().await;
    store.close().await;
    drop(store);
    let audit = audit
        .map_err(|error| Failure::new(Exit::Failed, "store.read", "verifying the store").because(error))?;
    match &audit.broken {
        None => Ok(audit),
        Some(broken) => {
            let place = broken.lsn.map(|lsn| format!(" at turn {lsn}")).unwrap_or_default();
            let whose = broken.instance.map(|id| format!(" of instance {id}")).unwrap_or_default();
            let message = format!("the chain is broken{place}{whose}: {}", broken.what);
            Err(Failure::new(Exit::Failed, "store.chain", message)
                .help("something else than yiwang has written to the file, or the disk has: use a backup"))
        }
    }
}

/// A folder for personal data. It must be new, or empty.
fn make(folder: &Path) -> Result<(), Failure> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::new(
            Exit::Conflict,
            "backup.not-empty",
            format!("{} is not empty", folder.display()),
        )
        .help("name a folder that is not there yet"));
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| failure::file("making", folder, error))
}

/// Copies a folder, if it is there; how many files it has.
fn copy_files(from: &Path, to: &Path) -> Result<u64, Failure> {
    if !from.is_dir() {
        return Ok(0);
    }
    make(to)?;
    let mut count = 0;
    let entries = fs::read_dir(from).map_err(|error| failure::file("reading", from, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| failure::file("reading", from, error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            count += copy_files(&source, &target)?;
            continue;
        }
        fs::copy(&source, &target).map_err(|error| failure::file("copying", &source, error))?;
        sync(&target)?;
        count += 1;
    }
    Ok(count)
}

/// What was written is on the disk.
fn sync(path: &Path) -> Result<(), Failure> {
    let synced = fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| failure::file("syncing", path, error))
}

fn no_store(data: &Path) -> Failure {
    Failure::new(Exit::NotFound, "store.missing", format!("there is no store in {}", data.display()))
        .help("name the data folder with --data; a PostgreSQL database has tools of its own")
}

fn show(format: Format, folder: &Path, manifest: &Manifest) {
    let mut told = json!(manifest);
    told["folder"] = json!(folder.display().to_string());
    super::instance::print_object(format, &told, "/folder");
}
