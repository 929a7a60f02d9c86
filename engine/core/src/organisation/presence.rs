//! Who is there now, and who acts for whom.

use std::collections::BTreeSet;

use super::role::{self, ADMINISTRATIVE};
use super::{Away, Organisation};
use crate::Timestamp;
use crate::work_item::{Actor, StandIn};

/// A chain of substitutes that is longer goes in a circle, or nobody remembers it.
const CHAIN_MAX: usize = 8;

impl Away {
    fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

impl Organisation {
    fn away(&self, person: &str, now: Timestamp) -> Option<&Away> {
        // The newest entry counts.
        self.absences.iter().rev().find(|away| away.person == person && away.holds_at(now))
    }

    /// Who acts when this person is to act: the person, or the substitute of a substitute; none: nobody.
    pub fn acting(&self, person: &str, now: Timestamp) -> Option<&str> {
        let mut acting = self.active(person)?.id.as_str();
        for _ in 0..CHAIN_MAX {
            match self.away(acting, now) {
                None => return Some(acting),
                Some(away) => acting = self.active(away.substitute.as_deref()?)?.id.as_str(),
            }
        }
        None
    }

    /// Who may act by this role now: `role`, `role@unit` or `*@unit`. Nobody twice.
    pub fn present(&self, wanted: &str, now: Timestamp) -> BTreeSet<&str> {
        let holders = self.document.people.iter().filter(|person| self.holds(&person.id, wanted));
        holders.filter_map(|person| self.acting(&person.id, now)).collect()
    }

    /// Does the organisation give this role to a person?
    pub fn holds(&self, person: &str, wanted: &str) -> bool {
        self.active(person).is_some_and(|person| person.roles.iter().any(|held| role::gives(held, wanted)))
    }

    /// Who calls: the roles of the token and of the organisation, and those for whom the person acts. An
    /// administrator's power stays with the administrator.
    pub fn actor(&self, person: &str, token_roles: &[String], now: Timestamp) -> Actor {
        let mut roles = token_roles.to_vec();
        if let Some(known) = self.active(person) {
            let more: Vec<_> = known.roles.iter().filter(|held| !roles.contains(held)).cloned().collect();
            roles.extend(more);
        }
        let stands_in = if self.active(person).is_some() { self.stands_in(person, now) } else { Vec::new() };
        Actor { person: person.to_owned(), roles, stands_in }
    }

    fn stands_in(&self, person: &str, now: Timestamp) -> Vec<StandIn> {
        let absent: BTreeSet<&str> =
            self.absences.iter().filter(|away| away.holds_at(now)).map(|away| away.person.as_str()).collect();
        let mine =
            absent.into_iter().filter(|away| *away != person && self.acting(away, now) == Some(person));
        let stand_in = |away: &str| StandIn {
            person: away.to_owned(),
            roles: self.active(away).map_or_else(Vec::new, |known| {
                let passed = |held: &&String| !ADMINISTRATIVE.contains(&role::split(held).0);
                known.roles.iter().filter(passed).cloned().collect()
            }),
        };
        mine.map(stand_in).collect()
    }

    /// Who else could do work of `wanted` when nobody holds that: the same role further up, then those who
    /// supervise the unit, then anybody who supervises (ADR 0020).
    pub fn fallback(&self, wanted: &str, now: Timestamp) -> Option<String> {
        let somebody = |role: &String| !self.present(role, now).is_empty();
        let (role, unit) = role::split(wanted);
        if let Some(unit) = unit {
            let chain = self.unit_and_above(unit);
            let same = chain.iter().skip(1).map(|unit| format!("{role}@{unit}"));
            let supervisors = chain.iter().map(|unit| format!("supervisor@{unit}"));
            if let Some(found) = same.filter(|_| role != "*").chain(supervisors).find(somebody) {
                return Some(found);
            }
        }
        Some("supervisor".to_owned()).filter(somebody)
    }
}
