//! `foreach`: what is done with each item of a stream, one after the other: the events of a `listen`, the
//! messages of a subscription. Items that come while a round is under way wait for theirs.

use yiwang_dsl::definition::{Foreach, Task, TaskKind};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::machine::{Machine, Move, Place};
use crate::state::{Doing, Rounds};

/// A `call` has returned these messages, and something is to be done with each. None: with the whole.
pub(crate) fn begin(machine: &mut Machine<'_>, task: &Task, raw: &Data) -> Option<Result<Move, Fault>> {
    let TaskKind::Call { foreach: Some(foreach), .. } = &task.kind else { return None };
    if let Doing::Each { .. } = machine.top().doing {
        // That was done: these are the outputs.
        return None;
    }
    let Some(items) = raw.items() else {
        return Some(Err(Place::new(task, "foreach").fault(Kind::Runtime, "what came is not an array")));
    };
    let items = items.collect();
    let doing = std::mem::replace(&mut machine.top_mut().doing, Doing::Task);
    let authorization = if let Doing::Call { authorization } = doing { authorization } else { None };
    machine.top_mut().doing = Doing::Each { items, rounds: Rounds::default(), authorization };
    Some(next_or_return(machine, task, foreach))
}

/// The round of one message has ended with this output.
pub(super) fn message_ended(
    machine: &mut Machine<'_>,
    task: &Task,
    foreach: &Foreach,
    output: Data,
) -> Result<Move, Fault> {
    round_ended(machine, task, foreach, output)?;
    next_or_return(machine, task, foreach)
}

fn next_or_return(machine: &mut Machine<'_>, task: &Task, foreach: &Foreach) -> Result<Move, Fault> {
    if let Some(next) = next(machine, task, foreach)? {
        return Ok(next);
    }
    let Some(rounds) = machine.top().doing.rounds() else { unreachable!("only a foreach has rounds") };
    Ok(Move::Return(Data::array(rounds.outputs.iter().cloned())))
}

/// The round of the next item begins, if there is one and none is under way.
pub(super) fn next(machine: &mut Machine<'_>, task: &Task, foreach: &Foreach) -> Result<Option<Move>, Fault> {
    while let Some((item, _)) = machine.top().doing.current_item()
        && machine.top().doing.rounds().is_some_and(|rounds| !rounds.under_way)
    {
        let item = item.clone();
        if let Some(rounds) = machine.top_mut().doing.rounds_mut() {
            rounds.under_way = true;
        }
        if !foreach.body.is_empty() {
            return Ok(Some(machine.enter_list(&foreach.body, item)));
        }
        round_ended(machine, task, foreach, item)?;
    }
    Ok(None)
}

/// Transforms the output of a round, exports it and keeps it.
pub(super) fn round_ended(
    machine: &mut Machine<'_>,
    task: &Task,
    foreach: &Foreach,
    raw: Data,
) -> Result<(), Fault> {
    let [r#as, schema] = ["foreach.output.as", "foreach.output.schema"].map(|name| Place::new(task, name));
    let output = machine.transform_output(&foreach.output, raw, r#as, schema)?;
    let [r#as, schema] = ["foreach.export.as", "foreach.export.schema"].map(|name| Place::new(task, name));
    machine.export(task, &foreach.export, &output, r#as, schema)?;
    if let Some(rounds) = machine.top_mut().doing.rounds_mut() {
        rounds.outputs.push(output);
        rounds.under_way = false;
    }
    Ok(())
}
