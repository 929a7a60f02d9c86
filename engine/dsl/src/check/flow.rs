//! Where tasks lead: `then`, tasks that are never reached, loops that never end.

use std::collections::BTreeMap;

use super::Checker;
use super::block::{DIRECTIVES, Order};
use super::fields::Place;
use crate::definition::{Flow, Task, TaskId, TaskKind};
use crate::diagnostic::{Code, Text};
use crate::text;

impl<'n> Checker<'n> {
    /// `then`.
    pub(super) fn then(&mut self, place: Option<Place<'n>>) -> Option<Flow> {
        let Some(place) = place else { return Some(Flow::Continue) };
        let name = self.text(&place)?;
        match name {
            "continue" => return Some(Flow::Continue),
            "exit" => return Some(Flow::Exit),
            "end" => return Some(Flow::End),
            _ => {}
        }
        let scope = self.scopes.last();
        let together = scope.is_some_and(|scope| scope.order == Order::Together);
        if let Some(task) = scope.and_then(|scope| scope.tasks.get(name)) {
            if !together {
                return Some(Flow::Goto(*task));
            }
            let message = text!("`{}` is another branch of the fork, which runs at the same time", name);
            self.report(Code::AcrossBranches, &place, message).help(
                "a branch goes on to the end of the fork; what comes one after the other stands in one `do`",
            );
            return None;
        }
        let names = scope.into_iter().filter(|_| !together).flat_map(|scope| scope.tasks.keys());
        let known: Vec<String> = names.cloned().collect();
        let known = known.iter().map(String::as_str).chain(DIRECTIVES);
        if let Some(elsewhere) = self.all_names.get(name).cloned() {
            let message = text!("the task `{}` is not in this list", name);
            let diagnostic = self.report(Code::OtherScope, &place, message);
            diagnostic.help("`then` leads to tasks of the same list only; `exit` leaves the list");
            diagnostic.related.push((elsewhere, "it is here".into()));
        } else {
            let message = text!("there is no task `{}`", name);
            self.report(Code::UnknownTask, &place, message).meant(name, known);
        }
        None
    }
}

/// Which tasks of a list may follow which, remembered.
pub(super) struct Reach<'c> {
    arena: &'c [Option<Task>],
    lists: BTreeMap<TaskId, List<'c>>,
    rows: BTreeMap<TaskId, Vec<bool>>,
}

impl<'c> Reach<'c> {
    pub(super) fn new(arena: &'c [Option<Task>]) -> Self {
        Self { arena, lists: BTreeMap::new(), rows: BTreeMap::new() }
    }

    /// May the task at one position come after the one at another, at once or later?
    pub(super) fn follows(&mut self, ids: &[TaskId], first: usize, second: usize) -> bool {
        let (Some(head), Some(id)) = (ids.first(), ids.get(first)) else { return true };
        if !self.lists.contains_key(head) {
            let Some(list) = List::new(self.arena, ids) else { return true };
            self.lists.insert(*head, list);
        }
        let list = &self.lists[head];
        let row = self.rows.entry(*id).or_insert_with(|| list.after(first));
        row.get(second).copied().unwrap_or(true)
    }
}

/// Checks the flow through one list whose tasks are all built.
pub(super) fn check(checker: &mut Checker<'_>, ids: &[TaskId]) {
    let Some(list) = List::new(&checker.tasks, ids) else { return };
    let reached = list.reached();
    let mut remarks = list.unreachable(&reached);
    remarks.extend(list.loops(&reached));
    for (code, task, message, help) in remarks {
        let Some(Some(task)) = checker.tasks.get(task.0 as usize) else { continue };
        let (span, pointer) = (task.span.clone(), task.reference.clone());
        checker.report_at(code, span, &pointer, message).help(help);
    }
}

type Remark = (Code, TaskId, Text, &'static str);

/// The tasks of a list as a graph.
struct List<'c> {
    tasks: Vec<&'c Task>,
    /// Positions that may come next; the length of the list stands for leaving it.
    next: Vec<Vec<usize>>,
    /// May it wait for something outside?
    pauses: Vec<bool>,
}

impl<'c> List<'c> {
    fn new(arena: &'c [Option<Task>], ids: &[TaskId]) -> Option<Self> {
        let task = |id: &TaskId| arena.get(id.0 as usize)?.as_ref();
        let tasks: Vec<&Task> = ids.iter().map(task).collect::<Option<_>>()?;
        let position = |flow: Flow, at: usize| match flow {
            Flow::Continue => at + 1,
            Flow::Exit | Flow::End => tasks.len(),
            Flow::Goto(id) => ids.iter().position(|other| *other == id).unwrap_or(tasks.len()),
        };
        let next = tasks.iter().enumerate().map(|(at, task)| {
            let mut next: Vec<usize> = flows(task).into_iter().map(|flow| position(flow, at)).collect();
            if leaves(arena, task) {
                next.push(tasks.len());
            }
            next
        });
        let next = next.collect();
        let pauses = tasks.iter().map(|task| pauses(arena, task)).collect();
        Some(Self { tasks, next, pauses })
    }

