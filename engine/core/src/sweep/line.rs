//! The ledger of a sweep: one line for each target that it came to.

use serde::{Deserialize, Serialize};

use crate::{CaseNo, InstanceId, Timestamp};

/// One line. There is one for each target of a sweep, and it is never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Of which sweep.
    pub sweep: InstanceId,
    /// The instance that has the target.
    pub instance: InstanceId,
    /// The work item's number; 0: the case.
    pub n: u32,
    /// The case.
    pub case_no: Option<CaseNo>,
    /// The unit that leads the handling.
    pub unit: Option<String>,
    /// Why it was selected: the first cause of the definition that holds.
    pub cause: Option<String>,
    /// What came of it.
    pub result: Result,
    /// Acts done.
    pub acts: u32,
    /// Why it was skipped or has failed: code and sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<(String, String)>,
    /// When.
    pub at: Timestamp,
    /// Since when the target has been there.
    pub since: Timestamp,
}

/// What came of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Result {
    /// All that the definition says was done.
    Acted,
    /// Nothing was done: it was not what the selector wants any more.
    Skipped,
    /// An act was refused; [`Line::acts`] says how many were done before.
    Failed,
}

impl Line {
    /// The target's name: the case's number, or the work item's id, or the instance's.
    pub fn target(&self) -> String {
        target(self.instance, self.n)
    }
}

/// The name of a target within decision ids: stable whatever happens to the case's number.
pub fn target(instance: InstanceId, n: u32) -> String {
    if n == 0 { instance.to_string() } else { format!("{instance}-{n}") }
}

/// How many lines have these in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// What came of them.
    pub result: Result,
    /// Why they were selected.
    pub cause: Option<String>,
    /// Whose they are.
    pub unit: Option<String>,
    /// How many.
    pub count: u64,
}

/// What is told of the lines of one sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// By result, cause and unit.
    pub groups: Vec<Group>,
    /// The middle one of all times since when the acted ones had been there.
    pub median_since: Option<Timestamp>,
}
