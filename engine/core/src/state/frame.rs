//! Where an instance stands: frames of nested tasks, the innermost last.
//!
//! ```text
//! strand ─ frame `do` ─ frame `fork` ┬─ strand ─ frame `call human-task`       (waits for work item 3)
//!                                    └─ strand ─ frame `do` ─ frame `wait`     (waits for a timer)
//! ```
//!
//! The first strand is the workflow's own. Each branch of a `fork` is one more, behind the strand whose
//! innermost frame is that `fork`.

use serde::de::{Deserializer, Error as _};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use yiwang_dsl::definition::TaskId;
use yiwang_dsl::{Data, Fault};

use super::{Extended, Group};
use crate::Timestamp;
use crate::correlation::SubscriptionKey;

/// One line of control with the context it sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Strand {
    /// The branch that it runs; none: the workflow's own list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<Branch>,
    /// `$context`.
    pub(crate) context: Data,
    /// Tasks begun and not ended, the innermost last.
    pub(crate) frames: Vec<Frame>,
}

/// A branch of a `fork` that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Branch {
    /// The frame of the `fork`, the innermost of its strand.
    pub(crate) of: FrameId,
    /// Which branch, counted from 0.
    pub(crate) n: usize,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) extended: Option<Box<Extended>>,
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
    /// Messages that came together: what is done with each.
    Each {
        items: Vec<Data>,
        rounds: Rounds,
        /// As of the call that brought them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authorization: Option<String>,
    },
    /// Branches are under way: how those ended that have, by number. A competing fork keeps none.
    Fork { ended: Vec<Option<Ended>> },
    /// A function of the language runs: the context of its caller.
    Function { context: Data },
    /// A loop: what it goes over, which round it is in.
    For { items: Vec<Data>, index: usize },
    /// Waiting for events, while there are filters: what was taken so far, by number of filter.
    Listen {
        filters: Vec<Wanted>,
        taken: Vec<(usize, Data)>,
        /// The events that end the listening.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        until: Vec<Wanted>,
        /// What is done with each of those taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rounds: Option<Rounds>,
    },
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
    /// Waiting for the members of a group.
    Group(Box<Group>),
    /// A `try` in one of its phases.
    Try { phase: TryPhase, retries: u32, began: Timestamp },
    /// Waiting for a timer.
    Wait,
}

/// How a branch ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) output: Data,
    /// Its context, if it changed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Data>,
}

/// Something is done with each of some items, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rounds {
    /// Of the rounds that have ended; the next item is the one after these.
    pub(crate) outputs: Vec<Data>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) under_way: bool,
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
            Self::Listen { filters, until, .. } => {
                let wanted = filters.iter().chain(until).filter(|wanted| !wanted.taken);
                wanted.map(|wanted| wanted.key).collect()
            }
            Self::Task
            | Self::Each { .. }
            | Self::Fork { .. }
            | Self::Function { .. }
            | Self::For { .. }
            | Self::Send
            | Self::Call { .. }
            | Self::Child
            | Self::WorkItem { .. }
            | Self::Group(_)
            | Self::Try { .. }
            | Self::Wait => Vec::new(),
        }
    }

    /// The context of whoever called the function that runs.
    pub(crate) fn kept_context(&self) -> Option<&Data> {
        match self {
            Self::Function { context } => Some(context),
            Self::Task
            | Self::Each { .. }
            | Self::Fork { .. }
            | Self::For { .. }
            | Self::Listen { .. }
            | Self::Send
            | Self::Call { .. }
            | Self::Child
            | Self::WorkItem { .. }
            | Self::Group(_)
            | Self::Try { .. }
            | Self::Wait => None,
        }
    }

    /// The rounds of a `foreach`.
    pub(crate) fn rounds(&self) -> Option<&Rounds> {
        match self {
            Self::Each { rounds, .. } => Some(rounds),
            Self::Listen { rounds, .. } => rounds.as_ref(),
            Self::Task
            | Self::Fork { .. }
            | Self::Function { .. }
            | Self::For { .. }
            | Self::Send
            | Self::Call { .. }
            | Self::Child
            | Self::WorkItem { .. }
            | Self::Group(_)
            | Self::Try { .. }
            | Self::Wait => None,
        }
    }

    pub(crate) fn rounds_mut(&mut self) -> Option<&mut Rounds> {
        match self {
            Self::Each { rounds, .. } => Some(rounds),
            Self::Listen { rounds, .. } => rounds.as_mut(),
            Self::Task
            | Self::Fork { .. }
            | Self::Function { .. }
            | Self::For { .. }
            | Self::Send
            | Self::Call { .. }
            | Self::Child
            | Self::WorkItem { .. }
            | Self::Group(_)
            | Self::Try { .. }
            | Self::Wait => None,
        }
    }

    /// The item that a round is about, and which it is: of a `for`, of a `foreach`.
    pub(crate) fn current_item(&self) -> Option<(&Data, usize)> {
        match self {
            Self::For { items, index } => Some((items.get(*index)?, *index)),
            Self::Each { items, rounds, .. } => {
                Some((items.get(rounds.outputs.len())?, rounds.outputs.len()))
            }
            Self::Listen { taken, rounds: Some(rounds), .. } => {
                let (_, item) = taken.get(rounds.outputs.len())?;
                Some((item, rounds.outputs.len()))
            }
            Self::Listen { rounds: None, .. }
            | Self::Task
            | Self::Fork { .. }
            | Self::Function { .. }
            | Self::Send
            | Self::Call { .. }
            | Self::Child
            | Self::WorkItem { .. }
            | Self::Group(_)
            | Self::Try { .. }
            | Self::Wait => None,
        }
    }
}
