//! Errors on their way out: the nearest `try` that wants one takes it, or the instance faults.

use yiwang_dsl::Fault;
use yiwang_dsl::definition::TaskKind;
use yiwang_dsl::error::Kind;

use super::{Machine, Move};
use crate::history::What;
use crate::limits;
use crate::state::{Again, Doing, Faulted, FrameId, TryPhase};
use crate::task::r#try;
use crate::transition::Status;

impl Machine<'_> {
    /// The innermost task failed.
    pub(super) fn fail(&mut self, fault: Fault) -> Result<Move, Fault> {
        let task = self.top_task();
        self.record(Some(task), What::TaskFaulted { error: fault.clone() });
        let top = self.frames().len() - 1;
        self.fail_within(top, fault)
    }

    /// Offers the fault to the tries among the first `outer` frames. Those further in are given up.
    fn fail_within(&mut self, outer: usize, fault: Fault) -> Result<Move, Fault> {
        if !limits::is_fatal(&fault) {
            for at in (0..outer).rev() {
                match self.wants(at, &fault) {
                    Ok(false) => {}
                    Ok(true) => {
                        self.cancel_frames_from(at + 1);
                        return r#try::caught(self, fault);
                    }
                    Err(replacement) => {
                        // The `try` itself failed: its filter could not be evaluated.
                        self.cancel_frames_from(at + 1);
                        return Err(replacement);
                    }
                }
            }
        }
        let frame = self.top().id;
        self.cancel_owned(frame);
        self.top_mut().doing = Doing::Task;
        self.fault(fault, Again::Task);
        Ok(Move::Park)
    }

    fn wants(&self, at: usize, fault: &Fault) -> Result<bool, Fault> {
        let frame = &self.frames()[at];
        let task = self.definition().task(frame.task);
        match (&frame.doing, &task.kind) {
            (Doing::Try { phase: TryPhase::Trying, .. }, TaskKind::Try { catch, .. }) => {
                r#try::wants(self, task, catch, at, fault)
            }
            _ => Ok(false),
        }
    }

    /// The instance ends with an error, in a place from which an operator can go on.
    pub(crate) fn fault(&mut self, error: Fault, again: Again) {
        self.record(None, What::Faulted { error: error.clone() });
        self.state.status = Status::Faulted;
        self.state.faulted = Some(Faulted { error, at: self.now, again });
    }

    /// A task took too long: what it runs is given up, and it fails.
    pub(super) fn task_timed_out(&mut self, frame: FrameId) -> Move {
        let Some(at) = self.locate(frame) else { return Move::Park };
        self.cancel_frames_from(at + 1);
        self.cancel_owned(frame);
        let task = self.top_task();
        Move::Fail(Fault::new(Kind::Timeout, &*task.reference, format!("task `{}` timed out", task.name)))
    }

    /// One attempt of a `try` took too long: the attempt fails, and its own `try` may catch that.
    pub(super) fn attempt_timed_out(&mut self, frame: FrameId) -> Result<Move, Fault> {
        let Some(at) = self.locate(frame) else { return Ok(Move::Park) };
        let task = self.definition().task(self.frames()[at].task);
        let detail = format!("an attempt of `{}` timed out", task.name);
        let fault = Fault::new(Kind::Timeout, &*task.reference, detail);
        self.record(Some(task), What::TaskFaulted { error: fault.clone() });
        self.cancel_frames_from(at + 1);
        self.fail_within(at + 1, fault)
    }

    /// The instance took too long. No `try` catches that.
    pub(super) fn workflow_timed_out(&mut self) {
        let fault = Fault::new(Kind::Timeout, "/", "the workflow timed out");
        for strand in 0..self.state.strands.len() {
            self.strand = strand;
            if let Some(frame) = self.frames().last() {
                self.cancel_owned(frame.id);
                self.top_mut().doing = Doing::Task;
            }
        }
        self.fault(fault, Again::Task);
    }
}
