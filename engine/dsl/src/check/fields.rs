//! Places in the document, and the members of a mapping read one by one.

use super::Checker;
use crate::diagnostic::Code;
use crate::text;
use crate::yaml::{Entry, Node, push_pointer};

/// A node and the pointer to it.
#[derive(Clone, Debug)]
pub(super) struct Place<'n> {
    pub(super) node: &'n Node,
    pub(super) pointer: String,
}

impl<'n> Place<'n> {
    pub(super) fn root(node: &'n Node) -> Self {
        Self { node, pointer: String::new() }
    }

    pub(super) fn child(&self, step: &str, node: &'n Node) -> Self {
        let mut pointer = self.pointer.clone();
        push_pointer(&mut pointer, step);
        Self { node, pointer }
    }
}

/// The members of a mapping. What nobody asked for is not known here.
pub(super) struct Fields<'n> {
    pub(super) place: Place<'n>,
    entries: &'n [Entry],
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    pub(super) fn new(place: Place<'n>, entries: &'n [Entry]) -> Self {
        Self { place, entries, asked: Vec::new() }
    }

    /// An optional member.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Place<'n>> {
        self.asked.push(key);
        self.peek(key)
    }

    /// A member, without making its key known.
    pub(super) fn peek(&self, key: &str) -> Option<Place<'n>> {
        let entry = self.entries.iter().find(|entry| entry.key.text == key)?;
        Some(self.place.child(key, &entry.value))
    }

    /// A required member.
    pub(super) fn need(&mut self, checker: &mut Checker<'n>, key: &'static str) -> Option<Place<'n>> {
        let found = self.get(key);
        if found.is_none() {
            // A key written almost like it is reported once, by `finish`.
            let unknown = self.entries.iter().map(|entry| entry.key.text.as_str());
            let unknown: Vec<&str> = unknown.filter(|key| !self.asked.contains(key)).collect();
            if crate::diagnostic::nearest(key, &unknown).is_none() {
                let span = self.head_span();
                let message = text!("the key `{}` is missing here", key);
                checker.report_at(Code::MissingKey, span, &self.place.pointer, message);
            }
        }
        found
    }

    /// The members, in order.
    pub(super) fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    /// The place of a member.
    pub(super) fn place_of(&self, entry: &'n Entry) -> Place<'n> {
        self.place.child(&entry.key.text, &entry.value)
    }

    /// Reports the keys that nobody asked for. True if there were any.
    pub(super) fn finish(self, checker: &mut Checker<'n>) -> bool {
        let mut unknown = false;
        for entry in self.entries {
            let key = entry.key.text.as_str();
            if self.asked.contains(&key) {
                continue;
            }
            let place = self.place_of(entry);
            let absent = self.asked.iter().filter(|asked| self.peek(asked).is_none());
            let absent: Vec<&str> = absent.copied().collect();
            let message = text!("the key `{}` is not known here", key);
            checker
                .report_at(Code::UnknownKey, entry.key.span.clone(), &place.pointer, message)
                .meant(key, absent);
            unknown = true;
        }
        unknown
    }

    /// The first key: the mapping itself may be pages long.
    pub(super) fn head_span(&self) -> std::ops::Range<usize> {
        self.entries.first().map_or(self.place.node.span.clone(), |entry| entry.key.span.clone())
    }

    /// The span of a key.
    pub(super) fn key_span(&self, key: &str) -> std::ops::Range<usize> {
        let entry = self.entries.iter().find(|entry| entry.key.text == key);
        entry.map_or_else(|| self.head_span(), |entry| entry.key.span.clone())
    }
}
