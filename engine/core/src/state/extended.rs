//! How far a task is that extensions surround.

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;
use yiwang_dsl::definition::Flow;

/// A task with extensions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extended {
    /// Those that apply, the outermost first: indexes into the definition's.
    pub(crate) applying: Vec<usize>,
    pub(crate) phase: Phase,
}

/// What runs now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// The list before the task of the applying extension `at`.
    Before { at: usize },
    /// The task itself. So many extensions have run their list before it, and will run that after it.
    Task { passed: usize },
    /// The list after it of the applying extension `at`. The task ended with this, and goes on there.
    After {
        at: usize,
        raw: Data,
        output: Data,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<Flow>,
    },
}
