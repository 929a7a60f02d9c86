//! Which messages of a subscription are taken, and when it is enough. It knows no protocol.
//!
//! `filter` sees one message, `while` and `until` see the array of those taken so far.

use std::time::Duration;

use serde_json::{Map, Value};
use yiwang_dsl::error::Kind;
use yiwang_dsl::expression::Deferred;
use yiwang_dsl::{Data, Fault};

use crate::{duration, fault, limits};

/// A message that came in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message {
    pub(super) payload: Value,
    pub(super) headers: Map<String, Value>,
    pub(super) correlation_id: Option<String>,
}

/// Takes messages until it is enough.
pub(super) struct Consumer {
    filter: Option<Condition>,
    goes_on_while: Option<Condition>,
    until: Option<Condition>,
    amount: Option<u64>,
    time: Option<Duration>,
    secrets: Data,
    taken: Vec<Data>,
    bytes: usize,
}

/// A condition of the subscription.
enum Condition {
    /// Written as a value.
    Always(bool),
    /// An expression.
    Judged(Box<Deferred>),
}

impl Consumer {
    /// As `subscription` says.
    pub(super) fn new(subscription: &Value, later: &[Deferred], secrets: &Data) -> Result<Self, Fault> {
        let consume = &subscription["consume"];
        let condition = |pointer: &str, written: &Value| {
            let judged = later.iter().find(|one| one.pointer == pointer);
            match (judged, written) {
                (Some(judged), _) => Some(Condition::Judged(Box::new(judged.clone()))),
                (None, Value::Null) => None,
                (None, written) => Some(Condition::Always(*written != Value::Bool(false))),
            }
        };
        let amount = match &consume["amount"] {
            Value::Null => None,
            amount => Some(amount.as_u64().ok_or_else(|| {
                fault::configuration("`subscription.consume.amount` must be a whole number, 0 or more")
            })?),
        };
        let consumer = Self {
            filter: condition("/subscription/filter", &subscription["filter"]),
            goes_on_while: condition("/subscription/consume/while", &consume["while"]),
            until: condition("/subscription/consume/until", &consume["until"]),
            amount,
            time: duration::optional(&consume["for"], "subscription.consume.for")?,
            secrets: secrets.clone(),
            taken: Vec::new(),
            bytes: 0,
        };
        let ends = consumer.amount.is_some() || consumer.goes_on_while.is_some() || consumer.until.is_some();
        if !ends && consumer.time.is_none() {
            let detail = "`subscription.consume` must have `amount`, `while`, `until` or `for`";
            return Err(fault::configuration(detail));
        }
        Ok(consumer)
    }

    /// How long to listen, and whether it is then enough. A subscription without `for` has our limit.
    pub(super) fn time(&self) -> (Duration, bool) {
        match self.time {
            Some(time) if time <= limits::SUBSCRIPTION_TIME_MAX => (time, true),
            Some(_) | None => (limits::SUBSCRIPTION_TIME_MAX, false),
        }
    }

    /// It was not enough within our limit.
    pub(super) fn late(&self) -> Fault {
        let (taken, minutes) = (self.taken.len(), limits::SUBSCRIPTION_TIME_MAX.as_secs() / 60);
        let detail =
            format!("{taken} messages came within {minutes} minutes, the longest that one call listens");
        Fault::new(Kind::Timeout, "", detail)
    }

    /// Before the first message: is one wanted at all?
    pub(super) fn goes_on(&self) -> Result<bool, Fault> {
        if self.amount.is_some_and(|amount| self.taken.len() as u64 >= amount) {
            return Ok(false);
        }
        let so_far = Data::array(self.taken.iter().cloned());
        if let Some(until) = &self.until
            && self.holds(until, &so_far)?
        {
            return Ok(false);
        }
        match &self.goes_on_while {
            Some(condition) if !self.taken.is_empty() => self.holds(condition, &so_far),
            Some(_) | None => Ok(true),
        }
    }

