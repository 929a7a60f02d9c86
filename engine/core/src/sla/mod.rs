//! What the district promises: which clock has which goal, for which channel, kind and urgency of a case.
//! Reference data of the kind `sla`.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::Diagnostic;

use crate::calendar::{Amount, Calendars};

/// The table of whoever names none.
pub const DEFAULT: &str = "default";
/// The table that is built in.
pub const BUILT_IN: &str = include_str!("built-in.yaml");

/// All tables, by id, as their newest documents say.
#[derive(Clone, Debug, PartialEq)]
pub struct Slas {
    tables: BTreeMap<String, Arc<Table>>,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// In the order as written.
    pub rows: Vec<Row>,
}

/// One promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The clock.
    pub clock: String,
    /// For which cases; what is left out is all.
    pub matter: Matter,
    /// How long.
    pub goal: Amount,
    /// By this calendar; none: that of the workflow.
    pub calendar: Option<String>,
    /// Its ladder, as `clock-start` takes it.
    pub thresholds: Vec<Value>,
}

/// What a case is, as far as a promise depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Matter {
    /// By which channel it came.
    pub channel: Option<String>,
    /// consult, help, complaint …
    pub kind: Option<String>,
    /// general, urgent, emergency …
    pub urgency: Option<String>,
}

impl Matter {
    fn members(&self) -> [&Option<String>; 3] {
        [&self.channel, &self.kind, &self.urgency]
    }

    /// How many members it names, if none of them is another than that of the case. What weighs more comes
    /// first: urgency, then kind, then channel.
    fn fits(&self, case: &Self) -> Option<u8> {
        let pairs = self.members().into_iter().zip(case.members());
        let mut weight = 0;
        for (place, (wanted, is)) in pairs.enumerate() {
            match wanted {
                None => {}
                Some(_) if wanted == is => weight |= 1 << place,
                Some(_) => return None,
            }
        }
        Some(weight)
    }
}

impl Default for Slas {
    fn default() -> Self {
        static BUILT: LazyLock<Slas> = LazyLock::new(|| {
            let mut slas = Slas { tables: BTreeMap::new() };
            slas.put(DEFAULT, BUILT_IN, &Calendars::built_in()).expect("our own table is valid");
            slas
        });
        BUILT.clone()
    }
}

impl Slas {
    /// Takes a document in.
    ///
    /// # Errors
    /// All its mistakes; nothing has changed then.
    pub fn put(&mut self, id: &str, document: &str, calendars: &Calendars) -> Result<(), Vec<Diagnostic>> {
        let table = read::read(id, document, calendars)?;
        self.tables.insert(id.to_owned(), Arc::new(table));
        Ok(())
    }

    /// A table.
    pub fn table(&self, id: &str) -> Option<&Table> {
        self.tables.get(id).map(|table| &**table)
    }
}

impl Table {
    /// The promise of a clock for a case: the row that says most; of equal ones the last.
    pub fn row(&self, clock: &str, case: &Matter) -> Option<&Row> {
        let rows = self.rows.iter().filter(|row| row.clock == clock);
        rows.filter_map(|row| Some((row.matter.fits(case)?, row)))
            .max_by_key(|(weight, _)| *weight)
            .map(|it| it.1)
    }

    /// The promises for a case, one for each clock that has one, in the order of the table.
    pub fn clocks(&self, case: &Matter) -> impl Iterator<Item = &Row> {
        let mut seen = BTreeSet::new();
        let names: Vec<&str> =
            self.rows.iter().map(|row| row.clock.as_str()).filter(|name| seen.insert(*name)).collect();
        names.into_iter().filter_map(|name| self.row(name, case))
    }
}

impl Row {
    /// As `clock-start` takes it.
    pub(crate) fn clock(&self) -> Value {
        let mut goal = json!(self.goal);
        if let Some(calendar) = &self.calendar {
            goal["calendar"] = json!(calendar);
        }
        json!({"clock": self.clock, "goal": goal, "thresholds": self.thresholds})
    }
}
