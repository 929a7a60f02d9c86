//! `clock-resume`: paused clocks count on.

use serde::Deserialize;

use super::{all_or_one, done, done_all, output_of_all_or_one};
use crate::catalog::Function;
use crate::stopwatch;

pub(in crate::catalog) const FUNCTION: Function = Function {
    name: "clock-resume",
    summary: "Lets a paused clock, or all of them, count on",
    input: || all_or_one(&[], &[]),
    output: output_of_all_or_one,
    begin: |machine, called| {
        let With { clock } = called.read()?;
        let Some(clock) = clock else {
            let resumed = stopwatch::resume_all(machine, Some(called.task));
            return done_all(machine, &called, resumed);
        };
        let result = stopwatch::resume(machine, Some(called.task), &clock);
        done(machine, &called, &clock, result)
    },
};

#[derive(Deserialize)]
struct With {
    clock: Option<String>,
}
