//! `yiwang deploy FILE|DIR…`: workflows with their forms, onto a server.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::{self, Format};
use crate::project::packages;
use crate::remote::Remote;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Workflows, or folders with workflows.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
}

/// All or the first that fails: what was deployed before stays, and deploying it again is no change.
pub(super) async fn run(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    let mut deployed: Vec<Value> = Vec::new();
    for path in &args.paths {
        for package in packages(path)? {
            let resources: BTreeMap<&str, &str> =
                package.resources.iter().filter_map(|(uri, text)| Some((uri, &**text.ok()?))).collect();
            let body = json!({ "source": package.source, "forms": package.forms, "resources": resources });
            match remote.post("/definitions", Some(&body), &[]).await {
                Ok(answer) => deployed.push(answer),
                Err(failure) => {
                    output::note(&format!("{} was not deployed", package.path.display()));
                    return Err(failure);
                }
            }
        }
    }
    if deployed.is_empty() {
        let message = "there is no workflow.yaml in the folders given";
        return Err(Failure::new(Exit::NotFound, "project.no-workflow", message));
    }
    let columns =
        [("NAME", "/name"), ("NAMESPACE", "/namespace"), ("VERSION", "/version"), ("HASH", "/hash")];
    output::list(format, &json!({ "items": deployed }), &columns);
    Ok(())
}
