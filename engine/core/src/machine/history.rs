//! Writing history: numbered, dated, with the task it is about.

use yiwang_dsl::definition::Task;

use super::Machine;
use crate::HistoryEvent;
use crate::history::What;
use crate::state::{Owner, Why};

impl<'a> Machine<'a> {
    pub(crate) fn record(&mut self, task: Option<&Task>, what: What) {
        if what.changes_case() {
            self.case_changed();
        }
        self.state.counters.history += 1;
        self.history.push(HistoryEvent {
            seq: self.state.counters.history,
            at: self.now,
            task: task.map(|task| task.reference.clone()),
            what,
        });
    }

    /// The task that something belongs to.
    pub(crate) fn owner_task(&self, owner: Owner) -> Option<&'a Task> {
        let Owner::Frame(id) = owner else { return None };
        let mut frames = self.state.strands.iter().flat_map(|strand| &strand.frames);
        frames.find(|frame| frame.id == id).map(|frame| self.definition().task(frame.task))
    }
}

/// What history calls a timer. Those of a work item, of a clock and of a retry have lines of their own.
pub(super) fn purpose(why: &Why, owner: Owner) -> Option<String> {
    let purpose = match (why, owner) {
        (Why::Wait, _) => "wait",
        (Why::Timeout, Owner::Instance) => "workflow timeout",
        (Why::Timeout, Owner::Frame(_) | Owner::Nobody) => "timeout",
        (Why::Attempt, _) => "attempt timeout",
        (Why::Resend { .. }, _) => "resend",
        (Why::Retry | Why::Due { .. } | Why::Rung { .. } | Why::Clock { .. }, _) => return None,
    };
    Some(purpose.to_owned())
}
