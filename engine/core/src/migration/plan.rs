//! What a migration would do with each task under way. Nothing is changed here.

use std::collections::BTreeMap;

use serde::Serialize;
use yiwang_dsl::Definition;
use yiwang_dsl::definition::{Task, TaskId};

use super::fit::{Fit, Pair, neighbours};
use super::{Remark, Verdict, Wish, path};
use crate::deployment::Deployment;
use crate::repair::list;
use crate::state::{FrameId, State};

/// What is to be done.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What it means, task by task.
    pub remarks: Vec<Remark>,
    /// Frames that go on, as which task.
    #[serde(skip)]
    pub(super) carried: BTreeMap<FrameId, TaskId>,
    /// Frames that are left, for which task.
    #[serde(skip)]
    pub(super) anew: BTreeMap<FrameId, TaskId>,
    /// Of forks that go on, the new number of each branch.
    #[serde(skip)]
    pub(super) branches: BTreeMap<FrameId, Vec<usize>>,
    /// Frames whose time is to be reckoned again.
    #[serde(skip)]
    pub(super) retimed: Vec<FrameId>,
    /// The same for the workflow.
    #[serde(skip)]
    pub(super) workflow_retimed: bool,
    /// What the mapping says, by task.
    #[serde(skip)]
    pub(super) mapping: BTreeMap<TaskId, TaskId>,
}

impl Plan {
    /// The worst of its remarks.
    pub fn verdict(&self) -> Verdict {
        self.remarks.iter().map(|remark| remark.verdict).max().unwrap_or(Verdict::Safe)
    }
}

/// Looks at an instance of `old` that is to go on by `new`.
pub fn plan(old: &Deployment, new: &Deployment, state: &State, wish: &Wish) -> Plan {
    let mut plan = Plan::default();
    if old.hash == new.hash {
        plan.instance(Verdict::Blocked, "same", "it runs by that version already".to_owned());
        return plan;
    }
    let (was, is) = (&old.definition.id, &new.definition.id);
    if (&was.namespace, &was.name) != (&is.namespace, &is.name) {
        let message = format!("{}/{} is another workflow", is.namespace, is.name);
        plan.instance(Verdict::Blocked, "other-workflow", message);
        return plan;
    }
    plan.read_mapping(&old.definition, &new.definition, wish);
    for at in 0..state.strands.len() {
        plan.strand(old, new, state, at, wish);
    }
    if old.part("/timeout") != new.part("/timeout") {
        plan.workflow_retimed = true;
        let message = "the workflow's timeout has changed: it counts from when the instance began".to_owned();
        plan.instance(Verdict::Safe, "deadline", message);
    }
    for clock in state.clocks() {
        let message = format!("the clock `{}` keeps its goal and its due time", clock.clock);
        plan.instance(Verdict::Safe, "clock.kept", message);
    }
    plan
}

impl Plan {
    fn instance(&mut self, verdict: Verdict, code: &'static str, message: String) {
        self.remarks.push(Remark { verdict, code, task: None, message });
    }

    fn read_mapping(&mut self, old: &Definition, new: &Definition, wish: &Wish) {
        for (from, to) in &wish.mapping {
            match (one(old, from), one(new, to)) {
                (Some(from), Some(to)) => {
                    self.mapping.insert(from.id, to.id);
                }
                (None, _) => self.unknown(from, "the old"),
                (_, None) => self.unknown(to, "the new"),
            }
        }
    }

    fn unknown(&mut self, name: &str, version: &str) {
        let message = format!("{version} version has no task `{name}`, or several: give the pointer");
        self.instance(Verdict::NeedsMapping, "mapping.unknown", message);
    }

    /// The frames of one strand, from the outside in. What is inside of something that is left is left with it.
    fn strand<'d>(
        &mut self,
        old: &'d Deployment,
        new: &'d Deployment,
        state: &State,
        at: usize,
        wish: &Wish,
    ) {
        let strand = &state.strands[at];
        let (was, is) = (&old.definition, &new.definition);
        let mut parent: Option<(&'d Task, &'d Task)> = None;
        if let Some(branch) = strand.branch {
            let forks = state.strands.iter().flat_map(|strand| &strand.frames);
            let fork = forks.into_iter().find(|frame| frame.id == branch.of);
            let (Some(fork), Some(goes_on)) = (fork, self.carried.get(&branch.of)) else { return };
            parent = Some((was.task(fork.task), is.task(*goes_on)));
        }
        for frame in &strand.frames {
            let task = was.task(frame.task);
            let mapped = self.mapping.get(&task.id).map(|id| is.task(*id));
            let Some(target) = mapped.or_else(|| path::counterpart(is, task, parent)) else {
                let message = "there is no such task any more: map it to what takes its place".to_owned();
                let task = Some(task.reference.clone());
                let (verdict, code) = (Verdict::NeedsMapping, "task.removed");
                self.remarks.push(Remark { verdict, code, task, message });
                return;
            };
            let pair = Pair { old, new, task, target, is_mapped: mapped.is_some() };
            if !pair.same_scope(parent) {
                let message =
                    format!("`{}` does not stand in the same list: map the task around it", target.reference);
                self.remarks.push(pair.remark(Verdict::Blocked, "scope.changed", message));
                return;
            }
            let remarks = self.remarks.len();
            match pair.fit(frame, wish, &mut self.remarks) {
                Fit::Goes => {
                    self.carried.insert(frame.id, target.id);
                    if task.name != target.name {
                        let message = format!("it goes on as `{}`", target.name);
                        self.remarks.push(pair.remark(Verdict::Safe, "renamed", message));
                    }
                    if self.remarks[remarks..].iter().any(|remark| remark.code == "deadline") {
                        self.retimed.push(frame.id);
                    }
                    if let (Some((before, _)), Some((after, _))) = (pair.branches(false), pair.branches(true))
                    {
                        let place = |name: &&str| after.iter().position(|other| other == name).unwrap_or(0);
                        self.branches.insert(frame.id, before.iter().map(place).collect());
                    }
                }
                Fit::Anew => {
                    self.anew.insert(frame.id, target.id);
                }
                Fit::Stuck => return,
            }
            neighbours(was, is, task, target, &mut self.remarks);
            if self.anew.contains_key(&frame.id) {
                return;
            }
            parent = Some((task, target));
        }
    }
}

fn one<'d>(definition: &'d Definition, wanted: &str) -> Option<&'d Task> {
    let mut named = definition.tasks.iter().filter(|task| list::is_named(task, wanted));
    let first = named.next()?;
    named.next().is_none().then_some(first)
}
