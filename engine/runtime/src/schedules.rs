//! Workflows that start by the clock: when each fires next, and what to do about times that were missed.

use std::collections::BTreeMap;
use std::sync::Arc;

use yiwang_core::calendar::{Calendar, Calendars};
use yiwang_core::{Deployment, InstanceId, Timestamp, schedule};
use yiwang_dsl::definition::{DaysOff, Misfire, Overlap, Schedule};

use crate::deployments::Deployments;
use crate::limits;
use crate::ports::{Paused, ScheduleRow};
use crate::scheduling::{Begins, ScheduleInfo};

/// All schedules of one shard.
#[derive(Debug, Default)]
pub(crate) struct Schedules {
    by_workflow: BTreeMap<String, Scheduled>,
}

#[derive(Debug)]
struct Scheduled {
    deployment: Arc<Deployment>,
    /// What says which days are off, where that matters.
    calendar: Option<Arc<Calendar>>,
    anchor: Timestamp,
    /// Planned times up to this one are handled. For `after`: when the last run began, or ended.
    handled: Timestamp,
    /// The last run. For `after`: the one that is under way.
    run: Option<InstanceId>,
    /// Has it ever fired?
    begun: bool,
    /// `after`: is the run known to be under way? After a start it may have ended under another version.
    watched: bool,
    next: Option<Timestamp>,
    /// Who stopped it.
    paused: Option<Paused>,
}

/// Planned times of one workflow that have come.
#[derive(Debug)]
pub(crate) struct Fired {
    pub(crate) workflow: String,
    pub(crate) deployment: Arc<Deployment>,
    /// To be started, in order.
    pub(crate) starts: Vec<Timestamp>,
    /// The last of those that were missed, and that nothing is started for.
    pub(crate) missed: Option<Timestamp>,
    /// All times up to this one are handled with it.
    pub(crate) handled: Timestamp,
    /// Do not start while this run goes on.
    pub(crate) unless_active: Option<InstanceId>,
    /// The last run, if none is started.
    pub(crate) run: Option<InstanceId>,
}

/// The start key of the run planned for this time.
pub(crate) fn start_key(planned: Timestamp) -> String {
    format!("schedule:{planned}")
}

/// The calendar of a schedule that leaves days off out. One that is not there may still come: until then each day
/// counts, and that is told.
fn calendar(workflow: &str, deployment: &Deployment, calendars: &Calendars) -> Option<Arc<Calendar>> {
    let found = schedule::calendar(&deployment.definition, calendars).cloned();
    let policy = &deployment.definition.policy;
    if found.is_none() && policy.days_off != DaysOff::Count {
        let calendar = policy.calendar.as_deref().unwrap_or_default();
        tracing::warn!(workflow, calendar, "the schedule's calendar is not known: no day is off");
    }
    found
}

impl Schedules {
    /// The schedules of the greatest versions, going on where the rows stand.
    pub(crate) fn new(deployments: &Deployments, calendars: &Calendars, rows: &[ScheduleRow]) -> Self {
        let mut by_workflow = BTreeMap::new();
        for (workflow, deployment, anchor) in deployments.newest() {
            match &deployment.definition.schedule {
                None | Some(Schedule::On { .. }) => continue,
                Some(Schedule::Every(_) | Schedule::Cron(_) | Schedule::After(_)) => {}
            }
            let row = rows.iter().find(|row| row.workflow == *workflow);
            // A time before this version was deployed is not one of its times.
            let handled = row.map_or(anchor, |row| row.fired.max(anchor));
            let mut scheduled = Scheduled {
                next: None,
                deployment: Arc::clone(deployment),
                calendar: calendar(workflow, deployment, calendars),
                anchor,
                handled,
                run: row.and_then(|row| row.run),
                begun: row.is_some(),
                watched: false,
                paused: row.and_then(|row| row.paused.clone()),
            };
            scheduled.next = scheduled.fire_after(handled);
            by_workflow.insert(workflow.clone(), scheduled);
        }
        Self { by_workflow }
    }

    /// The same schedules over other deployments or calendars.
    pub(crate) fn renewed(&self, deployments: &Deployments, calendars: &Calendars) -> Self {
        let begun = self.by_workflow.iter().filter(|(_, it)| it.begun);
        let rows = begun.map(|(workflow, it)| it.row(workflow));
        Self::new(deployments, calendars, &rows.collect::<Vec<_>>())
    }

    /// The deployment that a schedule is of, and where it stands.
    pub(crate) fn standing(&self, workflow: &str) -> Option<(Arc<Deployment>, ScheduleRow)> {
        let it = self.by_workflow.get(workflow)?;
        Some((Arc::clone(&it.deployment), it.row(workflow)))
    }

    /// All of them, with so many of the next planned times after `now`.
    pub(crate) fn overview(&self, now: Timestamp, count: usize) -> Vec<ScheduleInfo> {
        self.by_workflow.values().filter_map(|it| it.info(now, count)).collect()
    }

