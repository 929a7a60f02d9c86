//! Lines of control: which one moves, which begin next, and what lies around a frame.
//!
//! It does not know what a `fork` makes of its branches: see `task/fork.rs`.

use std::iter;

use yiwang_dsl::Data;
use yiwang_dsl::definition::TaskId;

use super::{Machine, Move};
use crate::history::What;
use crate::state::{Branch, Doing, Frame, FrameId, Strand};

impl<'a> Machine<'a> {
    /// One more strand, with its first task. It begins when the moving one has nothing more to do.
    pub(crate) fn branch_off(&mut self, branch: Branch, task: TaskId, raw: Data) {
        let parent = self.strand;
        let context = self.state.strands[parent].context.clone();
        self.state.strands.push(Strand { branch: Some(branch), context, frames: Vec::new() });
        self.strand = self.state.strands.len() - 1;
        self.push(self.definition().task(task), raw);
        self.ready.push_back(self.top().id);
        self.strand = parent;
    }

    /// The next task that waits for its turn in this step begins, unless nothing moves any more.
    pub(super) fn next_ready(&mut self) -> Option<Move> {
        while let Some(frame) = self.ready.pop_front() {
            if self.locate(frame).is_some() {
                return Some(self.top_again());
            }
        }
        None
    }

    /// These tasks begin once more, each the innermost of its strand.
    pub(crate) fn run_again(&mut self, frames: Vec<FrameId>) {
        self.ready.extend(frames);
        self.drive(Move::Park);
    }

    /// The moving strand goes on so, and then these tasks begin once more, as far as they are still there.
    pub(crate) fn drive_and_run_again(&mut self, next: Move, frames: Vec<FrameId>) {
        self.ready.extend(frames);
        self.drive(next);
    }

    /// Makes the strand that holds this frame the moving one; the frame's place in it.
    pub(crate) fn locate(&mut self, id: FrameId) -> Option<usize> {
        let strands = self.state.strands.iter().enumerate();
        let (strand, at) = strands
            .filter_map(|(n, strand)| Some((n, strand.frames.iter().position(|frame| frame.id == id)?)))
            .next()?;
        self.strand = strand;
        Some(at)
    }

    /// The branch of a `fork` that the moving strand runs.
    pub(crate) fn branch(&self) -> Option<Branch> {
        self.state.strands.get(self.strand)?.branch
    }

    /// Drops the moving strand, in which nothing is under way any more. Its `fork` is the innermost then.
    pub(crate) fn leave_branch(&mut self) -> Option<Strand> {
        let branch = self.branch()?;
        let strand = self.state.strands.remove(self.strand);
        assert!(strand.frames.is_empty(), "a branch that is left has nothing inside");
        let fork = self.locate(branch.of).expect("a branch has its fork");
        assert_eq!(fork + 1, self.frames().len(), "a fork waits for its branches");
        Some(strand)
    }

    /// The frames that can be seen from the moving strand, from the inside out: the first `depth` of its own,
    /// then those around its `fork`, and so on.
    pub(super) fn around(&self, depth: usize) -> impl Iterator<Item = &Frame> {
        let first = self.state.strands.get(self.strand).map(|strand| (strand, depth));
        let strands = iter::successors(first, |(strand, _)| {
            let fork = strand.branch?.of;
            let parent =
                self.state.strands.iter().find(|one| one.frames.last().is_some_and(|f| f.id == fork));
            parent.map(|parent| (parent, parent.frames.len()))
        });
        strands.flat_map(|(strand, depth)| strand.frames[..depth.min(strand.frames.len())].iter().rev())
    }

    /// The strands that branch off at this frame.
    pub(crate) fn branches_of(&self, fork: FrameId) -> usize {
        self.state
            .strands
            .iter()
            .filter(|strand| strand.branch.is_some_and(|branch| branch.of == fork))
            .count()
    }

    /// Gives up all branches of this `fork`, which is the innermost frame of the moving strand.
    pub(crate) fn cancel_branches(&mut self, fork: FrameId) {
        let moving = self.strand;
        let is_branch = |strand: &Strand| strand.branch.is_some_and(|branch| branch.of == fork);
        // Branches stand behind the strand that they branch off: `moving` stays the same strand.
        while let Some(at) = self.state.strands.iter().position(is_branch) {
            self.strand = at;
            let first = self.frames().first().map(|frame| (frame.id, self.definition().task(frame.task)));
            self.cancel_frames_from(0);
            if let Some((frame, task)) = first
                && !self.ready.contains(&frame)
            {
                self.record(Some(task), What::TaskCancelled);
            }
            self.state.strands.remove(at);
        }
        self.strand = moving;
    }

    /// Ends all that goes on inside the frame at this place of the moving strand, and what it waits for. The
    /// frame itself stays, as a task that has only begun.
    pub(crate) fn abandon(&mut self, at: usize) {
        self.cancel_frames_from(at + 1);
        let frame = self.top();
        let id = frame.id;
        let is_fork = matches!(frame.doing, Doing::Fork { .. });
        self.cancel_owned(id);
        if is_fork {
            self.cancel_branches(id);
        }
        if let Doing::Function { context } = std::mem::replace(&mut self.top_mut().doing, Doing::Task) {
            self.state.strands[self.strand].context = context;
        }
    }

    /// The innermost frames of the strands that have no branches: where things stand.
    pub(crate) fn leaves(&self) -> Vec<FrameId> {
        let tops = self.state.strands.iter().filter_map(|strand| strand.frames.last());
        tops.filter(|frame| self.branches_of(frame.id) == 0).map(|frame| frame.id).collect()
    }

    /// Goes on with what tasks got while the instance did not move.
    pub(crate) fn release_held(&mut self) {
        while !self.is_still() && !self.state.held.is_empty() {
            let held = self.state.held.remove(0);
            let next = self.goes_on(held.frame, |machine| machine.go(held.goes));
            self.drive(next);
        }
    }
}