    /// Takes a message, if it passes the filter. Is another one wanted?
    pub(super) fn take(&mut self, message: Message) -> Result<bool, Fault> {
        let Message { payload, headers, correlation_id } = message;
        let mut members = Map::new();
        members.insert("payload".to_owned(), payload);
        members.insert("headers".to_owned(), Value::Object(headers));
        members.extend(correlation_id.map(|id| ("correlationId".to_owned(), Value::String(id))));
        let value = Value::Object(members);
        let size = value.to_string().len();
        let data = Data::from(value);
        // As for events: an expression that fails on a message does not want it.
        let wanted = self.filter.as_ref().is_none_or(|filter| self.holds(filter, &data).unwrap_or(false));
        if !wanted {
            return Ok(true);
        }
        self.bytes += size;
        if self.taken.len() >= limits::MESSAGES_MAX || self.bytes > limits::SUBSCRIPTION_BYTES_MAX {
            let detail = format!(
                "more than {} messages or {} bytes came; let the subscription take fewer",
                limits::MESSAGES_MAX,
                limits::SUBSCRIPTION_BYTES_MAX
            );
            return Err(fault::communication(500, "Answer Too Large", detail));
        }
        self.taken.push(data);
        self.goes_on()
    }

    /// All that was taken.
    pub(super) fn output(self) -> Data {
        Data::array(self.taken)
    }

    fn holds(&self, condition: &Condition, on: &Data) -> Result<bool, Fault> {
        match condition {
            Condition::Always(value) => Ok(*value),
            Condition::Judged(expression) => match expression.evaluate_on(on, &self.secrets) {
                Ok(value) => Ok(value.is_true()),
                Err(error) => Err(fault::expression(error.0)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn deferred(later: &[(&str, &str)]) -> Vec<Deferred> {
        let later = later.iter().map(|(pointer, text)| Deferred {
            pointer: (*pointer).to_owned(),
            text: (*text).to_owned(),
            input: Data::null(),
            variables: vec![("context".to_owned(), Data::from(json!({ "user": "li" })))],
        });
        later.collect()
    }

    /// Feeds messages 1, 2, … until it is enough.
    #[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
    fn check(subscription: Value, later: &[(&str, &str)], expected: Expect) {
        let told = (|| {
            let mut consumer = Consumer::new(&subscription, &deferred(later), &Data::null())?;
            let mut goes_on = consumer.goes_on()?;
            for number in 1..=9 {
                if !goes_on {
                    break;
                }
                let user = if number % 2 == 0 { "li" } else { "wang" };
                let headers = json!({ "user": user }).as_object().cloned().unwrap();
                let message = Message { payload: json!(number), headers, correlation_id: None };
                goes_on = consumer.take(message)?;
            }
            let taken = consumer.output().to_json();
            let numbers: Vec<&Value> = taken.as_array().unwrap().iter().map(|one| &one["payload"]).collect();
            Ok::<_, Fault>(format!("{}{}", json!(numbers), if goes_on { " and waits" } else { "" }))
        })();
        expected.assert_eq(&told.unwrap_or_else(|fault| fault.detail.unwrap()));
    }

    #[test]
    fn it_takes_as_many_as_it_wants() {
        const FILTER: (&str, &str) = ("/subscription/filter", ".headers.user == $context.user");
        const UNTIL: &str = "/subscription/consume/until";
        const WHILE: &str = "/subscription/consume/while";
        check(json!({ "consume": { "amount": 2 } }), &[], expect!["[1,2]"]);
        check(json!({ "consume": { "amount": 0 } }), &[], expect!["[]"]);
        check(json!({ "consume": { "amount": 2 } }), &[FILTER], expect!["[2,4]"]);
        check(json!({ "consume": {} }), &[(UNTIL, "length == 3")], expect!["[1,2,3]"]);
        check(json!({ "consume": {} }), &[(UNTIL, "true")], expect!["[]"]);
        check(json!({ "consume": {} }), &[(WHILE, ".[-1].payload < 4"), FILTER], expect!["[2,4]"]);
        check(json!({ "consume": { "while": true } }), &[], expect!["[1,2,3,4,5,6,7,8,9] and waits"]);
        check(
            json!({ "consume": { "for": "PT1S" } }),
            &[("/subscription/filter", ".payload.x")],
            expect!["[] and waits"],
        );
        check(json!({ "consume": {} }), &[(UNTIL, ".x")], expect![[r#"`.x`: cannot index [] with "x""#]]);
        check(
            json!({ "consume": {} }),
            &[],
            expect!["`subscription.consume` must have `amount`, `while`, `until` or `for`"],
        );
        check(
            json!({ "consume": { "amount": -1 } }),
            &[],
            expect!["`subscription.consume.amount` must be a whole number, 0 or more"],
        );
    }
}