    /// Which tasks can be reached from the first one.
    fn reached(&self) -> Vec<bool> {
        self.from(0, |_| true)
    }

    /// Which tasks can be reached from one, through tasks that pass.
    fn from(&self, start: usize, pass: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut reached = vec![false; self.tasks.len()];
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            if at < reached.len() && pass(at) && !reached[at] {
                reached[at] = true;
                open.extend(&self.next[at]);
            }
        }
        reached
    }

    /// Of neighbours that are all unreachable, only the first is worth a remark.
    fn unreachable(&self, reached: &[bool]) -> Vec<Remark> {
        let first = |at: usize| !reached[at] && (at == 0 || reached[at - 1]);
        let remark = |at: usize| {
            let message = text!("the task `{}` can never run", self.tasks[at].name);
            let help = "the tasks before it lead elsewhere; lead to it by `then`, or remove it";
            (Code::Unreachable, self.tasks[at].id, message, help)
        };
        (0..self.tasks.len()).filter(|at| first(*at)).map(remark).collect()
    }

    /// Rounds that nothing interrupts. One remark for each, at its first task.
    fn loops(&self, reached: &[bool]) -> Vec<Remark> {
        let len = self.tasks.len();
        let mut remarks = Vec::new();
        let mut seen = vec![false; len];
        let from: Vec<Vec<bool>> = (0..len).map(|at| self.after(at)).collect();
        for at in (0..len).filter(|at| reached[*at]) {
            if seen[at] || !from[at][at] {
                continue;
            }
            let round: Vec<usize> = (0..len).filter(|to| from[at][*to] && from[*to][at]).collect();
            round.iter().for_each(|at| seen[*at] = true);
            // A way round that touches no task that pauses.
            let busy = round.iter().any(|start| self.busy_round(*start, &round));
            if !busy {
                continue;
            }
            let leaves = round.iter().any(|at| self.next[*at].iter().any(|to| !round.contains(to)));
            let name = &self.tasks[at].name;
            remarks.push(if leaves {
                let message = text!("the round that begins at `{}` neither waits nor calls anything", name);
                let help =
                    "it runs as fast as it can until a condition ends it; put a bound or a `wait` into it";
                (Code::BusyLoop, self.tasks[at].id, message, help)
            } else {
                let message = text!("the round that begins at `{}` never ends", name);
                let help = "let a `switch` lead out of it, or put a `wait`, `listen` or `call` into it";
                (Code::EndlessLoop, self.tasks[at].id, message, help)
            });
        }
        remarks
    }

    fn after(&self, at: usize) -> Vec<bool> {
        let mut reached = vec![false; self.tasks.len()];
        for next in &self.next[at] {
            for (to, found) in self.from(*next, |_| true).into_iter().enumerate() {
                reached[to] |= found;
            }
        }
        reached
    }

    fn busy_round(&self, start: usize, round: &[usize]) -> bool {
        let pass = |at: usize| round.contains(&at) && !self.pauses[at];
        pass(start)
            && self.next[start].iter().any(|next| *next < self.tasks.len() && self.from(*next, pass)[start])
    }
}

/// Where a task may lead by itself.
fn flows(task: &Task) -> Vec<Flow> {
    let mut flows = Vec::new();
    match &task.kind {
        TaskKind::Switch { cases } => {
            flows.extend(cases.iter().map(|case| case.then));
            let default = cases.iter().any(|case| case.when.is_none());
            if !default || task.condition.is_some() {
                flows.push(task.then);
            }
        }
        TaskKind::Raise { .. } => {
            if task.condition.is_some() {
                flows.push(task.then);
            }
        }
        TaskKind::Try { catch, .. } => {
            flows.push(task.then);
            if catch.then != Flow::Continue {
                flows.push(catch.then);
            }
        }
        TaskKind::Call { .. }
        | TaskKind::Do { .. }
        | TaskKind::Emit { .. }
        | TaskKind::For { .. }
        | TaskKind::Fork { .. }
        | TaskKind::Listen { .. }
        | TaskKind::Run { .. }
        | TaskKind::Set { .. }
        | TaskKind::Wait { .. } => flows.push(task.then),
    }
    flows
}

fn inner<'a>(arena: &'a [Option<Task>], task: &'a Task) -> impl Iterator<Item = &'a Task> {
    let ids = task.kind.blocks().into_iter().flatten();
    ids.filter_map(|id| arena.get(id.0 as usize)?.as_ref())
}

/// Does it, or anything in it, wait for something outside?
fn pauses(arena: &[Option<Task>], task: &Task) -> bool {
    matches!(
        task.kind,
        TaskKind::Call { .. } | TaskKind::Listen { .. } | TaskKind::Run { .. } | TaskKind::Wait { .. }
    ) || inner(arena, task).any(|task| pauses(arena, task))
}

/// Can something in it end the workflow or raise an error?
fn leaves(arena: &[Option<Task>], task: &Task) -> bool {
    let ends = |task: &Task| matches!(task.kind, TaskKind::Raise { .. }) || flows(task).contains(&Flow::End);
    ends(task) || inner(arena, task).any(|task| leaves(arena, task))
}
