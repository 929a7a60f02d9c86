//! The commands, one file each, and the tree that names them.

mod archive;
mod backup;
mod calendar;
mod case;
mod channel;
mod check;
mod completion;
mod deploy;
mod doctor;
mod expert_draw;
mod explain;
mod fmt;
mod graph;
mod instance;
mod lists;
mod lsp;
mod message;
mod org;
mod plugin;
mod run;
mod schedule;
mod schema;
mod serve;
mod sim;
mod sweep;
mod table;
mod task;
mod test;
mod token;
mod version;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::language::Lang;
use crate::output::{Format, Wanted};
use crate::remote::Server;

/// Durable public-service processes: workflows in YAML, channels as sandboxed plugins.
#[derive(Parser, Debug)]
#[command(name = "yiwang", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// How to show results: a table at a terminal, JSON otherwise.
    #[arg(short, long, value_enum, global = true, value_name = "FORMAT")]
    pub(crate) output: Option<Wanted>,
    /// Language of remarks and pages; without it that of the environment.
    #[arg(long, value_enum, global = true, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Lang>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a server.
    Serve(serve::Args),
    /// Check workflows and tell all their mistakes at once.
    Check(check::Args),
    /// Lay out workflows and other YAML files in the usual way.
    Fmt(fmt::Args),
    /// Print the JSON Schema of workflows, for editors.
    Schema(schema::Args),
    /// Draw the flow of a workflow.
    Graph(graph::Args),
    /// Serve an editor: remarks, completion, hover, go to, rename (Language Server Protocol).
    Lsp(lsp::Args),
    /// Run one workflow here and print its output.
    Run(run::Args),
    /// Play the scenarios of workflows under a virtual clock.
    Test(test::Args),
    /// Run the engine in simulated worlds that follow from seeds, and look for broken promises.
    Sim(sim::Args),
    /// Hold a list as CSV or XLSX against the form it is for.
    Table(table::Args),
    /// Check the installation, the project and the data folder.
    Doctor(doctor::Args),
    /// Copy a data folder while a server runs on it.
    Backup(backup::BackupArgs),
    /// Make a data folder of a backup.
    Restore(backup::RestoreArgs),
    /// Walk all chains of a store: was anything changed, taken out or put in?
    Verify(backup::VerifyArgs),
    /// Print the history of all instances as JSON lines, as it was known at a time.
    Export(backup::ExportArgs),
    /// What has ended leaves the store, by the district's rules of retention.
    Archive(Remotely<archive::Args>),
    /// Say what a code means.
    Explain(explain::Args),
    /// Put workflows with their forms on a server.
    Deploy(Remotely<deploy::Args>),
    /// Running and ended instances.
    #[command(subcommand_required = true)]
    Instance(Remotely<instance::Args>),
    /// Work items: what people have to do.
    Task(Remotely<task::Args>),
    /// Cases: one matter of one person each.
    Case(Remotely<case::Args>),
    /// Working time: calendars, due times, holidays.
    Calendar(Remotely<calendar::Args>),
    /// Schedules: what starts by the clock.
    Schedule(Remotely<schedule::Args>),
    /// Sweeps: one act on many cases or work items.
    Sweep(Remotely<sweep::Args>),
    /// Channels: the ways in and out.
    Channel(Remotely<channel::Args>),
    /// Plugins of channels: write, check, sign, install and grant.
    #[command(subcommand_required = true)]
    Plugin(plugin::Args),
    /// The organisation: units, people, roles, absences, experts.
    Org(Remotely<org::Args>),
    /// Lots by which experts were drawn.
    ExpertDraw(Remotely<expert_draw::Args>),
    /// API tokens.
    Token(Remotely<token::Args>),
    /// Messages that went out or are to go out: list, send again, give up.
    Message(Remotely<message::Args>),
    /// What channels did not accept.
    Rejection(Remotely<lists::Args>),
    /// Instances that cannot go on by themselves.
    Incident(Remotely<lists::Args>),
    /// Print a completion script.
    Completion(completion::Args),
    /// Print the version.
    Version,
}

/// A command that talks to a server.
#[derive(clap::Args, Debug)]
struct Remotely<A: clap::Args> {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    args: A,
}

/// Runs one command.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    let asked = cli.output;
    let wanted = asked.and_then(Wanted::format);
    let format = Format::or_by_terminal(wanted);
    match cli.command {
        Command::Serve(args) => serve::run(args).await,
        Command::Check(args) => check::run(args, wanted),
        Command::Fmt(args) => fmt::run(&args, wanted),
        Command::Schema(args) => schema::run(&args),
        Command::Graph(args) => graph::run(&args, asked),
        Command::Lsp(args) => lsp::run(&args),
        Command::Run(args) => run::run(args, wanted).await,
        Command::Test(args) => test::run(args, wanted).await,
        Command::Sim(args) => sim::run(&args, wanted),
        Command::Table(args) => table::run(&args, wanted),
        Command::Doctor(args) => doctor::run(args, wanted).await,
        Command::Backup(args) => backup::backup(args, format).await,
        Command::Restore(args) => backup::restore(args, format).await,
        Command::Verify(args) => backup::verify(args, format).await,
        Command::Export(args) => backup::export(args).await,
        Command::Archive(it) => archive::run(it.args, &it.server, format).await,
        Command::Explain(args) => explain::run(&args),
        Command::Deploy(it) => deploy::run(it.args, &it.server.connect()?, format).await,
        Command::Instance(it) => instance::run(it.args, &it.server.connect()?, format).await,
        Command::Task(it) => task::run(it.args, &it.server.connect()?, format).await,
        Command::Case(it) => case::run(it.args, &it.server, format).await,
        Command::Calendar(it) => calendar::run(it.args, &it.server, wanted, format).await,
        Command::Schedule(it) => schedule::run(it.args, &it.server.connect()?, format).await,
        Command::Sweep(it) => sweep::run(it.args, &it.server, format).await,
        Command::Channel(it) => channel::run(it.args, &it.server, format).await,
        Command::Plugin(args) => plugin::run(args, wanted, format).await,
        Command::Org(it) => org::run(it.args, &it.server, format).await,
        Command::ExpertDraw(it) => expert_draw::run(it.args, &it.server, format).await,
        Command::Token(it) => token::run(it.args, &it.server.connect()?, format).await,
        Command::Message(it) => message::run(it.args, &it.server.connect()?, format).await,
        Command::Rejection(it) => lists::rejections(it.args, &it.server.connect()?, format).await,
        Command::Incident(it) => lists::incidents(it.args, &it.server.connect()?, format).await,
        Command::Completion(args) => completion::run(&args),
        Command::Version => version::run(format),
    }
}
