//! The interpreter's door: one input in, one transition out.

use serde_json::json;
use yiwang_dsl::Data;
use yiwang_dsl::definition::empty_context;

use crate::deployment::Deployment;
use crate::docket::{self, Act};
use crate::event::Event;
use crate::history::What;
use crate::input::{Cause, Input, OperatorCommand};
use crate::machine::Machine;
use crate::state::{State, Strand};
use crate::task::listen;
use crate::transition::{Ambient, Refusal, RefusalKind, Status, Transition};
use crate::{desk, family, gathering, operator, outbox, promise, repair};

/// Applies `input` to the instance. It runs as far as it can without the world: until it waits for a
/// person, an event, a timer or an effect, or ends.
///
/// # Errors
/// A [`Refusal`] when the input cannot be taken; `state` is then unchanged.
///
/// # Panics
/// When an invariant of the interpreter is broken. The caller catches it, throws `state` away and records
/// an incident; nothing was committed.
pub fn step(
    deployment: &Deployment,
    state: &mut State,
    input: Input,
    ambient: Ambient<'_>,
) -> Result<Transition, Refusal> {
    assert_eq!(state.instance, ambient.instance, "a step is for its own instance");
    if let Some(pinned) = &state.definition {
        assert_eq!(*pinned, deployment.hash, "an instance is pinned to its definition");
    }
    let before = state.subscriptions();
    let target = if let Input::Repair { to, .. } = &input { to.clone() } else { None };
    let mut machine = Machine::new(deployment, state, ambient);
    machine.target = target.as_deref();
    let mut reply = apply(&mut machine, input)?;
    // Only a suspended instance lets due timers wait.
    if machine.state.status != Status::Suspended {
        machine.fire_due();
    }
    if reply.is_null() {
        reply = Data::from(json!({"instance": machine.state.instance}));
    }
    let mut transition = machine.finish(reply);
    let after = state.subscriptions();
    transition.subscriptions = (after != before).then_some(after);
    Ok(transition)
}

/// Refuses, or does it; what to answer.
fn apply(machine: &mut Machine<'_>, input: Input) -> Result<Data, Refusal> {
    let status = machine.state.status;
    if let Input::Start { input, cause } = input {
        if status != Status::Pending {
            return Err(Refusal::new(RefusalKind::Conflict, "the instance has begun already".to_owned()));
        }
        start(machine, input, cause);
        return Ok(Data::null());
    }
    if status == Status::Pending {
        return before_start(machine, input);
    }
    match input {
        Input::Start { .. } | Input::Wake => Ok(Data::null()),
        Input::EffectDone { effect, attempt, outcome } => {
            if effect.instance != machine.state.instance || effect.n > machine.state.counters.effects {
                let message = format!("the instance never requested {effect}");
                return Err(Refusal::new(RefusalKind::NotFound, message));
            }
            outbox::returned(machine, effect, attempt, outcome);
            Ok(Data::null())
        }
        Input::ChildStarted { effect, instance } => {
            family::began(machine, effect, instance);
            Ok(Data::null())
        }
        Input::Abandoned { by: _ } => {
            family::abandoned(machine);
            Ok(Data::null())
        }
        Input::Event(event) => event_came(machine, &event).map(|()| Data::null()),
        Input::WorkItem { item, command, version, by } => desk::command(machine, item, command, version, &by),
        Input::CalendarsChanged => {
            promise::renew(machine);
            Ok(Data::null())
        }
        Input::Case { command, by, reason, decision, version } => {
            docket::command(machine, Act { command, by: &by, reason, decision, version })
        }
        Input::Repeats { cases } => {
            docket::found(machine, &cases);
            Ok(Data::null())
        }
        Input::Operator { command, by, reason } => {
            operator::command(machine, command, &by, reason)?;
            Ok(Data::null())
        }
        Input::Repair { repair, by, reason, decision, to: _ } => {
            repair::command(machine, repair::Act { repair, by: &by, reason, decision })
        }
    }
}

/// What an instance takes that has not begun: the events it is to begin with, and that it never shall.
fn before_start(machine: &mut Machine<'_>, input: Input) -> Result<Data, Refusal> {
    match input {
        Input::Event(event) => gathering::take(machine, &event)?,
        Input::Operator { command: command @ OperatorCommand::Cancel, by, reason }
            if machine.state.is_gathering() =>
        {
            operator::command(machine, command, &by, reason)?;
        }
        Input::Start { .. }
        | Input::Wake
        | Input::EffectDone { .. }
        | Input::ChildStarted { .. }
        | Input::Abandoned { .. }
        | Input::CalendarsChanged
        | Input::WorkItem { .. }
        | Input::Case { .. }
        | Input::Repeats { .. }
        | Input::Repair { .. }
        | Input::Operator { .. } => {
            return Err(Refusal::new(RefusalKind::Conflict, "the instance has not begun yet".to_owned()));
        }
    }
    Ok(Data::null())
}

pub(crate) fn start(machine: &mut Machine<'_>, input: Data, cause: Cause) {
    machine.state.parent = family::parent(&cause);
    if let Cause::Split { from, .. } = &cause {
        machine.state.split_from = Some(from.clone());
    }
    machine.record(None, What::Started { cause, input: input.clone() });
    machine.state.definition = Some(machine.deployment.hash.clone());
    machine.state.status = Status::Running;
    machine.state.started = machine.now;
    machine.state.input = input;
    machine.state.strands = vec![Strand { branch: None, context: empty_context(), frames: Vec::new() }];
    machine.begin();
}

/// Every task that listens for it takes it.
fn event_came(machine: &mut Machine<'_>, event: &Event) -> Result<(), Refusal> {
    let wanted = if machine.state.has_ended() { Vec::new() } else { listen::who_wants(machine, event) };
    if wanted.is_empty() {
        let message = format!("the instance does not wait for event {} of {}", event.id, event.source);
        return Err(Refusal::new(RefusalKind::NotExpected, message));
    }
    for (frame, want) in wanted {
        listen::take(machine, frame, want, event);
    }
    Ok(())
}
