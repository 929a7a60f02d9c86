//! Event filters and strategies of `listen.to` and `schedule.on`.

use super::Checker;
use super::fields::{Fields, Place};
use super::template::Position;
use crate::Data;
use crate::definition::{Correlation, EventFilter, Read, Strategy, Until};
use crate::diagnostic::Code;
use crate::expression::{Template, Written, read};
use crate::text;
use crate::yaml::{Entry, Value};

/// Words of `read`.
const READS: [(&str, Read); 3] = [("data", Read::Data), ("envelope", Read::Envelope), ("raw", Read::Raw)];

impl<'n> Checker<'n> {
    /// `read`.
    pub(super) fn read_as(&mut self, place: Option<Place<'n>>) -> Option<Read> {
        match place {
            None => Some(Read::default()),
            Some(place) => self.word(&place, &READS),
        }
    }

    /// `one`, `any` or `all`, where `until` has no place.
    pub(super) fn strategy(&mut self, place: &Place<'n>, position: Position) -> Option<Strategy> {
        let (strategy, until) = self.strategy_and_until(place, position);
        if let Some(until) = until {
            self.misplaced_until(place, &until, "nothing is listened to here that could go on until then");
            return None;
        }
        strategy
    }

    /// `listen.to`: a strategy, and until when.
    pub(super) fn listening(&mut self, place: &Place<'n>) -> (Option<Strategy>, Option<Option<Until>>) {
        let (strategy, until) = self.strategy_and_until(place, Position::Definition);
        let Some(until) = until else { return (strategy, Some(None)) };
        match &strategy {
            Some(Strategy::One(_) | Strategy::All(_)) => {
                self.misplaced_until(
                    place,
                    &until,
                    "`until` belongs to `any`: only that goes on after an event",
                );
            }
            Some(Strategy::Any(_)) | None => {}
        }
        (strategy, self.until(&until).map(Some))
    }

    fn misplaced_until(&mut self, strategy: &Place<'n>, until: &Place<'n>, message: &'static str) {
        let span = strategy.node.key_span("/until").unwrap_or_else(|| until.node.span.clone());
        self.report_at(Code::MisplacedUntil, span, &until.pointer, message)
            .help("to go on with several events, listen `to: { any: […], until: … }`");
    }

    fn until(&mut self, place: &Place<'n>) -> Option<Until> {
        match &place.node.value {
            Value::String(_) | Value::Bool(_) => {
                self.expression(place, Position::Definition).map(Until::Condition)
            }
            Value::Map(_) => self.strategy(place, Position::Definition).map(Until::Events),
            Value::Null | Value::Int(_) | Value::Float(_) | Value::List(_) => {
                self.wrong_type(place, "an expression or the events that end it");
                None
            }
        }
    }

    /// The strategy, and its `until` as written.
    fn strategy_and_until(
        &mut self,
        place: &Place<'n>,
        position: Position,
    ) -> (Option<Strategy>, Option<Place<'n>>) {
        let Some(mut fields) = self.fields(place) else { return (None, None) };
        let until = fields.get("until");
        (self.strategy_of(place, fields, position), until)
    }

    fn strategy_of(
        &mut self,
        place: &Place<'n>,
        mut fields: Fields<'n>,
        position: Position,
    ) -> Option<Strategy> {
        let (one, any, all) = (fields.get("one"), fields.get("any"), fields.get("all"));
        let given = [&one, &any, &all].into_iter().flatten().count();
        let head = fields.head_span();
        if fields.finish(self) && given == 0 {
            return None;
        }
        if given != 1 {
            let (code, message) = match given {
                0 => (Code::MissingKey, "one of `one`, `any` and `all` is missing here"),
                _ => (Code::Exclusive, "only one of `one`, `any` and `all` can stand here"),
            };
            self.report_at(code, head, &place.pointer, message);
            return None;
        }
        if let Some(one) = one {
            self.lone_correlations(std::slice::from_ref(&one), 0);
            return self.filter(&one, position).map(Strategy::One);
        }
        if let Some(any) = any {
            self.lone_correlations(&self.items_of(&any), 0);
            return self.filters(&any, position).map(Strategy::Any);
        }
        let all = all?;
        self.lone_correlations(&self.items_of(&all), 1);
        let filters = self.filters(&all, position)?;
        if filters.is_empty() {
            self.report(Code::Nothing, &all, "`all` needs at least one filter");
            return None;
        }
        Some(Strategy::All(filters))
    }

