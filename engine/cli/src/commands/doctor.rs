//! `yiwang doctor`: what could be wrong with this installation, and what to do about it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use yiwang_runtime::SystemClock;
use yiwang_runtime::ports::{Channels, Clock};
use yiwang_services::egress::Target;

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
}

/// One look at one thing.
struct Finding {
    what: &'static str,
    ok: bool,
    says: String,
}

/// Bytes that should be free where the store is.
const FREE_BYTES_MIN: u64 = 1 << 30;

pub(super) async fn run(args: Args, wanted: Option<Format>) -> Result<(), Failure> {
    let project = Project::open(&args.project, args.config.as_deref())?;
    let data = args.data.clone().unwrap_or_else(|| project.data());
    let mut findings = vec![version(), clock(), settings(&project)];
    findings.push(workflows(&project));
    findings.extend([egress(&project), secrets(&project)]);
    findings.push(disk(&data));
    findings.extend(store_and_channels(&project, &data).await);
    findings.push(address(&project));
    let bad = findings.iter().filter(|finding| !finding.ok).count();
    if wanted == Some(Format::Json) {
        let list: Value =
            findings.iter().map(|one| json!({ "what": one.what, "ok": one.ok, "says": one.says })).collect();
        output::json(&json!({ "ok": bad == 0, "findings": list }));
    } else {
        for finding in &findings {
            let mark = if finding.ok { "ok " } else { "BAD" };
            output::line(&format!("{mark}  {:<10} {}", finding.what, finding.says));
        }
    }
    if bad > 0 { Err(Failure::said(Exit::Failed)) } else { Ok(()) }
}

fn good(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { what, ok: true, says: says.into() }
}

fn bad(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { what, ok: false, says: says.into() }
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

/// Opens what is there; makes nothing.
async fn store_and_channels(project: &Project, data: &Path) -> Vec<Finding> {
    if !data.is_dir() {
        return vec![good(
            "store",
            format!("{} is not there yet; the first `yiwang serve` makes it", data.display()),
        )];
    }
    let stores = match Stores::open(data, None).await {
        Ok(stores) => stores,
        Err(failure) => return vec![bad("store", format!("{failure}; is a server running on it?"))],
    };
    let mut findings = Vec::new();
    match stores.query.counts().await {
        Ok(counts) => {
            let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
            findings.push(good("store", format!("{}: {}", data.display(), counts.join(", "))));
        }
        Err(error) => findings.push(bad("store", format!("{}: {error}", data.display()))),
    }
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
