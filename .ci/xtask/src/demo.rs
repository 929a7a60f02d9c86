//! `cargo xtask demo`: a district for a minute, on the real server, through the real channels.
//!
//! ```text
//! people ─► channels ─► server ─► staff ─► answers ─► receiver
//!                         ▲ │
//!              SIGKILL twice └─► the books, held against what the outside saw
//! ```
//! Nothing is simulated but the people. It ends with an error when the books do not agree.

mod books;
mod cleanup;
mod crowd;
mod desks;
mod office;
mod project;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use xtask::plugins;
use yiwang_e2e::http::Client;
use yiwang_e2e::ledger::{Books, pages};
use yiwang_e2e::random::Random;
use yiwang_e2e::receiver::Receiver;
use yiwang_e2e::senders::Secrets;
use yiwang_e2e::server::Server;
use yiwang_e2e::staff;

use crate::checks;
use crate::shell::say;

/// Longest time for all cases; a run of 300 takes about a minute.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(300);

/// What `cargo xtask demo` takes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// How many people complain.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub(crate) cases: u32,
    /// Leave the server up at the end, and say where to look.
    #[arg(long)]
    pub(crate) keep: bool,
    /// The same seed gives the same complaints and decisions.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Runs it.
///
/// # Errors
/// When something cannot be built or started, when it takes too long, and when the books do not agree.
pub(crate) fn run(args: &Args) -> Result<()> {
    say("▶ building the server");
    let binary = checks::yiwang()?;
    say("▶ building the plugins");
    plugins::run(plugins::Args::default())?;

    let secrets = Secrets::invent(&mut Random::new(args.seed));
    let receiver = Receiver::start(&secrets.notify).context("starting a receiver for messages")?;
    let folder = project::lay_out(&receiver)?;
    say(&format!("▶ starting the server on a fresh store in {}", folder.display()));
    let mut server = Server::start(&binary, &folder, &yiwang_e2e::project::variables(&secrets))?;
    let token = server.administrator_token()?;
    let mut administrator = Client::with_token(server.address(), &token);
    let hired = staff::hire(&mut administrator).context("making tokens for the staff")?;
    say(&format!("  {} people have a token and sit at their desks", hired.len()));

    let began = Instant::now();
    let crowd = Arc::new(crowd::Crowd::new(server.address(), args, secrets));
    let stop = Arc::new(AtomicBool::new(false));
    let mut threads = crowd::senders(&crowd);
    threads.extend(crowd::desks(&crowd, &hired, args.seed, &stop));
    threads.push(crowd::citizens(&crowd, &token, args.seed, &stop));
    let kills = watch(&mut server, &mut administrator, &crowd, &receiver);
    stop.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().map_err(|_| anyhow::anyhow!("a thread of the demo panicked"))?;
    }
    let kills = kills?;

    let books = Books::read(&mut administrator).context("reading the books")?;
    let agree = books::show(&books, &crowd, &receiver, &kills, began.elapsed());
    say("▶ the quarter's 5G stations, the review of a project, the clean-up of what is overdue");
    let organisation = project::organisation()?;
    books::table(&desks::play(server.address(), &token, &organisation)?);
    if args.keep {
        books::where_to_look(&server, &folder, &token);
        let pid = server.pid();
        say(&format!(
            "\nThe server stays up as process {pid}; the messages' receiver ends with this command."
        ));
        server.leave();
        agree?;
    } else {
        server.stop()?;
        agree?;
        books::what_next();
        std::fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok(())
}

/// Watches until every accepted case is closed; kills the server twice on the way.
fn watch(
    server: &mut Server,
    administrator: &mut Client,
    crowd: &crowd::Crowd,
    receiver: &Receiver,
) -> Result<Vec<Duration>> {
    let bar = ProgressBar::new(crowd.to_send() as u64);
    let style = "  {bar:40.green} {pos:>4}/{len} closed  {msg}  {elapsed}";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is right"));
    let began = Instant::now();
    let mut kills = Vec::new();
    receiver.refuse_next(3);
    loop {
        let (accepted, sent) = (crowd.accepted().len(), crowd.sent());
        let closed = pages(administrator, "/api/v1/cases?state=closed&limit=500");
        let closed = closed.context("counting closed cases")?.len();
        bar.set_position(closed as u64);
        bar.set_message(format!("{accepted} accepted, {} kills", kills.len()));
        // Once while people still come in, once while the staff is in the middle of it.
        let due = match kills.len() {
            0 => sent * 2 > crowd.to_send(),
            1 => closed > crowd.to_send() / 4,
            _ => false,
        };
        if due {
            tell(&bar, &format!("  ✖ SIGKILL to process {} at {closed} closed cases", server.pid()));
            server.kill().context("killing the server")?;
            let took = server.restart().context("bringing the server back")?;
            tell(&bar, &format!("  ✔ back as process {} after {} ms", server.pid(), took.as_millis()));
            kills.push(took);
        }
        if crowd.all_sent() && kills.len() == 2 && closed >= accepted && quiet(administrator)? {
            bar.finish();
            return Ok(kills);
        }
        if let Some(error) = crowd.error() {
            bail!("{error}; the server's log is {}", server.log().display());
        }
        if began.elapsed() > PATIENCE {
            bail!(
                "{} of {accepted} cases are still open after {} s; the server's log is {}",
                accepted - closed.min(accepted),
                PATIENCE.as_secs(),
                server.log().display()
            );
        }
        sleep(LOOK);
    }
}

/// A line above the bar, or alone where there is no terminal to draw a bar on.
fn tell(bar: &ProgressBar, line: &str) {
    if bar.is_hidden() { say(line) } else { bar.println(line) }
}

/// Whether nothing is on its way any more: no instance runs or waits, no message is requested.
fn quiet(administrator: &mut Client) -> Result<bool> {
    for status in ["pending", "running", "waiting"] {
        let target = format!("/api/v1/instances?status={status}&limit=1");
        let answer = staff::expect(administrator.get(&target)?, "listing instances")?.json();
        if answer["items"].as_array().is_none_or(|items| !items.is_empty()) {
            return Ok(false);
        }
    }
    let messages = pages(administrator, "/api/v1/messages?limit=500")?;
    Ok(messages.iter().all(|message| message["state"] != "requested" && message["state"] != "retrying"))
}

/// A fresh folder of the demo's own, below the system's folder for such things.
fn fresh_folder() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("yiwang-demo-{}", std::process::id()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("clearing {}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}
