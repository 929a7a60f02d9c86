//! `try`: a list that may fail, and what to do then.
//!
//! ```text
//! trying ──error it wants──► retries left? ─yes─► delayed ─timer─► trying
//!                                 └─no─► catching (`catch.do`) ─► catch.then
//! ```

use yiwang_dsl::definition::{Backoff, Block, Catch, ErrorFilter, Flow, Retry, Task, TaskKind};
use yiwang_dsl::error::{TypeAliases, same_type};
use yiwang_dsl::{Data, Fault};

use crate::history::What;
use crate::limits::RETRY_DELAY_MAX_MILLIS;
use crate::machine::{Binding, Machine, Move, Place, error_variable};
use crate::state::{Doing, Owner, TryPhase, Why};

pub(super) fn begin(
    machine: &mut Machine<'_>,
    task: &Task,
    body: &Block,
    catch: &Catch,
) -> Result<Move, Fault> {
    let began = machine.now;
    machine.top_mut().doing = Doing::Try { phase: TryPhase::Trying, retries: 0, began };
    attempt(machine, task, body, catch)
}

/// Runs the list once, under the limit on one attempt.
fn attempt(machine: &mut Machine<'_>, task: &Task, body: &Block, catch: &Catch) -> Result<Move, Fault> {
    let input = machine.input();
    if let Some(longest) = catch.retry.as_ref().and_then(|retry| retry.attempt_duration.as_ref()) {
        let place = Place::new(task, "catch.retry.limit.attempt.duration");
        let millis = machine.span(longest, &input, place)?;
        let owner = Owner::Frame(machine.top().id);
        machine.set_timer(machine.now.plus_millis(millis), owner, Why::Attempt);
    }
    Ok(machine.enter_list(body, input))
}

/// The retry timer fired.
pub(crate) fn again(machine: &mut Machine<'_>) -> Move {
    let task = machine.top_task();
    let TaskKind::Try { body, catch } = &task.kind else { unreachable!("only a try sets a retry timer") };
    if let Doing::Try { phase, .. } = &mut machine.top_mut().doing {
        *phase = TryPhase::Trying;
    }
    attempt(machine, task, body, catch).unwrap_or_else(Move::Fail)
}

/// The tried list or `catch.do` has ended.
pub(super) fn list_ended(machine: &mut Machine<'_>, task: &Task, catch: &Catch, output: Data) -> Move {
    let frame = machine.top();
    let caught = matches!(&frame.doing, Doing::Try { phase: TryPhase::Catching { .. }, .. });
    if caught { leave(task, catch, output) } else { Move::Return(output) }
}

fn leave(task: &Task, catch: &Catch, output: Data) -> Move {
    match catch.then {
        Flow::Continue => Move::ReturnThen(output, task.then),
        Flow::Exit | Flow::End | Flow::Goto(_) => Move::ReturnThen(output, catch.then),
    }
}

/// Does the `try` at frame `at` want this error?
pub(crate) fn wants(
    machine: &Machine<'_>,
    task: &Task,
    catch: &Catch,
    at: usize,
    fault: &Fault,
) -> Result<bool, Fault> {
    if !filter_matches(&catch.with, fault, machine.definition().policy.error_types) {
        return Ok(false);
    }
    let error = error_variable(fault);
    let binding = Binding { name: &catch.variable, value: &error };
    let input = &machine.frames()[at].incoming.transformed;
    let holds = |expression, property| -> Result<bool, Fault> {
        let place = Place::new(task, property).seen_from(at).with(binding);
        Ok(machine.expression(expression, input, place)?.is_true())
    };
    if let Some(when) = &catch.when
        && !holds(when, "catch.when")?
    {
        return Ok(false);
    }
    match &catch.except_when {
        Some(except) => Ok(!holds(except, "catch.exceptWhen")?),
        None => Ok(true),
    }
}

