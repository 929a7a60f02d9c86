//! Effects: requested, returned, tried again by persisted timers, given up.
//!
//! A message that is given up is kept (`State::dead`) as long as nothing has taken its place, so that an operator
//! can have the same one sent again.

use yiwang_dsl::definition::{FunctionRef, Task};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::EffectId;
use crate::effect::Action;
use crate::history::What;
use crate::input::EffectOutcome;
use crate::limits::DEAD_MESSAGES_MAX;
use crate::machine::{Machine, Move, Place, settle};
use crate::state::{Owner, Pending, Repeat, State, Why};
use crate::task::service;
use crate::unsent::Failure;

/// Delays before the second and each later attempt: the schedule of Standard Webhooks, in milliseconds.
const RESEND_AFTER_MILLIS: [u64; 9] =
    [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000];

pub(crate) fn function_name(function: &FunctionRef) -> String {
    format!("{}:{}@{}", function.name, function.version, function.catalog)
}

/// Requests an effect. `Owner::Nobody` waits for no result.
pub(crate) fn request(
    machine: &mut Machine<'_>,
    owner: Owner,
    repeat: Repeat,
    function: String,
    action: Action,
) {
    machine.state.counters.effects += 1;
    let n = machine.state.counters.effects;
    let requested = matches!(action, Action::Send { .. }).then_some(machine.now);
    let pending = Pending {
        n,
        attempt: 1,
        owner,
        repeat,
        waits: false,
        child: None,
        requested,
        failure: None,
        attempts_before: 0,
        action,
    };
    let effect = pending.effect(machine.state.instance);
    let task = machine.owner_task(owner);
    machine.record(task, What::EffectRequested { effect: effect.id, function });
    machine.state.outbox.push(pending);
    machine.request(effect);
}

/// An effect was tried.
pub(crate) fn returned(machine: &mut Machine<'_>, effect: EffectId, attempt: u32, outcome: EffectOutcome) {
    let found = machine
        .state
        .outbox
        .iter()
        .position(|pending| pending.n == effect.n && pending.attempt == attempt && !pending.waits);
    let Some(at) = found else {
        machine.record(None, What::ResultIgnored { effect, attempt });
        return;
    };
    let owner = machine.state.outbox[at].owner;
    let task = machine.owner_task(owner);
    let outcome = within_limits(task, outcome);
    machine.record(task, What::EffectReturned { effect, attempt, outcome: outcome.clone() });
    match outcome {
        EffectOutcome::Done { output, authorization } => {
            let action = machine.state.outbox.remove(at).action;
            conclude(machine, owner, |machine| match action {
                Action::Send { .. } => Move::Return(sent(effect, attempt, &output)),
                Action::Call(_) => service::answered(machine, output, authorization),
                Action::Start { .. }
                | Action::Tell { .. }
                | Action::Cancel { .. }
                | Action::Query { .. }
                | Action::Sweep { .. }
                | Action::Case { .. }
                | Action::Split { .. } => Move::Return(output),
            });
        }
        EffectOutcome::Retryable { code, message, retry_after } => {
            note_failure(&mut machine.state.outbox[at], &code, &message);
            match delay(&machine.state.outbox[at], retry_after) {
                Some(millis) => try_again(machine, at, millis),
                None => give_up(machine, at, owner, &code, &message),
            }
        }
        EffectOutcome::Faulted { error } => {
            // A call has no other word for a receiver that may be there again tomorrow.
            if let Some(millis) = delay(&machine.state.outbox[at], None) {
                try_again(machine, at, millis);
                return;
            }
            machine.state.outbox.remove(at);
            conclude(machine, owner, |machine| {
                Move::Fail(Fault { instance: machine.top_task().reference.clone(), ..error })
            });
        }
        EffectOutcome::Permanent { code, message } => {
            note_failure(&mut machine.state.outbox[at], &code, &message);
            give_up(machine, at, owner, &code, &message);
        }
    }
}

/// Of a message, lists tell how it failed.
fn note_failure(pending: &mut Pending, code: &str, message: &str) {
    if pending.is_message() {
        pending.failure = Some(Failure { code: code.to_owned(), message: message.to_owned() });
    }
}

