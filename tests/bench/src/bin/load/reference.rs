//! The same server without a store: the same router, engine and services on a store in memory, in a process of
//! its own. What it does in a second is the limit that durability is measured against.

use std::io::{BufRead, BufReader, copy, sink, stdin};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result};
use futures::FutureExt;
use futures::future::BoxFuture;
use yiwang_core::catalog::default_catalog;
use yiwang_core::input::EffectOutcome;
use yiwang_runtime::memory::{MemoryFiles, MemoryStore};
use yiwang_runtime::ports::{
    ChannelInfo, ChannelRequest, Channels, Clock, Delivery, Outside, Received, Rejected, Tokens,
};
use yiwang_runtime::{Config as EngineConfig, Engine, SystemClock};
use yiwang_server::{ADMIN, Config, Parts, Server, new_token};
use yiwang_services::{Performer, egress};

use crate::target::Target;

/// The process. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Reference {
    child: Child,
    /// How it is reached.
    pub(crate) target: Target,
}

impl Reference {
    /// Starts this program again as the server.
    ///
    /// # Errors
    /// When it does not come up.
    pub(crate) fn start(stub: SocketAddr) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--reference", &stub.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let (address, token) = line.trim().split_once(' ').context("the reference did not come up")?;
        let (address, token) = (address.parse()?, token.to_owned());
        let target = Target { address, token, pid: child.id(), data: None };
        Ok(Self { child, target })
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Nothing is left to do when this fails: the process is gone already.
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

/// Is the server, until whoever started it is gone.
///
/// # Errors
/// When it cannot listen.
pub(crate) async fn serve(stub: SocketAddr, service_calls: usize) -> Result<()> {
    let store = Arc::new(MemoryStore::new());
    let channels: Arc<dyn Channels> = Arc::new(NoChannels);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let allow = vec![stub.to_string().parse()?];
    let egress = egress::Config { allow, ..egress::Config::default() };
    let services = Performer::new(yiwang_services::Config { egress, ..yiwang_services::Config::default() })?;
    let outside = Outside { channels: channels.clone(), services: Arc::new(services) };
    let config = EngineConfig { service_calls_max: service_calls, ..EngineConfig::default() };
    let handle = Engine::start(config, store.clone(), outside, clock.clone()).await?;
    let made = new_token("bench", vec![ADMIN.to_owned()], clock.now(), None)?;
    store.add_token(made.row).await?;
    let parts = Parts {
        handle,
        query: store.clone(),
        files: Arc::new(MemoryFiles::default()),
        channels,
        archive: store.clone(),
        tokens: store,
        clock,
        catalog: Arc::new(default_catalog()),
    };
    let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
    let running = Server::start(config, parts).await?;
    say(&format!("{} {}", running.addr, made.text));
    // Its input ends with the process that started it.
    tokio::task::spawn_blocking(|| copy(&mut stdin(), &mut sink())).await??;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
fn say(line: &str) {
    println!("{line}");
}

struct NoChannels;

impl Channels for NoChannels {
    fn list(&self) -> Vec<ChannelInfo> {
        Vec::new()
    }

    fn receive(&self, channel: &str, _: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        unreachable!("there is no channel, so not `{channel}` either")
    }

    fn send(&self, channel: &str, _: Delivery) -> BoxFuture<'_, EffectOutcome> {
        let message = format!("there is no channel `{channel}`");
        async { EffectOutcome::Permanent { code: "channel.unknown".to_owned(), message } }.boxed()
    }
}
