//! Who there is: units as a tree, people with roles at units, absences with substitutes, pools of experts.
//!
//! ```text
//! YAML, CSV ──► Document ──check──► Organisation ──► who holds handler@城管局 now, and for whom
//! ```
//! Pure: the time is handed in. It does not know tokens, nor where its versions are stored.

mod change;
mod check;
mod csv;
mod document;
mod presence;
mod role;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use self::change::Change;
pub use self::check::check;
pub use self::csv::{Table, Tables};
pub use self::document::{Absence, Contact, Document, Expert, NamedRole, Person, Pool, Unit, UnitKind};
pub(crate) use self::role::gives;
pub use self::role::{ADMINISTRATIVE, ROLES, split as split_role};
pub use self::text::{read_tables, read_yaml};
use yiwang_dsl::Diagnostic;

use crate::Timestamp;

/// One mistake in an organisation, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Code, sentence, place in the document, help. Its span is that of the text, where that is YAML.
    pub remark: Diagnostic,
    /// The table, where it came from one of several.
    pub table: Option<&'static str>,
    /// Line of the text, from 1.
    pub line: Option<usize>,
}

/// An organisation without mistakes. The empty one knows nobody, and nothing is told about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Organisation {
    /// What it was made from.
    document: Document,
    /// Unit → its parent.
    parents: BTreeMap<String, Option<String>>,
    /// Person → place in the document.
    people: BTreeMap<String, usize>,
    absences: Vec<Away>,
}

/// An absence with its times read.
#[derive(Clone, Debug, PartialEq)]
struct Away {
    person: String,
    substitute: Option<String>,
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Organisation {
    /// What it was made from.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Does it know anybody at all? Where nobody is known, nothing is said about people.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// One person.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.get(id).and_then(|at| self.document.people.get(*at))
    }

    /// A person who still works here.
    pub fn active(&self, id: &str) -> Option<&Person> {
        self.person(id).filter(|person| !person.inactive)
    }

    /// One pool of experts.
    pub fn pool(&self, id: &str) -> Option<&Pool> {
        self.document.pools.iter().find(|pool| pool.id == id)
    }

    /// Does it know this unit?
    pub fn has_unit(&self, id: &str) -> bool {
        self.parents.contains_key(id)
    }

    /// The unit itself and all above it, the nearest first.
    pub fn unit_and_above<'o>(&'o self, unit: &'o str) -> Vec<&'o str> {
        let mut chain = vec![unit];
        while let Some(Some(parent)) = chain.last().and_then(|unit| self.parents.get(*unit)) {
            chain.push(parent);
        }
        chain
    }

    /// Where a person belongs: the units of the roles, and the affiliations noted in pools of experts.
    pub fn affiliations(&self, person: &str) -> BTreeSet<&str> {
        let roles = self.person(person).map(|person| person.roles.as_slice()).unwrap_or_default();
        let units = roles.iter().filter_map(|held| role::split(held).1);
        let experts = self.document.pools.iter().flat_map(|pool| &pool.experts);
        let own = experts.filter(|expert| expert.person == person);
        units.chain(own.flat_map(|expert| expert.affiliations.iter().map(String::as_str))).collect()
    }

    /// Does a person belong to this unit, or to one below it?
    pub fn belongs(&self, person: &str, unit: &str) -> bool {
        self.affiliations(person).into_iter().any(|own| self.unit_and_above(own).contains(&unit))
    }
}