fn filter_matches(filter: &ErrorFilter, fault: &Fault, aliases: TypeAliases) -> bool {
    fn equal<T: PartialEq>(wanted: Option<&T>, actual: Option<&T>) -> bool {
        wanted.is_none_or(|wanted| actual == Some(wanted))
    }
    filter.r#type.as_ref().is_none_or(|wanted| same_type(wanted, &fault.r#type, aliases))
        && equal(filter.status.as_ref(), Some(&fault.status))
        && equal(filter.instance.as_ref(), Some(&fault.instance))
        && equal(filter.title.as_ref(), fault.title.as_ref())
        && equal(filter.detail.as_ref(), fault.detail.as_ref())
}

/// The innermost frame is the `try` that takes this error.
pub(crate) fn caught(machine: &mut Machine<'_>, fault: Fault) -> Result<Move, Fault> {
    let task = machine.top_task();
    let TaskKind::Try { catch, .. } = &task.kind else { unreachable!("only a try catches") };
    // The limit on one attempt ends with the attempt.
    machine.cancel_owned_timers(machine.top().id, |why| matches!(why, Why::Attempt));
    if let Some(retry) = &catch.retry
        && let Some(millis) = retry_delay(machine, task, catch, retry, &fault)?
    {
        return Ok(delay(machine, task, fault, millis));
    }
    let input = machine.input();
    if let Doing::Try { phase, .. } = &mut machine.top_mut().doing {
        *phase = TryPhase::Catching { error: fault };
    }
    Ok(match &catch.body {
        Some(body) => machine.enter_list(body, input),
        None => leave(task, catch, input),
    })
}

/// The delay before the next try, or none if there is to be none.
fn retry_delay(
    machine: &mut Machine<'_>,
    task: &Task,
    catch: &Catch,
    retry: &Retry,
    fault: &Fault,
) -> Result<Option<u64>, Fault> {
    let Doing::Try { retries, began, .. } = machine.top().doing else {
        unreachable!("only a try catches");
    };
    let input = machine.input();
    let error = error_variable(fault);
    let binding = Binding { name: &catch.variable, value: &error };
    let holds = |machine: &Machine<'_>, expression, property| -> Result<bool, Fault> {
        let place = Place::new(task, property).with(binding);
        Ok(machine.expression(expression, &input, place)?.is_true())
    };
    if let Some(when) = &retry.when
        && !holds(machine, when, "catch.retry.when")?
    {
        return Ok(None);
    }
    if let Some(except) = &retry.except_when
        && holds(machine, except, "catch.retry.exceptWhen")?
    {
        return Ok(None);
    }
    if retry.attempts_max.is_some_and(|max| retries >= max) {
        return Ok(None);
    }
    let place = |property| Place::new(task, property).with(binding);
    let base = machine.span(&retry.delay, &input, place("catch.retry.delay"))?;
    let mut millis = grown(base, retry.backoff, retries);
    if let Some((from, to)) = &retry.jitter {
        let from = machine.span(from, &input, place("catch.retry.jitter.from"))?;
        let to = machine.span(to, &input, place("catch.retry.jitter.to"))?;
        millis = millis.saturating_add(machine.entropy.between(from, to));
    }
    if let Some(longest) = &retry.duration {
        let longest = machine.span(longest, &input, place("catch.retry.limit.duration"))?;
        if machine.now.plus_millis(millis) > began.plus_millis(longest) {
            return Ok(None);
        }
    }
    Ok(Some(millis))
}

fn grown(base: u64, backoff: Backoff, retries: u32) -> u64 {
    let grown = match backoff {
        Backoff::Constant => base,
        Backoff::Linear => base.saturating_mul(u64::from(retries) + 1),
        Backoff::Exponential => base.saturating_mul(1_u64.checked_shl(retries).unwrap_or(u64::MAX)),
    };
    grown.min(RETRY_DELAY_MAX_MILLIS.max(base))
}

fn delay(machine: &mut Machine<'_>, task: &Task, error: Fault, millis: u64) -> Move {
    let due = machine.now.plus_millis(millis);
    let mut attempt = 0;
    if let Doing::Try { phase, retries, .. } = &mut machine.top_mut().doing {
        *retries = retries.saturating_add(1);
        attempt = *retries;
        *phase = TryPhase::Delayed { error };
    }
    machine.record(Some(task), What::TaskRetried { attempt, due });
    let owner = Owner::Frame(machine.top().id);
    machine.set_timer(due, owner, Why::Retry);
    Move::Park
}
