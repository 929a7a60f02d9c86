//! `clock-pause`: clocks do not count for a while. What is left stays left.

use serde::Deserialize;

use super::{all_or_one, done, done_all, output_of_all_or_one};
use crate::catalog::{Function, shape};
use crate::stopwatch;

pub(in crate::catalog) const FUNCTION: Function = Function {
    name: "clock-pause",
    summary: "Stops the count of a clock, or of all that run, for a while, with a reason",
    input: || all_or_one(&["reason"], &[("reason", shape::text())]),
    output: output_of_all_or_one,
    begin: |machine, called| {
        let With { clock, reason } = called.read()?;
        let Some(clock) = clock else {
            let paused = stopwatch::pause_all(machine, Some(called.task), &reason);
            return done_all(machine, &called, paused);
        };
        let result = stopwatch::pause(machine, Some(called.task), &clock, &reason);
        done(machine, &called, &clock, result)
    },
};

#[derive(Deserialize)]
struct With {
    clock: Option<String>,
    reason: String,
}
