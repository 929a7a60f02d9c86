//! `yiwang case list|show`.

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::{Remote, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List cases, newest first.
    List {
        /// registered, triaged, dispatched, signed, handling, replied, audited or closed.
        #[arg(long)]
        state: Option<String>,
        /// Closed this way: resolved, explained, planned, …
        #[arg(long)]
        outcome: Option<String>,
        /// By this channel.
        #[arg(long)]
        channel: Option<String>,
        /// With this flag: overdue, warned, supervised, reopened, repeat.
        #[arg(long)]
        flag: Option<String>,
        /// Led by this unit.
        #[arg(long)]
        unit: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one case.
    Show {
        /// Its number.
        no: String,
        /// Its timeline instead.
        #[arg(long)]
        timeline: bool,
    },
}

pub(super) async fn run(args: Args, remote: &Remote, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::List { state, outcome, channel, flag, unit, limit } => {
            let mut query = vec![("limit", limit.to_string())];
            let filters = [
                ("state", state),
                ("outcome", outcome),
                ("channel", channel),
                ("flag", flag),
                ("unit", unit),
            ];
            query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
            let columns = [
                ("CASE", "/caseNo"),
                ("STATE", "/state"),
                ("OUTCOME", "/outcome"),
                ("FLAGS", "/flags"),
                ("CHANNEL", "/channel"),
                ("UNIT", "/unit"),
                ("TITLE", "/title"),
                ("OPENED", "/opened"),
            ];
            output::list(format, &remote.get("/cases", &query).await?, &columns);
        }
        Verb::Show { no, timeline: true } => {
            let path = format!("/cases/{}/timeline", encoded(&no));
            super::instance::print_history(format, remote, &path).await?;
        }
        Verb::Show { no, timeline: false } => {
            let case = remote.get(&format!("/cases/{}", encoded(&no)), &[]).await?;
            super::instance::print_object(format, &case, "/caseNo");
        }
    }
    Ok(())
}
