//! A promise that was not kept.

use std::fmt;

/// What is checked. The numbers in words are those of `docs/guide/invariants.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Nobody knows of a turn before it is durable.
    Durable,
    /// What was acknowledged is there, now and after every crash.
    Lost,
    /// Keys, decisions, events and planned times count once.
    Once,
    /// Revisions are 1, 2, 3 …; nobody takes a revision that is taken.
    Turns,
    /// All rows of a batch are there, or none.
    Whole,
    /// Timers fire once, never early, and all of them.
    Timers,
    /// Effects begin after their commit, at least once, always with the same id and content.
    Effects,
    /// History has no gap and tells the same as the snapshot.
    History,
    /// What clients saw has one order in which it could have happened.
    Order,
    /// Who asks again with the same key gets the same answer.
    Retry,
    /// What is due gets done once the world is quiet.
    Progress,
    /// The engine lives as long as its process.
    Engine,
    /// Only who owns the instances writes and acts, in each epoch one node.
    Owner,
    /// When the owner is gone, another one owns the instances in time.
    TakeOver,
}

/// Where and how a promise was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub check: Check,
    /// At which step of the run.
    pub step: usize,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Durable => "durable",
            Self::Lost => "lost",
            Self::Once => "once",
            Self::Turns => "turns",
            Self::Whole => "whole",
            Self::Timers => "timers",
            Self::Effects => "effects",
            Self::History => "history",
            Self::Order => "order",
            Self::Retry => "retry",
            Self::Progress => "progress",
            Self::Engine => "engine",
            Self::Owner => "owner",
            Self::TakeOver => "take-over",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at step {}: {}", self.check, self.step, self.what)
    }
}
