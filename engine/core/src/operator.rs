//! What operators do: cancel, retry, suspend, resume. Each leaves its line in history.

use crate::history::What;
use crate::input::OperatorCommand;
use crate::machine::{Machine, Move};
use crate::state::{Again, Goes, Held, Owner, Why};
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
            matches!(status, Status::Running | Status::Waiting | Status::Suspended | Status::Faulted)
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

/// Runs what failed once more. The time in between does not count for the timers that still run.
fn retry(machine: &mut Machine<'_>) {
    let Some(faulted) = machine.state.faulted.take() else { return };
    let lost = machine.now.0.saturating_sub(faulted.at.0).max(0);
    for timer in &mut machine.state.timers {
        if !matches!(timer.why, Why::Resend { .. }) {
            timer.due.0 = timer.due.0.saturating_add(lost);
        }
    }
    machine.state.timers.sort_by_key(|timer| (timer.due, timer.n));
    machine.state.status = Status::Running;
    match faulted.again {
        Again::Start => machine.begin(),
        Again::End { output } => machine.drive(Move::End(output)),
        Again::Task => {
            let timed = machine.state.timers.iter().any(|timer| timer.owner == Owner::Instance);
            let input = machine.state.input.clone();
            if !timed && let Err(fault) = machine.set_workflow_timeout(&input) {
                machine.fault(fault, Again::Task);
                return;
            }
            let next = machine.top_again();
            machine.drive(next);
        }
    }
}

/// Goes on, first with what tasks got in the meantime.
fn resume(machine: &mut Machine<'_>) {
    machine.state.status = Status::Running;
    for Held { frame, goes } in std::mem::take(&mut machine.state.held) {
        let next = machine.goes_on(frame, |_| match goes {
            Goes::Returns(output) => Move::Return(output),
            Goes::Fails(fault) => Move::Fail(fault),
        });
        machine.drive(next);
    }
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
