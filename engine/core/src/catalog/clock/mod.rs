//! The functions of SLA clocks: what they share. One file each.

pub(super) mod cancel;
pub(super) mod change;
pub(super) mod pause;
pub(super) mod reset;
pub(super) mod resume;
pub(super) mod start;
pub(super) mod stop;

use serde_json::{Value, json};
use yiwang_dsl::{Data, Fault};

use super::{Called, shape};
use crate::machine::{Machine, Move};
use crate::stopwatch;

/// The clock as data.
fn output() -> Value {
    shape::object(
        &["clock", "stage"],
        &[
            ("clock", shape::text()),
            ("stage", json!({"enum": ["running", "paused", "met", "breached", "cancelled"]})),
            ("goal", json!({"type": "object"})),
            ("calendar", shape::text()),
            ("edition", json!({"type": "integer"})),
            ("provisional", json!({"type": "boolean"})),
            ("started", shape::moment()),
            ("dueAt", json!({"type": ["string", "null"]})),
            ("spent", shape::duration()),
            ("left", shape::duration()),
            ("breached", json!({"type": "boolean"})),
            ("card", json!({"enum": ["yellow", "red", null]})),
        ],
    )
}

/// The clock's name, with other members.
fn named(required: &[&str], members: &[(&str, Value)]) -> Value {
    let mut all = vec![("clock", shape::text())];
    all.extend(members.iter().map(|(name, schema)| (*name, schema.clone())));
    let required: Vec<&str> = ["clock"].iter().chain(required).copied().collect();
    shape::object(&required, &all)
}

/// What the rules of clocks say is what the caller did wrong; otherwise the clock is the output.
fn done(
    machine: &Machine<'_>,
    called: &Called<'_>,
    clock: &str,
    result: Result<(), String>,
) -> Result<Move, Fault> {
    result.map_err(|reason| called.refuse(&reason))?;
    Ok(Move::Return(stopwatch::data(machine, clock)))
}

/// A clock's name, or none for all clocks; with other members.
fn all_or_one(required: &[&str], members: &[(&str, Value)]) -> Value {
    let mut all = vec![("clock", shape::optional_text())];
    all.extend(members.iter().map(|(name, schema)| (*name, schema.clone())));
    shape::object(required, &all)
}

/// The clock, or all that were meant as `clocks`.
fn output_of_all_or_one() -> Value {
    let mut either = output();
    either["required"] = json!([]);
    either["properties"]["clocks"] = json!({"type": "array", "items": output()});
    either
}

/// The clocks that something was done with.
fn done_all(
    machine: &Machine<'_>,
    called: &Called<'_>,
    result: Result<Vec<String>, String>,
) -> Result<Move, Fault> {
    let names = result.map_err(|reason| called.refuse(&reason))?;
    let clocks = names.iter().map(|name| stopwatch::data(machine, name).to_json()).collect::<Value>();
    Ok(Move::Return(Data::from(json!({ "clocks": clocks }))))
}
