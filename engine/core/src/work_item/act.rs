//! What people do with a work item besides claiming, giving back and deciding it.

use serde::{Deserialize, Serialize};

use super::Priority;
use crate::Timestamp;
use crate::effect::Message;

/// One act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Somebody else does it; the giver stays responsible and can take it back by claiming it.
    Delegate {
        /// Who does it.
        to: String,
    },
    /// Somebody else has it from now on.
    HandOver {
        /// Who.
        to: String,
    },
    /// It goes back to the candidates, with a reason that they see.
    Return,
    /// Says something about it.
    Comment {
        /// What.
        text: String,
    },
    /// Attaches a file that is stored elsewhere.
    Attach {
        /// Which.
        file: File,
    },
    /// Changes how urgent it is.
    Priority {
        /// The new one.
        priority: Priority,
    },
    /// Changes when somebody wants to look at it again.
    FollowUp {
        /// When; none: never mind.
        at: Option<Timestamp>,
    },
    /// Changes when it is due. Its timers go with it.
    SetDue {
        /// When.
        at: Timestamp,
    },
    /// It is offered to others; whoever has it has it no more.
    Offer {
        /// `role`, `role@unit` or `*@unit`.
        roles: Vec<String>,
    },
    /// More people may take it, and it is more urgent. Whoever has it keeps it.
    Escalate {
        /// `role`, `role@unit` or `*@unit`, beside the candidates that there are.
        roles: Vec<String>,
        /// At least so urgent; none: as before.
        priority: Option<Priority>,
    },
    /// Somebody is told of it. Only sweeps do that.
    Notify {
        /// Id of the channel.
        channel: String,
        /// What is told.
        message: Message,
    },
    /// The person has an interest in the matter and must not decide it.
    DeclareConflict,
    /// Another member takes the seat of a group.
    Replace {
        /// Who; none: the next of the reserves.
        with: Option<String>,
    },
}

impl Act {
    /// Its word in messages and addresses.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Delegate { .. } => "delegate",
            Self::HandOver { .. } => "hand-over",
            Self::Return => "return",
            Self::Comment { .. } => "comment",
            Self::Attach { .. } => "attach",
            Self::Priority { .. } => "set-priority",
            Self::FollowUp { .. } => "follow-up",
            Self::SetDue { .. } => "set-due",
            Self::Offer { .. } => "offer",
            Self::Escalate { .. } => "escalate",
            Self::Notify { .. } => "notify",
            Self::DeclareConflict => "declare-conflict",
            Self::Replace { .. } => "replace",
        }
    }
}

/// A file that is stored elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File {
    /// Its name, for people.
    pub name: String,
    /// `sha256:` and 64 hexadecimal digits: what it is, wherever it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Where it lies.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// e.g. `image/jpeg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

/// An attached file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which.
    pub file: File,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// On which occasion: `comment`, `return`, `hand-over` …
    pub act: String,
    /// What.
    pub text: String,
}
