//! Work items (待办): work offered to a person.

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use crate::{CaseNo, Timestamp, WorkItemId};

/// One work item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkItem {
    /// Its id.
    pub id: WorkItemId,
    /// JSON Pointer of the task that offers it.
    pub task: String,
    /// The case it is about.
    pub case_no: Option<CaseNo>,
    /// One line.
    pub title: String,
    /// More.
    pub description: Option<String>,
    /// Who may claim it: `role` or `role@unit`.
    pub candidate_roles: Vec<String>,
    /// People who may claim it.
    pub candidate_people: Vec<String>,
    /// People who may not, whatever their roles.
    pub excluded_people: Vec<String>,
    /// Name of the form, and the data it starts with.
    pub form: Option<Form>,
    /// Outcomes to choose from; empty: `completed` is the only one.
    pub outcomes: Vec<String>,
    /// low, normal, high, urgent.
    pub priority: Priority,
    /// Where it stands.
    pub state: WorkItemState,
    /// Who has it.
    pub assignee: Option<String>,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// Past its due time.
    pub overdue: bool,
    /// When it was offered.
    pub created: Timestamp,
    /// How it ended.
    pub completion: Option<Completion>,
    /// Counts changes; a command may name the version it was made for.
    pub version: u32,
}

/// A form to fill in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// Name within the deployment, e.g. `forms/dispatch`; none: the schema stands in the item.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    /// The schema as text would show it: copied in, so that a reader needs no second look-up.
    pub schema: serde_json::Value,
    /// What it starts with.
    pub data: Data,
}

/// How urgent a work item is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

/// Where a work item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkItemState {
    /// Anyone of the candidates may claim it.
    Offered,
    /// Someone has it.
    Claimed,
    /// Done.
    Completed,
    /// No longer wanted.
    Cancelled,
}

/// How a work item was completed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Which outcome.
    pub outcome: String,
    /// The form's data.
    pub form: Data,
    /// The caller's own id of this decision: deciding again with the same id is the same decision.
    pub decision: String,
}

/// Who does something. Built by the server from a token, never from a request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Person id.
    pub person: String,
    /// `role` or `role@unit`.
    pub roles: Vec<String>,
}

impl Actor {
    /// Does one of the roles give the wanted one? `handler@unit` gives `handler@unit` and plain `handler`;
    /// plain `handler` gives only itself.
    pub fn holds(&self, wanted: &str) -> bool {
        let gives =
            |held: &String| held == wanted || held.split_once('@').is_some_and(|(role, _)| role == wanted);
        self.roles.iter().any(gives)
    }
}

/// What a person can do with a work item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum WorkItemCommand {
    /// Take it.
    Claim,
    /// Give it back to the candidates.
    Release,
    /// Decide it.
    Complete {
        /// One of the item's outcomes; may be left out when there is none to choose.
        outcome: Option<String>,
        /// The form's data.
        form: Data,
        /// The caller's id of this decision.
        decision: String,
    },
}
