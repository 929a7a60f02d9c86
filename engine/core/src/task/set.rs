//! `set`: the value is the output.

use yiwang_dsl::Fault;
use yiwang_dsl::definition::Task;
use yiwang_dsl::expression::Template;

use crate::machine::{Machine, Move, Place};

pub(super) fn begin(machine: &mut Machine<'_>, task: &Task, value: &Template) -> Result<Move, Fault> {
    machine.template(value, &machine.input(), Place::new(task, "set")).map(Move::Return)
}
