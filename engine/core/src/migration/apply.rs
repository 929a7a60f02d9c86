//! A migration within a step: what is left is given up by the old version, then all goes on by the new one.

use yiwang_dsl::Fault;
use yiwang_dsl::definition::TaskKind;

use super::{Plan, path};
use crate::deployment::Deployment;
use crate::history::What;
use crate::machine::{Machine, Place};
use crate::state::{Again, Doing, FrameId, Goes, Held, Owner, Why};
use crate::transition::Status;

/// Does what the plan says.
///
/// # Errors
/// When a time of the new version cannot be worked out. The state is then half changed: the caller throws it away.
pub(crate) fn migrate<'a>(machine: &mut Machine<'a>, plan: &Plan, to: &'a Deployment) -> Result<(), Fault> {
    for frame in plan.anew.keys() {
        let at = machine.locate(*frame).expect("the plan is of this state");
        machine.abandon(at);
        machine.record(Some(machine.top_task()), What::TaskCancelled);
    }
    let old = machine.definition();
    number_branches(machine, plan);
    for frame in machine.state.strands.iter_mut().flat_map(|strand| &mut strand.frames) {
        let goes_on = plan.carried.get(&frame.id).or_else(|| plan.anew.get(&frame.id));
        frame.task = *goes_on.expect("a plan names all that is under way");
        if plan.anew.contains_key(&frame.id) {
            frame.extended = None;
        }
    }
    for decided in &mut machine.state.decided {
        let task = old.tasks.iter().find(|task| task.reference == decided.task);
        let goes_on = task.and_then(|task| match plan.mapping.get(&task.id) {
            Some(id) => Some(to.definition.task(*id)),
            None => path::counterpart(&to.definition, task, None),
        });
        if let Some(goes_on) = goes_on {
            decided.task.clone_from(&goes_on.reference);
        }
    }
    machine.switch_to(to);
    name_work(machine);
    retime(machine, plan)?;
    begin(machine, plan);
    Ok(())
}

/// Branches are known by their names; their numbers follow the new list.
fn number_branches(machine: &mut Machine<'_>, plan: &Plan) {
    for strand in &mut machine.state.strands {
        if let Some(branch) = &mut strand.branch
            && let Some(places) = plan.branches.get(&branch.of)
        {
            branch.n = places[branch.n];
        }
        for frame in &mut strand.frames {
            let (Some(places), Doing::Fork { ended }) = (plan.branches.get(&frame.id), &mut frame.doing)
            else {
                continue;
            };
            if !ended.is_empty() {
                let mut placed = vec![None; ended.len()];
                for (was, one) in std::mem::take(ended).into_iter().enumerate() {
                    placed[places[was]] = one;
                }
                *ended = placed;
            }
        }
    }
}

/// Open work names the task that it is of.
fn name_work(machine: &mut Machine<'_>) {
    let mut changed = Vec::new();
    for at in 0..machine.state.items.len() {
        let owner = Owner::Frame(machine.state.items[at].owner);
        let Some(task) = machine.owner_task(owner) else { continue };
        let item = &mut machine.state.items[at].item;
        if item.task != task.reference {
            item.task.clone_from(&task.reference);
            item.version += 1;
            changed.push(item.clone());
        }
    }
    for item in changed {
        machine.work_item_changed(&item);
    }
    let definition = machine.definition();
    for frame in machine.state.strands.iter_mut().flat_map(|strand| &mut strand.frames) {
        if let Doing::Group(group) = &mut frame.doing {
            group.pattern.task.clone_from(&definition.task(frame.task).reference);
        }
    }
}

/// Times that are written otherwise now count from when what they are of began.
fn retime(machine: &mut Machine<'_>, plan: &Plan) -> Result<(), Fault> {
    for frame in &plan.retimed {
        let at = machine.locate(*frame).expect("what goes on is there");
        retime_frame(machine, *frame, at)?;
    }
    if plan.workflow_retimed {
        machine.state.timers.retain(|timer| timer.owner != Owner::Instance);
        if let Some(after) = &machine.definition().timeout {
            let input = machine.state.input.clone();
            let millis = machine.span(after, &input, Place::workflow("timeout.after"))?;
            machine.set_timer(machine.state.started.plus_millis(millis), Owner::Instance, Why::Timeout);
        }
    }
    Ok(())
}

fn retime_frame(machine: &mut Machine<'_>, id: FrameId, at: usize) -> Result<(), Fault> {
    let frame = &machine.frames()[at];
    let (task, started) = (machine.definition().task(frame.task), frame.started);
    let (input, waits) = (frame.incoming.transformed.clone(), matches!(frame.doing, Doing::Wait));
    machine.cancel_owned_timers(id, |why| matches!(why, Why::Timeout) || (waits && matches!(why, Why::Wait)));
    if let Some(after) = &task.timeout {
        let millis = machine.span(after, &input, Place::new(task, "timeout.after").seen_from(at))?;
        machine.set_timer(started.plus_millis(millis), Owner::Frame(id), Why::Timeout);
    }
    if let (true, TaskKind::Wait { duration }) = (waits, &task.kind) {
        let millis = machine.span(duration, &input, Place::new(task, "wait").seen_from(at))?;
        machine.set_timer(started.plus_millis(millis), Owner::Frame(id), Why::Wait);
    }
    Ok(())
}

/// What was left begins anew. Of a failed instance it does when somebody retries.
fn begin(machine: &mut Machine<'_>, plan: &Plan) {
    let frames: Vec<FrameId> = plan.anew.keys().copied().collect();
    match machine.state.status {
        Status::Suspended => {
            let held = frames.into_iter().map(|frame| Held { frame, goes: Goes::Begins });
            machine.state.held.extend(held);
        }
        Status::Running | Status::Waiting => machine.run_again(frames),
        Status::Faulted => {
            let there: Vec<FrameId> = machine
                .state
                .strands
                .iter()
                .flat_map(|strand| &strand.frames)
                .map(|frame| frame.id)
                .collect();
            if let Some(faulted) = &mut machine.state.faulted
                && let Again::Tasks { frames: again } = &mut faulted.again
            {
                again.retain(|frame| there.contains(frame) && !frames.contains(frame));
                again.extend(frames);
            }
        }
        Status::Pending | Status::Cancelled | Status::Completed => {}
    }
}
