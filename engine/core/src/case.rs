//! Cases (办件): one matter of one person, whatever channel it came by.
//!
//! State, closing outcome and flags are kept apart: "planned" is an outcome of a closed case, "overdue" a
//! flag that any open state can have.

mod command;
mod details;
mod fold;
pub mod repeat;
mod tracking;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

pub use self::command::CaseCommand;
pub(crate) use self::details::of_content;
pub use self::details::{
    Attachment, Callback, Contact, Petitioner, Place, Point, Related, Relation, Satisfaction, Suspension,
};
pub use self::fold::as_of;
pub use self::tracking::TrackingCode;
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
    /// Free fields of the process: reply, plan.
    pub fields: Data,
    /// By which the petitioner asks how it stands. Cases of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<TrackingCode>,
    /// 咨询, 求助, 投诉 …: `consult`, `help`, `complaint`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whose matter it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub petitioner: Option<Petitioner>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Other cases that have to do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// Cases that it may repeat: candidates, for a person to look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<CaseNo>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What the petitioner thinks of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<Satisfaction>,
    /// The first time that the unit reached the petitioner, or the last try so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// The last call back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
    /// While its time does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Suspension>,
    /// Times it was urged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub urged: u32,
    /// When it was last urged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urged_at: Option<Timestamp>,
    /// Counts changes: one for each line of history that changes it.
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

impl Case {
    /// A case of which nothing is known yet but its number, its instance and when it was opened.
    pub fn new(no: CaseNo, instance: InstanceId, opened: Timestamp) -> Self {
        Self {
            no,
            instance,
            r#type: String::new(),
            channel: String::new(),
            source_ref: None,
            title: String::new(),
            content: Data::null(),
            state: CaseState::Registered,
            outcome: None,
            flags: BTreeSet::new(),
            category: None,
            urgency: None,
            unit: None,
            due: None,
            opened,
            closed: None,
            reworks: 0,
            fields: Data::object([]),
            tracking: None,
            kind: None,
            petitioner: None,
            place: None,
            related: Vec::new(),
            repeats: Vec::new(),
            attachments: Vec::new(),
            satisfaction: None,
            contact: None,
            callback: None,
            suspended: None,
            urged: 0,
            urged_at: None,
            version: 0,
            clocks: Vec::new(),
        }
    }

    /// It is closed. Nothing of it rests any more.
    pub(crate) fn close(&mut self, outcome: Outcome, at: Timestamp) {
        self.state = CaseState::Closed;
        self.outcome = Some(outcome);
        self.closed = Some(at);
        self.suspended = None;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
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
