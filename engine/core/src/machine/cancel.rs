//! What is given up when a scope ends early: timers, effects, work items.

use super::Machine;
use crate::family;
use crate::history::What;
use crate::state::{FrameId, Owner, Timer, Why};
use crate::stopwatch::{self, Ending};
use crate::transition::Status;
use crate::work_item::WorkItemState;

impl Machine<'_> {
    /// Drops the frames of the moving strand from this index on, the innermost first.
    pub(crate) fn cancel_frames_from(&mut self, first: usize) {
        while let last = self.frames().len()
            && last > first
        {
            self.abandon(last - 1);
            self.state.strands[self.strand].frames.pop();
        }
    }

    /// Drops what a task waits for. A result that comes later is recorded and ignored.
    pub(crate) fn cancel_owned(&mut self, frame: FrameId) {
        let owner = Owner::Frame(frame);
        self.state.timers.retain(|timer| timer.owner != owner);
        self.drop_effects(owner);
        self.state.held.retain(|held| held.frame != frame);
        while let Some(at) = self.state.items.iter().position(|open| open.owner == frame) {
            let mut item = self.state.items.remove(at).item;
            let task = self.definition().tasks.iter().find(|task| task.reference == item.task);
            item.state = WorkItemState::Cancelled;
            item.version += 1;
            self.record(task, What::WorkItemCancelled { item: item.id });
            self.work_item_changed(&item);
        }
    }

    fn drop_effects(&mut self, owner: Owner) {
        let outbox = std::mem::take(&mut self.state.outbox);
        let (dropped, kept) = outbox.into_iter().partition::<Vec<_>, _>(|pending| pending.owner == owner);
        self.state.outbox = kept;
        for child in dropped.into_iter().filter_map(|pending| pending.child) {
            family::abandon(self, child);
        }
    }

    /// Drops some of a task's timers.
    pub(crate) fn cancel_owned_timers(&mut self, frame: FrameId, which: impl Fn(&Why) -> bool) {
        self.state.timers.retain(|timer| timer.owner != Owner::Frame(frame) || !which(&timer.why));
    }

    /// Ends the instance as cancelled. It owes nothing: messages that nobody waits for are given up too, but
    /// its children and its parent are told.
    pub(crate) fn cancel(&mut self) {
        self.forget_work();
        self.state.outbox.retain(|pending| pending.action.is_internal() || pending.is_notice());
        let n: Vec<u32> = self.state.outbox.iter().map(|pending| pending.n).collect();
        self.state.timers.retain(|timer| matches!(timer.why, Why::Resend { n: of } if n.contains(&of)));
        self.state.dead.clear();
        self.state.faulted = None;
        self.state.gathering = None;
        stopwatch::end_all(self, None, Ending::Cancel);
        self.record(None, What::Cancelled);
        self.state.status = Status::Cancelled;
    }

    /// Drops everything but what an ended instance still owes: messages that nobody waits for.
    pub(crate) fn forget_work(&mut self) {
        // All other strands branch off the first one.
        self.strand = 0;
        self.cancel_frames_from(0);
        self.state.strands.clear();
        self.state.held.clear();
        self.state.timers.retain(|timer: &Timer| matches!(timer.why, Why::Resend { .. }));
    }
}
