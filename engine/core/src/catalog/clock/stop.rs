//! `clock-stop`: what a clock was for is done, in time or not.

use serde::Deserialize;

use super::{done, named, output};
use crate::catalog::Function;
use crate::stopwatch::{self, Ending};

pub(in crate::catalog) const FUNCTION: Function = Function {
    name: "clock-stop",
    summary: "Ends a clock: met, or breached",
    input: || named(&[], &[]),
    output,
    begin: |machine, called| {
        let With { clock } = called.read()?;
        let result = stopwatch::end(machine, Some(called.task), &clock, Ending::Stop, None);
        done(machine, &called, &clock, result)
    },
};

#[derive(Deserialize)]
struct With {
    clock: String,
}
