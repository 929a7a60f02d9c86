//! Selections, sweeps and schedules: the plainest statement of what the port means.

use std::collections::BTreeMap;

use yiwang_core::selector::field::Found;
use yiwang_core::selector::{Field, Of, Selection};
use yiwang_core::sweep::line::{Group as LineGroup, Summary};
use yiwang_core::sweep::{Line, Phase, Result as LineResult, Sweep};
use yiwang_core::{InstanceId, WorkItem};

use super::{Instance, MemoryStore, Tables};
use crate::census::{Census, Group, Ranking, ScheduleRun, SelectFrom};
use crate::cursor;
use crate::deployments::workflow_name;
use crate::keys::signed;
use crate::ports::{Answer, Page, PageRequest, ScheduleRow};

impl Census for MemoryStore {
    fn select(&self, selection: Selection, from: SelectFrom, limit: usize) -> Answer<'_, Vec<Found>> {
        self.read(move |tables| {
            let mut found = tables.all(selection.of);
            found.retain(|one| {
                from.after.is_none_or(|after| one.key() > after)
                    && from.until.is_none_or(|until| one.instance < until)
                    && selection.admits(&one.subject())
            });
            found.truncate(limit);
            found
        })
    }

    fn ranked(&self, selection: Selection, by: Ranking, limit: usize) -> Answer<'_, Vec<Found>> {
        self.read(move |tables| {
            let mut found = tables.all(selection.of);
            found.retain(|one| selection.admits(&one.subject()));
            found.sort_by_key(|one| {
                let time =
                    by.field.time(&one.subject()).map(|time| if by.descending { -time.0 } else { time.0 });
                (time.is_none(), time, one.key())
            });
            found.truncate(limit);
            found
        })
    }

    fn tally(&self, selection: Selection, by: Vec<Field>) -> Answer<'_, Vec<Group>> {
        self.read(move |tables| {
            let mut groups: BTreeMap<Vec<Option<String>>, u64> = BTreeMap::new();
            for one in tables.all(selection.of).iter().filter(|one| selection.admits(&one.subject())) {
                let values = by.iter().map(|field| field.texts(&one.subject()).into_iter().next()).collect();
                *groups.entry(values).or_default() += 1;
            }
            groups.into_iter().map(|(values, count)| Group { values, count }).collect()
        })
    }

    fn sweeps(&self, phase: Option<Phase>, page: PageRequest) -> Answer<'_, Page<Sweep>> {
        self.list(
            page,
            |sweep: &Sweep| signed(sweep.id.0),
            move |tables| {
                let wanted = move |sweep: &&Sweep| phase.is_none_or(|phase| sweep.state == phase);
                Box::new(tables.sweeps.values().rev().filter(wanted).cloned())
            },
        )
    }

    fn sweep(&self, id: InstanceId) -> Answer<'_, Option<Sweep>> {
        self.read(move |tables| tables.sweeps.get(&id).cloned())
    }

    fn sweep_of_key(&self, key: String) -> Answer<'_, Option<Sweep>> {
        self.read(move |tables| tables.sweeps.values().find(|sweep| sweep.key == key).cloned())
    }

    fn open_sweeps(&self) -> Answer<'_, Vec<Sweep>> {
        self.read(|tables| tables.sweeps.values().filter(|sweep| !sweep.state.is_over()).cloned().collect())
    }

    fn sweep_lines(
        &self,
        sweep: InstanceId,
        result: Option<LineResult>,
        page: PageRequest,
    ) -> Answer<'_, Page<Line>> {
        Box::pin(async move {
            let after = cursor::read::<2>(&page)?;
            let tables = self.tables();
            let lines = tables.lines(sweep).filter(|line| {
                result.is_none_or(|result| line.result == result)
                    && after.is_none_or(|after| line_key(line) > after)
            });
            let lines = lines.take(page.size() + 1).cloned().collect();
            Ok(cursor::page(lines, page.size(), line_key))
        })
    }

    fn sweep_summary(&self, sweep: InstanceId) -> Answer<'_, Summary> {
        self.read(move |tables| {
            let mut groups: BTreeMap<(LineResult, Option<String>, Option<String>), u64> = BTreeMap::new();
            let mut since = Vec::new();
            for line in tables.lines(sweep) {
                *groups.entry((line.result, line.cause.clone(), line.unit.clone())).or_default() += 1;
                if line.result == LineResult::Acted {
                    since.push(line.since);
                }
            }
            since.sort_unstable();
            let groups = groups.into_iter();
            let groups =
                groups.map(|((result, cause, unit), count)| LineGroup { result, cause, unit, count });
            Summary { groups: groups.collect(), median_since: since.get(since.len() / 2).copied() }
        })
    }

    fn schedule_rows(&self) -> Answer<'_, Vec<ScheduleRow>> {
        self.read(|tables| tables.schedules.values().cloned().collect())
    }

    fn schedule_runs(&self, workflow: Option<String>, page: PageRequest) -> Answer<'_, Page<ScheduleRun>> {
        self.list(
            page,
            |run: &ScheduleRun| signed(run.id),
            move |tables| {
                let wanted =
                    move |run: &&ScheduleRun| workflow.as_ref().is_none_or(|name| run.workflow == *name);
                Box::new(tables.schedule_runs.values().rev().filter(wanted).cloned())
            },
        )
    }
}

fn line_key(line: &Line) -> [i64; 2] {
    [signed(line.instance.0), i64::from(line.n)]
}

impl Tables {
    fn lines(&self, sweep: InstanceId) -> impl Iterator<Item = &Line> {
        let first = (sweep, InstanceId(0), 0);
        let last = (sweep, InstanceId(u64::MAX), u32::MAX);
        self.sweep_lines.range(first..=last).map(|(_, line)| line)
    }

    /// All there are, in order of their keys.
    fn all(&self, of: Of) -> Vec<Found> {
        match of {
            Of::Cases => self.cases.keys().filter_map(|id| self.found(*id, None)).collect(),
            Of::WorkItems => {
                self.work_items.values().filter_map(|item| self.found(item.id.instance, Some(item))).collect()
            }
            Of::Instances => self.instances.keys().filter_map(|id| self.found(*id, None)).collect(),
        }
    }

    fn found(&self, id: InstanceId, item: Option<&WorkItem>) -> Option<Found> {
        let row: &Instance = self.instances.get(&id)?;
        Some(Found {
            instance: id,
            case: self.cases.get(&id).cloned(),
            item: item.cloned(),
            workflow: workflow_name(&row.workflow),
            version: row.workflow.version.clone(),
            status: row.status,
            touched: row.touched,
        })
    }
}
