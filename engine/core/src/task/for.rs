//! `for`: rounds over items, one after the other; the output of a round is the input of the next.

use yiwang_dsl::definition::{Block, Task};
use yiwang_dsl::error::Kind;
use yiwang_dsl::expression::{Expression, Template};
use yiwang_dsl::{Data, Fault};

use crate::machine::{Machine, Move, Place};
use crate::state::Doing;

pub(super) fn begin(
    machine: &mut Machine<'_>,
    task: &Task,
    over: &Template,
    until_false: Option<&Expression>,
    body: &Block,
) -> Result<Move, Fault> {
    let input = machine.input();
    let place = Place::new(task, "for.in");
    let over = machine.template(over, &input, place)?;
    let Some(items) = over.items() else {
        return Err(place.fault(Kind::Expression, "the value to go over is not an array"));
    };
    machine.top_mut().doing = Doing::For { items: items.collect(), index: 0 };
    round(machine, task, until_false, body, input)
}

/// The list of one round has ended with this output.
pub(super) fn round_ended(
    machine: &mut Machine<'_>,
    task: &Task,
    until_false: Option<&Expression>,
    body: &Block,
    output: Data,
) -> Result<Move, Fault> {
    if let Doing::For { index, .. } = &mut machine.top_mut().doing {
        *index += 1;
    }
    round(machine, task, until_false, body, output)
}

fn round(
    machine: &Machine<'_>,
    task: &Task,
    until_false: Option<&Expression>,
    body: &Block,
    data: Data,
) -> Result<Move, Fault> {
    let more = matches!(&machine.top().doing, Doing::For { items, index } if *index < items.len());
    if !more {
        return Ok(Move::Return(data));
    }
    if let Some(until_false) = until_false
        && !machine.expression(until_false, &data, Place::new(task, "while"))?.is_true()
    {
        return Ok(Move::Return(data));
    }
    Ok(machine.enter_list(body, data))
}
