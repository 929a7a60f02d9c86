//! What goes outside, put together member by member: the `with` of calls and processes.
//!
//! Secrets may be read in it. It does not know what the members mean; who asks for them does.

use super::Checker;
use super::fields::Place;
use super::template::{Position, object_template};
use crate::Data;
use crate::diagnostic::{Code, Joint, names};
use crate::expression::{Template, Written, read};
use crate::text;
use crate::yaml::Value;

/// An object under construction, in the order in which its members are added.
#[derive(Default)]
pub(super) struct Members {
    members: Vec<(String, Template)>,
    broken: bool,
}

impl Members {
    /// Adds a member that was read; one that could not be built spoils the whole.
    pub(super) fn add(&mut self, key: &str, value: Option<Template>) {
        match value {
            Some(value) => self.members.push((key.to_owned(), value)),
            None => self.broken = true,
        }
    }

    /// Adds a member if it is written.
    pub(super) fn read<'n>(
        &mut self,
        key: &str,
        place: Option<Place<'n>>,
        read: impl FnOnce(&Place<'n>) -> Option<Template>,
    ) {
        if let Some(place) = place {
            self.add(key, read(&place));
        }
    }

    /// The object, if all its members could be built.
    pub(super) fn finish(self) -> Option<Template> {
        (!self.broken).then(|| object_template(self.members))
    }
}

impl<'n> Checker<'n> {
    /// A text, which may be an expression.
    pub(super) fn outgoing_text(&mut self, place: &Place<'n>) -> Option<Template> {
        self.text(place)?;
        self.template(place, Position::Outside)
    }

    /// Anything.
    pub(super) fn outgoing(&mut self, place: &Place<'n>) -> Option<Template> {
        self.template(place, Position::Outside)
    }

    /// A mapping of anything.
    pub(super) fn outgoing_map(&mut self, place: &Place<'n>) -> Option<Template> {
        self.fields(place)?;
        self.template(place, Position::Outside)
    }

    /// A mapping of anything, or an expression that gives one.
    pub(super) fn outgoing_map_or_expression(&mut self, place: &Place<'n>) -> Option<Template> {
        match &place.node.value {
            Value::String(_) => self.only_expression(place, "a mapping or an expression"),
            Value::Map(_) => self.template(place, Position::Outside),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) => {
                self.wrong_type(place, "a mapping or an expression");
                None
            }
        }
    }

    /// A mapping whose values are texts.
    pub(super) fn outgoing_texts(&mut self, place: &Place<'n>) -> Option<Template> {
        let fields = self.fields(place)?;
        let mut members = Members::default();
        for entry in fields.entries() {
            members.add(&entry.key.text, self.outgoing_text(&fields.place_of(entry)));
        }
        members.finish()
    }

    /// A mapping whose values are texts, or an expression that gives one.
    pub(super) fn outgoing_texts_or_expression(&mut self, place: &Place<'n>) -> Option<Template> {
        match place.node.as_str() {
            Some(_) => self.only_expression(place, "a mapping or an expression"),
            None => self.outgoing_texts(place),
        }
    }

    /// A list of texts.
    pub(super) fn outgoing_list(&mut self, place: &Place<'n>) -> Option<Template> {
        let items = self.items(place)?;
        let items: Vec<_> = items.iter().map(|item| self.outgoing_text(item)).collect();
        Some(super::template::list_template(items.into_iter().collect::<Option<_>>()?))
    }

    /// One of a few words, kept as written.
    pub(super) fn outgoing_word(&mut self, place: &Place<'n>, known: &[&'static str]) -> Option<Template> {
        let known: Vec<(&str, &str)> = known.iter().map(|word| (*word, *word)).collect();
        self.word(place, &known).map(|word| Template::Literal(Data::string(word)))
    }

    /// True or false, kept as written.
    pub(super) fn outgoing_bool(&mut self, place: &Place<'n>) -> Option<Template> {
        self.boolean(place).map(|value| Template::Literal(serde_json::Value::from(value).into()))
    }

    /// A whole number, kept as written.
    pub(super) fn outgoing_number(
        &mut self,
        place: &Place<'n>,
        bounds: std::ops::RangeInclusive<i64>,
    ) -> Option<Template> {
        self.number(place, bounds).map(|number| Template::Literal(serde_json::Value::from(number).into()))
    }

    /// A duration, kept as written.
    pub(super) fn outgoing_duration(&mut self, place: &Place<'n>) -> Option<Template> {
        self.span(place, Position::Outside)?;
        self.template(place, Position::Outside)
    }

    /// True or false.
    pub(super) fn boolean(&mut self, place: &Place<'n>) -> Option<bool> {
        let Value::Bool(value) = place.node.value else {
            self.wrong_type(place, "true or false");
            return None;
        };
        Some(value)
    }

    /// A text that must be an expression from end to end.
    fn only_expression(&mut self, place: &Place<'n>, wanted: &'static str) -> Option<Template> {
        let text = self.text(place)?;
        if !self.loose && matches!(read(text), Ok(Written::Literal)) {
            let help = text!("an expression stands in `${ {} }`", text.trim());
            self.wrong_type(place, wanted).help(help);
            return None;
        }
        self.template(place, Position::Outside)
    }

    /// Says that one of these keys must be there, or only one of them. The one that is.
    pub(super) fn exactly_one(
        &mut self,
        place: &Place<'n>,
        head: std::ops::Range<usize>,
        given: &[(&'static str, bool)],
    ) -> Option<&'static str> {
        let names = names(given.iter().map(|(key, _)| *key), Joint::And);
        let there: Vec<&'static str> =
            given.iter().filter(|(_, there)| *there).map(|(key, _)| *key).collect();
        match there.as_slice() {
            [one] => Some(one),
            [] => {
                self.report_at(
                    Code::MissingKey,
                    head,
                    &place.pointer,
                    text!("one of {} is missing here", names),
                );
                None
            }
            [_, ..] => {
                let message = text!("only one of {} can stand here", names);
                self.report_at(Code::Exclusive, head, &place.pointer, message);
                None
            }
        }
    }
}
