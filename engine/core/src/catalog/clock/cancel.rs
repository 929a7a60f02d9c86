//! `clock-cancel`: a clock does not matter any more.

use serde::Deserialize;

use super::{done, named, output};
use crate::catalog::{Function, shape};
use crate::stopwatch::{self, Ending};

pub(in crate::catalog) const FUNCTION: Function = Function {
    name: "clock-cancel",
    summary: "Ends a clock that does not matter any more",
    input: || named(&[], &[("reason", shape::optional_text())]),
    output,
    begin: |machine, called| {
        let With { clock, reason } = called.read()?;
        let result = stopwatch::end(machine, Some(called.task), &clock, Ending::Cancel, reason);
        done(machine, &called, &clock, result)
    },
};

#[derive(Deserialize)]
struct With {
    clock: String,
    reason: Option<String>,
}
