//! Sweeps (清理): one act on many cases or work items, by a selector, in small steps, with a line for each.
//!
//! ```text
//! begin ─► waiting ─approve─► counting ─► running ─► completed
//!             │                   │           │
//!             └──────────────── cancelled ◄───┘      counting ─► refused (not what was previewed)
//! ```
//! The rules only: who may approve, how fast it goes, when it is over. What is found is read by the runtime,
//! and what is done with each target is done by that target's own instance.

pub mod definition;
pub mod line;
mod parse;
pub mod preview;
mod read;

use serde::{Deserialize, Serialize};

pub use self::definition::{Act, Approval, CaseAct, Cause, DECISION, Definition, ItemAct, Receiver};
pub use self::line::{Line, Result};
pub use self::read::read_yaml;
use crate::transition::{Refusal, RefusalKind};
use crate::{EffectId, InstanceId, Timestamp};

/// Targets of one step at most: a step is part of a turn, and live inputs wait for it.
pub const STEP_TARGETS_MAX: u32 = 100;
/// Targets per second at most.
pub const RATE_MAX: u32 = 5_000;
/// Targets per second, if the definition says nothing.
pub const RATE_DEFAULT: u32 = 50;

/// One run of a definition, with all that must survive a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sweep {
    /// Its id, from the same numbers as instances: it sorts by time.
    pub id: InstanceId,
    /// The caller's name for it: the same key is the same sweep.
    pub key: String,
    /// What is done, as it was when the sweep was asked for. It does not change any more.
    pub definition: serde_json::Value,
    /// The definition's name and digest.
    pub name: String,
    /// SHA-256 of the definition, hex.
    pub digest: String,
    /// Who asked for it, when and why.
    pub requested: By,
    /// How many the preview found.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<u64>,
    /// Where it stands.
    pub state: Phase,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<String>,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approved: Option<By>,
    /// Who cancelled it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cancelled: Option<By>,
    /// The time for which its selector holds. Set when it may begin.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_of: Option<Timestamp>,
    /// Instances from this one on came later.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<InstanceId>,
    /// How many there were to begin with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found: Option<u64>,
    /// The last target that it has gone past.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cursor: Option<(InstanceId, u32)>,
    /// Targets acted on.
    pub acted: u64,
    /// Targets passed over.
    pub skipped: u64,
    /// Targets that refused.
    pub failed: u64,
    /// Not before this time.
    pub next_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<Timestamp>,
    /// The workflow's effect that waits for its report: effect and attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waiter: Option<(EffectId, u32)>,
}

/// Who did something, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct By {
    /// Person id.
    pub person: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// Where a sweep stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// For a second person's approval.
    Waiting,
    /// It is being counted how many targets there are.
    Counting,
    /// It goes from target to target.
    Running,
    /// It has gone past all of them.
    Completed,
    /// Somebody stopped it. What was done stays done.
    Cancelled,
    /// It was not begun: there were too many or too few targets.
    Refused,
}

impl Phase {
    /// Does nothing more happen by itself?
    pub fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Counting | Self::Running => false,
            Self::Completed | Self::Cancelled | Self::Refused => true,
        }
    }
}

/// A sweep that somebody asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// What is to be done.
    pub definition: Definition,
    /// The caller's name for it.
    pub key: String,
    /// Who, and why.
    pub person: String,
    /// Why.
    pub reason: Option<String>,
    /// The token of a preview of the same definition.
    pub preview: Option<String>,
    /// The workflow's effect that waits for its report.
    pub waiter: Option<(EffectId, u32)>,
}

