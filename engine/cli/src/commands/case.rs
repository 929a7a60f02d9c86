//! `yiwang case …`: cases listed, searched and shown; what is done with them is in `case/acts.rs`.

mod acts;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::{Remote, Server, encoded};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List cases, newest first.
    List(List),
    /// Show one case.
    Show {
        /// Its number.
        no: String,
        /// Its timeline instead.
        #[arg(long)]
        timeline: bool,
        /// As it was known at this time, RFC 3339.
        #[arg(long, value_name = "TIME", conflicts_with = "timeline")]
        as_of: Option<String>,
    },
    /// Show what happened to a case: who, when, why.
    History {
        /// Its number.
        no: String,
    },
    /// List the cases that a case may repeat.
    Repeats {
        /// Its number.
        no: String,
    },
    /// Ask how a case stands by its public tracking code. Needs no token.
    Track {
        /// The code.
        code: String,
    },
    #[command(flatten)]
    Act(acts::Verb),
}

#[derive(clap::Args, Debug)]
struct List {
    /// Words, a case number, or the last digits of a phone (four at least).
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
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
    /// Of this category.
    #[arg(long)]
    category: Option<String>,
    /// Of this kind: consult, help, complaint, …
    #[arg(long)]
    kind: Option<String>,
    /// Those that are not closed.
    #[arg(long)]
    open: bool,
    /// Due before this time, RFC 3339.
    #[arg(long, value_name = "TIME")]
    due_before: Option<String>,
    /// Opened from this time on, RFC 3339.
    #[arg(long, value_name = "TIME")]
    opened_from: Option<String>,
    /// Opened before this time, RFC 3339.
    #[arg(long, value_name = "TIME")]
    opened_until: Option<String>,
    /// newest, or due: by due time, closed ones left out.
    #[arg(long)]
    sort: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

pub(super) async fn run(args: Args, server: &Server, format: Format) -> Result<(), Failure> {
    if let Verb::Track { code } = args.verb {
        let tracked = server.anonymous()?.get(&format!("/track/{}", encoded(&code)), &[]).await?;
        super::instance::print_object(format, &tracked, "/code");
        return Ok(());
    }
    let remote = server.connect()?;
    match args.verb {
        Verb::List(args) => list(args, &remote, format).await?,
        Verb::Show { no, timeline: true, .. } | Verb::History { no } => {
            let path = format!("/cases/{}/timeline", encoded(&no));
            super::instance::print_history(format, &remote, &path).await?;
        }
        Verb::Show { no, timeline: false, as_of } => {
            let query: Vec<_> = as_of.map(|at| ("asOf", at)).into_iter().collect();
            let case = remote.get(&format!("/cases/{}", encoded(&no)), &query).await?;
            super::instance::print_object(format, &case, "/caseNo");
        }
        Verb::Repeats { no } => {
            let found = remote.get(&format!("/cases/{}/repeats", encoded(&no)), &[]).await?;
            output::list(format, &found, COLUMNS);
        }
        Verb::Track { .. } => {}
        Verb::Act(verb) => acts::run(verb, &remote, format).await?,
    }
    Ok(())
}

const COLUMNS: &[(&str, &str)] = &[
    ("CASE", "/caseNo"),
    ("STATE", "/state"),
    ("OUTCOME", "/outcome"),
    ("FLAGS", "/flags"),
    ("CHANNEL", "/channel"),
    ("UNIT", "/unit"),
    ("TITLE", "/title"),
    ("OPENED", "/opened"),
    ("DUE", "/due"),
];

async fn list(args: List, remote: &Remote, format: Format) -> Result<(), Failure> {
    let mut query = vec![("limit", args.limit.to_string())];
    let filters = [
        ("q", args.search),
        ("state", args.state),
        ("outcome", args.outcome),
        ("channel", args.channel),
        ("flag", args.flag),
        ("unit", args.unit),
        ("category", args.category),
        ("kind", args.kind),
        ("open", args.open.then(|| "true".to_owned())),
        ("dueBefore", args.due_before),
        ("openedFrom", args.opened_from),
        ("openedUntil", args.opened_until),
        ("sort", args.sort),
    ];
    query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
    output::list(format, &remote.get("/cases", &query).await?, COLUMNS);
    Ok(())
}
