//! `yiwang plugin new|build|world|test|run|inspect|conformance|keygen|sign|install|list|upgrade|rollback|grant|revoke|enable|disable`:
//! a plugin from its first line to a channel that may use it. None of it needs a server, but `logs` and `replay` of
//! what a server has recorded.

mod author;
mod channel;
mod inspect;
mod installation;
mod keys;
mod logs;
mod replay;
mod run;

use std::path::PathBuf;

use clap::Subcommand;
use yiwang_host::Refused;

use crate::failure::{Exit, Failure};
use crate::output::Format;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// The project whose plugins and channels are meant.
#[derive(clap::Args, Debug)]
struct Where {
    /// Folder with yiwang.yaml, plugins.lock and trust.yaml.
    #[arg(long, env = "YIWANG_PROJECT", default_value = ".", value_name = "DIR")]
    project: PathBuf,
    /// Settings instead of the project's yiwang.yaml.
    #[arg(long, env = "YIWANG_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Make a folder with a new plugin and the SDK that it is written against.
    New(author::NewArgs),
    /// Compile a plugin and make a component of it that carries its manifest.
    Build(author::BuildArgs),
    /// Write the WIT of what a plugin asks for and provides, for tools of other languages.
    World(author::WorldArgs),
    /// Play the fixtures of a plugin on its component.
    Test(author::SubjectArgs),
    /// Hand one request or message to a component and show what it did and cost.
    Run(run::Args),
    /// Show what a component is and asks for, without running it.
    Inspect(inspect::Args),
    /// Check what every plugin must stand: repeats, forged signatures, hostile input, limits.
    Conformance(author::SubjectArgs),
    /// Make a key to sign plugins with, and print the part that others trust.
    Keygen(keys::KeygenArgs),
    /// Sign a component; the signature lies beside it.
    Sign(keys::SignArgs),
    /// Check a component, show what it asks for, and put it into the folder of the plugins.
    Install(installation::InstallArgs),
    /// List the plugins of a project, and whether a server would run them.
    List(Where),
    /// Replace an installed plugin by a newer one, and show what it asks for more and less.
    Upgrade(installation::InstallArgs),
    /// Go back to what was installed before.
    Rollback(installation::RollbackArgs),
    /// Let a channel do more: writes into its YAML file.
    Grant(channel::GrantArgs),
    /// Let a channel do less: writes into its YAML file.
    Revoke(channel::GrantArgs),
    /// Show the last calls of a channel on a server: how long, how they ended, what was logged.
    Logs(logs::Args),
    /// Play a recorded call again on a component, without a network: is the outcome the same?
    Replay(replay::Args),
    /// Switch a channel on: writes into its YAML file.
    Enable(channel::SwitchArgs),
    /// Switch a channel off: writes into its YAML file.
    Disable(channel::SwitchArgs),
}

pub(super) async fn run(args: Args, wanted: Option<Format>, format: Format) -> Result<(), Failure> {
    match args.verb {
        Verb::New(args) => author::new(&args),
        Verb::Build(args) => author::build(&args, wanted),
        Verb::World(args) => author::world(&args),
        Verb::Test(args) => author::test(&args, wanted).await,
        Verb::Run(args) => run::run(&args, wanted).await,
        Verb::Inspect(args) => inspect::run(&args, format),
        Verb::Conformance(args) => author::conformance(&args, wanted).await,
        Verb::Keygen(args) => keys::keygen(&args),
        Verb::Sign(args) => keys::sign(&args),
        Verb::Install(args) => installation::install(&args, wanted),
        Verb::List(place) => installation::list(&place, format),
        Verb::Upgrade(args) => installation::upgrade(&args, wanted),
        Verb::Rollback(args) => installation::rollback(&args),
        Verb::Grant(args) => channel::grant(&args),
        Verb::Revoke(args) => channel::revoke(&args),
        Verb::Logs(args) => logs::run(&args, format).await,
        Verb::Replay(args) => replay::run(&args, wanted).await,
        Verb::Enable(args) => channel::switch(&args, true),
        Verb::Disable(args) => channel::switch(&args, false),
    }
}

/// Why a component is not run, as a failure of the command.
fn refused(refused: Refused) -> Failure {
    let exit = match refused.code {
        "plugin.unsound" | "plugin.signature-unreadable" => Exit::Invalid,
        "plugin.not-locked" => Exit::NotFound,
        "plugin.differs" | "plugin.permissions-differ" => Exit::Conflict,
        _ => Exit::Auth,
    };
    Failure::new(exit, refused.code, refused.message).help(refused.help)
}
