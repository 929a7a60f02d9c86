//! `sla-lookup`: what the district's table promises for a kind of case.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use super::escalation::Escalation;
use super::{Called, Function, shape};
use crate::machine::{Machine, Move};
use crate::sla::{self, Matter, Row};

pub(super) const FUNCTION: Function = Function {
    name: "sla-lookup",
    summary: "Looks up what the district promises for a channel, kind and urgency",
    input,
    output: || {
        let clock = shape::object(
            &["clock", "goal", "thresholds"],
            &[
                ("clock", shape::text()),
                ("goal", json!({"type": "object"})),
                ("thresholds", json!({"type": "array"})),
            ],
        );
        shape::object(
            &["table", "clocks"],
            &[("table", shape::text()), ("clocks", json!({"type": "array", "items": clock}))],
        )
    },
    begin,
};

/// `with`, also as `sla` of a clock.
pub(super) fn input() -> Value {
    shape::object(
        &[],
        &[
            ("table", shape::optional_text()),
            ("channel", shape::optional_text()),
            ("kind", shape::optional_text()),
            ("urgency", shape::optional_text()),
        ],
    )
}

/// Which table, and what the case is.
#[derive(Deserialize)]
pub(super) struct With {
    table: Option<String>,
    #[serde(flatten)]
    matter: Matter,
}

impl With {
    fn table(&self) -> &str {
        self.table.as_deref().unwrap_or(sla::DEFAULT)
    }
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let with: With = called.read()?;
    let table = table(machine, &called, &with)?;
    let clocks: Vec<Value> = table.clocks(&with.matter).map(Row::clock).collect();
    Ok(Move::Return(Data::from(json!({"table": with.table(), "clocks": clocks}))))
}

fn table<'m>(machine: &Machine<'m>, called: &Called<'_>, with: &With) -> Result<&'m sla::Table, Fault> {
    machine.district.slas.table(with.table()).ok_or_else(|| {
        let detail = format!("there is no SLA table `{}`", with.table());
        called.place.fault(Kind::Configuration, &detail)
    })
}

/// The row of one clock.
pub(super) fn find<'m>(
    machine: &Machine<'m>,
    called: &Called<'_>,
    with: &With,
    clock: &str,
) -> Result<&'m Row, Fault> {
    let table = table(machine, called, with)?;
    let row = table.row(clock, &with.matter);
    row.ok_or_else(|| {
        called.refuse(&format!("the SLA table `{}` promises nothing for `{clock}`", with.table()))
    })
}

impl Row {
    /// Its ladder.
    pub(super) fn thresholds(&self, called: &Called<'_>) -> Result<Vec<Escalation>, Fault> {
        let read = Vec::<Escalation>::deserialize(&Value::Array(self.thresholds.clone()));
        read.map_err(|error| {
            called.refuse(&format!("the SLA table has a threshold that cannot be read: {error}"))
        })
    }
}
