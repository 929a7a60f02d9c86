//! Working time: which hours of which days count, and when something is due by them. ADR 0018.
//!
//! ```text
//! document (YAML) ─read─► layer ─┐
//! what it extends ─────────────► ┴─build─► Calendar: open times with prefix sums ─► add, elapsed, roll …
//! ```
//!
//! A calendar never changes: a new document makes a new edition of it and of all that extend it, and the old
//! editions stay for what was promised by them.

mod amount;
mod layer;
mod read;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use yiwang_dsl::diagnostic::{Code, Severity};
use yiwang_dsl::{Diagnostic, text};

pub use self::amount::{Amount, Length};
pub use self::layer::{DayEnd, Layer, Season, Special, SpecialKind, Window};
pub use self::table::{Beyond, Calendar, Day, Roll};

/// The calendar of whoever names none.
pub const DEFAULT: &str = "district";
/// The documents that are built in, by id, the lowest first.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("cn-mainland", include_str!("built-in/cn-mainland.yaml")),
    ("district", include_str!("built-in/district.yaml")),
];
/// Calendars that one calendar may be laid over, directly or not.
const LAYERS_MAX: usize = 16;

/// All calendars, in all their editions.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendars {
    /// The newest document of each id.
    layers: BTreeMap<String, Arc<Layer>>,
    editions: BTreeMap<String, BTreeMap<u64, Arc<Calendar>>>,
}

impl Default for Calendars {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Calendars {
    /// Those that are always there.
    pub fn built_in() -> Self {
        static BUILT: LazyLock<Calendars> = LazyLock::new(|| {
            let mut calendars = Calendars { layers: BTreeMap::new(), editions: BTreeMap::new() };
            for (id, document) in BUILT_IN {
                calendars.put(id, document, 0).expect("our own calendars are valid");
            }
            calendars
        });
        BUILT.clone()
    }

    /// Takes a document in as a new edition. The warnings about it.
    ///
    /// # Errors
    /// All its mistakes, and warnings; nothing has changed then.
    pub fn put(
        &mut self,
        id: &str,
        document: &str,
        edition: u64,
    ) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let (layer, mut remarks) = read::read(document);
        let Some((layer, places)) = layer else { return Err(remarks) };
        if layer.id != id {
            let message = text!("the document is the calendar `{}`, not `{}`", layer.id, id);
            remarks.push(Diagnostic::new(Code::BadName, 0..0, message));
        }
        self.check_extends(&layer, &places, &mut remarks);
        if remarks.iter().any(|remark| remark.severity() == Severity::Error) {
            return Err(remarks);
        }
        self.layers.insert(id.to_owned(), Arc::new(layer));
        for changed in self.extending(id) {
            let layers = self.stack(&changed);
            let layers: Vec<&Layer> = layers.iter().map(|layer| &**layer).collect();
            let calendar = Arc::new(Calendar::build(&layers, edition));
            self.editions.entry(changed).or_default().insert(edition, calendar);
        }
        Ok(remarks)
    }

    /// All remarks about a document, as if it were put.
    pub fn check(&self, document: &str) -> Vec<Diagnostic> {
        let (layer, mut remarks) = read::read(document);
        if let Some((layer, places)) = layer {
            self.check_extends(&layer, &places, &mut remarks);
        }
        remarks
    }

    fn check_extends(&self, layer: &Layer, places: &[Range<usize>], remarks: &mut Vec<Diagnostic>) {
        for (base, place) in layer.extends.iter().zip(places) {
            let remark = if *base == layer.id {
                Some(text!("the calendar `{}` extends itself", layer.id))
            } else if !self.layers.contains_key(base) {
                Some(text!("there is no calendar `{}`", base))
            } else if self.stack(base).iter().any(|below| below.id == layer.id) {
                Some(text!("the calendar `{}` extends itself", layer.id))
            } else if self.stack(base).len() >= LAYERS_MAX {
                Some(text!("the calendar `{}` has too many others below it", base))
            } else {
                None
            };
            if let Some(message) = remark {
                let mut remark = Diagnostic::new(Code::CalendarExtends, place.clone(), message);
                if !self.layers.contains_key(base) {
                    remark.meant(base, self.layers.keys().map(String::as_str));
                }
                remarks.push(remark);
            }
        }
    }

    /// The documents that a calendar is made of, the lowest first, each once.
    fn stack(&self, id: &str) -> Vec<Arc<Layer>> {
        let mut stack: Vec<Arc<Layer>> = Vec::new();
        let mut seen = BTreeSet::new();
        self.stack_onto(id, &mut seen, &mut stack);
        stack
    }

    fn stack_onto(&self, id: &str, seen: &mut BTreeSet<String>, stack: &mut Vec<Arc<Layer>>) {
        let Some(layer) = self.layers.get(id) else { return };
        if !seen.insert(id.to_owned()) {
            return;
        }
        for base in &layer.extends {
            self.stack_onto(base, seen, stack);
        }
        stack.push(Arc::clone(layer));
    }

    /// A calendar and all that are laid over it.
    fn extending(&self, id: &str) -> Vec<String> {
        let over = self.layers.keys().filter(|other| self.stack(other).iter().any(|layer| layer.id == id));
        over.cloned().collect()
    }

    /// The newest edition of a calendar.
    pub fn newest(&self, id: &str) -> Option<&Arc<Calendar>> {
        self.editions.get(id)?.last_key_value().map(|(_, calendar)| calendar)
    }

    /// The calendar by which something was promised: this edition, or the last one before it.
    pub fn edition(&self, id: &str, edition: u64) -> Option<&Arc<Calendar>> {
        let editions = self.editions.get(id)?;
        let found = editions.range(..=edition).next_back().or_else(|| editions.first_key_value());
        found.map(|(_, calendar)| calendar)
    }

    /// All editions of a calendar, the oldest first.
    pub fn editions(&self, id: &str) -> impl Iterator<Item = u64> + '_ {
        self.editions.get(id).into_iter().flat_map(|editions| editions.keys().copied())
    }

    /// The ids of all calendars.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.layers.keys().map(String::as_str)
    }
}
