//! `case-close`: the end of a case, and how it ended.

use serde::Deserialize;
use serde_json::json;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::case::Outcome;
use crate::docket;
use crate::history::What;
use crate::machine::{Machine, Move};
use crate::stopwatch::{self, Ending};

pub(super) const FUNCTION: Function = Function {
    name: "case-close",
    summary: "Closes the case with an outcome",
    input: || {
        let outcomes = json!({"enum": [
            "resolved", "explained", "planned", "rejected", "merged", "withdrawn", "transferred",
            "unreachable"
        ]});
        shape::object(&["outcome"], &[("outcome", outcomes), ("fields", shape::optional_object())])
    },
    output: shape::case,
    begin,
};

#[derive(Deserialize)]
struct With {
    outcome: Outcome,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let With { outcome } = called.read()?;
    let now = machine.now;
    let case = docket::open_case(machine, &called)?;
    let fields = called.with.get("fields").filter(|fields| !fields.is_null());
    if let Some(fields) = &fields {
        case.fields = docket::changed_fields(case, fields, &called)?;
    }
    let no = case.no.clone();
    case.close(outcome, now);
    if let Some(fields) = fields {
        let changes = Data::object([("fields".to_owned(), fields)]);
        machine.record(Some(called.task), What::CaseChanged { no: no.clone(), changes });
    }
    machine.record(Some(called.task), What::CaseClosed { no, outcome });
    stopwatch::end_all(machine, Some(called.task), Ending::Stop);
    Ok(Move::Return(docket::case_data(machine, &called)?))
}
