//! `deadline`: when a promise is due.

use serde::Deserialize;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::machine::{Machine, Move};
use crate::{Timestamp, duration};

pub(super) const FUNCTION: Function = Function {
    name: "deadline",
    summary: "Works out when something is due",
    input: || shape::object(&["after"], &[("after", shape::duration()), ("from", shape::optional_text())]),
    output: || {
        shape::object(&["dueAt", "after"], &[("dueAt", shape::moment()), ("after", shape::duration())])
    },
    begin,
};

#[derive(Deserialize)]
struct With {
    after: String,
    from: Option<String>,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let with: With = called.read()?;
    let millis = duration::parse(&with.after).ok_or_else(|| {
        called.refuse(&format!("`after` is not a duration of fixed length: {}", with.after))
    })?;
    let from = match &with.from {
        None => machine.now,
        Some(text) => {
            Timestamp::parse(text).ok_or_else(|| called.refuse(&format!("`from` is not RFC 3339: {text}")))?
        }
    };
    let due = from.plus_millis(millis);
    Ok(Move::Return(Data::object([
        ("dueAt".to_owned(), Data::string(due.rfc3339())),
        ("after".to_owned(), Data::string(with.after)),
    ])))
}
