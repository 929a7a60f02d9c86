//! A repair within a step: refused whole, or done whole.

use yiwang_dsl::Data;
use yiwang_dsl::definition::Task;

use super::find::{Spot, failed_there, find, target};
use super::{Change, Repair, message};
use crate::history::What;
use crate::limits::{DECISIONS_KEPT, TEXT_CHARS_MAX};
use crate::machine::{Machine, Move, Place, settle};
use crate::migration::{self, Verdict, Wish};
use crate::operator;
use crate::state::{Again, FrameId, Goes, Held, Repaired};
use crate::transition::{Refusal, RefusalKind, Status};
use crate::work_item::Actor;

/// Who repairs what, why, and by which decision.
pub(crate) struct Act<'a> {
    pub(crate) repair: Repair,
    pub(crate) by: &'a Actor,
    pub(crate) reason: String,
    pub(crate) decision: String,
}

/// Repairs the instance.
pub(crate) fn command(machine: &mut Machine<'_>, act: Act<'_>) -> Result<Data, Refusal> {
    if let Some(done) = machine.state.repairs.iter().find(|done| done.decision == act.decision) {
        return same_decision(machine, done, &act);
    }
    is_reasoned(&act.reason)?;
    can_move(machine, &act.repair)?;
    let (by, decision, word) = (act.by.person.clone(), act.decision.clone(), act.repair.word());
    match act.repair.clone() {
        Repair::Skip { task, output } => skip(machine, &act, task.as_deref(), output)?,
        Repair::Move { from, to, input } => r#move(machine, &act, from.as_deref(), &to, input)?,
        Repair::Patch { task, context, input } => {
            patch(machine, &act, task.as_deref(), context.as_ref(), input.as_ref())?;
        }
        Repair::Migrate(wish) => migrate(machine, &act, &wish)?,
        Repair::Resend { message } => message::resend(machine, &act, message)?,
        Repair::Drop { message } => message::drop(machine, &act, message)?,
    }
    let done = Repaired { decision, repair: word.to_owned(), by, at: machine.now };
    let answer = done.reply(machine.state.instance);
    if machine.state.repairs.len() >= DECISIONS_KEPT {
        machine.state.repairs.remove(0);
    }
    machine.state.repairs.push(done);
    Ok(answer)
}

/// It was decided before. The same decision again is the same answer.
fn same_decision(machine: &Machine<'_>, done: &Repaired, act: &Act<'_>) -> Result<Data, Refusal> {
    if done.repair == act.repair.word() && done.by == act.by.person {
        return Ok(done.reply(machine.state.instance));
    }
    let (decision, by, word) = (&done.decision, &done.by, &done.repair);
    let message = format!("the decision `{decision}` was used by {by} to {word} something here");
    Err(Refusal::new(RefusalKind::Conflict, message))
}

fn is_reasoned(reason: &str) -> Result<(), Refusal> {
    if !reason.trim().is_empty() && reason.chars().count() <= TEXT_CHARS_MAX {
        return Ok(());
    }
    let message = format!("say why: a reason of 1 to {TEXT_CHARS_MAX} characters");
    let mut refusal = Refusal::new(RefusalKind::Invalid, message.clone()).coded("repair.reason");
    refusal.problems.push(("/reason".to_owned(), message));
    Err(refusal)
}

fn can_move(machine: &Machine<'_>, repair: &Repair) -> Result<(), Refusal> {
    match machine.state.status {
        Status::Running | Status::Waiting | Status::Suspended | Status::Faulted => Ok(()),
        // Messages that nobody waits for outlive their instance.
        Status::Completed if repair.is_about_message() => Ok(()),
        status @ (Status::Pending | Status::Cancelled | Status::Completed) => {
            let message = format!(
                "cannot {} within an instance that is {}; one that has ended can be run again as a new one",
                repair.word(),
                operator::phase(status)
            );
            Err(Refusal::new(RefusalKind::Conflict, message).coded("repair.ended"))
        }
    }
}

