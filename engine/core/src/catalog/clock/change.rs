//! `clock-change`: another goal for a clock that runs, counted from the same start, or a fixed due time.

use serde::Deserialize;
use serde_json::json;
use yiwang_dsl::Fault;

use super::{done, named, output};
use crate::Timestamp;
use crate::catalog::{Called, Function, shape};
use crate::machine::{Machine, Move};
use crate::promise::{When, length_schema};
use crate::stopwatch::{self, Change};

pub(in crate::catalog) const FUNCTION: Function = Function {
    name: "clock-change",
    summary: "Gives a clock another goal or a fixed due time, with a reason",
    input: || {
        let members =
            [("goal", length_schema(&[], &[])), ("dueAt", shape::moment()), ("reason", shape::text())];
        let mut schema = named(&["reason"], &members);
        schema["oneOf"] = json!([{"required": ["goal"]}, {"required": ["dueAt"]}]);
        schema
    },
    output,
    begin,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct With {
    clock: String,
    goal: Option<When>,
    due_at: Option<String>,
    reason: String,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let With { clock, goal, due_at, reason } = called.read()?;
    let fixed = match &due_at {
        None => None,
        Some(text) => Some(
            Timestamp::parse(text)
                .ok_or_else(|| called.refuse(&format!("`dueAt` is not RFC 3339: {text}")))?,
        ),
    };
    let (goal, calendar) = match &goal {
        None => (None, None),
        Some(goal) => {
            let named = goal.calendar.is_some().then(|| goal.calendar(machine, &called)).transpose()?;
            (goal.amount(&called, "goal.")?, named.map(|calendar| calendar.id.to_string()))
        }
    };
    let result =
        stopwatch::change(machine, Some(called.task), &clock, Change { goal, fixed, calendar, reason });
    done(machine, &called, &clock, result)
}
