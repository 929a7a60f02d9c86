//! Steps of an escalation ladder as `with` has them: those of work items and of clocks.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::Fault;

use super::{By, Called, shape};
use crate::calendar::{Amount, DEFAULT, Length};
use crate::case::Flag;
use crate::clock::Card;
use crate::machine::Machine;
use crate::promise::{When, length_schema};
use crate::state::{Rung, Step};

/// One step.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Escalation {
    at: Option<String>,
    after: Option<After>,
    add_candidate_roles: Option<Vec<String>>,
    raise_priority: Option<bool>,
    replace_pending: Option<bool>,
    flag: Option<Flag>,
    note: Option<String>,
    notify: Option<By>,
    card: Option<Card>,
}

/// How long after the breach: a text is time on the wall.
#[derive(Deserialize)]
#[serde(untagged)]
enum After {
    Text(String),
    Length(Box<When>),
}

/// The schema of a step. `card` is for clocks.
pub(crate) fn schema() -> Value {
    let mut notify = shape::message();
    notify.push(("channel", shape::text()));
    let notify = json!({"anyOf": [{"type": "null"}, shape::object(&["channel", "to", "body"], &notify)]});
    let mut rung = shape::object(
        &[],
        &[
            ("at", json!({"type": "string", "pattern": "^[1-9][0-9]{0,2}%$"})),
            ("after", json!({"anyOf": [shape::duration(), length_schema(&[], &[])]})),
            ("addCandidateRoles", shape::texts()),
            ("raisePriority", json!({"type": ["boolean", "null"]})),
            ("flag", json!({"enum": ["warned", "overdue", "supervised", null]})),
            ("note", shape::optional_text()),
            ("notify", notify),
            ("card", json!({"enum": ["yellow", "red", null]})),
        ],
    );
    rung["oneOf"] = json!([{"required": ["at"]}, {"required": ["after"]}]);
    rung
}

/// The same for work: without a card.
pub(crate) fn schema_of_work() -> Value {
    let mut rung = schema();
    if let Some(members) = rung["properties"].as_object_mut() {
        members.remove("card");
    }
    rung
}

/// The same for the work of a group: with what is done about a member who does not answer.
pub(crate) fn schema_of_group_work() -> Value {
    let mut rung = schema_of_work();
    rung["properties"]["replacePending"] = json!({"type": ["boolean", "null"]});
    rung
}

impl Escalation {
    /// When it is taken, as history calls it and as it is worked out.
    pub(crate) fn step(&self, machine: &Machine<'_>, called: &Called<'_>) -> Result<(String, Step), Fault> {
        let never = |step: &str| called.refuse(&format!("an escalation at no time: {step}"));
        if let Some(at) = &self.at {
            let percent = at.strip_suffix('%').and_then(|percent| percent.parse().ok());
            return Ok((at.clone(), Step::Percent(percent.ok_or_else(|| never(at))?)));
        }
        match &self.after {
            Some(After::Text(text)) => {
                let after = Length::parse(text).ok_or_else(|| never(text))?;
                let calendar = DEFAULT.to_owned();
                Ok((text.clone(), Step::After { amount: Amount::Wall { after }, calendar }))
            }
            Some(After::Length(length)) => {
                let amount = length.amount(called, "after.")?.ok_or_else(|| never(""))?;
                let calendar = length.calendar(machine, called)?.id.to_string();
                Ok((amount.to_string(), Step::After { amount, calendar }))
            }
            None => Err(never("")),
        }
    }

    /// What it does. `at` is kept where it is worked out again.
    pub(crate) fn rung(self, machine: &Machine<'_>, step: String, at: Option<Step>) -> Rung {
        let own_case = machine.state.case.as_ref().map(|case| case.no.clone());
        Rung {
            step,
            at,
            add_roles: self.add_candidate_roles.unwrap_or_default(),
            raise_priority: self.raise_priority.unwrap_or_default(),
            replace_pending: self.replace_pending.unwrap_or_default(),
            flag: self.flag,
            note: self.note,
            notify: self.notify.map(|by| (by.channel, by.notice.message(own_case))),
            card: self.card,
        }
    }
}
