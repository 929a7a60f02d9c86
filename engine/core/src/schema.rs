//! JSON Schema: from a validator's errors to places and sentences.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::Value;
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

use crate::limits::PROBLEMS_MAX;
use crate::machine::Place;

/// What is wrong with a value: JSON Pointer below `prefix`, and a sentence.
pub(crate) fn problems(validator: &Validator, value: &Value, prefix: &str) -> Vec<(String, String)> {
    let errors: Vec<_> =
        validator.iter_errors(value).take(PROBLEMS_MAX).map(ValidationError::to_owned).collect();
    let errors = errors.iter().flat_map(meant).take(PROBLEMS_MAX);
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

/// Where several schemas were possible and none fits: what is wrong with the one that was meant. It is of the
/// type of the value, and has the fewest faults.
fn meant<'e>(error: &'e ValidationError<'static>) -> Vec<&'e ValidationError<'static>> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        return vec![error];
    };
    let at = error.instance_path();
    let distance = |errors: &Vec<&ValidationError<'_>>| {
        let other_type = errors.iter().find_map(|inner| match inner.kind() {
            ValidationErrorKind::Type { kind } if inner.instance_path() == at => Some(kind),
            _ => None,
        });
        // Nobody who gives something means nothing.
        let nothing = matches!(other_type, Some(TypeKind::Single(JsonType::Null)));
        (nothing, other_type.is_some(), errors.len())
    };
    let alternatives = context.iter().map(|errors| errors.iter().flat_map(meant).collect::<Vec<_>>());
    alternatives.min_by_key(distance).filter(|errors| !errors.is_empty()).unwrap_or_else(|| vec![error])
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
    fn told(schema: Value, value: Value, expected: Expect) {
        let validator = jsonschema::validator_for(&schema).unwrap();
        let lines: Vec<_> =
            problems(&validator, &value, "").into_iter().map(|(at, what)| format!("{at}: {what}")).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn of_alternatives_the_one_that_was_meant_is_told() {
        let person = json!({ "type": "object", "required": ["person"], "additionalProperties": false,
            "properties": { "person": { "type": "string" }, "age": { "type": "integer", "minimum": 0 } } });
        let schema = json!({ "anyOf": [{ "type": "null" }, { "type": "string", "minLength": 2 }, person] });
        told(schema.clone(), json!("x"), expect![[r#": "x" is shorter than 2 characters"#]]);
        told(
            schema.clone(),
            json!({ "person": "张三", "age": -1 }),
            expect!["/age: -1 is less than the minimum of 0"],
        );
        told(schema.clone(), json!({ "age": 3 }), expect![[r#": "person" is a required property"#]]);
        told(schema.clone(), json!(5), expect![[r#": 5 is not of type "string""#]]);
        told(
            json!({ "properties": { "to": { "oneOf": [schema, { "type": "array" }] } } }),
            json!({ "to": { "person": 7 } }),
            expect![[r#"/to/person: 7 is not of type "string""#]],
        );
    }
}
