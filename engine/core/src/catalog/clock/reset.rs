//! `clock-reset`: a clock counts from the beginning.

use serde::Deserialize;

use super::{done, named, output};
use crate::catalog::Function;
use crate::stopwatch;

pub(in crate::catalog) const FUNCTION: Function = Function {
    name: "clock-reset",
    summary: "Lets a clock count from the beginning, from now on",
    input: || named(&[], &[]),
    output,
    begin: |machine, called| {
        let With { clock } = called.read()?;
        let result = stopwatch::reset(machine, Some(called.task), &clock);
        done(machine, &called, &clock, result)
    },
};

#[derive(Deserialize)]
struct With {
    clock: String,
}
