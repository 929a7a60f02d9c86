//! A group that is asked together: its seats, and what is known of each.

use serde::{Deserialize, Serialize};

use crate::ballot::Rule;
use crate::interest::Conflicts;
use crate::work_item::WorkItem;

/// A group under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    /// What each member is offered, without the member.
    pub(crate) pattern: WorkItem,
    /// As written: worked out anew for each offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) escalation: Vec<serde_json::Value>,
    pub(crate) seats: Vec<Seat>,
    pub(crate) rule: Rule,
    pub(crate) serial: bool,
    pub(crate) blind: bool,
    /// Who takes a seat that becomes free, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reserves: Vec<String>,
    #[serde(default, skip_serializing_if = "Conflicts::is_empty")]
    pub(crate) conflicts: Conflicts,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) four_eyes_tasks: Vec<String>,
    /// Its due time has passed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_due: bool,
}

/// A member's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(crate) member: Member,
    pub(crate) weight: u32,
    pub(crate) state: SeatState,
}

/// Who sits there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Member {
    /// One person.
    Person(String),
    /// Whoever of a role claims it: `role`, `role@unit`, `*@unit`.
    Role(String),
}

impl Member {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Person(name) | Self::Role(name) => name,
        }
    }
}

/// What is known of a seat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeatState {
    /// Not asked yet.
    Waiting,
    /// Asked by this work item.
    Offered { n: u32 },
    /// Has answered: the completed work item.
    Answered { item: Box<WorkItem> },
    /// Does not count.
    Excused { reason: String },
}