/// Passes over a task.
fn skip(
    machine: &mut Machine<'_>,
    act: &Act<'_>,
    task: Option<&str>,
    output: Option<Data>,
) -> Result<(), Refusal> {
    let spot = find(machine, task)?;
    let failed = failed_there(machine, &spot, act.repair.word())?;
    let output = within_limits(output.unwrap_or_else(|| spot.raw.clone()), spot.task, "/output")?;
    let repair = Repair::Skip { task: Some(spot.task.reference.clone()), output: Some(output.clone()) };
    record(machine, act, spot.task, repair);
    let at = machine.locate(spot.frame).expect("it was found");
    machine.abandon(at);
    if machine.state.status == Status::Suspended {
        hold(machine, spot.frame, Goes::Skips(output));
        return Ok(());
    }
    go_on(machine, failed, Move::Skip(output));
    Ok(())
}

/// Leaves a task for another one of its list.
fn r#move(
    machine: &mut Machine<'_>,
    act: &Act<'_>,
    from: Option<&str>,
    to: &str,
    input: Option<Data>,
) -> Result<(), Refusal> {
    let spot = find(machine, from)?;
    let failed = failed_there(machine, &spot, act.repair.word())?;
    let target = target(machine, &spot, to)?;
    let input = within_limits(input.unwrap_or_else(|| spot.raw.clone()), target, "/input")?;
    fits(machine, target, &input)?;
    let repair = Repair::Move {
        from: Some(spot.task.reference.clone()),
        to: target.reference.clone(),
        input: Some(input.clone()),
    };
    record(machine, act, spot.task, repair);
    leave_for(machine, &spot, target, input, failed);
    Ok(())
}

/// Ends a task, and all that goes on inside it; the other one begins in its place.
fn leave_for(
    machine: &mut Machine<'_>,
    spot: &Spot<'_>,
    target: &Task,
    input: Data,
    failed: Option<Vec<FrameId>>,
) {
    let at = machine.locate(spot.frame).expect("it was found");
    machine.cancel_frames_from(at);
    machine.record(Some(spot.task), What::TaskCancelled);
    if machine.state.status == Status::Suspended {
        machine.push(target, input);
        let begun = machine.top().id;
        hold(machine, begun, Goes::Begins);
        return;
    }
    go_on(machine, failed, Move::Enter(target.id, input));
}

/// Corrects data.
fn patch(
    machine: &mut Machine<'_>,
    act: &Act<'_>,
    task: Option<&str>,
    context: Option<&Change>,
    input: Option<&Change>,
) -> Result<(), Refusal> {
    if context.is_none() && input.is_none() {
        let message = "say what is to be changed: `context`, `input` or both".to_owned();
        return Err(Refusal::new(RefusalKind::Invalid, message).coded("repair.patch"));
    }
    let at_start = machine.state.faulted.as_ref().is_some_and(|faulted| faulted.again == Again::Start);
    if let (true, None, None, Some(input)) = (at_start, task, context, input) {
        machine.state.input = changed(&machine.state.input, input, "/input")?;
        note(machine, act, None, act.repair.clone());
        return Ok(());
    }
    let spot = find(machine, task)?;
    let place = machine.locate(spot.frame).expect("it was found");
    let context = match context {
        Some(change) => {
            let data = changed(&machine.state.strands[machine.strand].context, change, "/context")?;
            Some(within_limits(data, spot.task, "/context")?)
        }
        None => None,
    };
    let input = match input {
        Some(change) => {
            let data = within_limits(changed(&spot.raw, change, "/input")?, spot.task, "/input")?;
            fits(machine, spot.task, &data)?;
            failed_there(machine, &spot, act.repair.word())?;
            Some(data)
        }
        None => None,
    };
    let Repair::Patch { context: wrote, input: gave, .. } = act.repair.clone() else { return Ok(()) };
    let repair = Repair::Patch { task: Some(spot.task.reference.clone()), context: wrote, input: gave };
    record(machine, act, spot.task, repair);
    if let Some(context) = context {
        machine.change_context(spot.task, context);
    }
    let Some(input) = input else { return Ok(()) };
    if machine.state.status == Status::Faulted {
        // It begins with that when it is run again.
        let incoming = &mut machine.frame_mut(place).incoming;
        incoming.raw = input.clone();
        incoming.transformed = input;
    } else {
        leave_for(machine, &spot, spot.task, input, None);
    }
    Ok(())
}

