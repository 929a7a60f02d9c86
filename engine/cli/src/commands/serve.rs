//! `yiwang serve`: one project as a server.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use yiwang_core::Timestamp;
use yiwang_dsl::Catalog;
use yiwang_dsl::resource::needed;
use yiwang_runtime::leased::leased;
use yiwang_runtime::ports::{Channels, Clock, Outside, Tokens};
use yiwang_runtime::{Engine, Error, Handle, PutReference, SystemClock, polling, watching};
use yiwang_server::{ADMIN, Config, Parts, Server, new_token};

use crate::failure::{self, Exit, Failure};
use crate::node::{NodeArgs, Tenure};
use crate::output;
use crate::project::{Package, Project, print_remarks};
use crate::references::{self, Document};
use crate::services;
use crate::wiring::{self, Stores};

/// Who puts what stands in the project's files.
const PROJECT: &str = "project";

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Folder with yiwang.yaml, channels/ and workflows/.
    #[arg(long, env = "YIWANG_PROJECT", default_value = ".", value_name = "DIR")]
    project: PathBuf,
    /// Settings instead of the project's yiwang.yaml.
    #[arg(long, env = "YIWANG_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store.
    #[arg(long, env = "YIWANG_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, env = "YIWANG_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Write the administrator's token here (mode 0600) when one is made, besides printing it.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Make another administrator's token and print it: for when the first one is lost.
    #[arg(long)]
    new_token: bool,
    /// Do not deploy the project's workflows.
    #[arg(long)]
    no_deploy: bool,
    #[command(flatten)]
    node: NodeArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    log();
    let project = Project::open(&args.project, args.config.as_deref())?;
    let channels = project.channels()?;
    let packages = if args.no_deploy { Vec::new() } else { project.packages()? };
    let references = if args.no_deploy { Vec::new() } else { project.references()? };
    references::district(&references)?;
    check(&packages, &project.catalog(channels.iter().map(|channel| channel.id.clone())))?;
    // Before anything is opened: a stop that comes early is a stop in order too.
    let mut signals = Signals::catch()?;
    let config = config(&args, &project);
    let listen = config.listen;
    let place = args.node.place(listen)?;
    let data = args.data.clone().unwrap_or_else(|| project.data());
    let services = services::of_project(&project, &data)?;
    let stores = Stores::open(&data, place.as_ref()).await?;
    let tenure = match &place {
        Some(place) => match place.own(stores.durable(), listen, signals.wait()).await? {
            Some(tenure) => Some(tenure),
            None => return Ok(()),
        },
        None => None,
    };
    let host = wiring::channels(&project, &channels, &data, &stores).await?;
    for channel in host.list() {
        match channel.problem {
            None => tracing::info!(channel = channel.id, plugin = channel.plugin, "channel ready"),
            Some(problem) => {
                tracing::warn!(channel = channel.id, plugin = channel.plugin, problem, "channel not ready");
            }
        }
    }
    let engine = project.settings.engine()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let outside = Outside { channels: host.clone(), services };
    let outside = match &tenure {
        Some(tenure) => leased(outside, &tenure.lease()),
        None => outside,
    };
    let channels = outside.channels.clone();
    let handle = Engine::start(engine, stores.store.clone(), outside, clock.clone());
    let handle = handle.await.map_err(|error| {
        Failure::new(Exit::Failed, "store.unavailable", "the engine could not read its store").because(error)
    })?;
    let handle = match &tenure {
        Some(tenure) => handle.leased(tenure.lease()),
        None => handle,
    };
    first_token(&args, &*stores.tokens, clock.now()).await?;
    put(&handle, references).await?;
    deploy(&handle, packages).await?;
    watching::start(&handle, &channels, &clock);
    // Not before the workflows that take what is new are there.
    polling::start(&handle, &channels, &*stores.store, &clock).await.map_err(|error| {
        Failure::new(Exit::Failed, "store.unavailable", "reading how far the channels have come")
            .because(error)
    })?;
    let ids = host.list().into_iter().map(|channel| channel.id);
    let parts = Parts {
        handle: handle.clone(),
        query: stores.query.clone(),
        files: host.clone(),
        archive: stores.archive.clone(),
        channels: host,
        tokens: stores.tokens.clone(),
        clock,
        catalog: Arc::new(project.catalog(ids)),
    };
    let running = Server::start(config, parts).await.map_err(|error| {
        Failure::new(Exit::Failed, "server.listen", format!("listening on {listen}"))
            .because(error)
            .help("another server may be up there; --listen names another address")
    })?;
    if !running.addr.ip().is_loopback() {
        output::note("listening beyond this machine without TLS: put a proxy with TLS in front");
    }
    output::note(&format!("yiwang {} listens on http://{}", env!("CARGO_PKG_VERSION"), running.addr));
    let lost = async {
        match &tenure {
            Some(tenure) => tenure.lost().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = signals.wait() => {}
        // What is held in memory may be old by now, and whoever waits for an answer asks the new owner.
        () = lost => return Err(Tenure::fenced()),
    }
    output::note("stopping");
    let stopped = running.shutdown().await;
    handle.shutdown().await;
    stores.close().await;
    if let Some(tenure) = tenure {
        tenure.leave().await;
    }
    stopped.map_err(|error| Failure::new(Exit::Failed, "server.failed", "serving").because(error))
}

