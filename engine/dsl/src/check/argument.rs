//! Arguments of functions against their schemas, as far as they are known before the workflow runs.

use std::ops::Range;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::Checker;
use super::alternative::{Mistake, mistakes};
use super::fields::Place;
use super::schema;
use crate::catalog::Rule;
use crate::diagnostic::{Code, Joint, names, nearest};
use crate::text;
use crate::yaml::Value;

impl<'n> Checker<'n> {
    /// Checks the fixed parts of the arguments that a call gives.
    pub(super) fn arguments(
        &mut self,
        input: &serde_json::Value,
        with: Option<&Place<'n>>,
        call: &Place<'n>,
    ) {
        // A catalog's own mistake is not the author's.
        let Ok(validator) = schema::compile_for_arguments(input) else { return };
        let json = with.map_or_else(|| serde_json::json!({}), |with| with.node.to_json());
        let errors: Vec<_> = validator.iter_errors(&json).map(ValidationError::to_owned).collect();
        for error in &errors {
            for mistake in mistakes(error, input, with.map(|with| with.node)) {
                match mistake {
                    Mistake::Plain { error, known } => self.argument(error, &known, input, with, call),
                    Mistake::NoneOf { at, names: all } => {
                        let (span, pointer) = argument_span(&at, with, call);
                        let message = text!("`with{}` lacks one of {}", at, names(all, Joint::Comma));
                        self.report_at(Code::With, span, &pointer, message);
                    }
                    Mistake::Several { at, names: all } => {
                        let (span, pointer) = argument_span(&at, with, call);
                        let message = text!("of {} only one may stand here", names(all, Joint::And));
                        self.report_at(Code::With, span, &pointer, message);
                    }
                }
            }
        }
    }

    /// Checks arguments by what the function knows of them beyond their schema. What stands where an expression gives
    /// the value, or some of it, is not known before the workflow runs.
    pub(super) fn by_rule(&mut self, rule: Rule, with: &Place<'n>, call: &Place<'n>) {
        if self.loose {
            return;
        }
        for misfit in rule(&with.node.to_json()) {
            let written = with.node.at(&misfit.pointer);
            if written.is_some_and(|node| has_expression(&node.to_json())) {
                continue;
            }
            let (span, pointer) = argument_span(&misfit.pointer, Some(with), call);
            let message = text!("this argument does not fit: {}", misfit.message);
            let remark = self.report_at(Code::With, span, &pointer, message);
            if let Some(help) = misfit.help {
                remark.help(help);
            }
        }
    }

    fn argument(
        &mut self,
        error: &ValidationError<'_>,
        known: &[String],
        input: &serde_json::Value,
        with: Option<&Place<'n>>,
        call: &Place<'n>,
    ) {
        let inner = error.instance_path().as_str();
        let node = with.map(|with| with.node);
        let at = |pointer: &str| node.and_then(|node| node.key_span(pointer));
        let (span, pointer) = argument_span(inner, with, call);
        let value = node.and_then(|node| node.at(inner));
        let value_span = match inner {
            "" => span.clone(),
            _ => value.map_or_else(|| span.clone(), |value| value.span.clone()),
        };
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                // A name written almost like it is reported as such.
                if let Some(Value::Map(entries)) = value.map(|value| &value.value) {
                    let given = entries.iter().map(|entry| entry.key.text.as_str());
                    let unknown: Vec<&str> =
                        given.filter(|given| !known.iter().any(|known| known == given)).collect();
                    if nearest(name, &unknown).is_some() && closed(input, error) {
                        return;
                    }
                }
                self.report_at(Code::With, span, &pointer, text!("`with{}` lacks `{}`", inner, name));
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    let mut member = inner.to_owned();
                    crate::yaml::push_pointer(&mut member, name);
                    let span = at(&member).unwrap_or_else(|| span.clone());
                    let message = text!("the function takes no `{}` here", name);
                    let known = known.iter().map(String::as_str);
                    self.report_at(Code::With, span, &pointer, message).meant(name, known);
                }
            }
            ValidationErrorKind::Enum { options } => {
                let words = options.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
                let words: Vec<&str> = words.collect();
                let all = names(&words, Joint::Comma);
                let Some(written) = value.and_then(|value| value.as_str()) else {
                    self.report_at(Code::With, value_span, &pointer, text!("this is not one of {}", all));
                    return;
                };
                let message = text!("`{}` is not one of {}", written, all);
                let remark = self.report_at(Code::With, value_span, &pointer, message);
                if let Some(near) = nearest(written, &words) {
                    remark.help(text!("did you mean `{}`?", near));
                }
            }
            ValidationErrorKind::Format { format } if format == crate::duration::FORMAT => {
                let written = value.and_then(|value| value.as_str()).unwrap_or_default();
                let message = text!("`{}` is not a duration", written);
                let remark = self.report_at(Code::Duration, value_span, &pointer, message);
                if let Err(help) = crate::duration::parse(written) {
                    remark.help(help);
                }
            }
            _ => {
                let message = schema::shorten(&error.masked_with("it"));
                let message = text!("this argument does not fit: {}", message);
                self.report_at(Code::With, value_span, &pointer, message);
            }
        }
    }
}

fn has_expression(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.trim_start().starts_with("${"),
        serde_json::Value::Array(items) => items.iter().any(has_expression),
        serde_json::Value::Object(members) => members.values().any(has_expression),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => false,
    }
}

/// Where a part of the arguments stands. A whole object is best pointed at by its key, or by the function it
/// is given to.
fn argument_span(inner: &str, with: Option<&Place<'_>>, call: &Place<'_>) -> (Range<usize>, String) {
    let pointer = format!("{}{inner}", with.unwrap_or(call).pointer);
    let of_key = with.filter(|_| !inner.is_empty()).and_then(|with| with.node.key_span(inner));
    (of_key.unwrap_or_else(|| call.node.span.clone()), pointer)
}

/// Does the schema beside the keyword refuse what it does not name?
fn closed(input: &serde_json::Value, error: &ValidationError<'_>) -> bool {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let closed = |schema: &serde_json::Value| schema.get("additionalProperties") == Some(&false.into());
    input.pointer(parent).is_some_and(closed)
}
