//! Messages of an instance that are not sent: on their way, waiting for the next attempt, or given up.
//!
//! What was sent is not among them: history and the lists know it.

use serde::{Deserialize, Serialize};

use crate::state::{Pending, State, Why};
use crate::{Effect, Timestamp};

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsent {
    /// What is to be sent; of one that was given up, with its last attempt.
    pub effect: Effect,
    /// When it was asked for, where that was noted.
    pub requested: Option<Timestamp>,
    /// How the last attempt failed; none: none has yet.
    pub failure: Option<Failure>,
    /// Where it stands.
    pub stands: Stands,
}

/// Where an unsent message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// The attempt is due, or under way.
    Due,
    /// It is tried again then.
    Waits(Timestamp),
    /// It failed for good, and an operator may have it sent again.
    Dead,
}

/// How an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable code, e.g. `wechat.45015`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Unsent {
    /// Attempts that have been made.
    pub fn attempts(&self) -> u32 {
        match self.stands {
            Stands::Due | Stands::Waits(_) => self.effect.attempt.saturating_sub(1),
            Stands::Dead => self.effect.attempt,
        }
    }
}

impl State {
    /// Its messages that are not sent, those that were given up last.
    pub fn unsent(&self) -> Vec<Unsent> {
        let outbox = self.outbox.iter().filter(|pending| pending.is_message());
        let waits = outbox.map(|pending| {
            let due = self.timers.iter().find(|timer| timer.why == Why::Resend { n: pending.n });
            let stands = match due.filter(|_| pending.waits) {
                Some(timer) => Stands::Waits(timer.due),
                None => Stands::Due,
            };
            self.shown(pending, stands)
        });
        waits.chain(self.dead.iter().map(|pending| self.shown(pending, Stands::Dead))).collect()
    }

    fn shown(&self, pending: &Pending, stands: Stands) -> Unsent {
        Unsent {
            effect: pending.effect(self.instance),
            requested: pending.requested,
            failure: pending.failure.clone(),
            stands,
        }
    }
}
