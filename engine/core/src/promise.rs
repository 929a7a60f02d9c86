//! Due times: what was promised and by which calendar, and what becomes of it when that calendar changes.
//!
//! A promise keeps the edition it was made by. Only what reaches beyond the days that were known then is
//! provisional, and is worked out again when a new edition knows more.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

use crate::Timestamp;
use crate::calendar::{Amount, Beyond, Calendar, DEFAULT, Length, Roll};
use crate::catalog::{Called, shape};
use crate::correlation::SubscriptionKey;
use crate::history::What;
use crate::ladder;
use crate::machine::Machine;
use crate::stopwatch;

/// When something is due.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Promise {
    pub(crate) due: Timestamp,
    /// None: a fixed time, or time on the wall.
    pub(crate) recipe: Option<Recipe>,
}

/// How a due time was worked out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Counted from then.
    pub from: Timestamp,
    /// How much.
    pub amount: Amount,
    /// By this calendar.
    pub calendar: String,
    /// In this edition.
    pub edition: u64,
    /// It reaches beyond the days that the edition knows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// `due` and the like, as `with` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct When {
    pub(crate) after: Option<String>,
    working_hours: Option<String>,
    working_days: Option<u32>,
    calendar_days: Option<u32>,
    roll: Option<Roll>,
    at: Option<String>,
    pub(crate) calendar: Option<String>,
}

/// The members that say how long, and whichever calendar is meant.
pub(crate) fn length_members() -> Vec<(&'static str, Value)> {
    let duration = shape::duration();
    let days = json!({"type": "integer", "minimum": 0, "maximum": 3660});
    vec![
        ("after", duration.clone()),
        ("workingHours", duration),
        ("workingDays", days.clone()),
        ("calendarDays", days),
        ("roll", json!({"enum": ["next", "previous", "none", null]})),
        ("calendar", json!({"type": ["string", "null"], "description": "Id of a calendar"})),
    ]
}

/// An object that says how long in exactly one way, or in one of these others.
pub(crate) fn length_schema(besides: &[(&str, Value)], others: &[&str]) -> Value {
    let members =
        length_members().into_iter().chain(besides.iter().map(|(name, schema)| (*name, schema.clone())));
    let properties: serde_json::Map<_, _> = members.map(|(name, schema)| (name.to_owned(), schema)).collect();
    let ways = ["after", "workingHours", "workingDays", "calendarDays"];
    let ways: Vec<_> = ways.iter().chain(others).map(|way| json!({"required": [way]})).collect();
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "oneOf": ways,
        "dependentRequired": {"roll": ["calendarDays"]},
    })
}

/// A due time: how long from now, or when.
pub(crate) fn due_schema() -> Value {
    let mut due = length_schema(&[("at", json!({"type": "string", "description": "RFC 3339"}))], &["at"]);
    due["type"] = json!(["object", "null"]);
    // Without an object there is nothing to choose.
    let ways = due["oneOf"].take();
    due["anyOf"] = json!([{"type": "null"}, {"oneOf": ways}]);
    if let Some(due) = due.as_object_mut() {
        due.remove("oneOf");
    }
    due
}

impl When {
    /// How long, unless it says when. `place` is how the caller calls it, e.g. `due.`.
    pub(crate) fn amount(&self, called: &Called<'_>, place: &str) -> Result<Option<Amount>, Fault> {
        let length = |name: &str, text: &str| {
            let wrong =
                || called.refuse(&format!("`{place}{name}` is not a duration of fixed length: {text}"));
            Length::parse(text).ok_or_else(wrong)
        };
        Ok(if let Some(text) = &self.after {
            Some(Amount::Wall { after: length("after", text)? })
        } else if let Some(text) = &self.working_hours {
            Some(Amount::Hours { working_hours: length("workingHours", text)? })
        } else if let Some(working_days) = self.working_days {
            Some(Amount::Days { working_days })
        } else {
            let roll = self.roll.unwrap_or_default();
            self.calendar_days.map(|calendar_days| Amount::Calendar { calendar_days, roll })
        })
    }

    /// The promise that this makes at `from`.
    pub(crate) fn promise(
        &self,
        machine: &Machine<'_>,
        called: &Called<'_>,
        from: Timestamp,
        place: &str,
    ) -> Result<Promise, Fault> {
        if let Some(at) = &self.at {
            let due = Timestamp::parse(at);
            let due = due.ok_or_else(|| called.refuse(&format!("`{place}at` is not RFC 3339: {at}")))?;
            return Ok(Promise { due, recipe: None });
        }
        let Some(amount) = self.amount(called, place)? else {
            return Err(
                called.refuse(&format!("`{}` says neither how long nor when", place.trim_end_matches('.')))
            );
        };
        let calendar = self.calendar(machine, called)?;
        promise(amount, from, calendar).map_err(|beyond| called.refuse(&beyond.to_string()))
    }