/// The time for another attempt has come.
pub(crate) fn resend(machine: &mut Machine<'_>, n: u32) {
    let instance = machine.state.instance;
    let Some(pending) = machine.state.outbox.iter_mut().find(|pending| pending.n == n) else { return };
    pending.waits = false;
    let effect = pending.effect(instance);
    machine.request(effect);
}

/// An output that is too large for history and state is a fault of its task.
fn within_limits(task: Option<&Task>, outcome: EffectOutcome) -> EffectOutcome {
    let EffectOutcome::Done { output, authorization } = outcome else { return outcome };
    let place = task.map_or(Place::workflow("output"), |task| Place::new(task, "output"));
    match settle(output, place) {
        Ok(output) => EffectOutcome::Done { output, authorization },
        Err(error) => EffectOutcome::Faulted { error },
    }
}

fn delay(pending: &Pending, retry_after: Option<u64>) -> Option<u64> {
    match pending.repeat {
        Repeat::None => None,
        Repeat::Default => {
            let attempts = pending.attempt.saturating_sub(pending.attempts_before) as usize;
            let scheduled = RESEND_AFTER_MILLIS.get(attempts - 1)?;
            Some((*scheduled).max(retry_after.unwrap_or(0)))
        }
    }
}

fn try_again(machine: &mut Machine<'_>, at: usize, millis: u64) {
    let pending = &mut machine.state.outbox[at];
    pending.attempt += 1;
    pending.waits = true;
    let (n, owner) = (pending.n, pending.owner);
    machine.set_timer(machine.now.plus_millis(millis), owner, Why::Resend { n });
}

pub(crate) fn give_up(machine: &mut Machine<'_>, at: usize, owner: Owner, code: &str, message: &str) {
    let pending = machine.state.outbox.remove(at);
    if pending.is_message() {
        bury(machine, pending);
    }
    fail(machine, owner, code, message);
}

/// The task that waited for it fails, if one did.
pub(crate) fn fail(machine: &mut Machine<'_>, owner: Owner, code: &str, message: &str) {
    let detail = if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") };
    conclude(machine, owner, |machine| {
        Move::Fail(Fault::new(Kind::Communication, &*machine.top_task().reference, detail))
    });
}

/// Keeps a message that failed for good. The oldest ones make room: an operator who has not looked at so many will
/// not miss these.
fn bury(machine: &mut Machine<'_>, pending: Pending) {
    while machine.state.dead.len() >= DEAD_MESSAGES_MAX {
        let forgotten = machine.state.dead.remove(0);
        let task = machine.owner_task(forgotten.owner);
        let message = EffectId { instance: machine.state.instance, n: forgotten.n };
        machine.record(task, What::MessageForgotten { message });
    }
    machine.state.dead.push(pending);
}

/// Forgets the dead messages of tasks that are over: a `try` caught the failure, an operator passed over the task or
/// had it run again. Whatever came of it, sending the old one too would be once too often.
pub(crate) fn forget_settled(state: &mut State) {
    if state.dead.is_empty() {
        return;
    }
    let State { dead, strands, .. } = state;
    dead.retain(|pending| match pending.owner {
        Owner::Frame(id) => strands.iter().flat_map(|strand| &strand.frames).any(|frame| frame.id == id),
        Owner::Instance | Owner::Nobody => true,
    });
}

/// The task that waited goes on, if one did.
pub(crate) fn conclude(machine: &mut Machine<'_>, owner: Owner, go: impl FnOnce(&mut Machine<'_>) -> Move) {
    match owner {
        Owner::Frame(frame) => {
            let next = machine.goes_on(frame, |machine| go(machine));
            machine.drive(next);
        }
        Owner::Instance | Owner::Nobody => {}
    }
}

fn sent(effect: EffectId, attempts: u32, output: &Data) -> Data {
    let mut members = vec![
        ("messageId".to_owned(), Data::string(effect.to_string())),
        ("state".to_owned(), Data::string("sent")),
        ("attempts".to_owned(), Data::from(serde_json::json!(attempts))),
    ];
    if let Some(id) = output.get("providerId").filter(|id| id.as_str().is_some()) {
        members.push(("providerId".to_owned(), id));
    }
    Data::object(members)
}
