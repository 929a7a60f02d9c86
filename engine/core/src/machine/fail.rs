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

    /// Offers the fault to the tries among the first `outer` frames of the moving strand, then to those around
    /// its `fork`, and so on. Those further in are given up.
    fn fail_within(&mut self, outer: usize, fault: Fault) -> Result<Move, Fault> {
        if limits::is_fatal(&fault) {
            return Ok(self.nobody_wants(fault));
        }
        let failed = self.strand;
        let mut outer = outer;
        loop {
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
            let Some(branch) = self.branch() else { break };
            let branch_strand = self.strand;
            outer = self.locate(branch.of).expect("a branch has its fork");
            if self.competes(outer) {
                self.strand = branch_strand;
                return Ok(self.out_of_the_race(fault));
            }
        }
        self.strand = failed;
        Ok(self.nobody_wants(fault))
    }

    fn competes(&self, at: usize) -> bool {
        match &self.definition().task(self.frames()[at].task).kind {
            TaskKind::Fork { compete, .. } => *compete,
            TaskKind::Call { .. }
            | TaskKind::Do { .. }
            | TaskKind::Emit { .. }
            | TaskKind::For { .. }
            | TaskKind::Listen { .. }
            | TaskKind::Raise { .. }
            | TaskKind::Run { .. }
            | TaskKind::Set { .. }
            | TaskKind::Switch { .. }
            | TaskKind::Try { .. }
            | TaskKind::Wait { .. } => false,
        }
    }

    /// The moving strand is a branch of a competing `fork`, and failed. The others may still win.
    fn out_of_the_race(&mut self, fault: Fault) -> Move {
        self.cancel_frames_from(0);
        self.leave_branch();
        if self.branches_of(self.top().id) == 0 { Move::Fail(fault) } else { Move::Park }
    }

    /// The instance ends with the fault of the innermost task of the moving strand. The other strands stay
    /// where they are, and go on when an operator retries.
    fn nobody_wants(&mut self, fault: Fault) -> Move {
        self.abandon(self.frames().len() - 1);
        let mut frames = vec![self.top().id];
        frames.extend(self.ready.drain(..));
        self.fault(fault, Again::Tasks { frames });
        Move::Park
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
        self.abandon(at);
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
        let frames = self.leaves();
        for frame in &frames {
            if let Some(at) = self.locate(*frame) {
                self.abandon(at);
            }
        }
        self.fault(fault, Again::Tasks { frames });
    }
}
