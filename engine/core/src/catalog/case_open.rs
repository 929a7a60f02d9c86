//! `case-open`: registers a matter and gives it a number. One case for each instance.

use serde::Deserialize;
use serde_json::json;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, clock, shape};
use crate::case::{self, Case, Flag, Petitioner, Place, Related, Relation, TrackingCode};
use crate::docket;
use crate::history::What;
use crate::machine::{Machine, Move};
use crate::work_item::Actor;

pub(super) const FUNCTION: Function = Function {
    name: "case-open",
    summary: "Opens the case of this instance and gives it a number",
    input: || {
        shape::object(
            &["type", "title", "content", "channel"],
            &[
                ("type", shape::text()),
                ("title", shape::text()),
                ("content", json!({})),
                ("channel", shape::text()),
                ("sourceRef", shape::optional_text()),
                ("category", shape::optional_text()),
                ("urgency", shape::optional_text()),
                ("flags", shape::flags()),
                ("clocks", json!({"type": ["array", "null"], "items": clock::start::input()})),
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
#[serde(rename_all = "camelCase")]
struct With {
    r#type: String,
    title: String,
    channel: String,
    source_ref: Option<String>,
    category: Option<String>,
    urgency: Option<String>,
    flags: Option<Vec<Flag>>,
    clocks: Option<Vec<clock::start::With>>,
    kind: Option<String>,
    petitioner: Option<Petitioner>,
    place: Option<Place>,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let with: With = called.read()?;
    if let Some(case) = &machine.state.case {
        return Err(called.refuse(&format!("the instance already has the case {}", case.no)));
    }
    let content = called.with.get("content").unwrap_or_default();
    // What the call does not say, the intake data may.
    let (petitioner, place, kind) = case::of_content(&content);
    let no = machine.case_numbers.next(machine.now);
    let origin = machine.state.split_from.clone();
    let related = origin.iter().map(|no| Related { no: no.clone(), relation: Relation::SplitFrom });
    let case = Case {
        r#type: with.r#type,
        channel: with.channel,
        source_ref: with.source_ref,
        title: with.title,
        content,
        category: with.category,
        urgency: with.urgency,
        tracking: Some(TrackingCode::new(machine.entropy.next())),
        kind: with.kind.or(kind),
        petitioner: with.petitioner.or(petitioner),
        place: with.place.or(place),
        related: related.collect(),
        ..Case::new(no.clone(), machine.state.instance, machine.now)
    };
    let facts = facts(&case);
    machine.state.case = Some(case);
    machine.record(Some(called.task), What::CaseOpened { no: no.clone(), facts });
    if let Some(origin) = origin {
        let by = Actor::new("split", Vec::new());
        docket::linked(machine, &origin, &no, Relation::SplitInto, by, None);
    }
    docket::ask_for_repeats(machine);
    docket::flag(machine, Some(called.task), with.flags.unwrap_or_default());
    for clock in with.clocks.unwrap_or_default() {
        clock::start::start(machine, &called, clock)?;
    }
    Ok(Move::Return(docket::case_data(machine, &called)?))
}

/// What the case begins with and may change: the history of its changes begins here.
fn facts(case: &Case) -> Data {
    let mut facts = serde_json::Map::new();
    let mut note = |name: &str, value: serde_json::Value| {
        if !value.is_null() && value != json!([]) {
            facts.insert(name.to_owned(), value);
        }
    };
    note("category", json!(case.category));
    note("urgency", json!(case.urgency));
    note("kind", json!(case.kind));
    note("petitioner", json!(case.petitioner));
    note("place", json!(case.place));
    note("related", json!(case.related));
    if facts.is_empty() { Data::null() } else { Data::from(serde_json::Value::Object(facts)) }
}
