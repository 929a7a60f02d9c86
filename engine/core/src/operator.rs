//! What operators do: cancel, retry, suspend, resume. Each leaves its line in history.

use yiwang_dsl::Fault;

use crate::history::What;
use crate::input::OperatorCommand;
use crate::machine::{Machine, Move};
use crate::state::{Again, FrameId, Owner, Why};
use crate::transition::{Refusal, RefusalKind, Status};
use crate::work_item::Actor;

pub(crate) fn command(
    machine: &mut Machine<'_>,
    command: OperatorCommand,
    by: &Actor,
    reason: Option<String>,
) -> Result<(), Refusal> {
    let status = machine.state.status;
    let possible = match command {
        OperatorCommand::Cancel => {
            // One that is pending gathers the events it is to begin with.
            !matches!(status, Status::Cancelled | Status::Completed)
        }
        OperatorCommand::Retry => status == Status::Faulted,
        OperatorCommand::Suspend => matches!(status, Status::Running | Status::Waiting),
        OperatorCommand::Resume => status == Status::Suspended,
    };
    if !possible {
        let message = format!("cannot {} an instance that is {}", word(command), phase(status));
        return Err(Refusal::new(RefusalKind::Conflict, message));
    }
    machine.record(None, What::OperatorActed { command, by: by.person.clone(), reason });
    match command {
        OperatorCommand::Cancel => machine.cancel(),
        OperatorCommand::Retry => retry(machine),
        OperatorCommand::Suspend => machine.state.status = Status::Suspended,
        OperatorCommand::Resume => resume(machine),
    }
    Ok(())
}

/// Runs what failed once more; the rest goes on with what it got in the meantime.
fn retry(machine: &mut Machine<'_>) {
    let Some(again) = revive(machine) else { return };
    match again {
        Again::Start => machine.begin(),
        Again::End { output } => machine.drive(Move::End(output)),
        Again::Task => {
            let frames = machine.frames().last().map(|frame| frame.id).into_iter().collect();
            run_again(machine, frames);
        }
        Again::Tasks { frames } => run_again(machine, frames),
    }
    machine.release_held();
}

/// The instance is faulted no more; what is to be run again. The time in between does not count for the timers
/// that still run, but for what was promised to people.
pub(crate) fn revive(machine: &mut Machine<'_>) -> Option<Again> {
    let faulted = machine.state.faulted.take()?;
    let lost = machine.now.0.saturating_sub(faulted.at.0).max(0);
    for timer in &mut machine.state.timers {
        match timer.why {
            Why::Resend { .. } | Why::Due { .. } | Why::Rung { .. } | Why::Clock { .. } => {}
            Why::Wait | Why::Timeout | Why::Retry | Why::Attempt => {
                timer.due.0 = timer.due.0.saturating_add(lost);
            }
        }
    }
    machine.state.timers.sort_by_key(|timer| (timer.due, timer.n));
    machine.state.status = Status::Running;
    Some(faulted.again)
}

fn run_again(machine: &mut Machine<'_>, frames: Vec<FrameId>) {
    match limit_again(machine) {
        Ok(()) => machine.run_again(frames),
        Err(fault) => machine.fault(fault, Again::Tasks { frames }),
    }
}

/// The workflow's own timeout runs again, if that was what failed.
pub(crate) fn limit_again(machine: &mut Machine<'_>) -> Result<(), Fault> {
    let timed = machine.state.timers.iter().any(|timer| timer.owner == Owner::Instance);
    if timed {
        return Ok(());
    }
    let input = machine.state.input.clone();
    machine.set_workflow_timeout(&input)
}

/// Goes on, first with what tasks got in the meantime.
fn resume(machine: &mut Machine<'_>) {
    machine.state.status = Status::Running;
    machine.release_held();
}

fn word(command: OperatorCommand) -> &'static str {
    match command {
        OperatorCommand::Cancel => "cancel",
        OperatorCommand::Retry => "retry",
        OperatorCommand::Suspend => "suspend",
        OperatorCommand::Resume => "resume",
    }
}

pub(crate) fn phase(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Running => "running",
        Status::Waiting => "waiting",
        Status::Suspended => "suspended",
        Status::Cancelled => "cancelled",
        Status::Faulted => "faulted",
        Status::Completed => "completed",
    }
}
