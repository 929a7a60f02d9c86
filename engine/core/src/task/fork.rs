//! `fork`: branches that run at the same time, each a strand with its own copy of the context.
//!
//! ```text
//!        ┌─ branch 0 ─┐
//! fork ──┼─ branch 1 ─┼── all ended (or, competing: the first) ──► the outputs, the contexts merged
//!        └─ branch 2 ─┘
//! ```

use jaq_json::Val;
use yiwang_dsl::definition::{Block, Task};
use yiwang_dsl::{Data, Fault};

use crate::limits::{self, BRANCHES_MAX, STRANDS_MAX};
use crate::machine::{Machine, Move, Place, settle};
use crate::state::{Branch, Doing, Ended};

pub(super) fn begin(
    machine: &mut Machine<'_>,
    task: &Task,
    branches: &Block,
    compete: bool,
) -> Result<Move, Fault> {
    if branches.len() > BRANCHES_MAX {
        return Err(limits::exceeded("branches", BRANCHES_MAX, &task.reference));
    }
    if machine.state.strands.len() + branches.len() > STRANDS_MAX {
        return Err(limits::exceeded("strands", STRANDS_MAX, &task.reference));
    }
    let input = machine.input();
    if branches.is_empty() {
        return Ok(Move::Return(if compete { input } else { Data::array([]) }));
    }
    let ended = if compete { Vec::new() } else { vec![None; branches.len()] };
    machine.top_mut().doing = Doing::Fork { ended };
    let of = machine.top().id;
    for (n, branch) in branches.iter().enumerate() {
        machine.branch_off(Branch { of, n }, *branch, input.clone());
    }
    Ok(Move::Park)
}

/// The only task of the moving strand has ended with this output.
pub(crate) fn branch_ended(machine: &mut Machine<'_>, n: usize, output: Data) -> Result<Move, Fault> {
    let Some(strand) = machine.leave_branch() else { unreachable!("a branch has a fork") };
    let task = machine.top_task();
    let before = machine.state.strands[machine.strand].context.clone();
    let changed = (strand.context != before).then_some(strand.context);
    let fork = machine.top().id;
    let Doing::Fork { ended } = &mut machine.top_mut().doing else { unreachable!("a branch has a fork") };
    if ended.is_empty() {
        machine.cancel_branches(fork);
        if let Some(context) = changed {
            machine.change_context(task, context);
        }
        return Ok(Move::Return(output));
    }
    ended[n] = Some(Ended { output, context: changed });
    if ended.iter().any(Option::is_none) {
        return Ok(Move::Park);
    }
    let ended: Vec<Ended> = std::mem::take(ended).into_iter().flatten().collect();
    machine.top_mut().doing = Doing::Task;
    let contexts = ended.iter().filter_map(|branch| branch.context.as_ref());
    let merged = contexts.fold(before.clone(), |merged, context| merge(merged, &before, context));
    machine.change_context(task, settle(merged, Place::new(task, "fork"))?);
    Ok(Move::Return(Data::array(ended.into_iter().map(|branch| branch.output))))
}

/// What a branch changed in its copy of the context, in this one: its members, not what is inside of them.
fn merge(into: Data, before: &Data, after: &Data) -> Data {
    let (Val::Obj(into), Val::Obj(before), Val::Obj(after)) = (&into.0, &before.0, &after.0) else {
        // A context that is no object has no members: it is replaced.
        return after.clone();
    };
    let mut merged = (**into).clone();
    merged.retain(|name, _| after.contains_key(name) || !before.contains_key(name));
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    merged.extend(changed.map(|(name, value)| (name.clone(), value.clone())));
    Data(Val::obj(merged))
}
