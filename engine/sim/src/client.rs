//! Clients: each wants one thing, asks until it is answered for good, and remembers when it asked and was told.

use yiwang_core::InstanceId;

use crate::act::{Act, Said};

/// Somebody who wants something.
pub(crate) struct Client {
    pub(crate) act: Act,
    /// The machines at which requests are under way.
    pub(crate) under_way: Vec<usize>,
    /// Requests so far.
    pub(crate) asked: u32,
    /// When the first one was sent: a number that grows with everything that clients see.
    pub(crate) began: u64,
    /// Not before this time, milliseconds.
    pub(crate) again_at: u64,
    /// When it asked last.
    pub(crate) asked_at: u64,
    pub(crate) told: Option<Told>,
}

/// The first answer for good.
pub(crate) struct Told {
    pub(crate) at: u64,
    pub(crate) answer: Answer,
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// It is done; the instance, of a start.
    Done(Option<InstanceId>),
    /// It will not be done, with the code.
    Refused(String),
}

/// After so long without an answer it is asked again, of somebody else perhaps: milliseconds.
const PATIENCE: u64 = 60_000;

impl Client {
    /// Is it still to be asked, and nobody expected to answer?
    pub(crate) fn is_open(&self, elapsed: u64) -> bool {
        self.told.is_none() && (self.under_way.is_empty() || elapsed > self.asked_at + PATIENCE)
    }

    pub(crate) fn new(act: Act) -> Self {
        Self { act, under_way: Vec::new(), asked: 0, began: 0, again_at: 0, asked_at: 0, told: None }
    }
}

/// What the engine said, if it is for good.
pub(crate) fn for_good(said: &Said) -> Option<Answer> {
    match said {
        Ok(instance) => Some(Answer::Done(*instance)),
        Err(error) if error.is_retryable() => None,
        Err(error) => Some(Answer::Refused(format!("{}: {error}", error.code()))),
    }
}
