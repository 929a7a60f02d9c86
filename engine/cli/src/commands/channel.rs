//! `yiwang channel list|health|unpark|receive|reload`.

use std::path::PathBuf;

use clap::Subcommand;
use reqwest::Method;

use crate::failure::{self, Exit, Failure};
use crate::output::{self, Format};
use crate::remote::{Server, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List the channels, whether they are ready, and how they said that they do.
    List,
    /// Ask a channel how it does, unless that was within a minute.
    Health {
        /// The channel's id.
        id: String,
    },
    /// Call a channel again at once that is parked because its plugin broke down.
    Unpark {
        /// The channel's id.
        id: String,
    },
    /// Read the channels' files and plugins again, without a stop: all or nothing.
    Reload,
    /// Hand a file to a channel as the body of a request, or put it into the inbox as an event.
    Receive {
        /// The channel's id.
        id: String,
        /// The body.
        #[arg(long)]
        file: PathBuf,
        /// Below the channel's address.
        #[arg(long, default_value = "/")]
        path: String,
        /// Of the body.
        #[arg(long, default_value = "application/json")]
        content_type: String,
        /// `Name: value`; may be given several times.
        #[arg(long = "header", value_name = "HEADER")]
        headers: Vec<String>,
        /// The file is a CloudEvent (JSON) and goes into the inbox, past the plugin. Needs a token.
        #[arg(long)]
        event: bool,
    },
}

const COLUMNS: &[output::Column] = &[
    ("ID", "/id"),
    ("TITLE", "/title"),
    ("PLUGIN", "/plugin"),
    ("PROVIDES", "/provides"),
    ("HEALTH", "/health/status"),
    ("PROBLEM", "/problem"),
];

const HEALTH: &[output::Column] = &[
    ("ID", "/id"),
    ("HEALTH", "/health/status"),
    ("MESSAGE", "/health/message"),
    ("DETAILS", "/health/details"),
    ("ASKED", "/health/at"),
    ("PROBLEM", "/problem"),
];

pub(super) async fn run(args: Args, server: &Server, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::List => {
            output::list(format, &server.connect()?.get("/channels", &[]).await?, COLUMNS);
            Ok(())
        }
        Verb::Health { id } => {
            let path = format!("/channels/{}/health", encoded(&id));
            output::list(format, &server.connect()?.get(&path, &[]).await?, HEALTH);
            Ok(())
        }
        Verb::Unpark { id } => {
            let path = format!("/channels/{}:unpark", encoded(&id));
            output::list(format, &server.connect()?.post(&path, None, &[]).await?, COLUMNS);
            Ok(())
        }
        Verb::Reload => {
            let answer = server.connect()?.post("/channels:reload", None, &[]).await?;
            output::list(format, &answer, COLUMNS);
            Ok(())
        }
        Verb::Receive { id, file, event: true, .. } => {
            let text =
                std::fs::read_to_string(&file).map_err(|error| failure::file("reading", &file, error))?;
            let mut event = super::task::json_argument("the file", &text)?;
            if let Some(members) = event.as_object_mut() {
                members.entry("source").or_insert_with(|| format!("/channels/{id}").into());
                members.entry("specversion").or_insert_with(|| "1.0".into());
            }
            let headers = [("content-type", "application/cloudevents+json")];
            let answer = server.connect()?.post("/events", Some(&event), &headers).await?;
            output::list(
                format,
                &answer,
                &[("EVENT", "/id"), ("INBOX", "/inbox"), ("DUPLICATE", "/duplicate")],
            );
            Ok(())
        }
        Verb::Receive { id, file, path, content_type, headers, event: false } => {
            let body = std::fs::read(&file).map_err(|error| failure::file("reading", &file, error))?;
            let mut all = vec![("content-type", content_type.as_str())];
            for header in &headers {
                let wrong =
                    || Failure::new(Exit::Invalid, "cli.header", format!("`{header}` is not `Name: value`"));
                let (name, value) = header.split_once(':').ok_or_else(wrong)?;
                all.push((name.trim(), value.trim()));
            }
            let below = path.trim_start_matches('/');
            let slash = if below.is_empty() { "" } else { "/" };
            let path = format!("/channels/{}{slash}{below}", encoded(&id));
            let response = server.anonymous()?.raw(Method::POST, &path, &all, body).await?;
            let status = response.status();
            let text = response.text().await.unwrap_or_default();
            output::note(&format!("{status}"));
            output::line(text.trim_end());
            if status.is_success() {
                return Ok(());
            }
            Err(Failure::said(match status.as_u16() {
                401 | 403 => Exit::Auth,
                404 => Exit::NotFound,
                409 => Exit::Conflict,
                429 | 500.. => Exit::Unreachable,
                _ => Exit::Invalid,
            }))
        }
    }
}
