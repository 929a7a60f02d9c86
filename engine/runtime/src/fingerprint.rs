//! Tells whether two inputs are the same: SHA-256 of their JSON with the members of objects in order.

use serde_json::Value;
use sha2::{Digest, Sha256};
use yiwang_dsl::Data;

/// The fingerprint in hex.
pub(crate) fn of(data: &Data) -> String {
    let mut hasher = Sha256::new();
    add(&mut hasher, &data.to_json());
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn add(hasher: &mut Sha256, value: &Value) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            hasher.update(value.to_string());
        }
        Value::Array(items) => {
            hasher.update("[");
            for item in items {
                add(hasher, item);
                hasher.update(",");
            }
            hasher.update("]");
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            hasher.update("{");
            for (name, value) in members {
                hasher.update(Value::from(name.as_str()).to_string());
                hasher.update(":");
                add(hasher, value);
                hasher.update(",");
            }
            hasher.update("}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use serde_json::json;

    #[test]
    fn the_order_of_members_does_not_count_but_all_else_does() {
        let one: serde_json::Value = serde_json::from_str(r#"{"a":1,"b":[1,2]}"#).unwrap();
        let two: serde_json::Value = serde_json::from_str(r#"{"b":[1,2],"a":1}"#).unwrap();
        assert_eq!(of(&one.into()), of(&two.into()));
        assert_ne!(of(&json!([1, 2]).into()), of(&json!([2, 1]).into()));
        assert_ne!(of(&json!("1").into()), of(&json!(1).into()));
        assert_ne!(of(&json!(["a,b"]).into()), of(&json!(["a", "b"]).into()));
    }
}
