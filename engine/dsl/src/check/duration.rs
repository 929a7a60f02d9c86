//! Lengths of time: ISO 8601, an object of units, or an expression.

use super::Checker;
use super::fields::Place;
use super::template::Position;
use crate::definition::Span;
use crate::diagnostic::Code;
use crate::duration::parse;
use crate::expression::{Written, read};
use crate::text;
use crate::yaml::Value;

/// Milliseconds of each unit of the object form.
const UNITS: [(&str, i64); 5] = [
    ("days", 86_400_000),
    ("hours", 3_600_000),
    ("minutes", 60_000),
    ("seconds", 1_000),
    ("milliseconds", 1),
];

/// Longest time: a hundred years. What is longer is a slip of the keyboard.
const MILLISECONDS_MAX: u64 = 100 * 366 * 86_400_000;

impl<'n> Checker<'n> {
    /// A duration that may be an expression.
    pub(super) fn span(&mut self, place: &Place<'n>, position: Position) -> Option<Span> {
        if let Value::String(text) = &place.node.value
            && !matches!(read(text), Ok(Written::Literal))
        {
            return self.expression(place, position).map(Span::Computed);
        }
        self.milliseconds(place).map(Span::Fixed)
    }

    /// A duration that must be fixed.
    pub(super) fn milliseconds(&mut self, place: &Place<'n>) -> Option<u64> {
        let length = match &place.node.value {
            Value::String(text) => match parse(text) {
                Ok(length) => length,
                Err(help) => {
                    let message = text!("`{}` is not a duration", text);
                    self.report(Code::Duration, place, message).help(help);
                    return None;
                }
            },
            Value::Map(_) => self.units(place)?,
            _ => {
                self.wrong_type(place, "a duration").help("for example `PT30M`, or `{ minutes: 30 }`");
                return None;
            }
        };
        if length > MILLISECONDS_MAX {
            self.report(Code::Duration, place, "a duration cannot be longer than a hundred years");
            return None;
        }
        Some(length)
    }

    fn units(&mut self, place: &Place<'n>) -> Option<u64> {
        let mut fields = self.fields(place)?;
        if fields.entries().is_empty() {
            self.report(Code::Nothing, place, "a duration needs at least one unit");
            return None;
        }
        for unit in ["years", "months", "weeks"] {
            if fields.peek(unit).is_some() {
                let message = text!("a duration cannot be given in `{}`", unit);
                let span = fields.key_span(unit);
                self.report_at(Code::Duration, span, &fields.place.pointer, message).help("give it in days");
                return None;
            }
        }
        let mut sum = Some(0_u64);
        for (unit, milliseconds) in UNITS {
            let Some(place) = fields.get(unit) else { continue };
            let count = self.number(&place, 0..=i64::MAX / milliseconds);
            sum = sum.zip(count).and_then(|(sum, count)| {
                let length = u64::try_from(count * milliseconds).ok()?;
                Some(sum.saturating_add(length))
            });
        }
        fields.finish(self);
        sum
    }
}
