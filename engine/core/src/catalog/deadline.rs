//! `deadline`: when a promise is due, by the wall or by a calendar.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::Timestamp;
use crate::machine::{Machine, Move};
use crate::promise::{When, length_schema};

pub(super) const FUNCTION: Function = Function {
    name: "deadline",
    summary: "Works out when something is due",
    input: || length_schema(&[("from", shape::optional_text())], &[]),
    output: || {
        shape::object(
            &["dueAt", "provisional"],
            &[
                ("dueAt", shape::moment()),
                ("after", shape::duration()),
                ("workingHours", shape::duration()),
                ("workingDays", json!({"type": "integer"})),
                ("calendarDays", json!({"type": "integer"})),
                ("roll", shape::text()),
                ("calendar", shape::text()),
                ("edition", json!({"type": "integer"})),
                ("provisional", json!({"type": "boolean"})),
            ],
        )
    },
    begin,
};

#[derive(Deserialize)]
struct With {
    #[serde(flatten)]
    when: When,
    from: Option<String>,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let With { when, from } = called.read()?;
    let from = match &from {
        None => machine.now,
        Some(text) => {
            Timestamp::parse(text).ok_or_else(|| called.refuse(&format!("`from` is not RFC 3339: {text}")))?
        }
    };
    let promise = when.promise(machine, &called, from, "")?;
    let mut output = match when.amount(&called, "")? {
        Some(amount) => json!(amount),
        None => json!({}),
    };
    if let Some(text) = when.after {
        output["after"] = Value::String(text);
    }
    output["dueAt"] = json!(promise.due.rfc3339());
    output["provisional"] = json!(promise.recipe.as_ref().is_some_and(|recipe| recipe.provisional));
    if let Some(recipe) = promise.recipe {
        output["calendar"] = Value::String(recipe.calendar);
        output["edition"] = json!(recipe.edition);
    }
    Ok(Move::Return(Data::from(output)))
}