/// Goes on by another version.
fn migrate(machine: &mut Machine<'_>, act: &Act<'_>, wish: &Wish) -> Result<(), Refusal> {
    let Some(to) = machine.target else {
        let message = format!("no version {} of this workflow is deployed", wish.version);
        return Err(Refusal::new(RefusalKind::NotFound, message));
    };
    let plan = migration::plan(machine.deployment, to, machine.state, wish);
    let code = match plan.verdict() {
        Verdict::Safe => None,
        Verdict::NeedsMapping => Some("migration.mapping"),
        Verdict::Blocked => Some("migration.blocked"),
    };
    if let Some(code) = code {
        let in_the_way: Vec<_> =
            plan.remarks.iter().filter(|remark| remark.verdict != Verdict::Safe).collect();
        let said: Vec<String> = in_the_way
            .iter()
            .map(|remark| match &remark.task {
                Some(task) => format!("`{task}`: {}", remark.message),
                None => remark.message.clone(),
            })
            .collect();
        let message = format!("it cannot go on by {}: {}", wish.version, said.join("; "));
        return Err(Refusal::new(RefusalKind::Conflict, message).coded(code));
    }
    let before = machine.state.clone();
    note(machine, act, None, act.repair.clone());
    if let Err(fault) = migration::migrate(machine, &plan, to) {
        *machine.state = before;
        let detail = fault.detail.unwrap_or_default();
        let message = format!("a time of {} cannot be worked out here: {detail}", wish.version);
        return Err(Refusal::new(RefusalKind::Conflict, message).coded("migration.blocked"));
    }
    Ok(())
}

fn changed(data: &Data, change: &Change, place: &str) -> Result<Data, Refusal> {
    change.applied(data).map_err(|problem| {
        let mut refusal = Refusal::new(RefusalKind::Invalid, format!("the change does not apply: {problem}"));
        refusal.problems.push((place.to_owned(), problem));
        refusal.coded("repair.patch")
    })
}

/// Goes on in the moving strand. What else had failed or had not begun is run again, if it is still there.
fn go_on(machine: &mut Machine<'_>, failed: Option<Vec<FrameId>>, next: Move) {
    let Some(mut frames) = failed else {
        machine.drive(next);
        return;
    };
    operator::revive(machine);
    if let Err(fault) = operator::limit_again(machine) {
        if let Move::Enter(task, raw) = next {
            machine.push(machine.definition().task(task), raw);
            frames.push(machine.top().id);
        }
        machine.fault(fault, Again::Tasks { frames });
        return;
    }
    machine.drive_and_run_again(next, frames);
    machine.release_held();
}

/// Once the instance is resumed, the task of this frame goes on so.
fn hold(machine: &mut Machine<'_>, frame: FrameId, goes: Goes) {
    machine.state.held.push(Held { frame, goes });
}

fn within_limits(data: Data, task: &Task, place: &str) -> Result<Data, Refusal> {
    settle(data, Place::new(task, "input")).map_err(|fault| invalid(place, fault.detail))
}

/// Would the task take this as its raw input?
fn fits(machine: &Machine<'_>, task: &Task, raw: &Data) -> Result<(), Refusal> {
    let Some(schema) = &task.input.schema else { return Ok(()) };
    let place = Place::new(task, "input.schema");
    machine.conforms(schema, raw, place).map_err(|fault| invalid("/input", fault.detail))
}

fn invalid(place: &str, detail: Option<String>) -> Refusal {
    let detail = detail.unwrap_or_default();
    let mut refusal = Refusal::new(RefusalKind::Invalid, detail.clone());
    refusal.problems.push((place.to_owned(), detail));
    refusal
}

/// From here on nothing is refused.
fn record(machine: &mut Machine<'_>, act: &Act<'_>, task: &Task, repair: Repair) {
    note(machine, act, Some(task), repair);
}

pub(super) fn note(machine: &mut Machine<'_>, act: &Act<'_>, task: Option<&Task>, repair: Repair) {
    let (by, reason) = (act.by.person.clone(), act.reason.clone());
    let decision = act.decision.clone();
    machine.record(task, What::Repaired { repair, by, reason, decision });
}