impl Sweep {
    /// A new sweep. It waits for approval, or is counted at once.
    ///
    /// # Errors
    /// When the preview is missing or is of something else.
    pub fn begin(wanted: Wanted, id: InstanceId, now: Timestamp) -> std::result::Result<Self, Refusal> {
        let Wanted { definition, key, person, reason, preview, waiter } = wanted;
        let digest = definition.digest();
        let expected = match preview {
            Some(token) => Some(preview::expected(&token, &digest)?),
            None if definition.approval.is_some() && waiter.is_none() => {
                let message = "this sweep needs an approval: give the token of its preview, so that the \
                               approver sees what you saw";
                return Err(Refusal::new(RefusalKind::Conflict, message.to_owned()));
            }
            None => None,
        };
        let mut sweep = Self {
            id,
            key,
            name: definition.name.clone(),
            definition: definition.written.clone(),
            digest,
            requested: By { person, at: now, reason },
            expected,
            state: Phase::Waiting,
            refused: None,
            approved: None,
            cancelled: None,
            as_of: None,
            until: None,
            found: None,
            cursor: None,
            acted: 0,
            skipped: 0,
            failed: 0,
            next_at: now,
            ended: None,
            waiter,
        };
        if definition.approval.is_none() {
            sweep.may_begin(id, now);
        }
        Ok(sweep)
    }

    /// A second person approves it. The same person again changes nothing.
    ///
    /// # Errors
    /// When it is the first person, or it does not wait for that.
    pub fn approve(&mut self, by: By, until: InstanceId) -> std::result::Result<(), Refusal> {
        if self.approved.as_ref().is_some_and(|first| first.person == by.person) {
            return Ok(());
        }
        if self.state != Phase::Waiting {
            return Err(self.not_now("approved"));
        }
        if by.person == self.requested.person {
            let message = "who asks for a sweep cannot approve it: a second person must".to_owned();
            return Err(Refusal::new(RefusalKind::Forbidden, message));
        }
        let now = by.at;
        self.approved = Some(by);
        self.may_begin(until, now);
        Ok(())
    }

    /// Stops it between two steps. What was done stays done. A second time changes nothing.
    ///
    /// # Errors
    /// When it is over.
    pub fn cancel(&mut self, by: By) -> std::result::Result<(), Refusal> {
        match self.state {
            Phase::Cancelled => Ok(()),
            Phase::Completed | Phase::Refused => Err(self.not_now("cancelled")),
            Phase::Waiting | Phase::Counting | Phase::Running => {
                self.state = Phase::Cancelled;
                self.ended = Some(by.at);
                self.cancelled = Some(by);
                Ok(())
            }
        }
    }

    /// So many there are. Too far from what was previewed: it is refused.
    pub fn counted(&mut self, found: u64, margin_percent: u32, now: Timestamp) {
        if self.state != Phase::Counting {
            return;
        }
        self.found = Some(found);
        if let Some(expected) = self.expected
            && found.abs_diff(expected).saturating_mul(100)
                > expected.saturating_mul(u64::from(margin_percent))
        {
            self.state = Phase::Refused;
            self.ended = Some(now);
            self.refused = Some(format!(
                "{found} were found where the preview had {expected}: more than {margin_percent} % apart; \
                 preview it again"
            ));
            return;
        }
        self.state = Phase::Running;
        self.next_at = now;
    }

    /// It has gone past these targets; none at all: there are no more.
    pub fn stepped(&mut self, lines: &[Line], last: Option<(InstanceId, u32)>, rate: u32, now: Timestamp) {
        for line in lines {
            match line.result {
                Result::Acted => self.acted += 1,
                Result::Skipped => self.skipped += 1,
                Result::Failed => self.failed += 1,
            }
        }
        let Some(last) = last else {
            self.state = Phase::Completed;
            self.ended = Some(now);
            return;
        };
        self.cursor = Some(last);
        let millis = (lines.len() as u64).saturating_mul(1_000) / u64::from(rate.max(1));
        self.next_at = now.plus_millis(millis.max(1));
    }

    /// The id of what is decided about a target: the same sweep decides once.
    pub fn decision(&self, target: &str) -> String {
        format!("sweep:{}:{target}", self.id)
    }

    fn may_begin(&mut self, until: InstanceId, now: Timestamp) {
        self.state = Phase::Counting;
        self.as_of = Some(now);
        self.until = Some(until);
        self.next_at = now;
    }

    fn not_now(&self, done: &str) -> Refusal {
        let state = crate::selector::field::word(&self.state);
        Refusal::new(RefusalKind::Conflict, format!("a sweep that is {state} cannot be {done}"))
    }
}

/// Targets of one step at this rate: ten steps a second, each within its limit.
pub fn step_len(rate: u32) -> u32 {
    (rate / 10).clamp(1, STEP_TARGETS_MAX)
}

#[cfg(test)]
mod tests;
