//! `yiwang doctor`: what could be wrong with this installation, and what to do about it.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use yiwang_core::Timestamp;
use yiwang_core::district::District;
use yiwang_runtime::SystemClock;
use yiwang_runtime::ports::{Channels, Clock};
use yiwang_services::egress::Target;
use yiwang_store::{Examined, Postgres};

use crate::egress;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format};
use crate::project::{Project, print_remarks};
use crate::wiring::{self, Stores};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Folder with yiwang.yaml, channels/ and workflows/.
    #[arg(long, env = "YIWANG_PROJECT", default_value = ".", value_name = "DIR")]
    project: PathBuf,
    /// Settings instead of the project's yiwang.yaml.
    #[arg(long, env = "YIWANG_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store.
    #[arg(long, env = "YIWANG_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// A PostgreSQL database (postgres://…) to look at as well.
    #[arg(long, env = "YIWANG_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
}

/// One look at one thing.
struct Finding {
    what: &'static str,
    /// Stable: `data.rights`, `store.chain`, …
    code: &'static str,
    mark: Mark,
    says: String,
    /// What to do.
    help: Option<&'static str>,
}

/// How a thing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ok,
    /// It works, and somebody should look at it.
    Look,
    Bad,
}

impl Finding {
    fn coded(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}

/// Bytes that should be free where the store is.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// An fsync that takes longer makes everybody wait.
const SYNC_SLOW: Duration = Duration::from_millis(100);
/// Holidays are published a month or two before the year they are of.
const CALENDAR_AHEAD_MILLIS: u64 = 31 * 24 * 60 * 60 * 1000;

pub(super) async fn run(args: Args, wanted: Option<Format>) -> Result<(), Failure> {
    let project = Project::open(&args.project, args.config.as_deref())?;
    let data = args.data.clone().unwrap_or_else(|| project.data());
    let mut findings = vec![version(), clock(), settings(&project)];
    findings.push(workflows(&project));
    findings.extend([egress(&project), secrets(&project)]);
    findings.push(disk(&data));
    if data.is_dir() {
        findings.extend([rights(&data), durable(&data)]);
    }
    if let Some(url) = &args.database {
        findings.push(database(url).await);
    }
    findings.extend(store_and_channels(&project, &data).await);
    findings.push(address(&project));
    let bad = findings.iter().filter(|finding| finding.mark == Mark::Bad).count();
    if wanted == Some(Format::Json) {
        let list: Value = findings
            .iter()
            .map(|one| {
                json!({
                    "what": one.what, "code": one.code, "ok": one.mark != Mark::Bad,
                    "look": one.mark == Mark::Look, "says": one.says, "help": one.help,
                })
            })
            .collect();
        output::json(&json!({ "ok": bad == 0, "findings": list }));
    } else {
        for finding in &findings {
            let mark = match finding.mark {
                Mark::Ok => "ok  ",
                Mark::Look => "look",
                Mark::Bad => "BAD ",
            };
            output::line(&format!("{mark} {:<10} {}", finding.what, finding.says));
            if let (Mark::Look | Mark::Bad, Some(help)) = (finding.mark, finding.help) {
                output::line(&format!("     {:<10} {}: {help}", "", finding.code));
            }
        }
    }
    if bad > 0 { Err(Failure::said(Exit::Failed)) } else { Ok(()) }
}

fn good(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { what, code: what, mark: Mark::Ok, says: says.into(), help: None }
}

fn look(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { mark: Mark::Look, ..good(what, says) }
}

fn bad(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { mark: Mark::Bad, ..good(what, says) }
}

fn version() -> Finding {
    good("version", format!("yiwang {}", env!("CARGO_PKG_VERSION")))
}

fn clock() -> Finding {
    let now = SystemClock.now();
    let zone = jiff::tz::TimeZone::system();
    let name = zone.iana_name().unwrap_or("without a name").to_owned();
    // Nothing was ever deployed before this program was written.
    if now.0 < 1_750_000_000_000 {
        return bad("clock", format!("{now} is in the past: set the clock, run an NTP client"));
    }
    if jiff::tz::TimeZone::get("Asia/Shanghai").is_err() {
        return bad("clock", "the time zone Asia/Shanghai is not known: install tzdata");
    }
    good(
        "clock",
        format!("{now}, system zone {name}; workflows count in Asia/Shanghai unless they say otherwise"),
    )
}

fn settings(project: &Project) -> Finding {
    match project.channels() {
        Ok(channels) => good("project", format!("{}: {} channels", project.root.display(), channels.len())),
        Err(failure) => bad("project", failure.to_string()),
    }
}

fn workflows(project: &Project) -> Finding {
    let packages = match project.packages() {
        Ok(packages) => packages,
        Err(failure) => return bad("workflows", failure.to_string()),
    };
    let ids = project.channels().unwrap_or_default().into_iter().map(|channel| channel.id);
    let catalog = project.catalog(ids);
    let mut errors = 0;
    for package in &packages {
        let (_, remarks) =
            yiwang_dsl::check_with(&package.source, &package.catalog(&catalog), &package.resources);
        errors += print_remarks(&package.path, &package.source, &remarks);
    }
    let says = format!("{} workflows, {errors} mistakes", packages.len());
    if errors == 0 { good("workflows", says) } else { bad("workflows", says) }
}

/// What calls may reach; certificates are read as at a start.
fn egress(project: &Project) -> Finding {
    if let Err(failure) = egress::config(Some(project), &[]).and_then(egress::performer) {
        return bad("egress", failure.to_string());
    }
    let settings = &project.settings.egress;
    let list = |targets: &[Target]| targets.iter().map(Target::to_string).collect::<Vec<_>>().join(", ");
    let mut says = vec!["calls reach the public network".to_owned()];
    if settings.deny.iter().any(|target| *target == Target::everything()) {
        says = vec!["calls reach nothing but what is allowed".to_owned()];
    }
    if !settings.allow.is_empty() {
        says.push(format!("allowed {}", list(&settings.allow)));
    }
    if !settings.deny.is_empty() {
        says.push(format!("denied {}", list(&settings.deny)));
    }
    if !settings.hosts.0.is_empty() {
        says.push(format!("{} hosts mapped", settings.hosts.0.len()));
    }
    if !settings.certificates.is_empty() {
        says.push(format!("{} files of private authorities", settings.certificates.len()));
    }
    good("egress", says.join("; "))
}

/// Are the secrets of workflows there? Their values are not shown.
fn secrets(project: &Project) -> Finding {
    let known = &project.settings.secrets;
    let missing = known.iter().filter(|(_, secret)| secret.read(&project.root).is_none());
    let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
    if missing.is_empty() {
        return good("secrets", format!("{} for workflows", known.len()));
    }
    bad("secrets", format!("not there: {}; set the variable or make the file", missing.join(", ")))
}

/// Free space by `df`, which every system has; without it, nothing is said.
fn disk(data: &Path) -> Finding {
    let mut at = data;
    while !at.exists() {
        match at.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => at = parent,
            None => break,
        }
    }
    let at = if at.exists() { at } else { Path::new(".") };
    let free = std::process::Command::new("df").arg("-Pk").arg(at).output().ok().and_then(|done| {
        let text = String::from_utf8(done.stdout).ok()?;
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    match free.map(|kilobytes| kilobytes * 1024) {
        None => good("disk", format!("{}: free space is not known", data.display())),
        Some(free) if free < FREE_BYTES_MIN => {
            bad("disk", format!("{}: {} MiB free, less than 1 GiB", data.display(), free >> 20))
        }
        Some(free) => good("disk", format!("{}: {} MiB free", data.display(), free >> 20)),
    }
}

/// May others read what is there? It holds personal data.
fn rights(data: &Path) -> Finding {
    let mode = std::fs::metadata(data).map(|found| found.permissions().mode() & 0o777);
    match mode {
        Ok(mode) if mode & 0o077 == 0 => {
            good("data", format!("{}: only its owner may read it", data.display())).coded("data.rights")
        }
        Ok(mode) => bad("data", format!("{}: others may read it (mode {mode:o})", data.display()))
            .coded("data.rights")
            .help("it holds personal data: chmod 700, and keep backups the same"),
        Err(error) => bad("data", format!("{}: {error}", data.display())).coded("data.rights"),
    }
}

/// Can a file be written there and be durable? A store is worth as much as its fsync.
fn durable(data: &Path) -> Finding {
    let path = data.join(".doctor");
    let begun = std::time::Instant::now();
    let written = std::fs::File::create(&path).and_then(|mut file| {
        file.write_all(b"yiwang doctor")?;
        file.sync_all()
    });
    let took = begun.elapsed();
    // A file that could not be made need not be removed.
    drop(std::fs::remove_file(&path));
    match written {
        Ok(()) if took > SYNC_SLOW => look("fsync", format!("one took {} ms", took.as_millis()))
            .coded("data.fsync")
            .help("each turn waits for one: put the data folder on a local disk, not on a network share"),
        Ok(()) => good("fsync", format!("{} ms", took.as_millis())).coded("data.fsync"),
        Err(error) => bad("fsync", format!("{}: {error}", data.display())).coded("data.fsync").help(
            "the server's user must be able to write there, and the disk must not be full or read-only",
        ),
    }
}

/// Is the database there, and is it one that keeps what it acknowledges?
async fn database(url: &str) -> Finding {
    let postgres = match Postgres::new(url) {
        Ok(postgres) => postgres,
        Err(error) => return bad("database", error.to_string()).coded(error.code()),
    };
    match postgres.examine().await {
        Ok(Examined { pending: 0, last_turn }) => {
            let last = last_turn.map_or("none yet".to_owned(), Timestamp::rfc3339);
            good("database", format!("{postgres} is reachable and fit; last turn: {last}"))
        }
        Ok(Examined { pending, .. }) => {
            look("database", format!("{postgres} is reachable; its schema is {pending} behind"))
                .coded("database.behind")
                .help("the next `yiwang serve` makes them: have a backup, and let no node of the version before run on")
        }
        Err(error) => bad("database", chain(&error)).coded(error.code()).help(error.help().unwrap_or(
            "is the server up, the name and password right, and is it PostgreSQL of a version that is supported?",
        )),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// What stands in the store: its chains, its clock, what is stuck, what its calendars know.
async fn store_itself(stores: &Stores) -> Vec<Finding> {
    let mut findings = Vec::new();
    match stores.durable().verify().await {
        Err(error) => findings.push(bad("chain", error.to_string()).coded("store.read")),
        Ok(audit) => findings.push(match audit.broken {
            None => {
                let seal: String = audit.seal.chars().take(16).collect();
                good("chain", format!("{} turns hang together; last seal {seal}…", audit.turns))
                    .coded("store.chain")
            }
            Some(broken) => bad("chain", format!("broken: {} (turn {:?})", broken.what, broken.lsn))
                .coded("store.chain")
                .help("something else has written to the store, or the disk has failed: restore a backup"),
        }),
    }
    if let Ok(Some(last)) = stores.durable().last_turn_at().await {
        let now = SystemClock.now();
        findings.push(if now < last {
            bad("clock", format!("{now} is before the last turn, which was at {last}"))
                .coded("clock.behind")
                .help("set the clock by NTP before starting: until it has caught up no timer fires")
        } else {
            good("clock", format!("the last turn was at {last}")).coded("clock.behind")
        });
    }
    let counts = stores.query.counts().await.unwrap_or_default();
    let stuck = counts.get("incidents").copied().unwrap_or(0);
    findings.push(if stuck == 0 {
        good("incidents", "none").coded("store.incidents")
    } else {
        look("incidents", format!("{stuck} instances cannot go on by themselves"))
            .coded("store.incidents")
            .help("`yiwang incident list`, then retry, repair or cancel: docs/guide/repairs.md")
    });
    findings.extend(calendars(stores).await);
    findings
}

/// Do the calendars know the holidays of the coming months?
async fn calendars(stores: &Stores) -> Vec<Finding> {
    let rows = match stores.store.references().await {
        Ok(rows) => rows,
        Err(error) => return vec![bad("calendar", error.to_string()).coded("store.read")],
    };
    let mut district = District::new();
    let mut findings = Vec::new();
    for row in rows {
        let (kind, name) = (row.kind.word(), row.name.clone());
        match district.with(row) {
            Ok(with) => district = with,
            Err(mistakes) => findings.push(
                bad("reference", format!("the {kind} `{name}` has {} mistakes now", mistakes.len()))
                    .coded("reference.invalid")
                    .help("put a corrected version: PUT /api/v1/reference"),
            ),
        }
    }
    let ahead = SystemClock.now().plus_millis(CALENDAR_AHEAD_MILLIS);
    for id in district.calendars.ids() {
        let Some(calendar) = district.calendars.newest(id) else { continue };
        // One without holidays has no end.
        let Some((_, to)) = calendar.known else { continue };
        findings.push(if calendar.knows(ahead) {
            good("calendar", format!("{id}: known until {to}")).coded("calendar.ends")
        } else {
            look("calendar", format!("{id}: known only until {to}"))
                .coded("calendar.ends")
                .help("due times beyond are provisional: `yiwang calendar import` the coming year when it is published")
        });
    }
    findings
}

/// Opens what is there; makes nothing.
async fn store_and_channels(project: &Project, data: &Path) -> Vec<Finding> {
    if !data.is_dir() {
        return vec![good(
            "store",
            format!("{} is not there yet; the first `yiwang serve` makes it", data.display()),
        )];
    }
    let stores =
        match Stores::open(data, None).await {
            Ok(stores) => stores,
            Err(failure) => {
                let finding = bad("store", format!("{failure}; is a server running on it?"));
                return vec![finding.coded("store.open").help(
                    "stop the server, or look at a backup: `yiwang backup`, then `doctor --data` on it",
                )];
            }
        };
    let mut findings = Vec::new();
    match stores.query.counts().await {
        Ok(counts) => {
            let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
            findings.push(good("store", format!("{}: {}", data.display(), counts.join(", "))));
        }
        Err(error) => findings.push(bad("store", format!("{}: {error}", data.display()))),
    }
    findings.extend(store_itself(&stores).await);
    let files = project.channels().unwrap_or_default();
    match wiring::channels(project, &files, data, &stores).await {
        Ok(channels) => findings.extend(channels.list().into_iter().map(|channel| match channel.problem {
            None => good("channel", format!("{}: {} is ready", channel.id, channel.plugin)),
            Some(problem) => bad("channel", format!("{}: {problem}", channel.id)),
        })),
        Err(failure) => findings.push(bad("channels", failure.to_string())),
    }
    stores.close().await;
    findings
}

fn address(project: &Project) -> Finding {
    let listen = project.settings.listen.unwrap_or(yiwang_server::Config::default().listen);
    match TcpListener::bind(listen) {
        Ok(_) => good("address", format!("{listen} is free")),
        Err(error) => good("address", format!("{listen}: {error} (a running server holds it?)")),
    }
}
