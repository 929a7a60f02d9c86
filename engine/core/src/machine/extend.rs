//! Extensions: lists that run before and after a task, inside its frame.
//!
//! ```text
//! before of the outer ─► before of the inner ─► the task ─► after of the inner ─► after of the outer
//!          └──────── `exit`: the task is skipped, and what is further in ────────────────┘
//! ```

use yiwang_dsl::definition::{Flow, Task, TaskId};
use yiwang_dsl::{Data, Fault};

use super::{Machine, Move, Place};
use crate::state::{Doing, Extended, Frame, Phase};

impl<'a> Machine<'a> {
    /// The innermost task begins with the lists before it, if it has some.
    pub(super) fn begin_extended(&mut self, task: &'a Task, raw: Data) -> Result<Move, Fault> {
        let applying = self.applying(task, &raw)?;
        if applying.is_empty() {
            return self.begin_task(task);
        }
        self.top_mut().extended = Some(Box::new(Extended { applying, phase: Phase::Task { passed: 0 } }));
        self.before(task, 0)
    }

    /// The extensions whose `when` holds. The tasks of an extension are not extended themselves.
    fn applying(&self, task: &Task, raw: &Data) -> Result<Vec<usize>, Fault> {
        let mut applying = Vec::new();
        if task.extensions.is_empty() || self.around(usize::MAX).any(|frame| list_phase(frame).is_some()) {
            return Ok(applying);
        }
        for n in &task.extensions {
            let holds = match &self.definition().extensions[*n].when {
                Some(when) => self.expression(when, raw, Place::new(task, "extension.when"))?.is_true(),
                None => true,
            };
            if holds {
                applying.push(*n);
            }
        }
        Ok(applying)
    }

    /// Runs the lists before the task, from this extension on, and then the task.
    fn before(&mut self, task: &'a Task, from: usize) -> Result<Move, Fault> {
        let count = self.extended().map_or(0, |extended| extended.applying.len());
        for at in from..count {
            self.set_phase(Phase::Before { at });
            let list = self.current_list();
            if !list.is_empty() {
                return Ok(self.enter_list(list, self.top().incoming.raw.clone()));
            }
        }
        self.set_phase(Phase::Task { passed: count });
        self.begin_task(task)
    }

    /// `then: exit` in the list before a task: the output is the task's, and only the extensions further out
    /// run their lists after it.
    pub(super) fn skip_task(&mut self, at: usize, output: Data) -> Result<Move, Fault> {
        self.set_phase(Phase::Task { passed: at });
        let task = self.top_task();
        self.transform_input(task)?;
        self.conclude(task, output, None)
    }

    /// The task itself has this raw and this transformed output. Runs the lists after it.
    pub(super) fn after_task(
        &mut self,
        task: &'a Task,
        raw: Data,
        output: Data,
        flow: Option<Flow>,
    ) -> Result<Move, Fault> {
        let passed = match self.extended().map(|extended| &extended.phase) {
            Some(Phase::Task { passed }) => *passed,
            Some(Phase::Before { .. } | Phase::After { .. }) | None => 0,
        };
        // What the task was about is over: a `try` does not catch what fails after it.
        self.top_mut().doing = Doing::Task;
        for at in (0..passed).rev() {
            self.set_phase(Phase::After { at, raw: raw.clone(), output: output.clone(), flow });
            let list = self.current_list();
            if !list.is_empty() {
                return Ok(self.enter_list(list, output));
            }
        }
        self.leave(task, output, flow)
    }

    /// A list before or after the innermost task has ended. None: it was the task's own.
    pub(super) fn extension_ended(&mut self) -> Option<Result<Move, Fault>> {
        let task = self.top_task();
        let phase = self.extended()?.phase.clone();
        match phase {
            Phase::Before { at } => Some(self.before(task, at + 1)),
            Phase::Task { .. } => None,
            Phase::After { at, raw, output, flow } => {
                self.set_phase(Phase::Task { passed: at });
                Some(self.after_task(task, raw, output, flow))
            }
        }
    }

    /// The list of an extension that the innermost task runs now.
    pub(super) fn extension_list(&self) -> Option<&'a [TaskId]> {
        let extended = self.extended()?;
        let extension = |at: usize| &self.definition().extensions[extended.applying[at]];
        match &extended.phase {
            Phase::Before { at } => Some(&extension(*at).before),
            Phase::Task { .. } => None,
            Phase::After { at, .. } => Some(&extension(*at).after),
        }
    }

    /// Which extension's list before the innermost task runs now.
    pub(super) fn is_before(&self) -> Option<usize> {
        match self.extended()?.phase {
            Phase::Before { at } => Some(at),
            Phase::Task { .. } | Phase::After { .. } => None,
        }
    }

    fn extended(&self) -> Option<&Extended> {
        self.frames().last()?.extended.as_deref()
    }

    fn set_phase(&mut self, phase: Phase) {
        if let Some(extended) = &mut self.top_mut().extended {
            extended.phase = phase;
        }
    }

    /// The task that `$task` describes: in the lists of an extension the extended one.
    pub(super) fn described(&self, depth: usize) -> Option<&Frame> {
        let mut frames = self.around(depth);
        let innermost = frames.next()?;
        let outside = frames.take_while(|frame| !matches!(frame.doing, Doing::Function { .. }));
        Some(outside.into_iter().find(|frame| list_phase(frame).is_some()).unwrap_or(innermost))
    }
}

/// The phase of a task around which a list of an extension runs.
fn list_phase(frame: &Frame) -> Option<&Phase> {
    let phase = &frame.extended.as_ref()?.phase;
    match phase {
        Phase::Before { .. } | Phase::After { .. } => Some(phase),
        Phase::Task { .. } => None,
    }
}

/// The raw output of a task whose extensions run after it.
pub(super) fn raw_output(frame: &Frame) -> Option<&Data> {
    match list_phase(frame)? {
        Phase::After { raw, .. } => Some(raw),
        Phase::Before { .. } | Phase::Task { .. } => None,
    }
}