    /// When the next one fires.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.by_workflow.values().filter_map(|it| it.next).min()
    }

    /// What has come at this time.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<Fired> {
        let due = self.by_workflow.iter().filter(|(_, it)| it.next.is_some_and(|next| next <= now));
        due.map(|(workflow, it)| it.fired(workflow, now)).collect()
    }

    /// Does this row say nothing new? A run that was only looked at after a start is not worth a commit.
    pub(crate) fn knows(&self, row: &ScheduleRow) -> bool {
        let known = self.by_workflow.get(&row.workflow);
        known.is_some_and(|it| it.begun && it.row(&row.workflow) == *row)
    }

    /// This row is stored.
    pub(crate) fn moved(&mut self, row: &ScheduleRow) {
        let Some(it) = self.by_workflow.get_mut(&row.workflow) else { return };
        it.handled = row.fired.max(it.handled);
        it.run = row.run;
        it.paused.clone_from(&row.paused);
        it.begun = true;
        it.watched = true;
        it.next = it.fire_after(it.handled);
    }

    /// The runs whose end begins a time of rest, with their workflows.
    pub(crate) fn watched(&self) -> BTreeMap<InstanceId, String> {
        let after = self.by_workflow.iter().filter(|(_, it)| it.is_after());
        after.filter_map(|(workflow, it)| Some((it.run?, workflow.clone()))).collect()
    }
}

impl Scheduled {
    fn row(&self, workflow: &str) -> ScheduleRow {
        ScheduleRow {
            workflow: workflow.to_owned(),
            fired: self.handled,
            run: self.run,
            paused: self.paused.clone(),
        }
    }

    fn info(&self, now: Timestamp, count: usize) -> Option<ScheduleInfo> {
        let definition = &self.deployment.definition;
        let begins = match definition.schedule.as_ref()? {
            Schedule::Cron(text) => Begins::Cron(text.clone()),
            Schedule::Every(millis) => Begins::Every(*millis),
            Schedule::After(millis) => Begins::After(*millis),
            Schedule::On { .. } => return None,
        };
        let zone = definition.policy.timezone.as_deref().unwrap_or(schedule::TIMEZONE_DEFAULT);
        let first = if self.is_after() { self.next } else { self.fire_after(self.handled.max(now)) };
        let following = |at: &Timestamp| if self.is_after() { None } else { self.fire_after(*at) };
        Some(ScheduleInfo {
            workflow: definition.id.clone(),
            begins,
            timezone: zone.to_owned(),
            overlap: definition.policy.overlap,
            misfire: definition.policy.misfire,
            days_off: definition.policy.days_off,
            next: std::iter::successors(first, following).take(count).collect(),
            handled: self.begun.then_some(self.handled),
            run: self.run,
            paused: self.paused.clone(),
        })
    }

    fn fire_after(&self, after: Timestamp) -> Option<Timestamp> {
        if self.paused.is_some() {
            return None;
        }
        match (&self.deployment.definition.schedule, self.run) {
            (Some(Schedule::After(_)), Some(_)) => (!self.watched).then_some(after),
            (Some(Schedule::After(rest)), None) if self.begun => Some(self.handled.plus_millis(*rest)),
            (Some(Schedule::After(_)), None) => Some(self.anchor),
            (Some(Schedule::Every(_) | Schedule::Cron(_) | Schedule::On { .. }) | None, _) => {
                schedule::next_fire(&self.deployment.definition, self.calendar.as_deref(), self.anchor, after)
            }
        }
    }

    fn is_after(&self) -> bool {
        matches!(self.deployment.definition.schedule, Some(Schedule::After(_)))
    }

    fn fired(&self, workflow: &str, now: Timestamp) -> Fired {
        if self.is_after() {
            // A run that has not been looked at since the start is only looked at, if it is under way.
            let planned = self.next.filter(|_| self.run.is_none()).unwrap_or(now);
            return Fired {
                workflow: workflow.to_owned(),
                deployment: Arc::clone(&self.deployment),
                starts: vec![planned],
                missed: None,
                handled: self.handled,
                unless_active: self.run,
                run: self.run,
            };
        }
        let policy = &self.deployment.definition.policy;
        let on_time = Timestamp(now.0.saturating_sub_unsigned(limits::MISFIRE_MILLIS));
        let mut starts = Vec::new();
        let mut skipped = None;
        let mut handled = self.handled;
        if let Some(missed) = self.last_missed(on_time) {
            handled = missed;
            match policy.misfire {
                Misfire::FireOnce => starts.push(missed),
                Misfire::Skip => skipped = Some(missed),
            }
        }
        while let Some(next) = self.fire_after(handled).filter(|next| *next <= now) {
            if starts.len() >= limits::SCHEDULE_STARTS_MAX {
                break;
            }
            starts.push(next);
            handled = next;
        }
        let unless_active = match policy.overlap {
            Overlap::Allow => None,
            Overlap::Skip => self.run,
        };
        let (deployment, run) = (Arc::clone(&self.deployment), self.run);
        Fired {
            workflow: workflow.to_owned(),
            deployment,
            starts,
            missed: skipped,
            handled,
            unless_active,
            run,
        }
    }

    /// The last unhandled time before `until`. Found by growing steps back from `until`: a server that was
    /// down for a month must not count all the seconds.
    fn last_missed(&self, until: Timestamp) -> Option<Timestamp> {
        let in_time = |at: &Timestamp| *at < until;
        self.fire_after(self.handled).filter(in_time)?;
        let mut back: u64 = 1_000;
        loop {
            let from = Timestamp(until.0.saturating_sub_unsigned(back)).max(self.handled);
            if let Some(mut last) = self.fire_after(from).filter(in_time) {
                while let Some(next) = self.fire_after(last).filter(in_time) {
                    last = next;
                }
                return Some(last);
            }
            back = back.saturating_mul(2);
        }
    }
}
