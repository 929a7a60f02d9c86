//! Can a task that is under way go on as another one?

use serde_json::Value;
use yiwang_dsl::Definition;
use yiwang_dsl::definition::{Callee, Process, Task, TaskKind};

use super::{Remark, Verdict, Wish};
use crate::deployment::Deployment;
use crate::repair::list;
use crate::state::{Doing, Frame, Phase, TryPhase};

/// One task under way, before and after.
pub(super) struct Pair<'d> {
    pub(super) old: &'d Deployment,
    pub(super) new: &'d Deployment,
    pub(super) task: &'d Task,
    pub(super) target: &'d Task,
    /// Somebody said that this takes its place.
    pub(super) is_mapped: bool,
}

/// How it goes on.
pub(super) enum Fit {
    /// As it is.
    Goes,
    /// The new task begins in its place, with the raw input that it had.
    Anew,
    /// Not at all.
    Stuck,
}

impl<'d> Pair<'d> {
    pub(super) fn fit(&self, frame: &Frame, wish: &Wish, remarks: &mut Vec<Remark>) -> Fit {
        if !same_kind(&self.task.kind, &self.target.kind) {
            return self.other_kind(remarks);
        }
        if let Some(extended) = &frame.extended {
            let goes_to = matches!(&extended.phase, Phase::After { flow: Some(_), .. });
            if goes_to || self.old.part("/use/extensions") != self.new.part("/use/extensions") {
                let message = "extensions are under way around it, and have changed".to_owned();
                remarks.push(self.remark(Verdict::Blocked, "extensions.changed", message));
                return Fit::Stuck;
            }
        }
        if self.changed(&["timeout"]) {
            let message = "its timeout has changed: it counts from when the task began".to_owned();
            remarks.push(self.remark(Verdict::Safe, "deadline", message));
        }
        self.doing(&frame.doing, wish, remarks)
    }

    fn doing(&self, doing: &Doing, wish: &Wish, remarks: &mut Vec<Remark>) -> Fit {
        let mut note = |verdict, code, message: &str| {
            remarks.push(self.remark(verdict, code, message.to_owned()));
        };
        match doing {
            Doing::WorkItem { .. } | Doing::Group(_) => {
                let said = self.changed_members("with").join(", ");
                if said.is_empty() {
                    return Fit::Goes;
                }
                if wish.renew {
                    let renewed = format!("its work is withdrawn and offered anew, with the new {said}");
                    note(Verdict::Safe, "renewed", &renewed);
                    return Fit::Anew;
                }
                let kept = format!(
                    "the open work stays as it was offered, with the old {said}: `renew` offers it anew"
                );
                note(Verdict::Safe, "work-item.kept", &kept);
                Fit::Goes
            }
            Doing::Listen { taken, .. } => {
                if !self.changed(&["listen"]) {
                    return Fit::Goes;
                }
                if taken.is_empty() {
                    note(Verdict::Safe, "renewed", "it listens anew, for what is written now");
                    return Fit::Anew;
                }
                note(
                    Verdict::Blocked,
                    "events.taken",
                    "it waits for other events now, and has taken some already",
                );
                Fit::Stuck
            }
            Doing::Fork { .. } => self.fork(remarks),
            Doing::Try { phase: TryPhase::Catching { .. }, .. } => match &self.target.kind {
                TaskKind::Try { catch, .. } if catch.body.is_some() => Fit::Goes,
                _ => {
                    note(
                        Verdict::Blocked,
                        "catch.removed",
                        "it handles an error, and there is no `catch.do` now",
                    );
                    Fit::Stuck
                }
            },
            Doing::For { .. } | Doing::Each { .. } => {
                if self.changed(&["for", "foreach"]) {
                    note(Verdict::Safe, "items.kept", "it goes on over the items that it began with");
                }
                Fit::Goes
            }
            Doing::Send | Doing::Call { .. } | Doing::Child => {
                if self.changed(&["with", "call", "run"]) {
                    note(Verdict::Safe, "under-way", "what is under way goes on as it was asked for");
                }
                Fit::Goes
            }
            Doing::Wait => {
                if self.changed(&["wait"]) {
                    note(Verdict::Safe, "deadline", "it waits as long as is written now, from when it began");
                }
                Fit::Goes
            }
            Doing::Task | Doing::Function { .. } | Doing::Try { .. } => Fit::Goes,
        }
    }

    fn fork(&self, remarks: &mut Vec<Remark>) -> Fit {
        if let (Some((before, was)), Some((after, is))) = (self.branches(false), self.branches(true))
            && was == is
            && before.len() == after.len()
            && before.iter().all(|name| after.contains(name))
        {
            return Fit::Goes;
        }
        let message =
            "the fork has other branches now: move from it, or map the fork to what takes its place";
        remarks.push(self.remark(Verdict::Blocked, "branches.changed", message.to_owned()));
        Fit::Stuck
    }

    /// The names of the branches in order, and whether they compete.
    pub(super) fn branches(&self, of_new: bool) -> Option<(Vec<&'d str>, bool)> {
        let (task, definition) =
            if of_new { (self.target, &self.new.definition) } else { (self.task, &self.old.definition) };
        let TaskKind::Fork { branches, compete } = &task.kind else { return None };
        Some((branches.iter().map(|id| definition.task(*id).name.as_str()).collect(), *compete))
    }

