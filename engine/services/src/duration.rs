//! Durations as workflows write them: ISO 8601 texts, or objects of days, hours and so on.

use std::time::Duration;

use serde_json::Value;
use yiwang_dsl::Fault;

use crate::fault;

/// The members of a duration's object, with their milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("days", 86_400_000),
    ("hours", 3_600_000),
    ("minutes", 60_000),
    ("seconds", 1_000),
    ("milliseconds", 1),
];

/// A duration that must be there. `what` is its place in `with`.
pub(crate) fn required(value: &Value, what: &str) -> Result<Duration, Fault> {
    optional(value, what)?.ok_or_else(|| mistake(what, "is missing"))
}

/// A duration, unless it is null.
pub(crate) fn optional(value: &Value, what: &str) -> Result<Option<Duration>, Fault> {
    let milliseconds = match value {
        Value::Null => return Ok(None),
        Value::String(text) => yiwang_dsl::duration::parse(text)
            .map_err(|wrong| mistake(what, &format!("is no duration: {wrong}")))?,
        Value::Object(members) => {
            let mut sum = 0_u64;
            for (name, count) in members {
                let unit = UNITS.iter().find(|(unit, _)| unit == name).map(|(_, milliseconds)| *milliseconds);
                let (Some(unit), Some(count)) = (unit, count.as_u64()) else {
                    return Err(mistake(what, "is not a duration"));
                };
                sum = sum.saturating_add(count.saturating_mul(unit));
            }
            sum
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            return Err(mistake(what, "is not a duration"));
        }
    };
    Ok(Some(Duration::from_millis(milliseconds)))
}

fn mistake(what: &str, wrong: &str) -> Fault {
    fault::configuration(format!("`{what}` {wrong}"))
}
