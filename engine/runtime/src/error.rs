//! Why the engine did not do what it was asked. Each has a stable code; which HTTP status goes with it is
//! not known here.

use std::sync::Arc;

use yiwang_core::transition::{Refusal, RefusalKind};
use yiwang_core::{CaseNo, InstanceId};
use yiwang_dsl::Diagnostic;

/// Not done. Unless [`Error::is_retryable`], asking again gives the same answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Too much waits already. Nothing happened.
    #[error("the engine has more to do than it can hold; try again in a moment")]
    Overloaded,
    /// The engine is shutting down. Nothing happened.
    #[error("the engine is stopping")]
    Stopping,
    /// The store did not take it, or it is not known whether it did. Asking again with the same start key,
    /// event id or decision id does it once.
    #[error("the store could not take it; try again with the same key")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// No such workflow, or not in this version.
    #[error("no workflow `{workflow}`{}", version.as_ref().map(|it| format!(" in version {it}")).unwrap_or_default())]
    UnknownWorkflow {
        /// `namespace/name`.
        workflow: String,
        /// The version asked for.
        version: Option<String>,
    },
    /// No such instance.
    #[error("no instance {0}")]
    UnknownInstance(InstanceId),
    /// No such case.
    #[error("no case {0}")]
    UnknownCase(CaseNo),
    /// The start key was used with another input.
    #[error("the start key `{key}` was used for instance {instance} with another input")]
    StartConflict {
        /// The key.
        key: String,
        /// What it started.
        instance: InstanceId,
    },
    /// Another text or other forms were deployed under this name and version.
    #[error("{workflow} {version} is deployed already with another content; a version never changes")]
    DeployConflict {
        /// `namespace/name`.
        workflow: String,
        /// The version.
        version: String,
    },
    /// The workflow's text has mistakes. Warnings may be among them.
    #[error("the workflow has {} mistakes", .0.len())]
    Invalid(Vec<Diagnostic>),
    /// The text of a reference document has mistakes.
    #[error("the document has {} mistakes", .0.len())]
    InvalidReference(Vec<Diagnostic>),
    /// Somebody put another version of a reference document in the meantime.
    #[error("the {} `{name}` has changed: version {version} is in force", .kind.word())]
    ReferenceChanged {
        /// Of which kind.
        kind: yiwang_core::reference::Kind,
        /// Its name.
        name: String,
        /// The version in force.
        version: u32,
    },
    /// A form is not a JSON Schema.
    #[error("the form `{name}` is not a JSON Schema: {problem}")]
    InvalidForm {
        /// Its name.
        name: String,
        /// Why not.
        problem: String,
    },
    /// A text or a payload over its limit.
    #[error("{what} has {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// What.
        what: String,
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The instance's rules refused it. Nothing changed.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The instance cannot go on: there is an incident with this code.
    #[error("instance {instance} cannot go on: {detail}")]
    Incident {
        /// Whose.
        instance: InstanceId,
        /// `instance.corrupt`, `instance.panicked`, `instance.unknown-definition`.
        code: &'static str,
        /// For people.
        detail: String,
    },
    /// No such sweep, or it is over.
    #[error("there is no sweep {0} that is not over")]
    NoOpenSweep(InstanceId),
    /// No such workflow, or it does not start by the clock.
    #[error("no workflow `{0}` that starts by the clock")]
    UnknownSchedule(String),
    /// The instance had ended before anyone waited for it; its history says how.
    #[error("instance {0} ended before")]
    EndedBefore(InstanceId),
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::Stopping => "stopping",
            Self::Unavailable(_) => "store.unavailable",
            Self::UnknownWorkflow { .. } => "workflow.unknown",
            Self::UnknownInstance(_) => "instance.unknown",
            Self::UnknownCase(_) => "case.unknown",
            Self::StartConflict { .. } => "start.conflict",
            Self::DeployConflict { .. } => "workflow.conflict",
            Self::Invalid(_) => "workflow.invalid",
            Self::InvalidReference(_) => "reference.invalid",
            Self::ReferenceChanged { .. } => "reference.changed",
            Self::InvalidForm { .. } => "form.invalid",
            Self::TooLarge { .. } => "too-large",
            Self::Refused(refusal) => match refusal.kind {
                RefusalKind::NotFound => "refused.not-found",
                RefusalKind::Forbidden => "refused.forbidden",
                RefusalKind::Conflict => "refused.conflict",
                RefusalKind::Invalid => "refused.invalid",
                RefusalKind::NotExpected => "refused.not-expected",
            },
            Self::Incident { code, .. } => code,
            Self::NoOpenSweep(_) => "sweep.unknown",
            Self::UnknownSchedule(_) => "schedule.unknown",
            Self::EndedBefore(_) => "instance.ended",
        }
    }

    /// May the same request be taken later?
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Overloaded | Self::Stopping | Self::Unavailable(_))
    }
}
