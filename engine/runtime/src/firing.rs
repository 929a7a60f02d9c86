//! What a turn does when the time of a schedule has come, and when a run of it ends.
//!
//! What is not started leaves a record among the rejections: a planned time is an input, and nothing that
//! comes in is dropped silently.

use std::sync::Arc;

use yiwang_core::input::Cause;
use yiwang_core::{Deployment, InstanceId, Timestamp};
use yiwang_dsl::Data;
use yiwang_dsl::definition::{Overlap, Schedule};

use crate::ports::{RejectionRow, ScheduleOutcome, ScheduleRow, ScheduleRun};
use crate::schedules::{self, Fired};
use crate::turn::Turn;

/// Why a planned time has no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skipped {
    /// The last run is still active.
    Overlap,
    /// The server was down.
    Missed,
    /// The run could not be begun.
    Failed,
}

impl Turn<'_> {
    /// Starts what a schedule has planned.
    pub(crate) fn fire(&mut self, fired: Fired) {
        if matches!(fired.deployment.definition.schedule, Some(Schedule::After(_))) {
            return self.fire_after(fired);
        }
        let Fired { workflow, deployment, starts, missed, handled, unless_active, run } = fired;
        if self.batch.schedules.iter().any(|row| row.workflow == workflow && row.paused.is_some()) {
            return;
        }
        if let Some(missed) = missed {
            let reason = "it was missed while the server was down, like those before it".to_owned();
            self.skipped(&workflow, missed, Skipped::Missed, reason);
        }
        let skips = deployment.definition.policy.overlap == Overlap::Skip;
        let mut run = run;
        let mut active = unless_active;
        for planned in starts {
            if let Some(active) = active.filter(|run| self.is_active(*run)) {
                let reason = format!("the last run, {active}, is still active");
                self.skipped(&workflow, planned, Skipped::Overlap, reason);
                continue;
            }
            run = self.start_planned(&workflow, &deployment, planned).or(run);
            if skips {
                active = run;
            }
        }
        self.schedule_fired(ScheduleRow { workflow, fired: handled, run, paused: None });
    }

    /// `after`: one run at a time. Its end, not its planned time, decides when the next one begins.
    fn fire_after(&mut self, fired: Fired) {
        let Fired { workflow, deployment, starts, missed: _, handled, unless_active, run: _ } = fired;
        if self.batch.schedules.iter().any(|row| row.workflow == workflow && row.paused.is_some()) {
            return;
        }
        if let Some(run) = unless_active.filter(|run| self.is_active(*run)) {
            self.schedule_fired(ScheduleRow { workflow, fired: handled, run: Some(run), paused: None });
            return;
        }
        let mut run = None;
        for planned in starts {
            run = self.start_planned(&workflow, &deployment, planned);
        }
        let run = run.filter(|run| self.is_active(*run));
        if let Some(run) = run {
            self.watched.insert(run, workflow.clone());
        }
        self.schedule_fired(ScheduleRow { workflow, fired: self.now, run, paused: None });
    }

    /// Notes the ends of runs after which a workflow rests.
    pub(crate) fn note_ends(&mut self) {
        for (run, workflow) in std::mem::take(&mut self.watched) {
            if self.working.get(&run).is_some_and(|working| working.moved && working.has_ended()) {
                let paused = self.schedules.standing(&workflow).and_then(|(_, row)| row.paused);
                self.schedule_fired(ScheduleRow { workflow, fired: self.now, run: None, paused });
            }
        }
    }

    fn start_planned(
        &mut self,
        workflow: &str,
        deployment: &Arc<Deployment>,
        planned: Timestamp,
    ) -> Option<InstanceId> {
        let key = Some(schedules::start_key(planned));
        let cause = Cause::Schedule { at: planned };
        match self.start_deployment(Arc::clone(deployment), key, Data::object([]), cause) {
            Ok(begun) => {
                self.run_noted(workflow, planned, ScheduleOutcome::Started, Some(begun.instance), None);
                Some(begun.instance)
            }
            Err(error) => {
                self.skipped(workflow, planned, Skipped::Failed, error.to_string());
                None
            }
        }
    }

    /// Keeps a record of a planned time without a run.
    fn skipped(&mut self, workflow: &str, planned: Timestamp, why: Skipped, reason: String) {
        let (code, status, outcome) = match why {
            Skipped::Overlap => ("schedule.overlap", 409, ScheduleOutcome::Overlapped),
            Skipped::Missed => ("schedule.missed", 410, ScheduleOutcome::Missed),
            Skipped::Failed => ("schedule.failed", 500, ScheduleOutcome::Failed),
        };
        self.run_noted(workflow, planned, outcome, None, Some(reason.clone()));
        tracing::warn!(workflow, %planned, code, reason, "a planned run is skipped");
        let row = RejectionRow {
            id: self.ids.next(self.now),
            channel: format!("schedule:{workflow}"),
            at: self.now,
            code: code.to_owned(),
            reason: format!("the run of {workflow} planned for {planned} is skipped: {reason}"),
            status,
            client: None,
            digest: String::new(),
            excerpt: String::new(),
        };
        self.batch.rejections.push(row);
    }

    /// A line for the list of runs.
    fn run_noted(
        &mut self,
        workflow: &str,
        planned: Timestamp,
        outcome: ScheduleOutcome,
        instance: Option<InstanceId>,
        reason: Option<String>,
    ) {
        let (id, at) = (self.ids.next(self.now), self.now);
        let workflow = workflow.to_owned();
        let run = ScheduleRun { id, workflow, planned, at, outcome, instance, by: None, reason };
        self.batch.schedule_runs.push(run);
    }

    pub(crate) fn is_active(&self, id: InstanceId) -> bool {
        self.working.get(&id).is_some_and(|working| !working.has_ended())
    }
}
