//! A correction of data, as RFC 7396 (merge) or RFC 6902 (patch) writes it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use yiwang_dsl::Data;

/// How data are changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// Members over members; null takes one away (RFC 7396).
    Merge(Value),
    /// Operations in order; all of them, or none (RFC 6902).
    Patch(json_patch::Patch),
}

impl Change {
    /// The data with the change.
    ///
    /// # Errors
    /// What does not fit, as one sentence.
    pub fn applied(&self, to: &Data) -> Result<Data, String> {
        let mut value = to.to_json();
        match self {
            Self::Merge(changes) => json_patch::merge(&mut value, changes),
            Self::Patch(patch) => {
                json_patch::patch(&mut value, patch).map_err(|error| error.to_string())?;
            }
        }
        Ok(Data::from(value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn applied(change: Value, to: Value) -> Result<Value, String> {
        let change: Change = serde_json::from_value(change).unwrap();
        change.applied(&Data::from(to)).map(|data| data.to_json())
    }

    #[test]
    fn a_merge_takes_null_away() {
        let change = json!({"merge": {"a": null, "b": {"c": 2}}});
        assert_eq!(applied(change, json!({"a": 1, "b": {"d": 1}})), Ok(json!({"b": {"c": 2, "d": 1}})));
    }

    #[test]
    fn a_patch_is_done_whole_or_not_at_all() {
        let change = json!({"patch": [
            {"op": "test", "path": "/a", "value": 1},
            {"op": "move", "from": "/a", "path": "/b"},
        ]});
        assert_eq!(applied(change.clone(), json!({"a": 1})), Ok(json!({"b": 1})));
        assert!(applied(change, json!({"a": 2})).is_err());
    }
}
