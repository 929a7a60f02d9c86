//! `wait`: a timer; then the input is the output.

use yiwang_dsl::Fault;
use yiwang_dsl::definition::{Span, Task};

use crate::machine::{Machine, Move, Place};
use crate::state::{Doing, Owner, Why};

pub(super) fn begin(machine: &mut Machine<'_>, task: &Task, duration: &Span) -> Result<Move, Fault> {
    let millis = machine.span(duration, &machine.input(), Place::new(task, "wait"))?;
    machine.top_mut().doing = Doing::Wait;
    let owner = Owner::Frame(machine.top().id);
    machine.set_timer(machine.now.plus_millis(millis), owner, Why::Wait);
    Ok(Move::Park)
}
