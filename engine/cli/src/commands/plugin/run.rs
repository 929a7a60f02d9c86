//! `yiwang plugin run FILE`: one call of a component, and what it did and cost.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use yiwang_host::fixture::{Notification, Request, received, sent};
use yiwang_host::{Bench, NOW, Observed};

use crate::failure::{self, Exit, Failure};
use crate::output::{self, Format};
use crate::project::{self, ChannelFile};
use crate::services::user_cache;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The component.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A request that comes in: JSON, as the `request` of a fixture.
    #[arg(
        long,
        value_name = "JSON",
        required_unless_present = "notification",
        conflicts_with = "notification"
    )]
    request: Option<PathBuf>,
    /// A message that goes out: JSON, as the `notification` of a fixture.
    #[arg(long, value_name = "JSON")]
    notification: Option<PathBuf>,
    /// The channel: the YAML file of a project, with its configuration, grants and secrets.
    #[arg(long, value_name = "YAML")]
    channel: Option<PathBuf>,
    /// Let its requests go out; without it, none leaves this machine.
    #[arg(long)]
    network: bool,
}

pub(super) async fn run(args: &Args, wanted: Option<Format>) -> Result<(), Failure> {
    let channel = match &args.channel {
        Some(path) => configured(path)?,
        None => json!({}),
    };
    let bench = Bench::start(&args.file, &user_cache(), &channel, 0)
        .await
        .map_err(|reason| invalid(&args.file, &reason))?;
    if !args.network {
        bench.answers([]);
    }
    let given = match (&args.request, &args.notification) {
        (Some(path), _) => {
            let request: Request = member(path, "request")?;
            received(&bench, request.read(NOW).map_err(|reason| invalid(path, &reason))?).await
        }
        (None, Some(path)) => {
            let notification: Notification = member(path, "notification")?;
            sent(&bench, notification.read(NOW).map_err(|reason| invalid(path, &reason))?).await
        }
        (None, None) => {
            return Err(Failure::new(Exit::Invalid, "cli.run", "neither a request nor a message"));
        }
    };
    let (observed, asked) = (bench.observed(), bench.asked());
    if wanted == Some(Format::Json) {
        let calls: Vec<Value> = observed.iter().map(to_json).collect();
        output::json(&json!({ "given": given, "calls": calls, "requests": asked }));
    } else {
        for call in &observed {
            print(call);
        }
        for request in &asked {
            output::note(&format!(
                "went out   {} {} (stopped here; --network lets it go)",
                request.method, request.url
            ));
        }
        output::json(&given);
    }
    let broken = given["code"].as_str().is_some_and(|code| code.starts_with("plugin."));
    if broken { Err(Failure::said(Exit::Failed)) } else { Ok(()) }
}

fn print(call: &Observed) {
    for (level, text) in &call.log {
        output::note(&format!("{level:<10} {text}"));
    }
    let calls: Vec<String> = call.host_calls.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let calls = if calls.is_empty() { "none".to_owned() } else { calls.join(", ") };
    output::note(&format!(
        "time       {:.3} ms\nmemory     {} KiB\nhost calls {calls}",
        call.time.as_secs_f64() * 1e3,
        call.memory_bytes_peak >> 10
    ));
}

fn to_json(call: &Observed) -> Value {
    let calls: Map<String, Value> =
        call.host_calls.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
    let log: Vec<Value> =
        call.log.iter().map(|(level, text)| json!({ "level": level, "text": text })).collect();
    json!({
        "timeMicros": u64::try_from(call.time.as_micros()).unwrap_or(u64::MAX),
        "memoryBytesPeak": call.memory_bytes_peak, "hostCalls": calls, "log": log,
    })
}

/// The channel as a bench takes it: secrets read now, from where the file says.
fn configured(path: &Path) -> Result<Value, Failure> {
    let ChannelFile { mut value, secrets, .. } = project::channel(path)?;
    // As for a server: relative to the project, whose folder of channels this is in.
    let root = path.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let known = secrets.iter().filter_map(|(name, source)| Some((name.clone(), json!(source.read(root)?))));
    value["secrets"] = Value::Object(known.collect());
    Ok(value)
}

/// The JSON of a file, or the member of it where it is a whole step.
fn member<T: serde::de::DeserializeOwned>(path: &Path, name: &str) -> Result<T, Failure> {
    let bytes = std::fs::read(path).map_err(|error| failure::file("reading", path, error))?;
    let mut value: Value =
        serde_json::from_slice(&bytes).map_err(|error| invalid(path, &error.to_string()))?;
    if let Some(inner) = value.get_mut(name) {
        value = inner.take();
    }
    serde_json::from_value(value).map_err(|error| invalid(path, &error.to_string()))
}

fn invalid(path: &Path, reason: &str) -> Failure {
    Failure::new(Exit::Invalid, "plugin.run", format!("{}: {reason}", path.display()))
}