    /// The calendar that it names, or that of the workflow, or that of the district.
    pub(crate) fn calendar<'m>(
        &self,
        machine: &'m Machine<'_>,
        called: &Called<'_>,
    ) -> Result<&'m Calendar, Fault> {
        calendar(machine, called, self.calendar.as_deref())
    }
}

/// The newest edition of a calendar: the named one, or that of the workflow, or that of the district.
pub(crate) fn calendar<'m>(
    machine: &'m Machine<'_>,
    called: &Called<'_>,
    name: Option<&str>,
) -> Result<&'m Calendar, Fault> {
    let own = machine.definition().policy.calendar.as_deref();
    let id = name.or(own).unwrap_or(DEFAULT);
    machine.district.calendars.newest(id).map(|calendar| &**calendar).ok_or_else(|| {
        let known: Vec<_> = machine.district.calendars.ids().collect();
        let detail = format!("there is no calendar `{id}`; known here: {}", known.join(", "));
        called.place.fault(Kind::Configuration, &detail)
    })
}

/// What a length promises from a time on.
pub(crate) fn promise(amount: Amount, from: Timestamp, calendar: &Calendar) -> Result<Promise, Beyond> {
    let due = amount.due(from, calendar)?;
    let recipe = amount.needs_calendar().then(|| Recipe {
        from,
        amount,
        calendar: calendar.id.to_string(),
        edition: calendar.edition,
        provisional: !calendar.knows(due) || !calendar.knows(from),
    });
    Ok(Promise { due, recipe })
}

impl Promise {
    /// This part of the time between the beginning and the due time, as the promise counts.
    pub(crate) fn part(&self, machine: &Machine<'_>, begun: Timestamp, percent: u32) -> Option<Timestamp> {
        let scaled = |whole: i64| {
            let whole = u128::from(u64::try_from(whole).unwrap_or(0));
            u64::try_from(whole * u128::from(percent) / 100).unwrap_or(u64::MAX)
        };
        let Some(recipe) = &self.recipe else {
            return Some(begun.plus_millis(scaled(self.due.0.saturating_sub(begun.0))));
        };
        let calendar = recipe.calendar(machine)?;
        let whole = recipe.amount.measure(begun, self.due, calendar).ok()?;
        recipe.amount.after(begun, scaled(whole), calendar).ok()
    }
}

impl Recipe {
    /// The calendar in the edition of the promise.
    pub(crate) fn calendar<'m>(&self, machine: &'m Machine<'_>) -> Option<&'m Calendar> {
        machine.district.calendars.edition(&self.calendar, self.edition).map(|calendar| &**calendar)
    }

    /// What instances wait for that have provisional promises by this edition.
    pub(crate) fn key(&self) -> Option<SubscriptionKey> {
        self.provisional.then(|| key(&self.calendar, self.edition))
    }

    /// The promise by the newest edition, if it is provisional and there is a newer one.
    pub(crate) fn renewed(&self, machine: &Machine<'_>) -> Option<Promise> {
        let newest = machine.district.calendars.newest(&self.calendar)?;
        if !self.provisional || newest.edition <= self.edition {
            return None;
        }
        promise(self.amount, self.from, newest).ok()
    }
}

/// Where those stand who wait for news of a calendar since this edition.
pub fn key(calendar: &str, edition: u64) -> SubscriptionKey {
    SubscriptionKey::new(Some(&format!("\u{0}calendar/{edition}/{calendar}")), &[])
}

/// There are new editions of calendars: provisional due times are worked out again.
pub(crate) fn renew(machine: &mut Machine<'_>) {
    let numbers: Vec<u32> = machine.state.items.iter().map(|open| open.item.id.n).collect();
    for n in numbers {
        ladder::renew(machine, n);
    }
    for at in 0..machine.state.clocks.len() {
        stopwatch::renew(machine, at);
    }
}

/// The line of history about a due time that was worked out again.
pub(crate) fn recomputed(recipe: &Recipe, old: Timestamp, new: Timestamp) -> What {
    What::DueRecomputed {
        item: None,
        clock: None,
        old,
        new,
        calendar: recipe.calendar.clone(),
        edition: recipe.edition,
        provisional: recipe.provisional,
    }
}
