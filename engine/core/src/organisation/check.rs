//! A document becomes an organisation, or all its mistakes are told at once.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use yiwang_dsl::diagnostic::{Code, Text, nearest};
use yiwang_dsl::{Diagnostic, text};

use super::role::{self, ROLES};
use super::{Away, Document, Organisation};
use crate::Timestamp;
use crate::schema;

/// The district's time zone for days that are written without one: China has had one zone since 1991.
const OFFSET: &str = "+08:00";
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// Checks a document as JSON.
///
/// # Errors
/// All mistakes, in the order of the document. When the form is wrong, only the form is told.
pub fn check(value: &Value) -> Result<Organisation, Vec<Diagnostic>> {
    let validator = jsonschema::validator_for(&form()).expect("our own schemas are valid");
    let problems = schema::problems(&validator, value, "");
    if !problems.is_empty() {
        let form = |(pointer, said): (String, String)| {
            remark(Code::OrganisationForm, pointer, text!("this does not fit: {}", said), None)
        };
        return Err(problems.into_iter().map(form).collect());
    }
    let document: Document = serde_json::from_value(value.clone()).map_err(|error| {
        let said = text!("this does not fit: {}", error.to_string());
        vec![remark(Code::OrganisationForm, String::new(), said, None)]
    })?;
    let mut check = Check { document: &document, mistakes: Vec::new() };
    let parents = check.units();
    let people = check.people();
    check.roles(&parents);
    let absences = check.absences(&people);
    check.pools(&people);
    let mistakes = check.mistakes;
    if mistakes.is_empty() { Ok(Organisation { document, parents, people, absences }) } else { Err(mistakes) }
}

fn form() -> Value {
    let text = || json!({"type": "string", "minLength": 1});
    let maybe = || json!({"type": ["string", "null"], "minLength": 1});
    let texts = || json!({"type": "array", "items": text()});
    let list = |required: Value, properties: Value| {
        json!({"type": "array", "items": {
            "type": "object", "required": required, "properties": properties, "additionalProperties": false,
        }})
    };
    let kinds = ["district", "bureau", "town", "street", "village", "community", "grid", "office"];
    let contacts = list(json!(["kind", "address"]), json!({"kind": text(), "address": text()}));
    let experts =
        list(json!(["person"]), json!({"person": text(), "fields": texts(), "affiliations": texts()}));
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "roles": list(json!(["id", "name"]), json!({"id": text(), "name": text()})),
            "units": list(
                json!(["id", "name", "kind"]),
                json!({"id": text(), "name": text(), "kind": {"enum": kinds}, "parent": maybe()}),
            ),
            "people": list(
                json!(["id", "name"]),
                json!({
                    "id": text(), "name": text(), "phone": maybe(), "contacts": contacts,
                    "roles": texts(), "inactive": {"type": "boolean"},
                }),
            ),
            "absences": list(
                json!(["person", "from"]),
                json!({
                    "person": text(), "substitute": maybe(), "from": text(), "until": maybe(),
                    "reason": maybe(),
                }),
            ),
            "pools": list(
                json!(["id", "name", "experts"]),
                json!({"id": text(), "name": text(), "experts": experts}),
            ),
        },
    })
}

fn remark(code: Code, pointer: String, message: Text, help: Option<Text>) -> Diagnostic {
    let mut remark = Diagnostic::new(code, 0..0, message);
    remark.pointer = pointer;
    remark.help = help;
    remark
}

struct Check<'d> {
    document: &'d Document,
    mistakes: Vec<Diagnostic>,
}

impl<'d> Check<'d> {
    fn tell(&mut self, code: Code, pointer: String, message: Text, help: Option<Text>) {
        self.mistakes.push(remark(code, pointer, message, help));
    }

    /// Ids stand in `role@unit`, in addresses and in lists parted by commas.
    fn id(&mut self, id: &str, pointer: String) {
        let bad = |c: char| c.is_whitespace() || c.is_control() || "@,;*/".contains(c);
        if let Some(found) = id.chars().find(|c| bad(*c)) {
            let help = text!("ids have no spaces and none of `@ , ; * /`");
            let message = text!("the id `{}` has `{}` in it", id, found.escape_default().to_string());
            self.tell(Code::OrganisationId, pointer, message, Some(help));
        }
    }

