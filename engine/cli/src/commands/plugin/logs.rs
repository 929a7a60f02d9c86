//! `yiwang plugin logs CHANNEL`: the last calls of a channel's plugin.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::failure::{self, Failure};
use crate::output::{self, Column, Format, cell};
use crate::remote::{Server, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// The channel's id.
    channel: String,
    /// Only those that did not end well.
    #[arg(long)]
    failed: bool,
    /// At most this many, the newest first.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Write what was recorded of this call to a file, for `yiwang plugin replay`.
    #[arg(long, value_name = "CALL", requires = "to")]
    save: Option<String>,
    /// The file.
    #[arg(long, value_name = "FILE", requires = "save")]
    to: Option<PathBuf>,
}

const COLUMNS: &[Column] = &[
    ("CALL", "/id"),
    ("AT", "/at"),
    ("EXPORT", "/export"),
    ("MICROS", "/micros"),
    ("BYTES", "/memoryBytes"),
    ("OUTCOME", "/outcome"),
    ("STATUS", "/status"),
    ("CODE", "/code"),
    ("RECORDED", "/recorded"),
    ("MESSAGE", "/message"),
];

pub(super) async fn run(args: &Args, format: Format) -> Result<(), Failure> {
    let remote = args.server.connect()?;
    let path = format!("/channels/{}/calls", encoded(&args.channel));
    if let (Some(call), Some(to)) = (&args.save, &args.to) {
        let recording = remote.get(&format!("{path}/{}", encoded(call)), &[]).await?;
        let text = format!("{recording:#}\n");
        return std::fs::write(to, text).map_err(|error| failure::file("writing", to, error));
    }
    let answer = remote.get(&path, &[]).await?;
    let items = answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let wanted = items.into_iter().filter(|item| !args.failed || item["outcome"] != "done");
    let items: Vec<Value> = wanted.take(args.limit).collect();
    output::list(format, &json!({ "items": items }), COLUMNS);
    if format == Format::Table {
        for item in &items {
            if let Some(why) = item["unrecorded"].as_str() {
                output::line(&format!("{}  not recorded: {why}", cell(item, "/id")));
            }
            for line in item["log"].as_array().into_iter().flatten() {
                output::line(&format!(
                    "{}  {:<5} {}",
                    cell(item, "/id"),
                    cell(line, "/level"),
                    cell(line, "/text")
                ));
            }
        }
    }
    Ok(())
}
