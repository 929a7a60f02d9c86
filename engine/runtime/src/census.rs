//! What people and sweeps ask about all cases and work items together, and about sweeps and schedules.
//!
//! A port beside `Store` and `Query`: both sides of the program ask the same questions. What a selection means
//! is said by `yiwang_core::selector`; a store answers faster, never otherwise.

use serde::{Deserialize, Serialize};
use yiwang_core::selector::field::Found;
use yiwang_core::selector::{Field, Selection};
use yiwang_core::sweep::line::Summary;
use yiwang_core::sweep::{Line, Phase, Result as LineResult, Sweep};
use yiwang_core::{InstanceId, Timestamp};

use crate::ports::{Answer, Page, PageRequest, ScheduleRow};

/// Questions about many things at once.
pub trait Census: Send + Sync {
    /// What a selection finds, in order of instance and number, after this key.
    fn select(&self, selection: Selection, from: SelectFrom, limit: usize) -> Answer<'_, Vec<Found>>;

    /// The first of what a selection finds, in the order of a field.
    fn ranked(&self, selection: Selection, by: Ranking, limit: usize) -> Answer<'_, Vec<Found>>;

    /// How many a selection finds, by the values of these fields. Without fields: one group of all.
    fn tally(&self, selection: Selection, by: Vec<Field>) -> Answer<'_, Vec<Group>>;

    /// Sweeps, newest first.
    fn sweeps(&self, phase: Option<Phase>, page: PageRequest) -> Answer<'_, Page<Sweep>>;

    /// One sweep.
    fn sweep(&self, id: InstanceId) -> Answer<'_, Option<Sweep>>;

    /// The sweep that was asked for under this key.
    fn sweep_of_key(&self, key: String) -> Answer<'_, Option<Sweep>>;

    /// Sweeps that are not over.
    fn open_sweeps(&self) -> Answer<'_, Vec<Sweep>>;

    /// The ledger of a sweep, in order of instance and number.
    fn sweep_lines(
        &self,
        sweep: InstanceId,
        result: Option<LineResult>,
        page: PageRequest,
    ) -> Answer<'_, Page<Line>>;

    /// The ledger of a sweep in numbers.
    fn sweep_summary(&self, sweep: InstanceId) -> Answer<'_, Summary>;

    /// Where each schedule stands.
    fn schedule_rows(&self) -> Answer<'_, Vec<ScheduleRow>>;

    /// What became of planned times, newest first.
    fn schedule_runs(&self, workflow: Option<String>, page: PageRequest) -> Answer<'_, Page<ScheduleRun>>;
}

/// From where a selection is gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SelectFrom {
    /// Behind this instance and number.
    pub after: Option<(InstanceId, u32)>,
    /// Before this instance.
    pub until: Option<InstanceId>,
}

/// In which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// A time of what is selected. Those without come last.
    pub field: Field,
    /// The greatest first.
    pub descending: bool,
}

/// Things that have values in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Group {
    /// The values, in the order of the fields asked for.
    pub values: Vec<Option<String>>,
    /// How many.
    pub count: u64,
}

/// What became of one planned time, or of one act on a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRun {
    /// Given by the runtime.
    pub id: u64,
    /// `namespace/name`.
    pub workflow: String,
    /// The planned time; of an act: its time.
    pub planned: Timestamp,
    /// When it was handled.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: ScheduleOutcome,
    /// What it started.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instance: Option<InstanceId>,
    /// Who wanted it, if not the clock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// What can become of a planned time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleOutcome {
    /// An instance was started.
    Started,
    /// The last run was still active.
    Overlapped,
    /// The server was down; those before it were missed too.
    Missed,
    /// The instance could not be started.
    Failed,
    /// Somebody stopped the schedule.
    Paused,
    /// Somebody let it go on.
    Resumed,
}
