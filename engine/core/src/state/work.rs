//! Work items of an instance: the open ones whole, of the decided ones what an answer needs.

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use super::FrameId;
use crate::calendar::Amount;
use crate::case::Flag;
use crate::clock::{Card, Clock};
use crate::effect::Message;
use crate::promise::Recipe;
use crate::{Timestamp, WorkItem};

/// Work that is offered or claimed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenItem {
    pub(crate) owner: FrameId,
    pub(crate) item: WorkItem,
    /// Its escalation ladder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ladder: Vec<Rung>,
    /// How its due time was worked out by a calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipe: Option<Recipe>,
}

/// One step of an escalation ladder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rung {
    /// As written: `80%`, `P1D`.
    pub(crate) step: String,
    /// When it is taken, as far as that depends on the due time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Step>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) add_roles: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) raise_priority: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) flag: Option<Flag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// Channel and message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notify: Option<(String, Message)>,
    /// A card that a clock draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<Card>,
}

/// A clock with its ladder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenClock {
    pub(crate) clock: Clock,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ladder: Vec<Rung>,
    /// The rungs that were taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) taken: Vec<usize>,
}

/// When a rung is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// Part of the time up to the due time.
    Percent(u32),
    /// So long after the due time, by this calendar.
    After { amount: Amount, calendar: String },
}

/// A work item that somebody decided: enough to give the same answer to the same decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decided {
    pub(crate) n: u32,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) outcome: String,
    pub(crate) decision: String,
    pub(crate) version: u32,
}

impl Decided {
    /// The answer to the decision, the first time and every other time.
    pub(crate) fn reply(&self, id: crate::WorkItemId) -> Data {
        Data::object([
            ("id".to_owned(), Data::string(id.to_string())),
            ("state".to_owned(), Data::string("completed")),
            ("outcome".to_owned(), Data::string(&*self.outcome)),
            ("completedBy".to_owned(), Data::string(&*self.by)),
            ("completedAt".to_owned(), Data::string(self.at.rfc3339())),
            ("decision".to_owned(), Data::string(&*self.decision)),
            ("version".to_owned(), Data::from(serde_json::Value::from(self.version))),
        ])
    }
}
