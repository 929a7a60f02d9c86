//! The names of lifecycle events: what can be told about the life of workflows and tasks.
//!
//! Which are told, and to whom, stands in `document.metadata.yiwang.lifecycle`, or is the operator's wish.

use serde::{Deserialize, Serialize};

/// One kind of lifecycle event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LifecycleEvent {
    /// A workflow began.
    #[serde(rename = "workflow.started")]
    WorkflowStarted,
    /// It was suspended.
    #[serde(rename = "workflow.suspended")]
    WorkflowSuspended,
    /// It was resumed.
    #[serde(rename = "workflow.resumed")]
    WorkflowResumed,
    /// It began to wait for events.
    #[serde(rename = "workflow.correlation-started")]
    WorkflowCorrelationStarted,
    /// All the events it waited for have come.
    #[serde(rename = "workflow.correlation-completed")]
    WorkflowCorrelationCompleted,
    /// It was cancelled.
    #[serde(rename = "workflow.cancelled")]
    WorkflowCancelled,
    /// It ended with an error.
    #[serde(rename = "workflow.faulted")]
    WorkflowFaulted,
    /// It ended as meant.
    #[serde(rename = "workflow.completed")]
    WorkflowCompleted,
    /// Its phase is another one.
    #[serde(rename = "workflow.status-changed")]
    WorkflowStatusChanged,
    /// A task came to be.
    #[serde(rename = "task.created")]
    TaskCreated,
    /// It began.
    #[serde(rename = "task.started")]
    TaskStarted,
    /// It was suspended with its workflow.
    #[serde(rename = "task.suspended")]
    TaskSuspended,
    /// It was resumed with its workflow.
    #[serde(rename = "task.resumed")]
    TaskResumed,
    /// It is tried again.
    #[serde(rename = "task.retried")]
    TaskRetried,
    /// It was given up.
    #[serde(rename = "task.cancelled")]
    TaskCancelled,
    /// It failed.
    #[serde(rename = "task.faulted")]
    TaskFaulted,
    /// It ended as meant.
    #[serde(rename = "task.completed")]
    TaskCompleted,
    /// Its phase is another one.
    #[serde(rename = "task.status-changed")]
    TaskStatusChanged,
}

impl LifecycleEvent {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::WorkflowStarted,
        Self::WorkflowSuspended,
        Self::WorkflowResumed,
        Self::WorkflowCorrelationStarted,
        Self::WorkflowCorrelationCompleted,
        Self::WorkflowCancelled,
        Self::WorkflowFaulted,
        Self::WorkflowCompleted,
        Self::WorkflowStatusChanged,
        Self::TaskCreated,
        Self::TaskStarted,
        Self::TaskSuspended,
        Self::TaskResumed,
        Self::TaskRetried,
        Self::TaskCancelled,
        Self::TaskFaulted,
        Self::TaskCompleted,
        Self::TaskStatusChanged,
    ];

    /// As it is written, and as a part of the event's type.
    pub fn name(self) -> &'static str {
        match self {
            Self::WorkflowStarted => "workflow.started",
            Self::WorkflowSuspended => "workflow.suspended",
            Self::WorkflowResumed => "workflow.resumed",
            Self::WorkflowCorrelationStarted => "workflow.correlation-started",
            Self::WorkflowCorrelationCompleted => "workflow.correlation-completed",
            Self::WorkflowCancelled => "workflow.cancelled",
            Self::WorkflowFaulted => "workflow.faulted",
            Self::WorkflowCompleted => "workflow.completed",
            Self::WorkflowStatusChanged => "workflow.status-changed",
            Self::TaskCreated => "task.created",
            Self::TaskStarted => "task.started",
            Self::TaskSuspended => "task.suspended",
            Self::TaskResumed => "task.resumed",
            Self::TaskRetried => "task.retried",
            Self::TaskCancelled => "task.cancelled",
            Self::TaskFaulted => "task.faulted",
            Self::TaskCompleted => "task.completed",
            Self::TaskStatusChanged => "task.status-changed",
        }
    }

    /// What a name stands for: one of them, or with `workflow` or `task` all about these but the change of
    /// the phase, which says nothing more.
    pub fn named(name: &str) -> Vec<Self> {
        let is_change = |event: &Self| matches!(event, Self::WorkflowStatusChanged | Self::TaskStatusChanged);
        let group = |event: &Self| {
            event.name().split_once('.').is_some_and(|(group, _)| group == name) && !is_change(event)
        };
        Self::ALL.into_iter().filter(|event| event.name() == name || group(event)).collect()
    }
}
