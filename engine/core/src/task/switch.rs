//! `switch`: the first case that holds says where to go; the input is the output.

use yiwang_dsl::Fault;
use yiwang_dsl::definition::{SwitchCase, Task};

use crate::history::What;
use crate::machine::{Machine, Move, Place};

pub(super) fn begin(machine: &mut Machine<'_>, task: &Task, cases: &[SwitchCase]) -> Result<Move, Fault> {
    let input = machine.input();
    // The default may stand anywhere; it counts only when no case holds.
    let mut default = None;
    for case in cases {
        match &case.when {
            None => default = default.or(Some(case)),
            Some(when) => {
                let property = format!("switch.{}.when", case.name);
                if machine.expression(when, &input, Place::new(task, &property))?.is_true() {
                    machine.record(Some(task), What::Switched { case: Some(case.name.clone()) });
                    return Ok(Move::ReturnThen(input, case.then));
                }
            }
        }
    }
    machine.record(Some(task), What::Switched { case: default.map(|case| case.name.clone()) });
    Ok(match default {
        Some(case) => Move::ReturnThen(input, case.then),
        None => Move::Return(input),
    })
}
