//! Parents and children: what an instance asks the runtime to do with another one.
//!
//! ```text
//! parent ─Start─► runtime ─Start─► child            (start key: the parent's effect, so it begins once)
//!        ◄─ChildStarted─┘            │ ends
//!        ◄─EffectDone── runtime ◄─Tell─┘            (a second telling is recorded and ignored)
//!        ─Cancel─► runtime ─Abandoned─► child       (the parent's task is over before its child)
//! ```
//! Each of them stays in the outbox of who asked until it is done: a crash at any commit only repeats it.

use yiwang_dsl::definition::Task;
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::effect::Action;
use crate::history::What;
use crate::input::{Cause, EffectOutcome};
use crate::limits::{self, CHILD_DEPTH_MAX};
use crate::machine::{Machine, Move};
use crate::state::{Doing, Owner, Parent, Repeat};
use crate::transition::Status;
use crate::{EffectId, HistoryEvent, InstanceId, outbox};

/// The innermost task runs another workflow. It parks until the child has begun, or has ended.
pub(crate) fn begin(
    machine: &mut Machine<'_>,
    task: &Task,
    workflow: &str,
    version: Option<&str>,
    input: Data,
    wait: bool,
) -> Result<Move, Fault> {
    let depth = machine.state.parent.map_or(0, |parent| parent.depth).saturating_add(1);
    if depth > CHILD_DEPTH_MAX {
        return Err(limits::exceeded("child-depth", CHILD_DEPTH_MAX as usize, &task.reference));
    }
    machine.top_mut().doing = Doing::Child;
    let owner = Owner::Frame(machine.top().id);
    let (workflow, version) = (workflow.to_owned(), version.map(str::to_owned));
    let function = format!("workflow {workflow}");
    let action = Action::Start { workflow, version, input, wait, depth, quiet: machine.state.quiet };
    outbox::request(machine, owner, Repeat::None, function, action);
    Ok(Move::Park)
}

/// The child has begun. Who does not wait for its end goes on.
pub(crate) fn began(machine: &mut Machine<'_>, effect: EffectId, instance: InstanceId) {
    let found = machine.state.outbox.iter().position(|pending| pending.n == effect.n && pending.is_due());
    let Some(at) = found else {
        machine.record(None, What::ResultIgnored { effect, attempt: 1 });
        return;
    };
    let owner = machine.state.outbox[at].owner;
    let task = machine.owner_task(owner);
    machine.record(task, What::ChildStarted { effect, instance });
    if matches!(machine.state.outbox[at].action, Action::Start { wait: true, .. }) {
        machine.state.outbox[at].child = Some(instance);
    } else {
        machine.state.outbox.remove(at);
        outbox::conclude(machine, owner, |machine| Move::Return(machine.input()));
    }
}

/// The parent that a cause names.
pub(crate) fn parent(cause: &Cause) -> Option<Parent> {
    match cause {
        Cause::Parent { effect, depth, waits, quiet: _ } => {
            Some(Parent { effect: *effect, depth: *depth, waits: *waits })
        }
        Cause::Request { .. }
        | Cause::Events { .. }
        | Cause::Schedule { .. }
        | Cause::Split { .. }
        | Cause::Rerun { .. } => None,
    }
}

/// How the instance has ended by these lines, as its parent sees it.
pub(crate) fn ending(history: &[HistoryEvent]) -> Option<EffectOutcome> {
    history.iter().rev().find_map(|line| match &line.what {
        What::Completed { output } => Some(EffectOutcome::done(output.clone())),
        What::Faulted { error } => Some(EffectOutcome::Faulted { error: error.clone() }),
        What::Cancelled => {
            let error = Fault::new(Kind::Runtime, "", "the child workflow was cancelled");
            Some(EffectOutcome::Faulted { error })
        }
        _ => None,
    })
}

/// Tells the parent, if there is one that wants to know.
pub(crate) fn tell(machine: &mut Machine<'_>, outcome: EffectOutcome) {
    let Some(parent) = machine.state.parent.filter(|parent| parent.waits) else { return };
    let action = Action::Tell { parent: parent.effect, outcome };
    outbox::request(machine, Owner::Nobody, Repeat::Default, "parent".to_owned(), action);
}

/// A task that waited for this child is over.
pub(crate) fn abandon(machine: &mut Machine<'_>, instance: InstanceId) {
    let action = Action::Cancel { instance };
    outbox::request(machine, Owner::Nobody, Repeat::Default, format!("cancel {instance}"), action);
}

/// The parent waits for this instance no more. One that has ended meanwhile stays as it is.
pub(crate) fn abandoned(machine: &mut Machine<'_>) {
    if let Some(parent) = &mut machine.state.parent {
        parent.waits = false;
    }
    match machine.state.status {
        Status::Running | Status::Waiting | Status::Suspended => machine.cancel(),
        Status::Pending | Status::Cancelled | Status::Faulted | Status::Completed => {}
    }
}
