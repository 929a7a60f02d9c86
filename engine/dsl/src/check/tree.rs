//! The tasks of a workflow as a tree: which stands where, and which may run before which.

use std::collections::BTreeMap;

use super::flow::Reach;
use crate::definition::{Task, TaskId, TaskKind};

/// The tasks that can be reached from a list through lists.
pub(super) struct Tree<'c> {
    arena: &'c [Option<Task>],
    /// In the order as written.
    tasks: Vec<&'c Task>,
    by_reference: BTreeMap<&'c str, TaskId>,
    seats: BTreeMap<TaskId, Seat<'c>>,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug)]
struct Seat<'c> {
    /// Whose list it is; none: the workflow's.
    owner: Option<TaskId>,
    /// Which of the owner's lists.
    block: usize,
    list: &'c [TaskId],
    position: usize,
}

impl<'c> Tree<'c> {
    pub(super) fn new(arena: &'c [Option<Task>], root: &'c [TaskId]) -> Self {
        let mut tree =
            Self { arena, tasks: Vec::new(), by_reference: BTreeMap::new(), seats: BTreeMap::new() };
        tree.add(None, 0, root);
        tree
    }

    fn add(&mut self, owner: Option<TaskId>, block: usize, list: &'c [TaskId]) {
        for (position, id) in list.iter().enumerate() {
            let Some(Some(task)) = self.arena.get(id.0 as usize) else { continue };
            self.tasks.push(task);
            self.by_reference.insert(&task.reference, *id);
            self.seats.insert(*id, Seat { owner, block, list, position });
            for (block, list) in task.kind.blocks().into_iter().enumerate() {
                self.add(Some(*id), block, list);
            }
        }
    }

    /// All of them.
    pub(super) fn tasks(&self) -> &[&'c Task] {
        &self.tasks
    }

    /// The innermost task around a place.
    pub(super) fn task_at(&self, pointer: &str) -> Option<TaskId> {
        let mut pointer = pointer;
        loop {
            if let Some(id) = self.by_reference.get(pointer) {
                return Some(*id);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    /// May the end of one task come before another one begins? False only where it is certain.
    pub(super) fn may_precede(&self, first: TaskId, second: TaskId, reach: &mut Reach<'c>) -> bool {
        let (first, second) = (self.path(first), self.path(second));
        for ((left, left_id), (right, right_id)) in first.iter().zip(&second) {
            if left.block != right.block {
                // What is tried comes before what catches.
                return left.block < right.block;
            }
            if left.owner.is_some_and(|owner| self.repeats(owner, left.block)) {
                return true;
            }
            let follows = reach.follows(left.list, left.position, right.position);
            if left_id != right_id {
                return follows && !left.owner.is_some_and(|owner| self.is_fork(owner));
            }
            if follows {
                return true;
            }
        }
        // One is inside of the other, or both are one: what a task exports comes after all that is inside of
        // it, but a task may look at what came out of it, or go on with it.
        first.len() > second.len()
    }

    /// The seats from the workflow's list to a task.
    fn path(&self, id: TaskId) -> Vec<(Seat<'c>, TaskId)> {
        let mut path = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let Some(seat) = self.seats.get(&id) else { break };
            path.push((*seat, id));
            at = seat.owner;
        }
        path.reverse();
        path
    }

    fn kind(&self, id: TaskId) -> Option<&'c TaskKind> {
        Some(&self.arena.get(id.0 as usize)?.as_ref()?.kind)
    }

    fn is_fork(&self, id: TaskId) -> bool {
        matches!(self.kind(id), Some(TaskKind::Fork { .. }))
    }

    /// Does a task run this list of its more than once?
    fn repeats(&self, owner: TaskId, block: usize) -> bool {
        match self.kind(owner) {
            None => true,
            Some(TaskKind::For { .. } | TaskKind::Listen { .. } | TaskKind::Call { .. }) => true,
            Some(TaskKind::Try { catch, .. }) => block == 0 && catch.retry.is_some(),
            Some(
                TaskKind::Do { .. }
                | TaskKind::Emit { .. }
                | TaskKind::Fork { .. }
                | TaskKind::Raise { .. }
                | TaskKind::Run { .. }
                | TaskKind::Set { .. }
                | TaskKind::Switch { .. }
                | TaskKind::Wait { .. },
            ) => false,
        }
    }
}
