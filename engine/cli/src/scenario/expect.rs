//! Compares what is with what a scenario expects.
//!
//! An expected object needs only the members it names; an expected text of a message's `body`, `subject` and
//! of a title may be a part of the real one; an expected list must be equal in length.

use serde_json::Value;

/// A difference: JSON Pointer below the expectation, and a sentence.
pub(super) type Difference = (String, String);

/// Members whose text may be given in part.
const IN_PART: &[&str] = &["body", "subject", "title", "description", "detail", "text"];

/// All differences.
pub(super) fn compare(at: &str, wanted: &Value, is: &Value) -> Vec<Difference> {
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(is)) => wanted
            .iter()
            .flat_map(|(name, wanted)| {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                match is.get(name) {
                    Some(is) => compare(&at, wanted, is),
                    None if wanted.is_null() => Vec::new(),
                    None => {
                        let known: Vec<&str> = is.keys().map(String::as_str).collect();
                        vec![(at, format!("there is no `{name}`; there are {}", known.join(", ")))]
                    }
                }
            })
            .collect(),
        (Value::Array(wanted), Value::Array(is)) if wanted.len() == is.len() => wanted
            .iter()
            .zip(is)
            .enumerate()
            .flat_map(|(index, (wanted, is))| compare(&format!("{at}/{index}"), wanted, is))
            .collect(),
        (Value::String(wanted), Value::String(is))
            if IN_PART.iter().any(|name| at.ends_with(&format!("/{name}")))
                && is.contains(wanted.as_str()) =>
        {
            Vec::new()
        }
        // 1 and 1.0 are the same number.
        (Value::Number(wanted), Value::Number(is)) if wanted.as_f64() == is.as_f64() => Vec::new(),
        _ if wanted == is => Vec::new(),
        _ => vec![(at.to_owned(), format!("it is {}", shown(is)))],
    }
}

/// Each of `wanted` fits one of `is`, in the same order. The first that does not.
pub(super) fn in_order(at: &str, wanted: &[Value], is: &[Value]) -> Vec<Difference> {
    let mut rest = is.iter();
    for (index, wanted) in wanted.iter().enumerate() {
        if !rest.any(|is| compare("", wanted, is).is_empty()) {
            let all: Vec<String> = is.iter().map(|is| format!("  {}", shown(is))).collect();
            let among = if all.is_empty() {
                "there are none".to_owned()
            } else {
                format!("there are:\n{}", all.join("\n"))
            };
            return vec![(format!("{at}/{index}"), format!("not found, or not in this order; {among}"))];
        }
    }
    Vec::new()
}

/// Each of `wanted` fits another one of `is`, and none is left over.
pub(super) fn the_same_set(at: &str, wanted: &[Value], is: &[Value]) -> Vec<Difference> {
    let mut left: Vec<&Value> = is.iter().collect();
    let all: Vec<String> = is.iter().map(|is| format!("  {}", shown(is))).collect();
    for (index, wanted) in wanted.iter().enumerate() {
        match left.iter().position(|is| compare("", wanted, is).is_empty()) {
            Some(found) => drop(left.remove(found)),
            None if all.is_empty() => {
                return vec![(format!("{at}/{index}"), "not found; there are none".to_owned())];
            }
            None => {
                return vec![(format!("{at}/{index}"), format!("not found; there are:\n{}", all.join("\n")))];
            }
        }
    }
    if left.is_empty() {
        return Vec::new();
    }
    let left: Vec<String> = left.into_iter().map(|is| format!("  {}", shown(is))).collect();
    vec![(at.to_owned(), format!("there are more:\n{}", left.join("\n")))]
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(400).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_named_is_compared() {
        let is = json!({ "state": "closed", "flags": ["overdue"], "n": 1.0, "body": "编号 7,已办结", "fields": { "a": 1, "b": 2 } });
        assert_eq!(
            compare("", &json!({ "state": "closed", "n": 1, "body": "已办结", "fields": { "b": 2 } }), &is),
            vec![]
        );
        let differences = compare("", &json!({ "state": "open", "flags": [], "fields": { "c": 1 } }), &is);
        let at: Vec<_> = differences.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(at, ["/fields/c", "/flags", "/state"]);
        assert_eq!(compare("", &json!({ "outcome": null }), &is), vec![]);
    }

    #[test]
    fn order_and_sets() {
        let is = [json!({ "a": 1 }), json!({ "a": 2 }), json!({ "a": 3 })];
        assert!(in_order("", &[json!({ "a": 1 }), json!({ "a": 3 })], &is).is_empty());
        assert_eq!(in_order("", &[json!({ "a": 3 }), json!({ "a": 1 })], &is)[0].0, "/1");
        assert!(the_same_set("", &[json!({ "a": 3 }), json!({ "a": 2 }), json!({})], &is).is_empty());
        assert_eq!(the_same_set("/i", &[json!({ "a": 3 })], &is)[0].0, "/i");
        assert_eq!(the_same_set("/i", &[json!({ "a": 9 })], &is)[0].0, "/i/0");
    }
}
