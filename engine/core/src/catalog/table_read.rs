//! `table-read`: rows of a CSV text, or what is wrong with it by row and column.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::diagnostic::Language;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::machine::{Machine, Move};
use crate::table;

pub(super) const FUNCTION: Function = Function {
    name: "table-read",
    summary: "Reads the rows of a CSV text, or tells every mistake by row and column",
    input: || {
        shape::object(
            &["text", "schema"],
            &[
                ("text", json!({"type": "string"})),
                ("schema", json!({"type": "object"})),
                ("language", json!({"enum": ["en", "zh", null]})),
            ],
        )
    },
    output: || {
        shape::object(
            &["ok", "count", "rows", "errors", "errorsLeftOut"],
            &[
                ("ok", json!({"type": "boolean"})),
                ("count", json!({"type": "integer"})),
                ("rows", json!({"type": "array", "items": {"type": "object"}})),
                ("errors", json!({"type": "array", "items": {"type": "object"}})),
                ("errorsLeftOut", json!({"type": "integer"})),
            ],
        )
    },
    begin,
};

#[derive(Deserialize)]
struct With {
    text: String,
    schema: Value,
    language: Option<String>,
}

fn begin(_: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let With { text, schema, language } = called.read()?;
    let language = match language.as_deref() {
        Some("en") => Language::English,
        _ => Language::Chinese,
    };
    let reading = table::read(&table::csv(&text), &schema);
    let reading = reading.map_err(|problem| called.refuse(&format!("`schema`: {problem}")))?;
    Ok(Move::Return(Data::from(reading.to_json(language))))
}
