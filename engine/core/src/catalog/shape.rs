//! Parts that the schemas of several functions share.
//!
//! Members that may be left out may also be null: an expression that finds nothing gives null.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use yiwang_dsl::duration::FORMAT;

use crate::interest::Conflicts;

/// An object with these members and no others.
pub(super) fn object(required: &[&str], properties: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

pub(super) fn text() -> Value {
    json!({"type": "string", "minLength": 1})
}

pub(super) fn optional_text() -> Value {
    json!({"type": ["string", "null"]})
}

pub(super) fn texts() -> Value {
    json!({"type": ["array", "null"], "items": {"type": "string", "minLength": 1}})
}

pub(super) fn optional_object() -> Value {
    json!({"type": ["object", "null"]})
}

pub(crate) fn duration() -> Value {
    json!({"type": "string", "format": FORMAT, "description": "ISO 8601 duration of fixed length"})
}

pub(super) fn moment() -> Value {
    json!({"type": "string", "description": "RFC 3339"})
}

pub(super) fn flags() -> Value {
    json!({"type": ["array", "null"], "items": flag()})
}

pub(super) fn flag() -> Value {
    json!({"enum": ["overdue", "warned", "supervised", "reopened", "repeat"]})
}

pub(super) fn recipient() -> Value {
    object(&["kind", "address"], &[("kind", text()), ("address", text()), ("name", optional_text())])
}

/// Whom a matter concerns: people and units.
pub(super) fn conflicts() -> Value {
    let members = object(&[], &[("people", names()), ("units", names())]);
    json!({"anyOf": [{"type": "null"}, members]})
}

/// Names; expressions that find nothing give null among them.
pub(super) fn names() -> Value {
    json!({"type": ["array", "null"], "items": optional_text()})
}

/// [`conflicts`] as it is read.
#[derive(Default, Deserialize)]
pub(super) struct ConflictsWith {
    people: Option<Vec<Option<String>>>,
    units: Option<Vec<Option<String>>>,
}

impl From<ConflictsWith> for Conflicts {
    fn from(with: ConflictsWith) -> Self {
        Self { people: present(with.people), units: present(with.units) }
    }
}

/// The names that are there.
pub(super) fn present(names: Option<Vec<Option<String>>>) -> Vec<String> {
    let names = names.unwrap_or_default().into_iter().flatten().filter(|name| !name.is_empty());
    let mut unique = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

/// What a message consists of, besides its channel.
pub(super) fn message() -> Vec<(&'static str, Value)> {
    vec![
        ("to", recipient()),
        ("subject", optional_text()),
        ("body", text()),
        ("template", optional_text()),
        ("params", optional_object()),
    ]
}

/// Who a case belongs to.
pub(super) fn petitioner() -> Value {
    optional(object(&[], &[("name", optional_text()), ("phone", optional_text())]))
}

/// Where a case is.
pub(super) fn place() -> Value {
    let degrees = || json!({"type": "number"});
    let point = object(&["lat", "lon"], &[("lat", degrees()), ("lon", degrees()), ("crs", optional_text())]);
    let members = [("address", optional_text()), ("region", optional_text()), ("point", optional(point))];
    optional(object(&[], &members))
}

fn optional(schema: Value) -> Value {
    json!({"anyOf": [{"type": "null"}, schema]})
}

/// The case as data.
pub(super) fn case() -> Value {
    object(
        &["caseNo", "type", "channel", "title", "content", "state", "flags", "opened", "reworks", "fields"],
        &[
            ("caseNo", text()),
            ("type", text()),
            ("channel", text()),
            ("sourceRef", optional_text()),
            ("title", text()),
            ("content", json!({})),
            ("state", text()),
            ("outcome", optional_text()),
            ("flags", flags()),
            ("category", optional_text()),
            ("urgency", optional_text()),
            ("unit", optional_text()),
            ("due", optional_text()),
            ("opened", moment()),
            ("closed", optional_text()),
            ("reworks", json!({"type": "integer"})),
            ("fields", json!({"type": "object"})),
            ("trackingCode", optional_text()),
            ("kind", optional_text()),
            ("petitioner", optional_object()),
            ("place", optional_object()),
            ("related", json!({"type": "array"})),
            ("contacted", json!({"type": "boolean"})),
            ("satisfaction", json!({"type": ["integer", "null"]})),
            ("suspended", json!({"type": "boolean"})),
        ],
    )
}
