//! Values that must not be printed, and where they come from.

use std::fmt;
use std::sync::Arc;

/// A secret. It has no `Display`, and its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value; call it where it leaves for its purpose, never to keep it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Gives the value of a channel's secret by its name: asked at each use, so that a rotated one takes effect.
pub type Secrets = Arc<dyn Fn(&str) -> Option<Secret> + Send + Sync>;
