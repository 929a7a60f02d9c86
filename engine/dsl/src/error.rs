//! The specification's error object: the case's mistake, as data that `try` may catch.

use serde::{Deserialize, Serialize};

/// An error of a running workflow, RFC 9457 in shape (DSL reference, "Error").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// URI of the type, see [`Kind`].
    pub r#type: String,
    /// HTTP-like status.
    pub status: u16,
    /// JSON Pointer of the task that raised it.
    pub instance: String,
    /// Short text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// Long text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

/// The host of error types that this runtime emits; the old `serverlessworkflow.io` is accepted as equal.
pub const TYPE_BASE: &str = "https://open-workflow-specification.org/spec/1.0.0/errors/";

/// The standard error types (DSL reference, "Standard Error Types"), and ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The definition or its configuration is wrong. 400.
    Configuration,
    /// Data does not fit its schema. 400.
    Validation,
    /// An expression failed. 400.
    Expression,
    /// Missing or wrong credentials. 401.
    Authentication,
    /// Not allowed. 403.
    Authorization,
    /// Took too long. 408.
    Timeout,
    /// The other side failed. 500, or its real status.
    Communication,
    /// The runtime failed. 500.
    Runtime,
}

impl Kind {
    /// Last segment of the type's URI.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Validation => "validation",
            Self::Expression => "expression",
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Timeout => "timeout",
            Self::Communication => "communication",
            Self::Runtime => "runtime",
        }
    }

    /// The status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::Configuration | Self::Validation | Self::Expression => 400,
            Self::Authentication => 401,
            Self::Authorization => 403,
            Self::Timeout => 408,
            Self::Communication | Self::Runtime => 500,
        }
    }
}

impl Fault {
    /// A fault of a standard kind, raised by the task at `instance`.
    pub fn new(kind: Kind, instance: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            r#type: format!("{TYPE_BASE}{}", kind.name()),
            status: kind.status(),
            instance: instance.into(),
            title: None,
            detail: Some(detail.into()),
        }
    }
}

/// Are these the same error type? Both hosts of the specification count as one.
pub fn same_type(left: &str, right: &str) -> bool {
    fn tail(uri: &str) -> &str {
        ["https://open-workflow-specification.org/", "https://serverlessworkflow.io/"]
            .iter()
            .find_map(|host| uri.strip_prefix(host))
            .unwrap_or(uri)
    }
    tail(left) == tail(right)
}