    fn unique<'i>(&mut self, list: &str, ids: impl Iterator<Item = &'i str>) -> BTreeMap<String, usize> {
        let mut known = BTreeMap::new();
        for (at, id) in ids.enumerate() {
            let pointer = format!("/{list}/{at}/id");
            self.id(id, pointer.clone());
            if let Some(first) = known.get(id) {
                let help = text!("the first one is at `{}`", format!("/{list}/{first}"));
                let message = text!("there are two with the id `{}`", id);
                self.tell(Code::OrganisationTwice, pointer, message, Some(help));
            } else {
                known.insert(id.to_owned(), at);
            }
        }
        known
    }

    fn units(&mut self) -> BTreeMap<String, Option<String>> {
        let units = &self.document.units;
        let known = self.unique("units", units.iter().map(|unit| unit.id.as_str()));
        for (at, unit) in units.iter().enumerate() {
            if let Some(parent) = unit.parent.as_ref().filter(|parent| !known.contains_key(*parent)) {
                self.unknown("unit", parent, format!("/units/{at}/parent"), known.keys());
            }
        }
        let parents: BTreeMap<_, _> =
            units.iter().rev().map(|unit| (unit.id.clone(), unit.parent.clone())).collect();
        for (at, unit) in units.iter().enumerate() {
            let mut path = vec![unit.id.as_str()];
            while let Some(Some(parent)) = path.last().and_then(|last| parents.get(*last)) {
                if parent == &unit.id {
                    path.push(parent);
                    let help = text!("one of them has to have another parent, or none");
                    let message = text!("the units go in a circle: {}", path.join(" → "));
                    self.tell(Code::OrganisationCircle, format!("/units/{at}/parent"), message, Some(help));
                    break;
                }
                if path.contains(&parent.as_str()) {
                    break;
                }
                path.push(parent);
            }
        }
        parents
    }

    fn people(&mut self) -> BTreeMap<String, usize> {
        self.unique("people", self.document.people.iter().map(|person| person.id.as_str()))
    }

    fn roles(&mut self, units: &BTreeMap<String, Option<String>>) {
        let own = self.document.roles.iter().map(|role| role.id.as_str());
        let own = self.unique("roles", own);
        let known: Vec<&str> =
            ROLES.iter().map(|(id, _)| *id).chain(own.keys().map(String::as_str)).collect();
        for (at, person) in self.document.people.iter().enumerate() {
            for (n, held) in person.roles.iter().enumerate() {
                let pointer = format!("/people/{at}/roles/{n}");
                let (role, unit) = role::split(held);
                if !known.contains(&role) {
                    let help = nearest(role, &known).map_or_else(
                        || text!("name it under `roles`, or use one of the usual ones"),
                        |near| text!("did you mean `{}`?", near),
                    );
                    let message = text!("there is no role `{}`", role);
                    self.tell(Code::OrganisationUnknown, pointer.clone(), message, Some(help));
                }
                if let Some(unit) = unit.filter(|unit| !units.contains_key(*unit)) {
                    self.unknown("unit", unit, pointer, units.keys());
                }
            }
        }
    }

    fn absences(&mut self, people: &BTreeMap<String, usize>) -> Vec<Away> {
        let mut read = Vec::new();
        for (at, absence) in self.document.absences.iter().enumerate() {
            let at = format!("/absences/{at}");
            if !people.contains_key(&absence.person) {
                self.unknown("person", &absence.person, format!("{at}/person"), people.keys());
            }
            if let Some(substitute) = &absence.substitute {
                let pointer = format!("{at}/substitute");
                if !people.contains_key(substitute) {
                    self.unknown("person", substitute, pointer, people.keys());
                } else if *substitute == absence.person {
                    let help = text!("leave the substitute out where there is none");
                    let message = text!("`{}` cannot be the own substitute", substitute);
                    self.tell(Code::OrganisationSubstitute, pointer, message, Some(help));
                }
            }
            let from = self.moment(&absence.from, format!("{at}/from"), 0);
            let until = absence.until.as_ref();
            let until = until.map(|until| self.moment(until, format!("{at}/until"), DAY_MILLIS));
            if let (Some(from), Some(Some(until))) = (from, until)
                && until <= from
            {
                let message = text!("it ends before it begins");
                self.tell(Code::OrganisationTime, format!("{at}/until"), message, None);
            }
            read.push(Away {
                person: absence.person.clone(),
                substitute: absence.substitute.clone(),
                from: from.unwrap_or_default(),
                until: until.flatten(),
            });
        }
        read
    }

    /// RFC 3339, or a day of the district: its beginning plus `day_is` milliseconds.
    fn moment(&mut self, text: &str, pointer: String, day_is: u64) -> Option<Timestamp> {
        let day = || Timestamp::parse(&format!("{text}T00:00:00{OFFSET}")).map(|at| at.plus_millis(day_is));
        let read = Timestamp::parse(text).or_else(day);
        if read.is_none() {
            let help = text!("write a day such as 2024-06-11, or a time such as 2024-06-11T09:00:00+08:00");
            self.tell(Code::OrganisationTime, pointer, text!("`{}` is no time", text), Some(help));
        }
        read
    }

    fn pools(&mut self, people: &BTreeMap<String, usize>) {
        self.unique("pools", self.document.pools.iter().map(|pool| pool.id.as_str()));
        for (at, pool) in self.document.pools.iter().enumerate() {
            let mut seen: Vec<&str> = Vec::new();
            for (n, expert) in pool.experts.iter().enumerate() {
                let pointer = format!("/pools/{at}/experts/{n}/person");
                if seen.contains(&expert.person.as_str()) {
                    let message = text!("`{}` is in the pool `{}` twice", expert.person, pool.id);
                    self.tell(Code::OrganisationTwice, pointer, message, None);
                } else if !people.contains_key(&expert.person) {
                    self.unknown("person", &expert.person, pointer, people.keys());
                }
                seen.push(&expert.person);
            }
        }
    }

    fn unknown<'k>(
        &mut self,
        what: &'static str,
        id: &str,
        pointer: String,
        known: impl Iterator<Item = &'k String>,
    ) {
        let known: Vec<&str> = known.map(String::as_str).collect();
        let help = nearest(id, &known).map(|near| text!("did you mean `{}`?", near));
        let (message, add) = if what == "unit" {
            (text!("there is no unit `{}`", id), text!("add it under `units`"))
        } else {
            (text!("there is no person `{}`", id), text!("add them under `people`"))
        };
        self.tell(Code::OrganisationUnknown, pointer, message, help.or(Some(add)));
    }
}
