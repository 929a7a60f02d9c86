//! JSON Schema: from a validator's errors to places and sentences.

use jsonschema::Validator;
use serde_json::Value;
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

use crate::limits::PROBLEMS_MAX;
use crate::machine::Place;

/// What is wrong with a value: JSON Pointer below `prefix`, and a sentence.
pub(crate) fn problems(validator: &Validator, value: &Value, prefix: &str) -> Vec<(String, String)> {
    let errors = validator.iter_errors(value).take(PROBLEMS_MAX);
    errors.map(|error| (format!("{prefix}{}", error.instance_path()), error.to_string())).collect()
}

/// A validation fault with every place that does not fit.
pub(crate) fn check(validator: &Validator, value: &Value, place: Place<'_>) -> Result<(), Fault> {
    if validator.is_valid(value) {
        return Ok(());
    }
    let sentences: Vec<_> = problems(validator, value, "")
        .into_iter()
        .map(|(at, problem)| if at.is_empty() { problem } else { format!("{at}: {problem}") })
        .collect();
    Err(place.fault(Kind::Validation, &sentences.join("; ")))
}
