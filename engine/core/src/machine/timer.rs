//! Setting timers and firing those whose time has come.

use yiwang_dsl::definition::{Span, Task};
use yiwang_dsl::{Data, Fault};

use super::{Machine, Move, Place, history};
use crate::Timestamp;
use crate::history::What;
use crate::state::{FrameId, Goes, Held, Owner, Timer, Why};
use crate::{ladder, outbox, stopwatch, task};

impl Machine<'_> {
    /// Sets a timer. It fires in the first step at or after `due`.
    pub(crate) fn set_timer(&mut self, due: Timestamp, owner: Owner, why: Why) {
        self.state.counters.timers += 1;
        let timer = Timer { due, n: self.state.counters.timers, owner, why };
        if let Some(purpose) = history::purpose(&timer.why, owner) {
            let task = self.owner_task(owner);
            self.record(task, What::TimerSet { due, purpose });
        }
        let at = self.state.timers.partition_point(|other| other.due <= due);
        self.state.timers.insert(at, timer);
    }

    /// Takes a timer back. False: it has fired, or was never set.
    pub(crate) fn drop_timer(&mut self, why: &Why) -> bool {
        let before = self.state.timers.len();
        self.state.timers.retain(|timer| timer.why != *why);
        self.state.timers.len() < before
    }

    pub(crate) fn set_task_timeout(&mut self, task: &Task, after: &Span) -> Result<(), Fault> {
        let input = self.input();
        let millis = self.span(after, &input, Place::new(task, "timeout.after"))?;
        let owner = Owner::Frame(self.top().id);
        self.set_timer(self.now.plus_millis(millis), owner, Why::Timeout);
        Ok(())
    }

    pub(crate) fn set_workflow_timeout(&mut self, input: &Data) -> Result<(), Fault> {
        let Some(after) = &self.definition().timeout else { return Ok(()) };
        let millis = self.span(after, input, Place::workflow("timeout.after"))?;
        self.set_timer(self.now.plus_millis(millis), Owner::Instance, Why::Timeout);
        Ok(())
    }

    /// Fires every timer that is due, in order, and those that are due by what these did.
    pub(crate) fn fire_due(&mut self) {
        loop {
            let fires = |timer: &Timer| self.state.runs(timer);
            let Some(at) = self.state.timers.iter().position(fires) else { return };
            if self.state.timers[at].due > self.now {
                return;
            }
            let timer = self.state.timers.remove(at);
            if let Some(purpose) = history::purpose(&timer.why, timer.owner) {
                let task = self.owner_task(timer.owner);
                self.record(task, What::TimerFired { due: timer.due, purpose });
            }
            let next = self.fire(timer).unwrap_or_else(Move::Fail);
            self.drive(next);
        }
    }

    fn fire(&mut self, timer: Timer) -> Result<Move, Fault> {
        let frame = match timer.owner {
            Owner::Frame(frame) => frame,
            Owner::Instance => {
                self.workflow_timed_out();
                return Ok(Move::Park);
            }
            Owner::Nobody => FrameId(0),
        };
        match timer.why {
            Why::Wait => Ok(self.goes_on(frame, |machine| Move::Return(machine.input()))),
            Why::Timeout => Ok(self.task_timed_out(frame)),
            Why::Retry => Ok(self.goes_on(frame, task::r#try::again)),
            Why::Attempt => self.attempt_timed_out(frame),
            Why::Resend { n } => {
                outbox::resend(self, n);
                Ok(Move::Park)
            }
            Why::Due { n } => {
                ladder::due(self, n);
                Ok(Move::Park)
            }
            Why::Clock { clock, rung } => {
                stopwatch::fired(self, &clock, rung, timer.due);
                Ok(Move::Park)
            }
            Why::Rung { n, rung } => {
                ladder::climb(self, n, rung);
                Ok(Move::Park)
            }
        }
    }

    /// The task of this frame goes on, if it is still there. It is the innermost: it was waiting.
    /// While the instance is suspended or faulted, what it got is kept.
    pub(crate) fn goes_on(&mut self, frame: FrameId, go: impl FnOnce(&mut Self) -> Move) -> Move {
        let Some(at) = self.locate(frame) else { return Move::Park };
        assert_eq!(at + 1, self.frames().len(), "a waiting task has nothing inside");
        let next = go(self);
        if !self.is_still() {
            return next;
        }
        let goes = match next {
            Move::Return(output) => Goes::Returns(output),
            Move::Fail(fault) => Goes::Fails(fault),
            Move::Proceed => Goes::Proceeds,
            Move::Park => return Move::Park,
            Move::Enter(..) | Move::ReturnThen(..) | Move::ListEnded(_) | Move::Skip(_) | Move::End(_) => {
                unreachable!("a suspended task can only return or fail")
            }
        };
        let held = Held { frame, goes };
        if !self.state.held.contains(&held) {
            self.state.held.push(held);
        }
        Move::Park
    }
}
