//! `case-update`: moves the case on, or changes what is known about it.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::case::{CaseState, Flag, Petitioner, Place};
use crate::docket;
use crate::history::What;
use crate::machine::{Machine, Move};
use crate::{Timestamp, ladder};

pub(super) const FUNCTION: Function = Function {
    name: "case-update",
    summary: "Moves the case to another state, or changes its fields",
    input: || {
        let states = json!({"enum": [
            "registered", "triaged", "dispatched", "signed", "handling", "replied", "audited", null
        ]});
        shape::object(
            &[],
            &[
                ("state", states),
                ("category", shape::optional_text()),
                ("urgency", shape::optional_text()),
                ("unit", shape::optional_text()),
                ("due", shape::optional_text()),
                ("flags", shape::flags()),
                ("fields", shape::optional_object()),
                ("rework", json!({"type": ["boolean", "null"]})),
                ("kind", shape::optional_text()),
                ("petitioner", shape::petitioner()),
                ("place", shape::place()),
            ],
        )
    },
    output: shape::case,
    begin,
};

#[derive(Deserialize)]
struct With {
    state: Option<CaseState>,
    category: Option<String>,
    urgency: Option<String>,
    unit: Option<String>,
    due: Option<String>,
    flags: Option<Vec<Flag>>,
    #[serde(default)]
    rework: Option<bool>,
    kind: Option<String>,
    petitioner: Option<Petitioner>,
    place: Option<Place>,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let with: With = called.read()?;
    let case = docket::open_case(machine, &called)?;
    if let Some(to) = with.state
        && !docket::may_move(case.state, to)
    {
        return Err(called.refuse(&docket::no_such_move(case.state, to)));
    }
    // Null takes the promise back; absent leaves it as it is.
    let due = match called.with.get("due") {
        None => case.due,
        Some(_) => match &with.due {
            None => None,
            Some(text) => Some(
                Timestamp::parse(text)
                    .ok_or_else(|| called.refuse(&format!("`due` is not RFC 3339: {text}")))?,
            ),
        },
    };
    let fields = called.with.get("fields").filter(|fields| !fields.is_null());
    let changed = fields.as_ref().map(|fields| docket::changed_fields(case, fields, &called)).transpose()?;
    let no = case.no.clone();
    let from = case.state;
    let mut changes = Map::new();
    let mut note = |name: &str, value: Value| {
        changes.insert(name.to_owned(), value);
    };
    if let Some(category) = with.category.filter(|new| case.category.as_ref() != Some(new)) {
        note("category", json!(category));
        case.category = Some(category);
    }
    if let Some(urgency) = with.urgency.filter(|new| case.urgency.as_ref() != Some(new)) {
        note("urgency", json!(urgency));
        case.urgency = Some(urgency);
    }
    if let Some(unit) = with.unit.filter(|new| case.unit.as_ref() != Some(new)) {
        note("unit", json!(unit));
        case.unit = Some(unit);
    }
    if let Some(kind) = with.kind.filter(|new| case.kind.as_ref() != Some(new)) {
        note("kind", json!(kind));
        case.kind = Some(kind);
    }
    if let Some(petitioner) = with.petitioner.filter(|new| case.petitioner.as_ref() != Some(new)) {
        note("petitioner", json!(petitioner));
        case.petitioner = Some(petitioner);
    }
    if let Some(place) = with.place.filter(|new| case.place.as_ref() != Some(new)) {
        note("place", json!(place));
        case.place = Some(place);
    }
    let due_before = case.due;
    if due != case.due {
        note("due", json!(due.map(Timestamp::rfc3339)));
        case.due = due;
    }
    if with.rework == Some(true) {
        case.reworks += 1;
        note("reworks", json!(case.reworks));
    }
    if let (Some(fields), Some(changed)) = (fields, changed)
        && changed != case.fields
    {
        note("fields", fields.to_json());
        case.fields = changed;
    }
    let moved = with.state.filter(|to| *to != from);
    if let Some(to) = moved {
        case.state = to;
    }
    if let Some(to) = moved {
        machine.record(Some(called.task), What::CaseMoved { no: no.clone(), from, to });
    }
    let tells = ["category", "petitioner", "place"].iter().any(|name| changes.contains_key(*name));
    if !changes.is_empty() {
        let changes = Data::from(Value::Object(changes));
        machine.record(Some(called.task), What::CaseChanged { no, changes });
    }
    ladder::case_due_moved(machine, due_before, due);
    if tells {
        docket::ask_for_repeats(machine);
    }
    docket::flag(machine, Some(called.task), with.flags.unwrap_or_default());
    Ok(Move::Return(docket::case_data(machine, &called)?))
}
