//! Conflict of interest: who must not decide a matter because of what they have to do with it.

use serde::{Deserialize, Serialize};

use crate::organisation::{Organisation, split_role};
use crate::work_item::Actor;

/// Whom a matter concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Conflicts {
    /// People.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) people: Vec<String>,
    /// Units and enterprises: whoever belongs to one, or to a unit below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) units: Vec<String>,
}

impl Conflicts {
    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty() && self.units.is_empty()
    }

    /// Why a person has a conflict of interest, if so: a sentence's end.
    pub(crate) fn of_person(&self, organisation: &Organisation, person: &str) -> Option<String> {
        if self.people.iter().any(|concerned| concerned == person) {
            return Some(format!("the matter concerns {person}"));
        }
        let unit = self.units.iter().find(|unit| organisation.belongs(person, unit))?;
        Some(format!("{person} has to do with {unit}, which the matter concerns"))
    }

    /// The same for somebody who is here, whose roles may stand on a token alone.
    pub(crate) fn of_actor(&self, organisation: &Organisation, actor: &Actor) -> Option<String> {
        let person = &actor.person;
        self.of_person(organisation, person).or_else(|| {
            let own = actor.roles.iter().filter_map(|held| split_role(held).1);
            let mut above = own.flat_map(|unit| organisation.unit_and_above(unit));
            let unit = above.find(|unit| self.units.iter().any(|concerned| concerned == unit))?;
            Some(format!("{person} has to do with {unit}, which the matter concerns"))
        })
    }
}
