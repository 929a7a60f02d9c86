//! Work items of an instance: the open ones whole, of the decided ones what an answer needs.

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use super::FrameId;
use crate::calendar::Amount;
use crate::case::Flag;
use crate::clock::{Card, Clock};
use crate::effect::Message;
use crate::interest::Conflicts;
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
    /// Whom the matter concerns: they must not decide it.
    #[serde(default, skip_serializing_if = "Conflicts::is_empty")]
    pub(crate) conflicts: Conflicts,
    /// Whoever decided one of these tasks must not decide this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) four_eyes_tasks: Vec<String>,
    /// Acts that have been done: who, and the id that the caller gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) acts: Vec<(String, String)>,
    /// Forbidden attempts that history has a line of: who, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attempts: Vec<(String, String)>,
    /// Its seat in a group, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seat: Option<usize>,
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
    /// The member of a group who has not answered gives the seat to a reserve.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replace_pending: bool,
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
    /// The flag that the case gets when the clock is breached.
    #[serde(default = "overdue", skip_serializing_if = "is_overdue")]
    pub(crate) marks: Option<Flag>,
}

#[expect(clippy::unnecessary_wraps, reason = "it fills in a member that may be none")]
fn overdue() -> Option<Flag> {
    Some(Flag::Overdue)
}

fn is_overdue(marks: &Option<Flag>) -> bool {
    *marks == overdue()
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
    /// The task it was offered by.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) task: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on_behalf_of: Option<String>,
    /// Others must not learn the outcome yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sealed: bool,
    /// Who has done what besides, by the ids that the callers gave: an act asked for again gets its answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) acts: Vec<(String, String)>,
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

/// An act on the case: enough to give the same answer to the same decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Acted {
    pub(crate) decision: String,
    pub(crate) act: String,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) version: u32,
}

impl Acted {
    /// The answer to the decision, the first time and every other time.
    pub(crate) fn reply(&self, no: &crate::CaseNo) -> Data {
        Data::object([
            ("caseNo".to_owned(), Data::string(no.to_string())),
            ("act".to_owned(), Data::string(&*self.act)),
            ("by".to_owned(), Data::string(&*self.by)),
            ("at".to_owned(), Data::string(self.at.rfc3339())),
            ("decision".to_owned(), Data::string(&*self.decision)),
            ("version".to_owned(), Data::from(serde_json::Value::from(self.version))),
        ])
    }
}

/// A repair: enough to give the same answer to the same decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Repaired {
    pub(crate) decision: String,
    pub(crate) repair: String,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

impl Repaired {
    /// The answer to the decision, the first time and every other time.
    pub(crate) fn reply(&self, instance: crate::InstanceId) -> Data {
        Data::object([
            ("instance".to_owned(), Data::string(instance.to_string())),
            ("repair".to_owned(), Data::string(&*self.repair)),
            ("by".to_owned(), Data::string(&*self.by)),
            ("at".to_owned(), Data::string(self.at.rfc3339())),
            ("decision".to_owned(), Data::string(&*self.decision)),
        ])
    }
}
