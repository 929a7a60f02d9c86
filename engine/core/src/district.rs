//! What a step may read besides its instance: the reference data of the district. Immutable; a new document
//! makes a new one.

use std::collections::BTreeMap;
use std::sync::Arc;

use yiwang_dsl::Diagnostic;

use crate::calendar::Calendars;
use crate::organisation::{self, Organisation};
use crate::reference::{Kind, Reference};
use crate::retention::Retention;
use crate::sla::Slas;
use crate::sweep::{self, Definition};

/// The reference data at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct District {
    /// Working time.
    pub calendars: Calendars,
    /// Units, people, roles.
    pub organisation: Organisation,
    /// What is promised for which cases.
    pub slas: Slas,
    /// How long what has ended is kept.
    pub retention: Retention,
    /// Definitions of sweeps, by name.
    sweeps: BTreeMap<String, Arc<Definition>>,
    /// The newest document of each name.
    heads: BTreeMap<(Kind, String), Reference>,
    /// The greatest number.
    last: u64,
}

impl District {
    /// What is built in.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more document, or all its mistakes.
    ///
    /// # Errors
    /// The diagnostics of the document's text.
    pub fn with(&self, document: Reference) -> Result<Self, Vec<Diagnostic>> {
        let mut district = self.clone();
        match document.kind {
            Kind::Calendar => {
                district.calendars.put(&document.name, &document.body, document.number)?;
            }
            Kind::Sla => {
                district.slas.put(&document.name, &document.body, &district.calendars)?;
            }
            Kind::Sweep => {
                let definition = sweep::read_yaml(&document.name, &document.body)?;
                district.sweeps.insert(document.name.clone(), Arc::new(definition));
            }
            Kind::Retention => district.retention = Retention::read(&document.name, &document.body)?,
            Kind::Organisation => {
                let read = organisation::read_yaml(&document.body);
                let remarks = |mistakes: Vec<organisation::Mistake>| {
                    mistakes.into_iter().map(|mistake| mistake.remark).collect::<Vec<_>>()
                };
                district.organisation = read.map_err(remarks)?;
            }
        }
        district.last = district.last.max(document.number);
        district.heads.insert((document.kind, document.name.clone()), document);
        Ok(district)
    }

    /// The definition of the sweep of this name.
    pub fn sweep(&self, name: &str) -> Option<&Arc<Definition>> {
        self.sweeps.get(name)
    }

    /// The newest document of a name. What is built in has none.
    pub fn document(&self, kind: Kind, name: &str) -> Option<&Reference> {
        self.heads.get(&(kind, name.to_owned()))
    }

    /// The newest documents, in order of kind and name.
    pub fn documents(&self) -> impl Iterator<Item = &Reference> {
        self.heads.values()
    }

    /// The number of the newest document; 0: there is none.
    pub fn last_number(&self) -> u64 {
        self.last
    }
}
