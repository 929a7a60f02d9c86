//! What is wrong with an argument, whatever its expressions will give; of alternatives, with the one that was meant.
//!
//! How a mistake is told is not known here.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value as Json;

use crate::diagnostic::nearest;
use crate::expression::{Written, read};
use crate::yaml::{Node, Value};

/// One mistake.
#[derive(Clone, Debug)]
pub(super) enum Mistake<'e> {
    /// What the validator says, and the members that are known beside it.
    Plain { error: &'e ValidationError<'static>, known: Vec<String> },
    /// The object at this place has none of these members, and needs one.
    NoneOf { at: String, names: Vec<String> },
    /// The object at this place has all of these members, and may have one.
    Several { at: String, names: Vec<String> },
}

/// The mistakes that an error of the schema `input` stands for. None when an expression decides.
pub(super) fn mistakes<'e>(
    error: &'e ValidationError<'static>,
    input: &Json,
    with: Option<&Node>,
) -> Vec<Mistake<'e>> {
    let value = with.and_then(|with| with.at(error.instance_path().as_str()));
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            none_fits(error, context, input, with)
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => several_fit(error, input, value),
        kind if value.is_some_and(|value| !is_certain(kind, value)) => Vec::new(),
        _ => vec![Mistake::Plain { error, known: properties(input, error.schema_path().as_str()) }],
    }
}

/// One alternative that does not fit.
struct Alternative<'s, 'e> {
    /// Its schema.
    schema: Option<&'s Json>,
    mistakes: Vec<Mistake<'e>>,
}

impl Alternative<'_, '_> {
    /// Is the value of another type altogether?
    fn is_of_other_type(&self, at: &str) -> bool {
        self.mistakes.iter().any(|mistake| match mistake {
            Mistake::Plain { error, .. } => {
                matches!(error.kind(), ValidationErrorKind::Type { .. })
                    && error.instance_path().as_str() == at
            }
            Mistake::NoneOf { .. } | Mistake::Several { .. } => false,
        })
    }

    /// The members of the object at a place that are lacking.
    fn lacking(&self, place: &str) -> Vec<String> {
        let lacking = |mistake: &Mistake<'_>| match mistake {
            Mistake::Plain { error, .. } => lacking(error, place).map(|name| vec![name.to_owned()]),
            Mistake::NoneOf { at, names } => (at == place).then(|| names.clone()),
            Mistake::Several { .. } => None,
        };
        self.mistakes.iter().filter_map(lacking).flatten().collect()
    }

    /// How many of the members that are written it knows; those written almost like one count half.
    fn likeness(&self, value: Option<&Node>) -> usize {
        let Some(Value::Map(entries)) = value.map(|value| &value.value) else { return 0 };
        let known: Vec<String> = self.schema.map(members).unwrap_or_default();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let worth = |written: &str| match nearest(written, &known) {
            _ if known.contains(&written) => 2,
            Some(_) => 1,
            None => 0,
        };
        entries.iter().map(|entry| worth(&entry.key.text)).sum()
    }
}

/// The mistakes of the alternative that was meant: of the type of what is written, with its members.
fn none_fits<'e>(
    error: &'e ValidationError<'static>,
    context: &'e [Vec<ValidationError<'static>>],
    input: &Json,
    with: Option<&Node>,
) -> Vec<Mistake<'e>> {
    let (at, path) = (error.instance_path().as_str(), error.schema_path().as_str());
    let value = with.and_then(|with| with.at(at));
    let schemas = input.pointer(path).and_then(Json::as_array);
    let mut left = Vec::new();
    for (number, errors) in context.iter().enumerate() {
        let mistakes: Vec<_> = errors.iter().flat_map(|error| mistakes(error, input, with)).collect();
        if mistakes.is_empty() {
            return Vec::new();
        }
        left.push(Alternative { schema: schemas.and_then(|schemas| schemas.get(number)), mistakes });
    }
    if left.iter().any(|one| !one.is_of_other_type(at)) {
        left.retain(|one| !one.is_of_other_type(at));
    } else {
        // Nobody who writes something means nothing.
        let nothing = |one: &Alternative<'_, '_>| one.schema.is_some_and(|schema| schema["type"] == "null");
        let meant = left.iter().position(|one| !nothing(one)).unwrap_or_default();
        left.drain(..meant);
        left.truncate(1);
    }
    let best = left.iter().map(|one| one.likeness(value)).max().unwrap_or_default();
    left.retain(|one| one.likeness(value) == best);
    let fewest = left.iter().map(|one| one.mistakes.len()).min().unwrap_or_default();
    left.retain(|one| one.mistakes.len() == fewest);
    if left.len() > 1 && left.iter().all(|one| !one.lacking(at).is_empty()) {
        return undecided(&left, at);
    }
    left.into_iter().next().map(|one| one.mistakes).unwrap_or_default()
}

