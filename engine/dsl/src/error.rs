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
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Configuration,
        Self::Validation,
        Self::Expression,
        Self::Authentication,
        Self::Authorization,
        Self::Timeout,
        Self::Communication,
        Self::Runtime,
    ];

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

/// Which spellings of one error type are equal. Both hosts of the specification always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TypeAliases {
    /// Only these.
    #[default]
    Hosts,
    /// Also what older examples and the official features write: `/dsl/errors/types/timeout` for
    /// `/spec/1.0.0/errors/timeout`, and a host with a slip of the pen.
    Legacy,
}

/// Paths of the standard types on the specification's hosts, the real one first.
const PATHS: [&str; 2] = ["spec/1.0.0/errors/", "dsl/errors/types/"];

/// Are these the same error type?
pub fn same_type(left: &str, right: &str, aliases: TypeAliases) -> bool {
    tail(left, aliases) == tail(right, aliases)
}

/// What tells one type from another: of a URI on the specification's hosts the path.
fn tail(uri: &str, aliases: TypeAliases) -> &str {
    let hosts: &[&str] = match aliases {
        TypeAliases::Hosts => &["https://open-workflow-specification.org/", "https://serverlessworkflow.io/"],
        TypeAliases::Legacy => &[
            "https://open-workflow-specification.org/",
            "https://serverlessworkflow.io/",
            "https://serverlessworkflow.io.io/",
        ],
    };
    let Some(path) = hosts.iter().find_map(|host| uri.strip_prefix(host)) else { return uri };
    match aliases {
        TypeAliases::Hosts => path,
        TypeAliases::Legacy => PATHS.iter().find_map(|start| path.strip_prefix(start)).unwrap_or(path),
    }
}

/// The last segment of a type that looks like a standard one and is none: the runtime never raises it.
pub(crate) fn never_raised(uri: &str, aliases: TypeAliases) -> Option<&str> {
    let path = tail(uri, TypeAliases::Hosts);
    if path == uri {
        return None;
    }
    let (at, name) =
        PATHS.iter().enumerate().find_map(|(at, start)| Some((at, path.strip_prefix(start)?)))?;
    let known = Kind::ALL.iter().any(|kind| kind.name() == name);
    let right = at == 0 || aliases == TypeAliases::Legacy;
    (!known || !right).then_some(name)
}
