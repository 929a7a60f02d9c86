//! Reference documents: what the rules read besides an instance's own state. Append-only: a new version is a
//! new document, and what an older version said can always be read again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The kinds of reference documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Working days and hours.
    Calendar,
    /// Units, people, roles.
    Organisation,
    /// What is promised for which cases.
    Sla,
    /// What a sweep does, and with what.
    Sweep,
    /// How long what has ended is kept.
    Retention,
}

impl Kind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Calendar, Self::Organisation, Self::Sla, Self::Sweep, Self::Retention];

    /// Its word in addresses, tables and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Organisation => "organisation",
            Self::Sla => "sla",
            Self::Sweep => "sweep",
            Self::Retention => "retention",
        }
    }

    /// The kind with this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

/// One version of one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Counted over all documents: what was known at a time is what has a number up to one.
    pub number: u64,
    /// Of which kind.
    pub kind: Kind,
    /// Its name within the kind, e.g. the id of a calendar.
    pub name: String,
    /// 1, 2, 3 … for each name.
    pub version: u32,
    /// When it was put.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// The text, as it was given.
    pub body: Arc<str>,
}
