//! `use`: what is defined once and used by name.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use super::fields::Place;
use super::template::Position;
use crate::definition::Span;
use crate::diagnostic::{Code, Severity};
use crate::text;

/// What can be defined once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Authentication,
    Error,
    Retry,
    Timeout,
}

impl Kind {
    fn section(self) -> &'static str {
        match self {
            Self::Authentication => "authentications",
            Self::Error => "errors",
            Self::Retry => "retries",
            Self::Timeout => "timeouts",
        }
    }
}

/// The definitions, by kind and name.
#[derive(Default)]
pub(super) struct Reuse<'n> {
    definitions: BTreeMap<(Kind, &'n str), Place<'n>>,
    used: BTreeSet<(Kind, &'n str)>,
    pub(super) extensions: Option<Place<'n>>,
}

impl<'n> Checker<'n> {
    /// Reads `use`, without looking into the definitions.
    pub(super) fn read_reuse(&mut self, place: Option<Place<'n>>) {
        let Some(mut fields) = place.and_then(|place| self.fields(&place)) else { return };
        for kind in [Kind::Authentication, Kind::Error, Kind::Retry, Kind::Timeout] {
            let Some(section) = fields.get(kind.section()) else { continue };
            let Some(section) = self.fields(&section) else { continue };
            for entry in section.entries() {
                self.reuse.definitions.insert((kind, &entry.key.text), section.place_of(entry));
            }
        }
        self.reuse.extensions = fields.get("extensions");
        let secrets = fields.get("secrets");
        self.read_secrets(secrets);
        if let Some(functions) = fields.get("functions").and_then(|functions| self.fields(&functions)) {
            for entry in functions.entries() {
                let place = functions.place_of(entry);
                self.functions.defined.insert(&entry.key.text, (&entry.key, place));
            }
        }
        if let Some(catalogs) = fields.get("catalogs").and_then(|catalogs| self.fields(&catalogs)) {
            for entry in catalogs.entries() {
                let catalog = self.catalog_of(&catalogs.place_of(entry));
                self.functions.catalogs.insert(&entry.key.text, catalog);
            }
        }
        fields.finish(self);
    }

    /// The definition that a text names.
    pub(super) fn reused(&mut self, place: &Place<'n>, kind: Kind) -> Option<Place<'n>> {
        let name = self.text(place)?;
        if self.base.is_some() {
            // What its caller defines is not known to a text from elsewhere.
            let message = text!("a function from elsewhere has no `use`, so that `{}` names nothing", name);
            self.report(Code::UnknownReuse, place, message).help("write it out here");
            return None;
        }
        if let Some(definition) = self.reuse.definitions.get(&(kind, name)) {
            self.reuse.used.insert((kind, name));
            return Some(definition.clone());
        }
        let section = kind.section();
        let known = self.reuse.definitions.keys().filter(|(other, _)| *other == kind);
        let known: Vec<&str> = known.map(|(_, name)| *name).collect();
        let diagnostic =
            self.report(Code::UnknownReuse, place, text!("`use.{}` does not define `{}`", section, name));
        diagnostic.meant(name, known.iter().copied());
        if kind == Kind::Timeout && name.starts_with('P') && name.contains(|c: char| c.is_ascii_digit()) {
            diagnostic.help(text!("a duration stands under `after`: `timeout: { after: {} }`", name));
        }
        None
    }

    /// `timeout`: a name of `use.timeouts`, or `{ after }`.
    pub(super) fn timeout(&mut self, place: Option<Place<'n>>, position: Position) -> Option<Option<Span>> {
        let Some(place) = place else { return Some(None) };
        match place.node.as_str() {
            Some(_) => {
                let definition = self.reused(&place, Kind::Timeout)?;
                self.timeout_object(&definition, position).map(Some)
            }
            None => self.timeout_object(&place, position).map(Some),
        }
    }

    fn timeout_object(&mut self, place: &Place<'n>, position: Position) -> Option<Span> {
        let mut fields = self.fields(place)?;
        let after = fields.need(self, "after");
        fields.finish(self);
        self.span(&after?, position)
    }

    /// Warns of a definition that nothing uses. While there are mistakes, its use may be one of them.
    pub(super) fn unused(&mut self, section: &str, name: &str, pointer: &str) {
        if self.diagnostics.iter().all(|found| found.severity() != Severity::Error) {
            let message = text!("nothing uses `{}` of `use.{}`", name, section);
            self.report_at(Code::Unused, self.key_span_at(pointer), pointer, message)
                .help("remove it, or use it");
        }
    }

    /// Checks what nobody used; what is used is checked where its variables are known.
    pub(super) fn check_unused(&mut self) {
        // Functions first: they may use the others.
        self.unused_functions();
        let definitions = std::mem::take(&mut self.reuse.definitions);
        for ((kind, name), place) in &definitions {
            if self.reuse.used.contains(&(*kind, *name)) {
                continue;
            }
            self.unused(kind.section(), name, &place.pointer);
            match kind {
                Kind::Authentication => drop(self.authentication_object(place, Position::Outside)),
                Kind::Error => drop(self.error_object(place)),
                Kind::Retry => {
                    self.locals.push("error".to_owned());
                    drop(self.retry_object(place));
                    self.locals.pop();
                }
                Kind::Timeout => drop(self.timeout_object(place, Position::Definition)),
            }
        }
    }
}
