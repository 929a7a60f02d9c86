//! What operators do about messages: have one sent again that failed for good, or give one up.
//!
//! ```text
//!            ┌─ waits for its next attempt ─► resend: now      drop: its task fails, as if it had failed for good
//! outbox ────┤
//!            └─ under way ──────────────────► refused: nobody knows yet what comes of it
//! dead ─────────────────────────────────────► resend: back into the outbox, same id      drop: forgotten
//! ```
//! A task that has failed because of its message waits for it again, so that the instance goes on where it stopped.

use super::act::{Act, note};
use crate::machine::{Machine, Move};
use crate::state::{Again, Doing, FrameId, Owner, Pending, Why};
use crate::transition::{Refusal, RefusalKind};
use crate::{EffectId, operator, outbox};

/// Where a message was found.
enum Found {
    /// Its place in the outbox, where it waits for its next attempt.
    Waits(usize),
    /// Its place among those that failed for good.
    Dead(usize),
}

/// Sends it again.
pub(super) fn resend(machine: &mut Machine<'_>, act: &Act<'_>, message: EffectId) -> Result<(), Refusal> {
    match find(machine, message)? {
        Found::Waits(at) => {
            let owner = machine.state.outbox[at].owner;
            record(machine, act, owner);
            machine.drop_timer(&Why::Resend { n: message.n });
            outbox::resend(machine, message.n);
        }
        Found::Dead(at) => {
            let owner = machine.state.dead[at].owner;
            record(machine, act, owner);
            match owner {
                Owner::Frame(frame) => wait_again(machine, frame, message.n),
                Owner::Instance | Owner::Nobody => revive(machine, message.n),
            }
        }
    }
    Ok(())
}

/// Gives it up. A task that waits for it fails, and what catches that goes on; one that has failed already stays so.
pub(super) fn drop(machine: &mut Machine<'_>, act: &Act<'_>, message: EffectId) -> Result<(), Refusal> {
    match find(machine, message)? {
        Found::Waits(at) => {
            let owner = machine.state.outbox[at].owner;
            record(machine, act, owner);
            machine.drop_timer(&Why::Resend { n: message.n });
            machine.state.outbox.remove(at);
            outbox::fail(machine, owner, "message.dropped", &act.reason);
        }
        Found::Dead(at) => {
            let owner = machine.state.dead[at].owner;
            record(machine, act, owner);
            machine.state.dead.remove(at);
        }
    }
    Ok(())
}

fn find(machine: &Machine<'_>, message: EffectId) -> Result<Found, Refusal> {
    let state = &machine.state;
    if message.instance != state.instance || message.n == 0 || message.n > state.counters.effects {
        let text = format!("the instance never asked for a message {message}");
        return Err(Refusal::new(RefusalKind::NotFound, text));
    }
    let is_it = |pending: &Pending| pending.n == message.n && pending.is_message();
    if let Some(at) = state.outbox.iter().position(is_it) {
        if state.outbox[at].waits {
            return Ok(Found::Waits(at));
        }
        let text = format!("the message {message} is under way: wait for what comes of it");
        return Err(Refusal::new(RefusalKind::Conflict, text).coded("message.under-way"));
    }
    match state.dead.iter().position(is_it) {
        Some(at) => Ok(Found::Dead(at)),
        None => {
            let text =
                format!("the message {message} is settled: nothing is left of it to send or to give up");
            Err(Refusal::new(RefusalKind::Conflict, text).coded("message.settled"))
        }
    }
}

/// The line of history is that of the task that asked for it.
fn record(machine: &mut Machine<'_>, act: &Act<'_>, owner: Owner) {
    let task = machine.owner_task(owner);
    note(machine, act, task, act.repair.clone());
}

/// Back into the outbox: the same message with the same id, the schedule of attempts from its beginning.
fn revive(machine: &mut Machine<'_>, n: u32) {
    let Some(at) = machine.state.dead.iter().position(|pending| pending.n == n) else { return };
    let mut pending = machine.state.dead.remove(at);
    pending.attempts_before = pending.attempt;
    pending.attempt += 1;
    pending.waits = false;
    let effect = pending.effect(machine.state.instance);
    machine.state.outbox.push(pending);
    machine.request(effect);
}

/// The task that failed because of it waits for it again. An instance that stands still because of that goes on, and
/// what else had failed there is run again, as an operator's retry does.
fn wait_again(machine: &mut Machine<'_>, frame: FrameId, n: u32) {
    let held_before = machine.state.held.len();
    machine.state.held.retain(|held| held.frame != frame);
    if machine.state.held.len() < held_before {
        // Its failure had not been looked at yet: the task still waits, with all its timers.
        revive(machine, n);
        return;
    }
    let failed = match machine.state.faulted.as_ref().map(|faulted| &faulted.again) {
        Some(Again::Tasks { frames }) => frames.clone(),
        Some(Again::Task) => machine.leaves(),
        Some(Again::Start | Again::End { .. }) | None => Vec::new(),
    };
    let others = failed.iter().copied().filter(|one| *one != frame).collect();
    if machine.state.faulted.is_some() && failed.contains(&frame) {
        operator::revive(machine);
        if let Err(fault) = operator::limit_again(machine) {
            machine.fault(fault, Again::Tasks { frames: failed });
            return;
        }
    }
    let Some(_) = machine.locate(frame) else { return };
    machine.top_mut().doing = Doing::Send;
    let task = machine.top_task();
    let timed = task.timeout.as_ref().map_or(Ok(()), |after| machine.set_task_timeout(task, after));
    let next = match timed {
        Ok(()) => {
            revive(machine, n);
            Move::Park
        }
        Err(fault) => Move::Fail(fault),
    };
    machine.drive_and_run_again(next, others);
    machine.release_held();
}
