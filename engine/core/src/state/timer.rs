//! Timers of an instance: absolute due times, each fired once.

use serde::{Deserialize, Serialize};

use super::FrameId;
use crate::Timestamp;

/// One wake-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) due: Timestamp,
    /// Counted by the instance: timers due at the same time fire in the order they were set.
    pub(crate) n: u32,
    pub(crate) owner: Owner,
    pub(crate) why: Why,
}

/// Who goes on when a timer fires or an effect returns; when that is gone, so are they.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Owner {
    /// A task.
    Frame(FrameId),
    /// The instance as a whole: its timeout.
    Instance,
    /// Nobody waits for it.
    Nobody,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// A `wait` ends.
    Wait,
    /// A task, or the whole instance, has taken too long.
    Timeout,
    /// A `try` runs its list again.
    Retry,
    /// One attempt of a `try` has taken too long.
    Attempt,
    /// A message is sent again.
    Resend { n: u32 },
    /// A work item is due.
    Due { n: u32 },
    /// A rung of a work item's escalation ladder.
    Rung { n: u32, rung: usize },
    /// A clock is due, or a rung of its ladder is.
    Clock { clock: String, rung: Option<usize> },
}
