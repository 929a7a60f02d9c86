//! Migration: an instance that runs goes on by another version of its workflow.
//!
//! ```text
//! old version, new version, state, mapping ──plan──► what goes on as what, what begins anew, remarks
//!                                                      │ nothing needs a mapping, nothing is in the way
//!                                                      └──apply──► the state by the new version
//! ```
//! Tasks are the same when they have the same names from the outside in: a task put before or after moves
//! nothing. What is renamed or gone is mapped by hand. What goes on keeps what it has: its work item, its timers,
//! what it took. Only where the instance *stands* matters; what it has passed is history.
//!
//! What it does not know: which versions are deployed, and that a migration is a repair with who and why.

mod apply;
mod fit;
mod path;
mod plan;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use self::apply::migrate;
pub use self::plan::{Plan, plan};

/// How an instance is to be migrated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wish {
    /// The version that it goes to.
    pub version: String,
    /// Old task to new task, each by its name or its JSON Pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mapping: BTreeMap<String, String>,
    /// Work whose task says something else now is offered anew. False: it stays as it was offered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renew: bool,
}

/// Can it be done?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It can.
    Safe,
    /// Somebody must say what takes the place of a task.
    NeedsMapping,
    /// Not where the instance stands now.
    Blocked,
}

/// What a migration means for one task, or for the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
    /// Can it be done?
    pub verdict: Verdict,
    /// Stable word: `renamed`, `renewed`, `work-item.kept`, `task.removed`, …
    pub code: &'static str,
    /// JSON Pointer of the task in the old version; of a new task in the new one. None: the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// One sentence.
    pub message: String,
}
