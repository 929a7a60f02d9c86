//! When two documents are the same: as JSON, numbers by value, members of objects in any order.

use serde_json::Value;

/// Are they equal? `1` and `1.0` are.
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64().is_some_and(|number| right.as_f64() == Some(number))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        (left, right) => left == right,
    }
}

/// Has `actual` all that `expected` says? Objects may have more members, arrays not more items.
pub fn contains(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, e)| contains(a, e))
        }
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(key, e)| actual.get(key).is_some_and(|a| contains(a, e)))
        }
        (actual, expected) => same(actual, expected),
    }
}

/// The value at `a.b.c`; a number names an item of an array.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, step| match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// As it is shown to people.
pub fn show(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(same(&json!({"a": [1, 2.0]}), &json!({"a": [1.0, 2]})));
        assert!(!same(&json!({"a": 1}), &json!({"a": 1, "b": null})));
        assert!(!same(&json!(1), &json!("1")));
        assert!(contains(&json!({"a": 1, "b": 2}), &json!({"b": 2.0})));
        assert!(!contains(&json!([1, 2]), &json!([1])));
        assert_eq!(at(&json!({"a": [{"b": 3}]}), "a.0.b"), Some(&json!(3)));
    }
}
