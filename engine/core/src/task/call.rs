//! `call`: a function of the catalog, or a service by its protocol. What each function does stands in
//! `catalog/`.

use yiwang_dsl::Fault;
use yiwang_dsl::definition::{Callee, Task};
use yiwang_dsl::error::Kind;
use yiwang_dsl::expression::Template;

use super::service::{self, Wanted};
use crate::catalog;
use crate::effect::Service;
use crate::machine::{Machine, Move, Place};

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
        Callee::Defined(_) => unreachable!("refused by the language"),
    };
    let Some(called) = catalog::find(function) else {
        let detail = format!("no function {}:{}@{}", function.name, function.version, function.catalog);
        return Err(Place::new(task, "call").fault(Kind::Configuration, &detail));
    };
    let with = machine.template(with, &machine.input(), place)?;
    called.begin(machine, task, function, with, place)
}
