//! The one write: everything of a batch, or nothing. First all is checked, then all is done.

use std::collections::BTreeSet;

use serde_json::value::{RawValue, to_raw_value};
use yiwang_core::InstanceId;
use yiwang_core::transition::Status;

use super::{Instance, Tables};
use crate::ports::{Batch, CommitError, MessageRow, StoreError, TurnRow};

impl Tables {
    pub(super) fn commit(&mut self, batch: Batch) -> Result<(), CommitError> {
        self.check(&batch).map_err(|what| CommitError::Conflict { what })?;
        let mut histories = Vec::with_capacity(batch.turns.len());
        for row in &batch.turns {
            let lines: Result<Vec<Box<RawValue>>, _> = row.history.iter().map(to_raw_value).collect();
            let lines = lines.map_err(|error| StoreError::new("writing history", error));
            histories.push(lines.map_err(CommitError::Failed)?);
        }
        // From here on nothing fails.
        for (row, history) in batch.turns.into_iter().zip(histories) {
            self.turn(row, history, batch.now);
        }
        for row in batch.arrivals {
            self.inbox_names.insert((row.event.source.clone(), row.event.id.clone()), row.id);
            self.inbox.insert(row.id, row);
        }
        for (id, disposition) in batch.dispositions {
            if let Some(row) = self.inbox.get_mut(&id) {
                row.disposition = disposition;
            }
        }
        self.rejections.extend(batch.rejections.into_iter().map(|row| (row.id, row)));
        self.deployments.extend(batch.deployments);
        self.schedules.extend(batch.schedules.into_iter().map(|row| (row.workflow.clone(), row)));
        let cursors = batch.poll_cursors.into_iter();
        self.poll_cursors.extend(cursors.map(|row| (row.channel.clone(), row)));
        for report in batch.delivery_reports {
            let key = (report.channel.clone(), report.provider_id.clone());
            let known = self.delivery_reports.get(&key);
            if known.is_none_or(|known| known.state < report.state) {
                self.delivery_reports.insert(key, report);
            }
        }
        self.references.extend(batch.references.into_iter().map(|row| (row.number, row)));
        self.schedule_runs.extend(batch.schedule_runs.into_iter().map(|run| (run.id, run)));
        self.sweeps.extend(batch.sweeps.into_iter().map(|sweep| (sweep.id, sweep)));
        let lines = batch.sweep_lines.into_iter();
        self.sweep_lines.extend(lines.map(|line| ((line.sweep, line.instance, line.n), line)));
        for row in batch.incidents {
            let same =
                |known: &crate::ports::IncidentRow| known.instance == row.instance && known.code == row.code;
            self.incidents.retain(|_, known| !same(known));
            self.incidents_opened += 1;
            self.incidents.insert(self.incidents_opened, row);
        }
        let now = batch.now;
        self.values.retain(|_, value| value.expires.is_none_or(|at| at > now));
        Ok(())
    }

