//! `yiwang token list|create|revoke`.

use clap::Subcommand;
use serde_json::json;

use crate::failure::Failure;
use crate::output::{self, Format, cell};
use crate::remote::{Remote, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List all tokens, without their secrets.
    List,
    /// Make a token and print it: it is shown this once.
    Create {
        /// The person it stands for.
        #[arg(long)]
        person: String,
        /// `role` or `role@unit`; may be given several times.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// RFC 3339; without it, it holds until revoked.
        #[arg(long)]
        expires: Option<String>,
    },
    /// Take a token away.
    Revoke {
        /// Its id.
        id: String,
    },
}

pub(super) async fn run(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::List => {
            let columns = [
                ("ID", "/id"),
                ("PERSON", "/person"),
                ("ROLES", "/roles"),
                ("CREATED", "/created"),
                ("EXPIRES", "/expires"),
            ];
            output::list(format, &remote.get("/tokens", &[]).await?, &columns);
        }
        Verb::Create { person, roles, expires } => {
            let body = json!({ "person": person, "roles": roles, "expires": expires });
            let made = remote.post("/tokens", Some(&body), &[]).await?;
            match format {
                Format::Json => output::json(&made),
                Format::Name => output::line(&cell(&made, "/id")),
                Format::Table => {
                    output::note(&format!(
                        "{} for {}; it is not shown again:",
                        cell(&made, "/id"),
                        cell(&made, "/person")
                    ));
                    output::line(&cell(&made, "/secret"));
                }
            }
        }
        Verb::Revoke { id } => {
            remote.delete(&format!("/tokens/{}", encoded(&id))).await?;
            output::note(&format!("{id} no longer holds"));
        }
    }
    Ok(())
}
