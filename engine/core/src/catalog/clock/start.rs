//! `clock-start`: a stopwatch of the case begins to run.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::Fault;

use super::{done, named, output};
use crate::Timestamp;
use crate::case::Flag;
use crate::catalog::escalation::{self, Escalation};
use crate::catalog::{Called, Function, shape, sla_lookup};
use crate::machine::{Machine, Move};
use crate::promise::{self, When, length_schema};
use crate::stopwatch::{self, Start};

pub(in crate::catalog) const FUNCTION: Function = Function {
    name: "clock-start",
    summary: "Starts a clock of the case: what is to be done in which time",
    input,
    output,
    begin,
};

/// `with`, and what `case-open` takes for each of its clocks.
pub(in crate::catalog) fn input() -> Value {
    let mut goal = length_schema(&[], &[]);
    goal["description"] = json!("How long it may take");
    let mut schema = named(
        &[],
        &[
            ("goal", goal),
            ("sla", sla_lookup::input()),
            ("from", shape::optional_text()),
            (
                "marks",
                json!({
                    "enum": ["overdue", "warned", "supervised", "none", null],
                    "description": "The flag that the case gets past the due time; overdue unless given",
                }),
            ),
            ("thresholds", json!({"type": ["array", "null"], "items": escalation::schema()})),
        ],
    );
    schema["oneOf"] = json!([{"required": ["goal"]}, {"required": ["sla"]}]);
    schema
}

/// One clock to be started.
#[derive(Deserialize)]
pub(in crate::catalog) struct With {
    clock: String,
    goal: Option<When>,
    sla: Option<sla_lookup::With>,
    from: Option<String>,
    thresholds: Option<Vec<Escalation>>,
    #[serde(default)]
    marks: Option<Marks>,
}

/// What past its due time a clock does to the case.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Marks {
    Overdue,
    Warned,
    Supervised,
    None,
}

impl Marks {
    fn flag(self) -> Option<Flag> {
        match self {
            Self::Overdue => Some(Flag::Overdue),
            Self::Warned => Some(Flag::Warned),
            Self::Supervised => Some(Flag::Supervised),
            Self::None => None,
        }
    }
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let with: With = called.read()?;
    let name = with.clock.clone();
    start(machine, &called, with)?;
    done(machine, &called, &name, Ok(()))
}

/// Starts it.
pub(in crate::catalog) fn start(
    machine: &mut Machine<'_>,
    called: &Called<'_>,
    with: With,
) -> Result<(), Fault> {
    let With { clock, goal, sla, from, thresholds, marks } = with;
    let from = match &from {
        None => machine.now,
        Some(text) => {
            Timestamp::parse(text).ok_or_else(|| called.refuse(&format!("`from` is not RFC 3339: {text}")))?
        }
    };
    let (goal, calendar, thresholds) = match (goal, sla) {
        (Some(goal), _) => {
            let amount = goal.amount(called, "goal.")?;
            let amount = amount.ok_or_else(|| called.refuse("`goal` does not say how long"))?;
            (amount, goal.calendar(machine, called)?.id.to_string(), thresholds.unwrap_or_default())
        }
        (None, Some(sla)) => {
            let row = sla_lookup::find(machine, called, &sla, &clock)?;
            let calendar = promise::calendar(machine, called, row.calendar.as_deref())?.id.to_string();
            let own = match thresholds {
                Some(thresholds) => thresholds,
                None => row.thresholds(called)?,
            };
            (row.goal, calendar, own)
        }
        (None, None) => return Err(called.refuse("neither `goal` nor `sla` is given")),
    };
    let mut ladder = Vec::new();
    for threshold in thresholds {
        let (step, at) = threshold.step(machine, called)?;
        ladder.push(threshold.rung(machine, step, Some(at)));
    }
    let marks = marks.unwrap_or(Marks::Overdue).flag();
    let start = Start { clock, goal, calendar, from, ladder, marks };
    stopwatch::start(machine, Some(called.task), start).map_err(|reason| called.refuse(&reason))
}
