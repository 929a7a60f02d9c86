//! Where an instance stands: frames of nested tasks, the innermost last.
//!
//! ```text
//! strand ─ frame `do` ─ frame `try` ─ frame `call human-task`   (waits for work item 3)
//! ```

use serde::de::{Deserializer, Error as _};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use yiwang_dsl::definition::TaskId;
use yiwang_dsl::{Data, Fault};

use crate::Timestamp;
use crate::correlation::SubscriptionKey;

/// One line of control with the context it sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Strand {
    /// `$context`.
    pub(crate) context: Data,
    /// Tasks begun and not ended, the innermost last.
    pub(crate) frames: Vec<Frame>,
}

/// Names a frame for timers, effects and work items. Never given twice in one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FrameId(pub(crate) u32);

/// One task that has begun and not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    pub(crate) id: FrameId,
    pub(crate) task: TaskId,
    pub(crate) started: Timestamp,
    pub(crate) incoming: Incoming,
    pub(crate) doing: Doing,
}

/// The raw and the transformed input of a task. Mostly the same value; then it is stored once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incoming {
    pub(crate) raw: Data,
    pub(crate) transformed: Data,
}

impl Serialize for Incoming {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        seq.serialize_element(&self.raw)?;
        if self.transformed != self.raw {
            seq.serialize_element(&self.transformed)?;
        }
        seq.end()
    }
}

impl<'de> Deserialize<'de> for Incoming {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = Vec::<Data>::deserialize(deserializer)?;
        let transformed = values.pop().ok_or_else(|| D::Error::custom("a task without input"))?;
        let raw = values.pop().unwrap_or_else(|| transformed.clone());
        Ok(Self { raw, transformed })
    }
}

/// What a begun task is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Doing {
    /// Nothing that lasts, or a plain list.
    Task,
    /// A loop: what it goes over, which round it is in.
    For { items: Vec<Data>, index: usize },
    /// Waiting for events: what was taken so far, by number of filter.
    Listen { filters: Vec<Wanted>, taken: Vec<(usize, Data)> },
    /// Waiting for a message to be sent.
    Send,
    /// Waiting for a service or a process; once it has answered, the scheme by which the caller had proved
    /// who it is.
    Call {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authorization: Option<String>,
    },
    /// Waiting for a child workflow.
    Child,
    /// Waiting for a person.
    WorkItem { n: u32 },
    /// A `try` in one of its phases.
    Try { phase: TryPhase, retries: u32, began: Timestamp },
    /// Waiting for a timer.
    Wait,
}

/// One filter of a listening task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) key: SubscriptionKey,
    /// The values to correlate with, in the order of `correlate`; empty where the first event decides.
    pub(crate) expect: Vec<Vec<Data>>,
    pub(crate) taken: bool,
}

/// Where a `try` stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TryPhase {
    /// Its list runs.
    Trying,
    /// It waits to run its list again.
    Delayed { error: Fault },
    /// Its `catch.do` runs.
    Catching { error: Fault },
}

impl Doing {
    /// The keys of the filters that still want an event.
    pub(crate) fn subscriptions(&self) -> Vec<SubscriptionKey> {
        match self {
            Self::Listen { filters, .. } => {
                filters.iter().filter(|wanted| !wanted.taken).map(|wanted| wanted.key).collect()
            }
            Self::Task
            | Self::For { .. }
            | Self::Send
            | Self::Call { .. }
            | Self::Child
            | Self::WorkItem { .. }
            | Self::Try { .. }
            | Self::Wait => Vec::new(),
        }
    }
}
