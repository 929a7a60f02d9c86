//! `call`: a function of the catalog (what each does stands in `catalog/`), one written in the language, or a
//! service by its protocol.

use yiwang_dsl::definition::{Callee, Task, TaskId, empty_context};
use yiwang_dsl::error::Kind;
use yiwang_dsl::expression::Template;
use yiwang_dsl::{Data, Fault};

use super::service::{self, Wanted};
use crate::catalog;
use crate::effect::Service;
use crate::machine::{Machine, Move, Place};
use crate::state::Doing;

pub(super) fn begin(
    machine: &mut Machine<'_>,
    task: &Task,
    callee: &Callee,
    with: &Template,
) -> Result<Move, Fault> {
    let place = Place::new(task, "with");
    let function = match callee {
        Callee::Catalog(function) => function,
        Callee::Protocol(protocol) => {
            service::request(machine, Service::Protocol(*protocol), with, place, Wanted::Answer)?;
            return Ok(Move::Park);
        }
        Callee::Defined(function) => return begin_function(machine, *function, with, place),
    };
    let Some(called) = catalog::find(function) else {
        let detail = format!("no function {}:{}@{}", function.name, function.version, function.catalog);
        return Err(Place::new(task, "call").fault(Kind::Configuration, &detail));
    };
    let with = machine.template(with, &machine.input(), place)?;
    called.begin(machine, task, function, with, place)
}

/// A function written in the language sees what it is given, and a context of its own.
fn begin_function(
    machine: &mut Machine<'_>,
    function: TaskId,
    with: &Template,
    place: Place<'_>,
) -> Result<Move, Fault> {
    let with = machine.template(with, &machine.input(), place)?;
    let context = std::mem::replace(&mut machine.state.strands[machine.strand].context, empty_context());
    machine.top_mut().doing = Doing::Function { context };
    Ok(Move::Enter(function, with))
}

/// The caller's context is the one that counts again.
pub(super) fn function_ended(machine: &mut Machine<'_>, output: Data) -> Move {
    if let Doing::Function { context } = std::mem::replace(&mut machine.top_mut().doing, Doing::Task) {
        machine.state.strands[machine.strand].context = context;
    }
    Move::Return(output)
}
