//! `yiwang expert-draw verify`: draws a lot again and says whether it holds. Needs no server for a file.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use yiwang_core::lot::Proof;

use crate::failure::{self, Exit, Failure};
use crate::output::{self, Format};
use crate::remote::{Remote, Server, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Draw again from a proof, and compare.
    Verify {
        /// JSON with the proof: the output of the task, or the proof alone.
        #[arg(value_name = "FILE", required_unless_present = "instance")]
        file: Option<PathBuf>,
        /// All lots in the history of this instance.
        #[arg(long, value_name = "ID", conflicts_with = "file")]
        instance: Option<String>,
    },
}

pub(super) async fn run(args: Args, server: &Server, format: Format) -> Result<(), Failure> {
    let Verb::Verify { file, instance } = args.verb;
    let proofs = match (file, instance) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(&path).map_err(|e| failure::file("reading", &path, e))?;
            let value: Value = serde_json::from_str(&text).map_err(|error| {
                Failure::new(Exit::Invalid, "cli.json", format!("{} is not JSON", path.display()))
                    .because(error)
            })?;
            let proof = value.get("proof").unwrap_or(&value).clone();
            vec![serde_json::from_value(proof).map_err(|error| {
                Failure::new(Exit::Invalid, "expert-draw.proof", "this is no proof of a lot").because(error)
            })?]
        }
        (None, Some(id)) => of_instance(&server.connect()?, &id).await?,
        (None, None) => Vec::new(),
    };
    if proofs.is_empty() {
        return Err(Failure::new(Exit::NotFound, "expert-draw.none", "nothing was drawn there"));
    }
    let mut broken = 0;
    let mut told = Vec::new();
    for proof in &proofs {
        let wrong = proof.verify();
        broken += usize::from(!wrong.is_empty());
        if format == Format::Json {
            told.push(json!({"holds": wrong.is_empty(), "wrong": wrong, "proof": proof}));
            continue;
        }
        let pool = format!("{} of {} candidates of {}", proof.count, proof.candidates.len(), proof.pool);
        output::line(&format!("{}: {pool}", if wrong.is_empty() { "holds" } else { "DOES NOT HOLD" }));
        output::line(&format!("  seed {} ({})", proof.seed, proof.seed_source));
        output::line(&format!("  drawn {}", proof.drawn.join(" ")));
        for sentence in wrong {
            output::line(&format!("  × {sentence}"));
        }
    }
    if format == Format::Json {
        output::json(&json!({ "lots": told }));
    }
    if broken > 0 { Err(Failure::said(Exit::Invalid)) } else { Ok(()) }
}

/// The proofs in the history of an instance.
async fn of_instance(remote: &Remote, id: &str) -> Result<Vec<Proof>, Failure> {
    let path = format!("/instances/{}/history", encoded(id));
    let lines = super::instance::history(remote, &path).await?;
    let proofs = lines.iter().filter(|line| line["event"] == "task_completed");
    Ok(proofs
        .filter_map(|line| serde_json::from_value(line.pointer("/output/proof")?.clone()).ok())
        .collect())
}
