//! Cases (办件): one matter of one person, whatever channel it came by.
//!
//! State, closing outcome and flags are kept apart: "planned" is an outcome of a closed case, "overdue" a
//! flag that any open state can have.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use crate::clock::Clock;
use crate::{CaseNo, InstanceId, Timestamp};

/// One case. Its instance owns it; nobody else writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its number.
    pub no: CaseNo,
    /// The instance that handles it.
    pub instance: InstanceId,
    /// e.g. `complaint`.
    pub r#type: String,
    /// Id of the channel it came by.
    pub channel: String,
    /// The channel's own id of the message.
    pub source_ref: Option<String>,
    /// One line.
    pub title: String,
    /// The matter as it came in: the whole intake data.
    pub content: Data,
    /// Where it stands.
    pub state: CaseState,
    /// How it was closed.
    pub outcome: Option<Outcome>,
    /// What marks it, whatever its state.
    pub flags: BTreeSet<Flag>,
    /// Category code, once triaged.
    pub category: Option<String>,
    /// How urgent.
    pub urgency: Option<String>,
    /// The unit that leads the handling.
    pub unit: Option<String>,
    /// The promise.
    pub due: Option<Timestamp>,
    /// When it was registered.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// Times it went back to be handled again.
    pub reworks: u32,
    /// Free fields of the process: reply, plan, satisfaction.
    pub fields: Data,
    /// Counts changes.
    pub version: u32,
    /// Its clocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<Clock>,
}

impl Case {
    /// When something of it is due next: the promise, or one of the clocks that run.
    pub fn next_due(&self) -> Option<Timestamp> {
        let running = self.clocks.iter().filter(|clock| clock.is_open());
        running.filter_map(|clock| clock.due).chain(self.due).min()
    }
}

/// Where a case stands (DOMAIN: the shared case machine).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// 已登记.
    Registered,
    /// 已研判.
    Triaged,
    /// 已派单.
    Dispatched,
    /// 已签收.
    Signed,
    /// 办理中.
    Handling,
    /// 已答复.
    Replied,
    /// 已审核.
    Audited,
    /// 已结案, also when rejected, merged or withdrawn: the outcome says which.
    Closed,
}

/// How a case was closed. Three of them count as done: resolved, explained, planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 办结.
    Resolved,
    /// 解释到位.
    Explained,
    /// 纳入计划.
    Planned,
    /// 不予受理.
    Rejected,
    /// 并单.
    Merged,
    /// 撤回.
    Withdrawn,
    /// 转办.
    Transferred,
    /// 无法联系.
    Unreachable,
}

/// Marks that a case collects. Each is set once; history says when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Past a due time at least once.
    Overdue,
    /// Warned before a due time.
    Warned,
    /// 督办.
    Supervised,
    /// Closed and opened again.
    Reopened,
    /// 重复诉求.
    Repeat,
}
