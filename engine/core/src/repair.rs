//! Repairs: what an operator does to get an instance on that cannot go on, or goes the wrong way.
//!
//! ```text
//! decision known? ─► is there a reason? ─► does it stand there? ─► do the data fit? ─► history, then the act
//!        └─ the same answer                    └─ no: refused, nothing changed
//! ```
//! Each is one step: what is left is given up as a cancel gives it up, and the instance goes on from there. While
//! it is suspended it goes on when it is resumed.
//!
//! What it does not know: who may repair, and what stands in history; a step that is to run again gets its
//! input from whoever asks, see [`recorded::input`].

mod act;
mod change;
mod find;
pub(crate) mod list;
mod message;
pub mod recorded;
pub mod standing;

use serde::{Deserialize, Deserializer, Serialize};
use yiwang_dsl::Data;

use crate::EffectId;
use crate::migration::Wish;

pub(crate) use self::act::{Act, command};
pub use self::change::Change;
pub use self::standing::{Standing, standing};

/// What is repaired. Tasks are named by their name, or by the JSON Pointer that history shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Repair {
    /// A task is passed over.
    Skip {
        /// Which; none: where the instance stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<String>,
        /// What it would have returned: its `output`, `export` and `then` apply. None: its input.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        output: Option<Data>,
    },
    /// A task is left, and another one of the same list begins.
    Move {
        /// Which is left; none: where the instance stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Which begins. The same one: it begins once more.
        to: String,
        /// The raw input that it begins with; none: that of the task that is left.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        input: Option<Data>,
    },
    /// Data are corrected.
    Patch {
        /// Of which task; none: where the instance stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<String>,
        /// Of `$context` as this task sees it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<Change>,
        /// Of the raw input of the task, which begins once more with it. Of an instance whose own input was
        /// refused: of that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Change>,
    },
    /// It goes on by another version of its workflow.
    Migrate(Wish),
    /// A message that failed for good is sent again with the same id; one that waits for its next attempt is sent
    /// now.
    Resend {
        /// Which.
        message: EffectId,
    },
    /// A message is given up: it is not sent any more, and cannot be sent again.
    Drop {
        /// Which.
        message: EffectId,
    },
}

impl Repair {
    /// Is it about a message, wherever the instance stands?
    pub(crate) fn is_about_message(&self) -> bool {
        match self {
            Self::Resend { .. } | Self::Drop { .. } => true,
            Self::Skip { .. } | Self::Move { .. } | Self::Patch { .. } | Self::Migrate(_) => false,
        }
    }

    /// The word that the API has for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Skip { .. } => "skip",
            Self::Move { .. } => "move",
            Self::Patch { .. } => "patch",
            Self::Migrate(_) => "migrate",
            Self::Resend { .. } => "resend",
            Self::Drop { .. } => "drop",
        }
    }
}

/// Null is data too; absent is none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Data>, D::Error> {
    Data::deserialize(deserializer).map(Some)
}
