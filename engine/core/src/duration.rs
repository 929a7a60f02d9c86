//! Lengths of time as data: ISO 8601 text, or an object of units. Only lengths that are always the same:
//! a day is 24 hours; months and years are refused.

use yiwang_dsl::Data;

/// Milliseconds of an ISO 8601 duration such as `P1DT2H`: what the language accepts when it checks a text is
/// what is accepted here.
pub(crate) fn parse(text: &str) -> Option<u64> {
    yiwang_dsl::duration::parse(text).ok()
}

/// The same for a value: text, or `{days, hours, minutes, seconds, milliseconds}`.
pub(crate) fn from_data(value: &Data) -> Option<u64> {
    if let Some(text) = value.as_str() {
        return parse(text);
    }
    let serde_json::Value::Object(members) = value.to_json() else { return None };
    let mut total: u64 = 0;
    for (unit, count) in &members {
        let millis: u64 = match unit.as_str() {
            "days" => 86_400_000,
            "hours" => 3_600_000,
            "minutes" => 60_000,
            "seconds" => 1_000,
            "milliseconds" => 1,
            _ => return None,
        };
        total = total.checked_add(count.as_u64()?.checked_mul(millis)?)?;
    }
    (!members.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_lengths_are_read_and_others_refused() {
        assert_eq!(parse("PT5M"), Some(300_000));
        assert_eq!(parse("P1DT2H"), Some(93_600_000));
        assert_eq!(parse("P2W"), Some(14 * 86_400_000));
        assert_eq!(parse("PT0.25S"), Some(250));
        for text in ["", "P1M", "P1Y", "-PT1S", "5m", "5 minutes", "PT"] {
            assert_eq!(parse(text), None, "{text}");
        }
        let object = serde_json::json!({"hours": 1, "seconds": 2});
        assert_eq!(from_data(&Data::from(object)), Some(3_602_000));
        assert_eq!(from_data(&Data::from(serde_json::json!({}))), None);
        assert_eq!(from_data(&Data::from(serde_json::json!({"years": 1}))), None);
    }
}
