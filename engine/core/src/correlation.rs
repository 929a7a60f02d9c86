//! Which instance an event is for, found by one look-up.
//!
//! A subscription is stored under a hash of the event's type and the values it correlates by. When an event
//! comes in, the runtime evaluates every known [`Shape`] (the `from` expressions of a listener) on it and
//! looks the hashes up. Hashes may collide: the instance checks the real filter again in its step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use yiwang_dsl::Data;

/// First eight bytes of SHA-256 over type and correlation values, as a signed number for SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubscriptionKey(pub i64);

impl SubscriptionKey {
    /// The key of a listener for `event_type` (none: any type) whose `from` expressions have these texts
    /// and values, in the listener's order.
    pub fn new(event_type: Option<&str>, correlated: &[(Arc<str>, Data)]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(event_type.unwrap_or("\u{0}any").as_bytes());
        for (from, value) in correlated {
            hasher.update([0]);
            hasher.update(from.as_bytes());
            hasher.update([1]);
            hasher.update(value.to_string().as_bytes());
        }
        let hash = hasher.finalize();
        Self(i64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes")))
    }
}

/// One way in which a listener of some definition correlates: its event type and `from` expressions.
#[derive(Debug)]
pub struct Shape<'a> {
    /// Literal type of the events; none: any.
    pub event_type: Option<&'a str>,
    /// The `from` expressions, in the listener's order.
    pub from: Vec<&'a yiwang_dsl::expression::Expression>,
}
