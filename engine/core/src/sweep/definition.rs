//! What a sweep does, as somebody wrote it: selector, acts, rate, approval.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::parse;
use crate::case::Flag;
use crate::effect::Message;
use crate::input::OperatorCommand;
use crate::repair::Repair;
use crate::selector::{Mistake, Of, Selector};
use crate::work_item::Priority;

/// A checked definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// For people.
    pub title: Option<String>,
    /// What is looked at, and which of them.
    pub selector: Selector,
    /// Why a target is one: the first that holds.
    pub causes: Vec<Cause>,
    /// What is done with each target, in order. What is refused ends it; what was done before stays done.
    pub acts: Vec<Act>,
    /// Targets per second.
    pub rate: u32,
    /// Whether a second person must approve it.
    pub approval: Option<Approval>,
    /// The definition as it was given.
    pub written: Value,
}

/// A name for some of the targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// For people.
    pub name: String,
    /// Which.
    pub selector: Selector,
}

/// A second person must approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// By so many percent may the count at the beginning differ from the preview's.
    pub margin: u32,
}

/// What is done with a target. Texts may name `{caseNo}`, `{title}`, `{unit}`, `{due}`.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Somebody's act on the case: a note, a mark, urging, supervising, giving it back.
    Case(CaseAct),
    /// An act on the work item.
    Item(ItemAct),
    /// Starts a workflow for the target; its input has the target.
    Start {
        /// `namespace/name`.
        workflow: String,
        /// None: the newest.
        version: Option<String>,
        /// More members of its input.
        input: Value,
    },
    /// An event for the target's instance, which must wait for it.
    Emit {
        /// Its type.
        r#type: String,
        /// More members of its data.
        data: Value,
    },
    /// An operator's command.
    Operate {
        /// Which.
        command: OperatorCommand,
        /// Why.
        reason: String,
    },
    /// An operator's repair.
    Repair {
        /// How.
        repair: Repair,
        /// Why.
        reason: String,
    },
    /// A decision about many cases at once: an event of the type [`DECISION`], which the process must wait for.
    Decide {
        /// How it is decided, in the words of the process.
        outcome: String,
        /// Why.
        reason: String,
    },
}

/// The type of the event by which a process is told of a decision about many cases.
pub const DECISION: &str = "cn.yiwang.sweep.decided.v1";

/// What a sweep may do with a case by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseAct {
    /// A line for those who handle it.
    Note {
        /// The line.
        text: String,
    },
    /// A mark.
    Flag {
        /// Which.
        flag: Flag,
    },
    /// 催办.
    Urge {
        /// Why.
        reason: String,
    },
    /// 督办.
    Supervise {
        /// Why.
        reason: String,
    },
    /// 改派.
    Redispatch {
        /// The unit that is proposed.
        unit: Option<String>,
        /// Why.
        reason: String,
    },
}

/// What a sweep may do with a work item by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemAct {
    /// A remark on it.
    Comment {
        /// What.
        text: String,
    },
    /// More people may take it, and it is more urgent.
    Escalate {
        /// Roles beside the candidates that there are.
        roles: Vec<String>,
        /// At least so urgent.
        priority: Option<Priority>,
        /// Why.
        reason: String,
    },
    /// Others do it.
    Reassign {
        /// Who.
        to: Receiver,
        /// Why.
        reason: String,
    },
    /// Somebody is told of it.
    Notify {
        /// Id of the channel.
        channel: String,
        /// What is told. Its texts may have the target's words too.
        message: Message,
    },
}

/// Who gets a work item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// One of its candidates.
    Person(String),
    /// Everybody with one of these roles may take it.
    Roles(Vec<String>),
}

impl Act {
    /// Does it take something away from somebody? Then a second person must approve, whatever is written.
    pub fn is_grave(&self) -> bool {
        match self {
            Self::Decide { .. }
            | Self::Case(CaseAct::Redispatch { .. })
            | Self::Item(ItemAct::Reassign { .. })
            | Self::Operate { command: OperatorCommand::Cancel, .. }
            | Self::Repair { .. } => true,
            Self::Case(
                CaseAct::Note { .. }
                | CaseAct::Flag { .. }
                | CaseAct::Urge { .. }
                | CaseAct::Supervise { .. },
            )
            | Self::Operate {
                command: OperatorCommand::Retry | OperatorCommand::Suspend | OperatorCommand::Resume,
                ..
            }
            | Self::Item(ItemAct::Comment { .. } | ItemAct::Escalate { .. } | ItemAct::Notify { .. })
            | Self::Start { .. }
            | Self::Emit { .. } => false,
        }
    }

    /// Does it take an operator to do it? Then it takes one to ask for it by the hundred.
    pub fn is_operators(&self) -> bool {
        match self {
            Self::Operate { .. } | Self::Repair { .. } => true,
            Self::Case(_) | Self::Item(_) | Self::Start { .. } | Self::Emit { .. } | Self::Decide { .. } => {
                false
            }
        }
    }
}

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn parse(written: &Value) -> Result<Self, Vec<Mistake>> {
        parse::parse(written)
    }

    /// What is looked at.
    pub fn of(&self) -> Of {
        self.selector.of
    }

    /// Does it take an operator to ask for it, and to approve it?
    pub fn is_operators(&self) -> bool {
        self.acts.iter().any(Act::is_operators)
    }

    /// SHA-256 of the definition, hex. JSON objects are in one order here, whoever wrote them.
    pub fn digest(&self) -> String {
        let hash = Sha256::digest(canonical(&self.written));
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::String(name.clone()), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
