//! `yiwang plugin replay FILE|CALL`: a recorded call once more, here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use yiwang_host::recording::Recording;
use yiwang_host::replay;

use crate::failure::{self, Exit, Failure};
use crate::output::{self, Format};
use crate::remote::{Server, encoded};
use crate::services::user_cache;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// A file that `yiwang plugin logs --save` or the API wrote; with `--channel`, the call's id on the server.
    recording: String,
    /// The component to play it on.
    #[arg(long, value_name = "FILE")]
    component: PathBuf,
    /// The channel whose call it is.
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// A secret that the plugin saw, by the name of a variable that holds it. May stand several times.
    #[arg(long = "secret-env", value_name = "NAME=VARIABLE", value_parser = pair)]
    secrets: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, variable)| !name.is_empty() && !variable.is_empty());
    pair.map(|(name, variable)| (name.to_owned(), variable.to_owned()))
        .ok_or_else(|| "write NAME=VARIABLE".to_owned())
}

pub(super) async fn run(args: &Args, wanted: Option<Format>) -> Result<(), Failure> {
    let recording = recording(args).await?;
    let mut secrets = BTreeMap::new();
    for (name, variable) in &args.secrets {
        let value = std::env::var(variable).map_err(|error| {
            Failure::new(Exit::Invalid, "cli.variable", format!("the variable {variable}")).because(error)
        })?;
        secrets.insert(name.clone(), value);
    }
    let replayed = replay::replay(&recording, &args.component, &user_cache(), &secrets)
        .await
        .map_err(|reason| Failure::new(Exit::Invalid, "plugin.replay", reason))?;
    if wanted == Some(Format::Json) {
        output::json(&json!(replayed));
    } else {
        for caveat in &replayed.caveats {
            output::note(&format!("not as it was: {caveat}"));
        }
        output::line(if replayed.same { "the same" } else { "not the same" });
        for difference in replayed.differences.iter().chain(&replayed.log) {
            output::line(&format!("  {}", difference.at));
            output::line(&format!("    recorded {}", shown(&difference.recorded)));
            output::line(&format!("    replayed {}", shown(&difference.replayed)));
        }
        output::note(&format!("{:.3} ms", replayed.time.as_secs_f64() * 1e3));
    }
    if replayed.same { Ok(()) } else { Err(Failure::said(Exit::Failed)) }
}

async fn recording(args: &Args) -> Result<Recording, Failure> {
    let invalid = |reason: String| {
        Failure::new(Exit::Invalid, "plugin.recording", format!("{}: {reason}", args.recording))
    };
    let text = match &args.channel {
        None => {
            let path = PathBuf::from(&args.recording);
            std::fs::read_to_string(&path).map_err(|error| failure::file("reading", &path, error))?
        }
        Some(channel) => {
            let path = format!("/channels/{}/calls/{}", encoded(channel), encoded(&args.recording));
            args.server.connect()?.get(&path, &[]).await?.to_string()
        }
    };
    replay::read(&text).map_err(invalid)
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}
