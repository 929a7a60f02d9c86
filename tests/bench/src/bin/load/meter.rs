//! What a load cost the server, its disk and the client: readings before and after, and their difference.

use std::time::Duration;

use anyhow::Result;
use yiwang_bench::{disk, process};

use crate::target::Target;

/// Counters at one time, or what they grew by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// Transitions.
    pub(crate) turns: f64,
    /// Transactions, each with one fdatasync.
    pub(crate) commits: f64,
    /// Bytes that the server sent to the disk.
    pub(crate) written: f64,
    /// Bytes of its files.
    pub(crate) files: f64,
    /// Its processor time.
    pub(crate) cpu: Duration,
    /// Processor time of this process: clients and stub.
    pub(crate) own: Duration,
}

impl Reading {
    /// Now.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(crate) fn of(target: &Target) -> Result<Self> {
        let (turns, commits) = target.tally()?;
        let files = target.data.as_deref().map_or(Ok(0), disk::bytes)?;
        Ok(Self {
            turns: turns as f64,
            commits: commits as f64,
            written: process::writes(target.pid) as f64,
            files: files as f64,
            cpu: process::cpu(target.pid),
            own: process::cpu(std::process::id()),
        })
    }

    /// The difference to an earlier one.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            turns: self.turns - before.turns,
            commits: self.commits - before.commits,
            written: self.written - before.written,
            files: self.files - before.files,
            cpu: self.cpu.saturating_sub(before.cpu),
            own: self.own.saturating_sub(before.own),
        }
    }
}
