//! Secrets of workflows: values by name, for the workflows that may have them. Where they are kept is not
//! known here; they are asked for at each call, so that a changed one takes effect.

use std::sync::Arc;

use serde_json::Value;
use yiwang_dsl::definition::DefinitionId;

/// The value of a secret, if it is there and this workflow may have it.
pub type Secrets = Arc<dyn Fn(&str, &DefinitionId) -> Option<Value> + Send + Sync>;

/// No secrets at all.
pub fn none() -> Secrets {
    Arc::new(|_, _| None)
}
