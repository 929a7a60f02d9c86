//! What people do with schedules: run one now, stop it, let it go on; and what is shown of them.

use yiwang_core::calendar::Calendars;
use yiwang_core::input::Cause;
use yiwang_core::transition::{Refusal, RefusalKind};
use yiwang_core::{InstanceId, Timestamp};
use yiwang_dsl::Data;
use yiwang_dsl::definition::{DaysOff, DefinitionId, Misfire, Overlap, Schedule};

use crate::Error;
use crate::deployments::Deployments;
use crate::ports::{Paused, ScheduleOutcome, ScheduleRow, ScheduleRun};
use crate::request::ScheduleAct;
use crate::schedules::Schedules;
use crate::turn::Turn;

/// What a person does with a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleCommand {
    /// Start a run now. The same key starts one run.
    Run {
        /// The caller's key.
        key: String,
    },
    /// Start nothing by itself until resumed.
    Pause,
    /// Go on with the next planned time.
    Resume,
}

/// When a workflow starts by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begins {
    /// A cron expression.
    Cron(String),
    /// A fixed rate, in milliseconds.
    Every(u64),
    /// So many milliseconds after the last run has ended.
    After(u64),
}

/// A schedule, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleInfo {
    /// The newest version, which the schedule is of.
    pub workflow: DefinitionId,
    /// When it starts by itself.
    pub begins: Begins,
    /// IANA name.
    pub timezone: String,
    /// What happens when the last run is still active.
    pub overlap: Overlap,
    /// What happens to times that were missed.
    pub misfire: Misfire,
    /// What happens to times on days off.
    pub days_off: DaysOff,
    /// The next planned times, as far as they are known.
    pub next: Vec<Timestamp>,
    /// Planned times up to this one are handled.
    pub handled: Option<Timestamp>,
    /// The last run.
    pub run: Option<InstanceId>,
    /// Who stopped it, while it is stopped.
    pub paused: Option<Paused>,
}

/// All schedules, with so many of the next planned times.
pub(crate) fn overview(
    deployments: &Deployments,
    calendars: &Calendars,
    rows: &[ScheduleRow],
    now: Timestamp,
    count: usize,
) -> Vec<ScheduleInfo> {
    Schedules::new(deployments, calendars, rows).overview(now, count)
}

/// The start key of a run that a person wants.
pub(crate) fn start_key(key: &str) -> String {
    format!("schedule-run:{key}")
}

impl Turn<'_> {
    /// A person acts on a schedule; the answer is what is noted of it.
    pub(crate) fn schedule_act(&mut self, act: ScheduleAct) -> Result<ScheduleRun, Error> {
        let ScheduleAct { workflow, command, by, reason } = act;
        let Some((deployment, row)) = self.schedules.standing(&workflow) else {
            return Err(Error::UnknownSchedule(workflow));
        };
        let staged = self.batch.schedules.iter().find(|row| row.workflow == workflow);
        let row = staged.cloned().unwrap_or(row);
        let mut line = ScheduleRun {
            id: self.ids.next(self.now),
            workflow: workflow.clone(),
            planned: self.now,
            at: self.now,
            outcome: ScheduleOutcome::Started,
            instance: None,
            by: Some(by.clone()),
            reason: reason.clone(),
        };
        let row = match command {
            ScheduleCommand::Pause if row.paused.is_some() => {
                line.outcome = ScheduleOutcome::Paused;
                return Ok(line);
            }
            ScheduleCommand::Pause => {
                line.outcome = ScheduleOutcome::Paused;
                ScheduleRow { paused: Some(Paused { by, at: self.now, reason }), ..row }
            }
            ScheduleCommand::Resume => {
                line.outcome = ScheduleOutcome::Resumed;
                if row.paused.is_none() {
                    return Ok(line);
                }
                // What was planned while it was stopped is not made up for.
                let rests = matches!(deployment.definition.schedule, Some(Schedule::After(_)));
                let fired = if rests { row.fired } else { row.fired.max(self.now) };
                ScheduleRow { paused: None, fired, ..row }
            }
            ScheduleCommand::Run { key } => {
                let skips = deployment.definition.policy.overlap == Overlap::Skip
                    || matches!(deployment.definition.schedule, Some(Schedule::After(_)));
                let key = start_key(&key);
                let again = crate::ports::StartKey { workflow: workflow.clone(), key: key.clone() };
                if let Some(started) = self.started.get(&again) {
                    line.instance = Some(started.instance);
                    return Ok(line);
                }
                if let Some(active) = row.run.filter(|run| skips && self.is_active(*run)) {
                    let message = format!(
                        "the last run, {active}, is still active, and its schedule lets one go at a time"
                    );
                    return Err(Error::Refused(Refusal::new(RefusalKind::Conflict, message)));
                }
                let cause = Cause::Request { person: by };
                let begun = self.start_deployment(deployment, Some(key), Data::object([]), cause)?;
                line.instance = Some(begun.instance);
                ScheduleRow { run: Some(begun.instance), ..row }
            }
        };
        self.schedule_fired(row);
        self.batch.schedule_runs.push(line.clone());
        Ok(line)
    }
}
