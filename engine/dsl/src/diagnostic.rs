//! The author's mistake, as data: code, sentence, place, help.

use std::ops::Range;

/// One remark about a text. The CLI, the API and the console render the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code; it has a page in `docs/errors`.
    pub code: Code,
    /// One sentence, without a full stop.
    pub message: String,
    /// Bytes of the source it is about.
    pub span: Range<usize>,
    /// JSON Pointer into the document, where there is one.
    pub pointer: String,
    /// What to do, often a name that was meant.
    pub help: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It will run, but probably not as meant.
    Warning,
    /// It cannot be deployed.
    Error,
}

/// The codes, one for each kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The text is not YAML.
    Syntax,
}