fn config(args: &Args, project: &Project) -> Config {
    let usual = Config::default();
    let limits = &project.settings.limits;
    Config {
        listen: args.listen.or(project.settings.listen).unwrap_or(usual.listen),
        channel_body_bytes_max: limits.channel_body_bytes.unwrap_or(usual.channel_body_bytes_max),
        requests_concurrent_max: limits.requests_concurrent.unwrap_or(usual.requests_concurrent_max),
    }
}

/// All workflows are checked before anything is opened: a project with mistakes does not start.
fn check(packages: &[Package], catalog: &Catalog) -> Result<(), Failure> {
    let mut errors = 0;
    for package in packages {
        // What lies on the network is fetched when it is deployed, unless it was before.
        if !needed(&package.source, &package.resources).is_empty() {
            continue;
        }
        let (_, remarks) =
            yiwang_dsl::check_with(&package.source, &package.catalog(catalog), &package.resources);
        errors += print_remarks(&package.path, &package.source, &remarks);
    }
    if errors == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Invalid,
        "definition.invalid",
        format!("the project's workflows have {errors} mistakes"),
    )
    .help("`yiwang check` tells them too; --no-deploy starts without the project's workflows"))
}

/// The project's calendars and tables of promises, unless people have put newer ones.
async fn put(handle: &Handle, documents: Vec<Document>) -> Result<(), Failure> {
    for document in documents {
        let Document { path, kind, name, body } = document;
        let district = handle.district();
        if let Some(newest) = district.document(kind, &name).filter(|newest| newest.by != PROJECT) {
            tracing::info!(
                kind = kind.word(),
                name,
                version = newest.version,
                by = newest.by,
                "kept as people put it"
            );
            continue;
        }
        let wish = PutReference { kind, name, body, by: PROJECT.to_owned(), reason: None, version: None };
        let stored = handle.put_reference(wish).await.map_err(|error| {
            let message = format!("{} was not put: {error}", path.display());
            Failure::new(Exit::Invalid, error.code(), message)
        })?;
        let (kind, existing) = (stored.kind.word(), stored.existing);
        tracing::info!(
            kind,
            name = stored.name,
            version = stored.version,
            existing,
            "reference document put"
        );
    }
    Ok(())
}

async fn deploy(handle: &Handle, packages: Vec<Package>) -> Result<(), Failure> {
    for package in packages {
        let path = package.path.display().to_string();
        match handle.deploy_with(&package.source, package.forms, package.resources, "project").await {
            Ok(deployed) => tracing::info!(
                workflow = format!("{}/{}", deployed.id.namespace, deployed.id.name),
                version = deployed.id.version,
                existing = deployed.existing,
                "workflow deployed"
            ),
            Err(error) => {
                let exit = match &error {
                    Error::DeployConflict { .. } => Exit::Conflict,
                    Error::Invalid(_) | Error::InvalidForm { .. } | Error::TooLarge { .. } => Exit::Invalid,
                    _ => Exit::Failed,
                };
                let failure = Failure::new(exit, error.code(), format!("{path} was not deployed: {error}"));
                return Err(if exit == Exit::Conflict {
                    failure.help("raise document.version")
                } else {
                    failure
                });
            }
        }
    }
    Ok(())
}

/// The administrator's first token, printed once and kept nowhere but, if asked for, in a file.
async fn first_token(args: &Args, tokens: &dyn Tokens, now: Timestamp) -> Result<(), Failure> {
    let store = |error: yiwang_runtime::ports::StoreError| {
        Failure::new(Exit::Failed, "store.unavailable", "reading the tokens").because(error)
    };
    if !args.new_token && !tokens.tokens().await.map_err(store)?.is_empty() {
        return Ok(());
    }
    let made = new_token("admin", vec![ADMIN.to_owned()], now, None).map_err(|error| {
        Failure::new(Exit::Failed, "server.random", format!("the system gives no random bytes: {error}"))
    })?;
    // The file first: a token that is stored and written nowhere would be lost.
    if let Some(path) = &args.token_file {
        write_secret(path, &made.text)?;
    }
    output::note(&format!("administrator's token, shown this once:\n\n  {}\n", made.text));
    tokens.add_token(made.row).await.map_err(store)
}

fn write_secret(path: &Path, text: &str) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let write = || {
        // A file that is there may be readable by others; this one never is.
        if path.exists() {
            std::fs::remove_file(path)?;
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{text}")?;
        file.sync_all()
    };
    write().map_err(|error| failure::file("writing the token file", path, error))
}

/// SIGTERM and SIGINT, caught from the moment this is made.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> Result<Self, Failure> {
        let signals = || Ok((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?));
        let (terminate, interrupt) = signals().map_err(|error: std::io::Error| {
            Failure::new(Exit::Failed, "server.signals", "listening for signals").because(error)
        })?;
        Ok(Self { terminate, interrupt })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The log on stderr; `YIWANG_LOG` says how much, e.g. `debug` or `yiwang_server=debug,info`.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("YIWANG_LOG").unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new("info,wasmtime=warn,cranelift=warn,sqlx=warn")
    });
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
}
