//! What every scenario works with.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::plan::Plan;
use crate::report::Report;
use crate::stub::Stub;
use crate::target::Fresh;

/// Calls of workflows that both servers make at a time: as many as there are clients, so that the calls are not
/// what is measured.
pub(crate) const SERVICE_CALLS: usize = 256;

/// One run of the program.
#[derive(Debug)]
pub(crate) struct Bench {
    /// How much of everything.
    pub(crate) plan: Plan,
    /// Where randomness begins.
    pub(crate) seed: u64,
    /// What is told.
    pub(crate) report: Report,
    /// The outside.
    pub(crate) stub: Stub,
    /// One thread with all clients.
    pub(crate) clients: Runtime,
    binary: PathBuf,
}

impl Bench {
    /// With nothing running but the stub.
    ///
    /// # Errors
    /// When the stub cannot listen.
    pub(crate) fn new(plan: Plan, seed: u64, binary: PathBuf) -> Result<Self> {
        let clients = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { plan, seed, report: Report::default(), stub: Stub::start()?, clients, binary })
    }

    /// The server on a folder of its own.
    ///
    /// # Errors
    /// When it does not come up.
    pub(crate) fn fresh(&self) -> Result<Fresh> {
        Fresh::start(&self.binary, self.stub.address, SERVICE_CALLS)
    }

    /// Where the stub listens.
    pub(crate) fn outside(&self) -> SocketAddr {
        self.stub.address
    }
}

/// The id of the instance that an answer shows.
///
/// # Errors
/// When it shows none.
pub(crate) fn id(body: &[u8]) -> Result<String> {
    let body: Value = serde_json::from_slice(body)?;
    Ok(body["id"].as_str().context("an answer without an id")?.to_owned())
}

/// Whether the answer shows an instance that has come to its end.
pub(crate) fn completed(body: &[u8]) -> std::io::Result<()> {
    let shown: Value = serde_json::from_slice(body)?;
    match shown["status"].as_str() {
        Some("completed") => Ok(()),
        _ => Err(std::io::Error::other(format!("not completed: {shown}"))),
    }
}
