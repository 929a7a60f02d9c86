//! Which task a repair means: where the instance stands, what holds it up, where it may go.

use yiwang_dsl::Data;
use yiwang_dsl::definition::Task;

use super::{list, standing};
use crate::machine::Machine;
use crate::state::{Again, FrameId};
use crate::transition::{Refusal, RefusalKind};

/// A task that is under way.
pub(super) struct Spot<'a> {
    pub(super) frame: FrameId,
    pub(super) task: &'a Task,
    pub(super) raw: Data,
}

/// The task that is meant, if the instance is within it.
pub(super) fn find<'a>(machine: &Machine<'a>, wanted: Option<&str>) -> Result<Spot<'a>, Refusal> {
    let definition = machine.definition();
    let task = |id| definition.task(id);
    let found: Vec<_> = match wanted {
        None => standing::leaves(machine.state),
        Some(wanted) => {
            let frames = machine.state.strands.iter().flat_map(|strand| &strand.frames);
            frames.filter(|frame| list::is_named(task(frame.task), wanted)).collect()
        }
    };
    if let [frame] = &found[..] {
        return Ok(Spot { frame: frame.id, task: task(frame.task), raw: frame.incoming.raw.clone() });
    }
    let leaves = standing::leaves(machine.state);
    let places: Vec<String> =
        leaves.iter().map(|frame| format!("`{}`", task(frame.task).reference)).collect();
    let stands = if places.is_empty() {
        "it stands at no task: what failed is the workflow's own input or output, which a patch and a retry \
         can mend"
            .to_owned()
    } else {
        format!("it stands at {}", places.join(", "))
    };
    let message = match (wanted, found.is_empty()) {
        (None, true) => stands,
        (None, false) => format!("say which task is meant: {stands}"),
        (Some(wanted), true) => format!("the instance is not within a task `{wanted}`; {stands}"),
        (Some(wanted), false) => format!("there are several tasks `{wanted}`: give the pointer; {stands}"),
    };
    Err(Refusal::new(RefusalKind::Conflict, message).coded("repair.nowhere"))
}

/// Of a faulted instance: the tasks that an operator's retry would run again, if this one is among them or around
/// one of them. Another one is not what holds the instance up.
pub(super) fn failed_there(
    machine: &Machine<'_>,
    spot: &Spot<'_>,
    word: &str,
) -> Result<Option<Vec<FrameId>>, Refusal> {
    let Some(faulted) = &machine.state.faulted else { return Ok(None) };
    let frames = match &faulted.again {
        Again::Tasks { frames } => frames.clone(),
        Again::Task => machine.leaves(),
        Again::Start | Again::End { .. } => Vec::new(),
    };
    let all = machine.state.strands.iter().flat_map(|strand| &strand.frames);
    let failed: Vec<_> = all.filter(|frame| frames.contains(&frame.id)).collect();
    let is_it = failed.iter().any(|frame| {
        frame.id == spot.frame
            || standing::around(machine.state, frame).iter().any(|outer| outer.id == spot.frame)
    });
    if is_it {
        return Ok(Some(frames));
    }
    let names: Vec<String> =
        failed.iter().map(|frame| format!("`{}`", machine.definition().task(frame.task).reference)).collect();
    let message = format!(
        "cannot {word} `{}` while something else holds the instance up: {}; repair or retry that first",
        spot.task.reference,
        if names.is_empty() { "the workflow's own input or output".to_owned() } else { names.join(", ") }
    );
    Err(Refusal::new(RefusalKind::Conflict, message).coded("repair.nowhere"))
}

/// The task of the same list that is meant.
pub(super) fn target<'a>(machine: &Machine<'a>, spot: &Spot<'a>, to: &str) -> Result<&'a Task, Refusal> {
    let definition = machine.definition();
    let possible = list::around(definition, spot.task);
    if let Some(target) = possible.iter().find(|task| list::is_named(task, to)) {
        return Ok(target);
    }
    let mut message = format!(
        "`{to}` does not stand in the list of `{}`; from there: {}",
        spot.task.reference,
        standing::names(&possible).join(", ")
    );
    let frames = machine.state.strands.iter().flat_map(|strand| &strand.frames);
    let Some(inner) = frames.into_iter().find(|frame| frame.id == spot.frame) else {
        unreachable!("it was found")
    };
    for outer in standing::around(machine.state, inner) {
        let outer = definition.task(outer.task);
        let possible = list::around(definition, outer);
        if possible.iter().any(|task| list::is_named(task, to)) {
            message.push_str(&format!(
                "; to give up the whole of `{}` and go there, move from that one",
                outer.reference
            ));
            break;
        }
    }
    Err(Refusal::new(RefusalKind::Conflict, message).coded("repair.scope"))
}
