//! `yiwang rejection|incident list`.

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::{self, Column, Format};
use crate::remote::Remote;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List them, newest first.
    List {
        /// Of this channel only.
        #[arg(long)]
        channel: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

pub(super) async fn rejections(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    let columns = [
        ("ID", "/id"),
        ("CHANNEL", "/channel"),
        ("STATUS", "/status"),
        ("CODE", "/code"),
        ("REASON", "/reason"),
        ("AT", "/at"),
    ];
    show("/rejections", args, &columns, remote, format).await
}

pub(super) async fn incidents(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    let columns = [("INSTANCE", "/instance"), ("CODE", "/code"), ("DETAIL", "/detail"), ("AT", "/at")];
    show("/incidents", args, &columns, remote, format).await
}

async fn show(
    path: &str,
    args: Args,
    columns: &[Column],
    remote: &Remote,
    format: Format,
) -> Result<(), Failure> {
    let Verb::List { channel, limit } = args.verb;
    let mut query = vec![("limit", limit.to_string())];
    query.extend(channel.map(|channel| ("channel", channel)));
    output::list(format, &remote.get(path, &query).await?, columns);
    Ok(())
}
