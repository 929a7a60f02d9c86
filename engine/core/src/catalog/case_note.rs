//! `case-note`: a line on the case, kept in its history.

use serde::Deserialize;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::docket;
use crate::history::What;
use crate::machine::{Machine, Move};

pub(super) const FUNCTION: Function = Function {
    name: "case-note",
    summary: "Writes a note on the case",
    input: || shape::object(&["text"], &[("text", shape::text())]),
    output: || shape::object(&[], &[]),
    begin,
};

#[derive(Deserialize)]
struct With {
    text: String,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let with: With = called.read()?;
    let no = docket::case(machine, &called)?.no.clone();
    machine.record(Some(called.task), What::CaseNoted { no, text: with.text });
    Ok(Move::Return(Data::object([])))
}
