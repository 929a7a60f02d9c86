//! Calls of services and processes outside. They leave by the outbox, which never repeats them by itself:
//! whether a call that failed may be made again is known by the workflow, in its `try`.
//!
//! What a service is called with and what it answers is not known here; nor is any secret.

use yiwang_dsl::definition::{ProcessOutput, TaskKind};
use yiwang_dsl::error::Kind;
use yiwang_dsl::expression::Template;
use yiwang_dsl::{Data, Fault};

use crate::effect::{Action, Request, Service};
use crate::limits::{self, CALLS_MAX};
use crate::machine::{Machine, Move, Place};
use crate::outbox;
use crate::state::{Doing, Owner, Pending, Repeat};

/// Characters of its standard error that the fault of a process tells.
const STDERR_SHOWN_MAX: usize = 500;

/// Does the task wait for the answer?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It parks.
    Answer,
    /// It goes on at once; the answer is only recorded.
    Nothing,
}

/// Requests a call with what `with` gives on the input of the innermost task.
pub(super) fn request(
    machine: &mut Machine<'_>,
    service: Service,
    with: &Template,
    place: Place<'_>,
    wanted: Wanted,
) -> Result<(), Fault> {
    let counts = |one: &&Pending| matches!(one.action, Action::Call(_)) && !one.is_notice();
    let under_way = machine.state.outbox.iter().filter(counts).count();
    if under_way >= CALLS_MAX {
        return Err(limits::exceeded("calls", CALLS_MAX, &machine.top_task().reference));
    }
    let (with, deferred) = machine.call_template(with, &machine.input(), place)?;
    let definition = machine.definition();
    let (workflow, secrets) = (definition.id.clone(), definition.secrets.clone());
    let task = machine.top_task().reference.clone();
    let owner = match wanted {
        Wanted::Answer => {
            machine.top_mut().doing = Doing::Call { authorization: None };
            Owner::Frame(machine.top().id)
        }
        Wanted::Nothing => Owner::Nobody,
    };
    let action = Action::Call(Request { service, with, deferred, workflow, task, secrets });
    outbox::request(machine, owner, Repeat::None, service.name().to_owned(), action);
    Ok(())
}

/// The innermost task, which waited, has its answer.
pub(crate) fn answered(machine: &mut Machine<'_>, output: Data, authorization: Option<String>) -> Move {
    let task = machine.top_task();
    machine.top_mut().doing = Doing::Call { authorization };
    let TaskKind::Run { output: wanted, .. } = &task.kind else { return Move::Return(output) };
    match process_output(*wanted, output) {
        Ok(output) => Move::Return(output),
        Err(detail) => Move::Fail(Place::new(task, "run").fault(Kind::Runtime, &detail)),
    }
}

/// What of `{ code, stdout, stderr }` is wanted. Who asks for the text of a process that failed has an error.
fn process_output(wanted: ProcessOutput, result: Data) -> Result<Data, String> {
    let part = |name| result.get(name).unwrap_or_default();
    let text = |name| match part("code").as_i64() {
        Some(0) => Ok(part(name)),
        Some(code) => Err(failure(&format!("it ended with the exit code {code}"), &part("stderr"))),
        None => Err(failure("it ended without an exit code", &part("stderr"))),
    };
    match wanted {
        ProcessOutput::Stdout => text("stdout"),
        ProcessOutput::Stderr => text("stderr"),
        ProcessOutput::Code => Ok(part("code")),
        ProcessOutput::All => Ok(result),
        ProcessOutput::None => Ok(Data::null()),
    }
}

fn failure(what: &str, stderr: &Data) -> String {
    let stderr: String = stderr.as_str().unwrap_or_default().trim().chars().take(STDERR_SHOWN_MAX).collect();
    if stderr.is_empty() { what.to_owned() } else { format!("{what}: {stderr}") }
}
