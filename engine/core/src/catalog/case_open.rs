//! `case-open`: registers a matter and gives it a number. One case for each instance.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, clock, shape};
use crate::case::{Case, CaseState, Flag};
use crate::docket;
use crate::history::What;
use crate::machine::{Machine, Move};

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
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let with: With = called.read()?;
    if let Some(case) = &machine.state.case {
        return Err(called.refuse(&format!("the instance already has the case {}", case.no)));
    }
    let no = machine.case_numbers.next(machine.now);
    machine.state.case = Some(Case {
        no: no.clone(),
        instance: machine.state.instance,
        r#type: with.r#type,
        channel: with.channel,
        source_ref: with.source_ref,
        title: with.title,
        content: called.with.get("content").unwrap_or_default(),
        state: CaseState::Registered,
        outcome: None,
        flags: BTreeSet::new(),
        category: with.category,
        urgency: with.urgency,
        unit: None,
        due: None,
        opened: machine.now,
        closed: None,
        reworks: 0,
        fields: Data::object([]),
        version: 0,
        clocks: Vec::new(),
    });
    machine.record(Some(called.task), What::CaseOpened { no });
    machine.case_changed();
    docket::flag(machine, Some(called.task), with.flags.unwrap_or_default());
    for clock in with.clocks.unwrap_or_default() {
        clock::start::start(machine, &called, clock)?;
    }
    Ok(Move::Return(docket::case_data(machine, &called)?))
}
