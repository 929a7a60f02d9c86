//! Work items (待办): work offered to a person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use crate::organisation::split_role;
use crate::{CaseNo, Timestamp, WorkItemId};

mod act;

pub use self::act::{Act, Attachment, Comment, File};

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
    /// Who may claim it: `role`, `role@unit`, or `*@unit` for anybody at a unit.
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
    /// For whom the assignee acts, if it is somebody who is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// Who has given it to the assignee and stays responsible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_by: Option<String>,
    /// When somebody wants to look at it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<Timestamp>,
    /// It was offered to roles and people of whom nobody was there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unheld: bool,
    /// What people said about it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// What people attached, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Its seat, if it belongs to a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
}

/// A work item's place in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Counted from 1.
    pub n: u32,
    /// How many there are.
    pub of: u32,
    /// Answers are hidden until the group closes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
}

impl WorkItem {
    /// A work item that has just been offered to nobody yet.
    pub fn new(id: WorkItemId, task: &str, title: &str, created: Timestamp) -> Self {
        Self {
            id,
            task: task.to_owned(),
            case_no: None,
            title: title.to_owned(),
            description: None,
            candidate_roles: Vec::new(),
            candidate_people: Vec::new(),
            excluded_people: Vec::new(),
            form: None,
            outcomes: Vec::new(),
            priority: Priority::Normal,
            state: WorkItemState::Offered,
            assignee: None,
            due: None,
            overdue: false,
            created,
            completion: None,
            version: 1,
            on_behalf_of: None,
            delegated_by: None,
            follow_up: None,
            unheld: false,
            comments: Vec::new(),
            attachments: Vec::new(),
            seat: None,
        }
    }

    /// What others may see of it: answers, comments and attachments of a sealed one are hidden.
    #[must_use]
    pub fn public(&self) -> Self {
        let mut item = self.clone();
        if item.seat.as_ref().is_some_and(|seat| seat.sealed) {
            if let Some(completion) = &mut item.completion {
                SEALED.clone_into(&mut completion.outcome);
                completion.form = Data::null();
            }
            for comment in &mut item.comments {
                SEALED.clone_into(&mut comment.text);
            }
            item.attachments.clear();
        }
        item
    }
}

/// What stands in the place of an answer that is hidden until its group closes.
pub const SEALED: &str = "sealed";

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
    /// For whom: somebody who was away, or who had delegated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

/// Who does something. Built by the server from a token and the organisation, never from a request's body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Person id.
    pub person: String,
    /// `role` or `role@unit`.
    pub roles: Vec<String>,
    /// Those who are away and for whom this person acts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stands_in: Vec<StandIn>,
}

/// Somebody who is away, with the roles that a substitute has meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    /// Who is away.
    pub person: String,
    /// Without those of administrators.
    pub roles: Vec<String>,
}

impl Actor {
    /// Somebody who acts for nobody else.
    pub fn new(person: impl Into<String>, roles: Vec<String>) -> Self {
        Self { person: person.into(), roles, stands_in: Vec::new() }
    }

    /// Does one of the person's own roles give the wanted one? `handler@unit` gives `handler@unit`, plain
    /// `handler` and `*@unit`; plain `handler` gives only itself.
    pub fn holds(&self, wanted: &str) -> bool {
        holds(&self.roles, wanted)
    }

    /// Acts this person for that one, who is away?
    pub fn acts_for(&self, person: &str) -> bool {
        self.stands_in.iter().any(|away| away.person == person)
    }

    /// The names of roles under which work may be offered to this person, also as a substitute.
    pub fn audience(&self) -> BTreeSet<String> {
        let all = self.roles.iter().chain(self.stands_in.iter().flat_map(|away| &away.roles));
        let names = |held: &String| match split_role(held) {
            (role, Some(unit)) => vec![role.to_owned(), format!("*@{unit}"), held.clone()],
            (_, None) => vec![held.clone()],
        };
        all.flat_map(names).collect()
    }
}

impl StandIn {
    pub(crate) fn holds(&self, wanted: &str) -> bool {
        holds(&self.roles, wanted)
    }
}

fn holds(roles: &[String], wanted: &str) -> bool {
    roles.iter().any(|held| crate::organisation::gives(held, wanted))
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
    /// Anything else.
    Act {
        /// What.
        act: Act,
        /// Why.
        reason: Option<String>,
        /// The caller's id of this act: the same id again is the same act.
        decision: Option<String>,
    },
}
