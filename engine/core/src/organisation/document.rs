//! An organisation as it is written and stored. It may have mistakes: see `check`.

use serde::{Deserialize, Serialize};

/// The whole organisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// Roles besides those that everybody has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<NamedRole>,
    /// Units, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Unit>,
    /// People.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// Who is away, and who stands in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absences: Vec<Absence>,
    /// Experts that lots are drawn from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<Pool>,
}

/// A role of this district's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedRole {
    /// Its id.
    pub id: String,
    /// For people.
    pub name: String,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unit {
    /// Its id: what stands behind the `@` of a role.
    pub id: String,
    /// For people.
    pub name: String,
    /// Of which kind.
    pub kind: UnitKind,
    /// The unit above it; none: a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// The kinds of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// 区
    District,
    /// 局、委、办
    Bureau,
    /// 镇
    Town,
    /// 街道
    Street,
    /// 村
    Village,
    /// 社区
    Community,
    /// 网格
    Grid,
    /// Part of another unit, or an enterprise that works for the district.
    Office,
}

/// One person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// The id that tokens, work items and history use.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Where to write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// `role` or `role@unit`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Works here no more: kept for history, holds nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inactive: bool,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contact {
    /// As in messages: `openid`, `mobile`, `email`.
    pub kind: String,
    /// The address.
    pub address: String,
}

/// Somebody is away for a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Absence {
    /// Who.
    pub person: String,
    /// Who acts meanwhile; none: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitute: Option<String>,
    /// From this time (RFC 3339), or from the beginning of this day in the district's time.
    pub from: String,
    /// Until this time, or to the end of this day; none: until it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Experts of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pool {
    /// Its id.
    pub id: String,
    /// For people.
    pub name: String,
    /// Who is in it.
    #[serde(default)]
    pub experts: Vec<Expert>,
}

/// One expert of a pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expert {
    /// A person of the organisation.
    pub person: String,
    /// What the expert knows about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Units and enterprises that the expert has to do with, besides the units of the roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affiliations: Vec<String>,
}