    fn other_kind(&self, remarks: &mut Vec<Remark>) -> Fit {
        if self.is_mapped {
            let message = format!("it is given up, and `{}` begins in its place", self.target.name);
            remarks.push(self.remark(Verdict::Safe, "renewed", message));
            return Fit::Anew;
        }
        let message = "it does something else now: map it to what takes its place, itself perhaps".to_owned();
        remarks.push(self.remark(Verdict::NeedsMapping, "kind.changed", message));
        Fit::Stuck
    }

    /// Do these members say something else now?
    pub(super) fn changed(&self, members: &[&str]) -> bool {
        let [old, new] = [(self.old, self.task), (self.new, self.target)]
            .map(|(of, task)| of.part(&task.reference).to_json());
        let member = |value: &Value, name: &str| value.get(name).cloned();
        members.iter().any(|name| member(&old, name) != member(&new, name))
    }

    /// The members of this member that say something else now.
    fn changed_members(&self, of: &str) -> Vec<String> {
        let [old, new] = [(self.old, self.task), (self.new, self.target)]
            .map(|(deployment, task)| deployment.part(&task.reference).to_json());
        let members = |value: &Value| value.get(of).and_then(Value::as_object).cloned();
        match (members(&old), members(&new)) {
            (Some(old), Some(new)) => {
                let mut names: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
                names.sort_unstable();
                names.dedup();
                names.retain(|name| old.get(name) != new.get(name));
                names
            }
            // One of them is worked out by an expression.
            _ if self.changed(&[of]) => vec![of.to_owned()],
            _ => Vec::new(),
        }
    }

    pub(super) fn remark(&self, verdict: Verdict, code: &'static str, message: String) -> Remark {
        Remark { verdict, code, task: Some(self.task.reference.clone()), message }
    }

    /// Does the target stand where the task stood, seen from the task around it?
    pub(super) fn same_scope(&self, parent: Option<(&Task, &Task)>) -> bool {
        let list = |task: &Task, parent: Option<&Task>| -> Option<String> {
            let list = list::of(&task.reference)?;
            let rest = match parent {
                Some(parent) => list.strip_prefix(&*parent.reference)?,
                None => list,
            };
            Some(rest.to_owned())
        };
        let (old, new) = parent.unzip();
        match (list(self.task, old), list(self.target, new)) {
            (Some(old), Some(new)) => old == new,
            // Of a function the caller decides, and of an extension its name.
            (None, None) => self.is_called_by(new) || same_extension(self.task, self.target),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    fn is_called_by(&self, caller: Option<&Task>) -> bool {
        let callee = caller.map(|caller| &caller.kind);
        matches!(callee, Some(TaskKind::Call { callee: Callee::Defined(id), .. }) if *id == self.target.id)
    }
}

fn same_extension(task: &Task, target: &Task) -> bool {
    let is_extension = |task: &Task| task.reference.starts_with("/use/extensions/");
    is_extension(task) && task.reference == target.reference
}

fn same_kind(old: &TaskKind, new: &TaskKind) -> bool {
    match (old, new) {
        (TaskKind::Call { callee: old, .. }, TaskKind::Call { callee: new, .. }) => match (old, new) {
            (Callee::Catalog(old), Callee::Catalog(new)) => {
                (&old.name, &old.catalog) == (&new.name, &new.catalog)
            }
            // Which function it is, is seen by where its task has gone.
            (Callee::Defined(_), Callee::Defined(_)) => true,
            (Callee::Protocol(old), Callee::Protocol(new)) => old == new,
            _ => false,
        },
        (TaskKind::Run { process: old, .. }, TaskKind::Run { process: new, .. }) => same_process(old, new),
        (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
    }
}

fn same_process(old: &Process, new: &Process) -> bool {
    std::mem::discriminant(old) == std::mem::discriminant(new)
}

/// Tasks of the new version that the instance passes over or meets, and those that it will not meet any more.
pub(super) fn neighbours(
    old: &Definition,
    new: &Definition,
    task: &Task,
    target: &Task,
    remarks: &mut Vec<Remark>,
) {
    let (before, after) = (list::around(old, task), list::around(new, target));
    let at = after.iter().position(|one| one.id == target.id).unwrap_or_default();
    let is_new = |one: &Task| !before.iter().any(|old| old.name == one.name) && one.id != target.id;
    let mut note = |one: &Task, code, message: String| {
        remarks.push(Remark { verdict: Verdict::Safe, code, task: Some(one.reference.clone()), message });
    };
    for (n, one) in after.iter().enumerate().filter(|(_, one)| is_new(one)) {
        if n < at {
            let message =
                format!("the new task `{}` stands before it, and does not run for this instance", one.name);
            note(one, "passed-over", message);
        } else {
            note(one, "ahead", format!("the new task `{}` is still ahead", one.name));
        }
    }
    let stood = before.iter().position(|one| one.id == task.id).unwrap_or_default();
    for one in before.iter().skip(stood + 1) {
        if !after.iter().any(|new| new.name == one.name) {
            note(one, "gone", format!("`{}` was still ahead, and is no more", one.name));
        }
    }
}
