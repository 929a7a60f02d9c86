//! Task kinds, one file each: how each begins, and what the end of a list inside it means.

mod call;
mod emit;
mod r#for;
pub(crate) mod foreach;
pub(crate) mod fork;
pub(crate) mod listen;
mod raise;
mod run;
pub(crate) mod service;
mod set;
mod switch;
pub(crate) mod r#try;
mod wait;

use yiwang_dsl::definition::{Task, TaskKind};
use yiwang_dsl::{Data, Fault};

use crate::machine::{Machine, Move};

/// Runs a task whose frame is the innermost and whose input is transformed.
pub(crate) fn begin(machine: &mut Machine<'_>, task: &Task) -> Result<Move, Fault> {
    match &task.kind {
        TaskKind::Call { callee, with, .. } => call::begin(machine, task, callee, with),
        TaskKind::Do { body } => Ok(machine.enter_list(body, machine.input())),
        TaskKind::Emit { event } => emit::begin(machine, task, event),
        TaskKind::For { over, until_false, body, .. } => {
            r#for::begin(machine, task, over, until_false.as_ref(), body)
        }
        TaskKind::Fork { branches, compete } => fork::begin(machine, task, branches, *compete),
        TaskKind::Listen { to, until, foreach, .. } => {
            listen::begin(machine, task, to, until.as_ref(), foreach.is_some())
        }
        TaskKind::Raise { error } => raise::begin(machine, task, error),
        TaskKind::Run { process, wait, .. } => run::begin(machine, task, process, *wait),
        TaskKind::Set { value } => set::begin(machine, task, value),
        TaskKind::Switch { cases } => switch::begin(machine, task, cases),
        TaskKind::Try { body, catch } => r#try::begin(machine, task, body, catch),
        TaskKind::Wait { duration } => wait::begin(machine, task, duration),
    }
}

/// A list inside the innermost task has ended.
pub(crate) fn list_ended(machine: &mut Machine<'_>, task: &Task, output: Data) -> Result<Move, Fault> {
    match &task.kind {
        TaskKind::Do { .. } => Ok(Move::Return(output)),
        TaskKind::For { until_false, body, .. } => {
            r#for::round_ended(machine, task, until_false.as_ref(), body, output)
        }
        TaskKind::Try { catch, .. } => Ok(r#try::list_ended(machine, task, catch, output)),
        TaskKind::Call { foreach: Some(foreach), .. } => {
            foreach::message_ended(machine, task, foreach, output)
        }
        TaskKind::Call { foreach: None, .. } => Ok(call::function_ended(machine, output)),
        TaskKind::Listen { foreach: Some(foreach), .. } => {
            listen::round_ended(machine, task, foreach, output)
        }
        TaskKind::Emit { .. }
        | TaskKind::Fork { .. }
        | TaskKind::Listen { foreach: None, .. }
        | TaskKind::Raise { .. }
        | TaskKind::Run { .. }
        | TaskKind::Set { .. }
        | TaskKind::Switch { .. }
        | TaskKind::Wait { .. } => unreachable!("a task without a list"),
    }
}

/// The innermost task took something in, and sees what to do now.
pub(crate) fn proceed(machine: &mut Machine<'_>) -> Result<Move, Fault> {
    let task = machine.top_task();
    match &task.kind {
        TaskKind::Listen { to, foreach, .. } => listen::proceed(machine, task, to, foreach.as_ref()),
        TaskKind::Call { .. }
        | TaskKind::Do { .. }
        | TaskKind::Emit { .. }
        | TaskKind::For { .. }
        | TaskKind::Fork { .. }
        | TaskKind::Raise { .. }
        | TaskKind::Run { .. }
        | TaskKind::Set { .. }
        | TaskKind::Switch { .. }
        | TaskKind::Try { .. }
        | TaskKind::Wait { .. } => unreachable!("only a listen takes something in"),
    }
}