    /// What of the batch is taken already?
    fn check(&self, batch: &Batch) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for row in &batch.turns {
            let stored = self.instances.get(&row.instance).map_or(0, |known| known.rev);
            if stored + 1 != row.rev || !seen.insert(row.instance) {
                return Err(format!(
                    "instance {} is at revision {stored}, not {}",
                    row.instance,
                    row.rev - 1
                ));
            }
            if let Some((key, _)) = &row.start
                && (self.started.contains_key(key) || !keys.insert(key))
            {
                return Err(format!("start key {} of {}", key.key, key.workflow));
            }
            if let Some(case) = &row.case
                && self.case_numbers.get(&case.no).is_some_and(|known| *known != row.instance)
            {
                return Err(format!("case number {}", case.no));
            }
        }
        let mut names = BTreeSet::new();
        for row in &batch.arrivals {
            let name = (row.event.source.clone(), row.event.id.clone());
            if self.inbox.contains_key(&row.id) || self.inbox_names.contains_key(&name) {
                return Err(format!("event {} of {}", name.1, name.0));
            }
            if !names.insert(name) {
                return Err(format!("event {} of {} twice", row.event.id, row.event.source));
            }
        }
        for row in &batch.deployments {
            if self.deployments.iter().any(|known| known.hash == row.hash || known.id == row.id) {
                return Err(format!("workflow {} {}", row.id.name, row.id.version));
            }
        }
        for row in &batch.references {
            let taken = self.references.values().any(|known| {
                known.number == row.number
                    || (known.kind, &known.name, known.version) == (row.kind, &row.name, row.version)
            });
            if taken {
                return Err(format!("version {} of the {} {}", row.version, row.kind.word(), row.name));
            }
        }
        for row in &batch.sweeps {
            let taken = |known: &yiwang_core::sweep::Sweep| known.key == row.key && known.id != row.id;
            if self.sweeps.values().any(taken) {
                return Err(format!("sweep key {}", row.key));
            }
        }
        let mut targets = BTreeSet::new();
        for line in &batch.sweep_lines {
            let key = (line.sweep, line.instance, line.n);
            if self.sweep_lines.contains_key(&key) || !targets.insert(key) {
                return Err(format!("target {} of sweep {}", line.target(), line.sweep));
            }
        }
        match batch.rejections.iter().find(|row| self.rejections.contains_key(&row.id)) {
            Some(row) => Err(format!("rejection {}", row.id)),
            None => Ok(()),
        }
    }

    fn turn(&mut self, row: TurnRow, history: Vec<Box<RawValue>>, now: yiwang_core::Timestamp) {
        let id = row.instance;
        if let Some((key, input_hash)) = &row.start {
            let started = crate::ports::Started { instance: id, input_hash: input_hash.clone() };
            self.started.insert(key.clone(), started);
        }
        let start_key = row.start.map(|(key, _)| key.key);
        let instance = self.instances.entry(id).or_insert_with(|| Instance {
            rev: 0,
            deployment: row.deployment.clone(),
            workflow: row.workflow.clone(),
            status: Status::Pending,
            wake_at: None,
            in_flight: false,
            state: Vec::new(),
            history: Vec::new(),
            start_key,
            updated: now,
            touched: now,
        });
        if let Some(at) = instance.wake_at.take() {
            self.wakes.remove(&(at, id));
        }
        if let Some(at) = row.wake_at {
            self.wakes.insert((at, id));
        }
        instance.rev = row.rev;
        instance.deployment = row.deployment;
        instance.workflow = row.workflow;
        instance.status = row.status;
        instance.wake_at = row.wake_at;
        instance.in_flight = row.in_flight;
        instance.state = row.state;
        instance.updated = now;
        if row.touched {
            instance.touched = instance.touched.max(now);
        }
        instance.history.extend(history);
        self.work_items.extend(row.work_items.into_iter().map(|item| (item.id, item)));
        if let Some(case) = row.case {
            self.case_numbers.insert(case.no.clone(), id);
            self.cases.insert(id, case);
        }
        if let Some(keys) = row.subscriptions {
            self.subscriptions.retain(|(_, instance)| *instance != id);
            self.subscriptions.extend(keys.into_iter().map(|key| (key, id)));
        }
        for message in row.messages {
            self.message(message);
        }
        self.resolve(id, row.status);
    }

    fn message(&mut self, row: MessageRow) {
        match self.message_numbers.get(&row.effect) {
            Some(number) => self.messages[*number] = row,
            None => {
                self.message_numbers.insert(row.effect, self.messages.len());
                self.messages.push(row);
            }
        }
    }

    /// An instance that has moved, and not into a fault, has overcome what stopped it.
    fn resolve(&mut self, id: InstanceId, status: Status) {
        if status != Status::Faulted {
            self.incidents.retain(|_, row| row.instance != id);
        }
    }
}
