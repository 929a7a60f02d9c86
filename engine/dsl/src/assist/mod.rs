//! Help while a workflow is being written: what can stand here, what does this mean, where is it defined,
//! rename a task, the outline.
//!
//! ```text
//! text, offset ─outline─► path ─guide─► parts of the language's schema ─► completions, hover
//!            └──yaml────► nodes ─names─► definitions, renames, symbols
//! ```
//! Completion works on text that is not YAML yet: it goes by indentation. The rest asks for a text that can
//! be read. Editors' protocols are not known here.

mod complete;
mod guide;
mod hover;
mod names;
mod outline;

pub use complete::{Completion, CompletionKind, complete};
pub use hover::{Hover, hover};
pub use names::{Edit, Symbol, definition, rename, symbols};

/// One step of the way to a place in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A member of a mapping.
    Key(String),
    /// An item of a list.
    Item(usize),
}

impl Step {
    fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Item(_) => None,
        }
    }
}