    fn filters(&mut self, place: &Place<'n>, position: Position) -> Option<Vec<EventFilter>> {
        let items = self.items(place)?;
        let filters: Vec<_> = items.iter().map(|item| self.filter(item, position)).collect();
        filters.into_iter().collect()
    }

    fn items_of(&self, place: &Place<'n>) -> Vec<Place<'n>> {
        let Value::List(items) = &place.node.value else { return Vec::new() };
        items.iter().enumerate().map(|(at, node)| place.child(&at.to_string(), node)).collect()
    }

    /// A correlation without `expect` is compared with those of other events by the same key, of which there
    /// must be some.
    fn lone_correlations(&mut self, filters: &[Place<'n>], others_min: usize) {
        let keys = |place: &Place<'n>| -> Vec<&'n Entry> {
            match place.node.get("correlate").map(|correlate| &correlate.value) {
                Some(Value::Map(entries)) => entries.iter().collect(),
                Some(_) | None => Vec::new(),
            }
        };
        for (at, filter) in filters.iter().enumerate() {
            for entry in keys(filter) {
                let elsewhere = filters.iter().enumerate().filter(|(other, filter)| {
                    *other != at && keys(filter).iter().any(|other| other.key.text == entry.key.text)
                });
                let compared = others_min > 0 && elsewhere.count() >= others_min;
                let whole = entry.value.get("from").is_some();
                if compared || !whole || entry.value.get("expect").is_some() {
                    continue;
                }
                let message =
                    text!("`{}` has no `expect`, and no other event to be compared with", entry.key.text);
                let span = entry.key.span.clone();
                self.report_at(Code::LoneCorrelation, span, &filter.pointer, message)
                    .help("say what it must be: `expect: ${ … }`");
            }
        }
    }

    fn filter(&mut self, place: &Place<'n>, position: Position) -> Option<EventFilter> {
        let mut fields = self.fields(place)?;
        let with = fields.need(self, "with");
        let correlate = fields.get("correlate");
        fields.finish(self);
        let with = with.and_then(|with| self.attributes(&with, position));
        let correlate = match correlate {
            None => Some(Vec::new()),
            Some(correlate) => self.correlations(&correlate, position),
        };
        Some(EventFilter { with: with?, correlate: correlate? })
    }

    fn attributes(&mut self, place: &Place<'n>, position: Position) -> Option<Vec<(String, Template)>> {
        let Value::Map(entries) = &place.node.value else {
            self.wrong_type(place, "a mapping");
            return None;
        };
        if entries.is_empty() {
            self.report(Code::Nothing, place, "a filter needs at least one attribute");
            return None;
        }
        if place.node.get("type").is_none() {
            let message = "this filter names no event `type`, so that it is tried on every event";
            let span = entries[0].key.span.clone();
            self.report_at(Code::FilterWithoutType, span, &place.pointer, message)
                .help("name the type, for example `type: cn.yiwang.intake.received.v1`");
        }
        let mut attributes = Vec::new();
        let mut whole = true;
        for entry in entries {
            let place = place.child(&entry.key.text, &entry.value);
            if entry.key.text == "type" && entry.value.as_str().is_none() {
                self.wrong_type(&place, "a text");
                whole = false;
                continue;
            }
            let value = match entry.value.as_str() {
                // Not an expression by accident: subscriptions are found by it.
                Some(text) if entry.key.text == "type" && matches!(read(text), Ok(Written::Literal)) => {
                    Some(Template::Literal(Data::string(text)))
                }
                Some(_) | None => self.template(&place, position),
            };
            match value {
                Some(value) => attributes.push((entry.key.text.clone(), value)),
                None => whole = false,
            }
        }
        whole.then_some(attributes)
    }

    fn correlations(&mut self, place: &Place<'n>, position: Position) -> Option<Vec<Correlation>> {
        let fields = self.fields(place)?;
        let keys: Vec<_> = fields.entries().iter().map(|entry| (entry, fields.place_of(entry))).collect();
        let correlations = keys.into_iter().map(|(entry, place)| {
            let mut fields = self.fields(&place)?;
            let from = fields.need(self, "from");
            let expect = fields.get("expect");
            fields.finish(self);
            // The runtime looks at the envelope before it knows which instance is meant.
            let from = from.and_then(|from| self.expression(&from, Position::Event));
            let expect = expect.map(|expect| self.template(&expect, position));
            let expect = match expect {
                None => None,
                Some(expect) => Some(expect?),
            };
            Some(Correlation { key: entry.key.text.clone(), from: from?, expect })
        });
        let correlations: Vec<_> = correlations.collect();
        correlations.into_iter().collect()
    }
}
