//! Arguments of functions against their schemas, as far as they are known before the workflow runs.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::Checker;
use super::fields::Place;
use super::schema;
use crate::diagnostic::Code;
use crate::expression::{Written, read};
use crate::text;
use crate::yaml::{Node, Value};

impl<'n> Checker<'n> {
    /// Checks the fixed parts of the arguments that a call gives.
    pub(super) fn arguments(
        &mut self,
        input: &serde_json::Value,
        with: Option<&Place<'n>>,
        call: &Place<'n>,
    ) {
        // A catalog's own mistake is not the author's.
        let Ok(validator) = schema::compile(input) else { return };
        let json = with.map_or_else(|| serde_json::json!({}), |with| with.node.to_json());
        let node = with.map(|with| with.node);
        let errors: Vec<_> = validator.iter_errors(&json).map(ValidationError::to_owned).collect();
        for error in &errors {
            let pointer = error.instance_path().as_str();
            let value = node.and_then(|node| node.at(pointer));
            if value.is_some_and(|value| !is_certain(error.kind(), value)) {
                continue;
            }
            self.argument(error, input, with, call);
        }
    }

    fn argument(
        &mut self,
        error: &ValidationError<'_>,
        input: &serde_json::Value,
        with: Option<&Place<'n>>,
        call: &Place<'n>,
    ) {
        let inner = error.instance_path().as_str();
        let pointer = format!("{}{inner}", with.map_or(call, |with| with).pointer);
        let node = with.map(|with| with.node);
        let at = |pointer: &str| node.and_then(|node| node.key_span(pointer));
        // A whole object is best pointed at by its key, or by the function it is given to.
        let span = match inner {
            "" => call.node.span.clone(),
            inner => at(inner).unwrap_or_else(|| call.node.span.clone()),
        };
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                // A name written almost like it is reported as such.
                let object = node.and_then(|node| node.at(inner)).map(|node| &node.value);
                if let Some(Value::Map(entries)) = object {
                    let known = properties(input, error.schema_path().as_str());
                    let given = entries.iter().map(|entry| entry.key.text.as_str());
                    let unknown: Vec<&str> =
                        given.filter(|given| !known.iter().any(|known| known == given)).collect();
                    if crate::diagnostic::nearest(name, &unknown).is_some() && closed(input, error) {
                        return;
                    }
                }
                self.report_at(Code::With, span, &pointer, text!("`with{}` lacks `{}`", inner, name));
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let known = properties(input, error.schema_path().as_str());
                for name in unexpected {
                    let mut member = inner.to_owned();
                    crate::yaml::push_pointer(&mut member, name);
                    let span = at(&member).unwrap_or_else(|| span.clone());
                    let message = text!("the function takes no `{}` here", name);
                    let known = known.iter().map(String::as_str);
                    self.report_at(Code::With, span, &pointer, message).meant(name, known);
                }
            }
            _ => {
                let span = match inner {
                    "" => span,
                    inner => node.and_then(|node| node.at(inner)).map_or(span, |node| node.span.clone()),
                };
                let message = schema::shorten(&error.masked_with("it"));
                let message = text!("this argument does not fit: {}", message);
                self.report_at(Code::With, span, &pointer, message);
            }
        }
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

/// Does the schema beside the keyword refuse what it does not name?
fn closed(input: &serde_json::Value, error: &ValidationError<'_>) -> bool {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let closed = |schema: &serde_json::Value| schema.get("additionalProperties") == Some(&false.into());
    input.pointer(parent).is_some_and(closed)
}

/// The properties that stand beside the keyword that a schema path ends with.
fn properties(input: &serde_json::Value, schema_path: &str) -> Vec<String> {
    let parent = schema_path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let object = input.pointer(parent).and_then(|schema| schema.get("properties")?.as_object());
    object.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}