/// What several alternatives have in common, each of which lacks another member.
fn undecided<'e>(alternatives: &[Alternative<'_, 'e>], place: &str) -> Vec<Mistake<'e>> {
    let mut names: Vec<String> = Vec::new();
    for name in alternatives.iter().flat_map(|one| one.lacking(place)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut all_known: Vec<String> = Vec::new();
    for name in alternatives.iter().filter_map(|one| one.schema).flat_map(members) {
        if !all_known.contains(&name) {
            all_known.push(name);
        }
    }
    let mut found = vec![Mistake::NoneOf { at: place.to_owned(), names }];
    for mistake in &alternatives[0].mistakes {
        match mistake {
            Mistake::Plain { error, .. } if lacking(error, place).is_some() => {}
            Mistake::Plain { error, .. } if error.instance_path().as_str() == place => {
                found.push(Mistake::Plain { error, known: all_known.clone() });
            }
            Mistake::NoneOf { at, .. } if at == place => {}
            other => found.push(other.clone()),
        }
    }
    found
}

/// More than one alternative fits: as a rule each only wants another member.
fn several_fit<'e>(
    error: &'e ValidationError<'static>,
    input: &Json,
    value: Option<&Node>,
) -> Vec<Mistake<'e>> {
    let alternatives = input.pointer(error.schema_path().as_str()).and_then(Json::as_array);
    let wanted = |schema: &Json| {
        let only = schema.as_object()?;
        let required = only.get("required").filter(|_| only.len() == 1)?.as_array()?;
        Some(required.iter().filter_map(Json::as_str).map(str::to_owned).collect::<Vec<_>>())
    };
    let wanted: Option<Vec<Vec<String>>> =
        alternatives.and_then(|alternatives| alternatives.iter().map(wanted).collect());
    match (wanted, value) {
        (_, Some(value)) if value.as_str().is_some() && has_expression(value) => Vec::new(),
        (Some(wanted), Some(value)) => {
            let names = wanted.concat().into_iter().filter(|name| value.get(name).is_some()).collect();
            vec![Mistake::Several { at: error.instance_path().as_str().to_owned(), names }]
        }
        (_, Some(value)) if has_expression(value) => Vec::new(),
        _ => vec![Mistake::Plain { error, known: Vec::new() }],
    }
}

/// The member that the object at a place lacks, if that is the error.
fn lacking<'e>(error: &'e ValidationError<'_>, place: &str) -> Option<&'e str> {
    match error.kind() {
        ValidationErrorKind::Required { property } if error.instance_path().as_str() == place => {
            property.as_str()
        }
        _ => None,
    }
}

/// Does an error stand whatever the expressions inside of the value give?
fn is_certain(kind: &ValidationErrorKind, value: &Node) -> bool {
    let shape = matches!(
        kind,
        ValidationErrorKind::Required { .. }
            | ValidationErrorKind::AdditionalProperties { .. }
            | ValidationErrorKind::Type { .. }
            | ValidationErrorKind::MinItems { .. }
            | ValidationErrorKind::MaxItems { .. }
            | ValidationErrorKind::MinProperties { .. }
            | ValidationErrorKind::MaxProperties { .. }
            | ValidationErrorKind::PropertyNames { .. }
    );
    match &value.value {
        Value::String(_) => !has_expression(value),
        _ => shape || !has_expression(value),
    }
}

fn has_expression(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => !matches!(read(text), Ok(Written::Literal)),
        Value::List(items) => items.iter().any(has_expression),
        Value::Map(entries) => entries.iter().any(|entry| has_expression(&entry.value)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}

/// The properties that stand beside the keyword that a schema path ends with.
fn properties(input: &Json, schema_path: &str) -> Vec<String> {
    let parent = schema_path.rsplit_once('/').map_or("", |(parent, _)| parent);
    input.pointer(parent).map(members).unwrap_or_default()
}

/// The members that the schema of an object names.
fn members(schema: &Json) -> Vec<String> {
    let properties = schema.get("properties").and_then(Json::as_object);
    properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}
