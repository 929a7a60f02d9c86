//! Small changes of an organisation. Each gives a whole new document, which is checked like any other.

use serde::{Deserialize, Serialize};

use super::{Absence, Document, Expert, Person, Unit};

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Change {
    /// Adds a unit, or replaces the one with this id.
    Unit {
        /// The unit as it shall be.
        unit: Unit,
    },
    /// Adds a person, or replaces the one with this id.
    Person {
        /// The person as they shall be.
        person: Person,
    },
    /// The person works here no more: kept for history, holds nothing.
    Leaves {
        /// Who.
        person: String,
    },
    /// Somebody is away. What was known of the same time is replaced.
    Away {
        /// Who, from when, until when, and who stands in.
        absence: Absence,
    },
    /// Somebody is back: all their absences are taken away.
    Back {
        /// Who.
        person: String,
    },
    /// Adds an expert to a pool, or replaces what is known of them there.
    Expert {
        /// Which pool.
        pool: String,
        /// Who.
        expert: Expert,
    },
}

impl Change {
    /// The document with the change. None: it is about somebody or something that is not there.
    pub fn apply(self, mut document: Document) -> Option<Document> {
        match self {
            Self::Unit { unit } => {
                put(&mut document.units, unit, |old, new| old.id == new.id);
            }
            Self::Person { person } => {
                put(&mut document.people, person, |old, new| old.id == new.id);
            }
            Self::Leaves { person } => {
                document.people.iter_mut().find(|known| known.id == person)?.inactive = true;
            }
            Self::Away { absence } => {
                document.people.iter().find(|known| known.id == absence.person)?;
                put(&mut document.absences, absence, |old, new| {
                    (&old.person, &old.from) == (&new.person, &new.from)
                });
            }
            Self::Back { person } => {
                let before = document.absences.len();
                document.absences.retain(|absence| absence.person != person);
                if document.absences.len() == before {
                    return None;
                }
            }
            Self::Expert { pool, expert } => {
                let pool = document.pools.iter_mut().find(|known| known.id == pool)?;
                put(&mut pool.experts, expert, |old, new| old.person == new.person);
            }
        }
        Some(document)
    }
}

fn put<T>(list: &mut Vec<T>, new: T, same: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().find(|old| same(old, &new)) {
        Some(old) => *old = new,
        None => list.push(new),
    }
}
