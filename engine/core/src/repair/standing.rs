//! Where an instance stands, as operators see it: which tasks are under way, and where each could be moved.

use serde::Serialize;
use yiwang_dsl::definition::Task;

use super::list;
use crate::Timestamp;
use crate::deployment::Deployment;
use crate::state::{Doing, Frame, State, TryPhase};

/// One task at which an instance stands: the innermost of a line of control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// JSON Pointer of the task.
    pub task: String,
    /// Its name.
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it began.
    #[serde(serialize_with = "rfc3339")]
    pub since: Timestamp,
    /// What it waits for: `work-item`, `group`, `events`, `timer`, `message`, `service`, `child`, `retry`; or
    /// `nothing`, when it has failed or is to begin.
    pub waits: &'static str,
    /// The tasks that it runs inside of, the outermost first.
    pub inside: Vec<String>,
    /// The names of the tasks to which it could be moved.
    pub targets: Vec<String>,
}

/// Where the instance stands.
pub fn standing(deployment: &Deployment, state: &State) -> Vec<Standing> {
    let definition = &deployment.definition;
    let leaves = leaves(state);
    let frames_around = |frame: &Frame| around(state, frame).into_iter().map(|outer| outer.task);
    leaves
        .into_iter()
        .map(|frame| {
            let task = definition.task(frame.task);
            let mut inside: Vec<String> =
                frames_around(frame).map(|id| definition.task(id).reference.clone()).collect();
            inside.reverse();
            Standing {
                task: task.reference.clone(),
                name: task.name.clone(),
                title: task.title.clone(),
                since: frame.started,
                waits: waits(&frame.doing),
                inside,
                targets: names(&list::around(definition, task)),
            }
        })
        .collect()
}

/// The innermost frames of the strands that have no branches.
pub(super) fn leaves(state: &State) -> Vec<&Frame> {
    let tops = state.strands.iter().filter_map(|strand| strand.frames.last());
    let has_branches =
        |frame: &Frame| state.strands.iter().any(|strand| strand.branch.is_some_and(|b| b.of == frame.id));
    tops.filter(|frame| !has_branches(frame)).collect()
}

/// The frames around this one, from the inside out.
pub(super) fn around<'s>(state: &'s State, frame: &Frame) -> Vec<&'s Frame> {
    let mut found = Vec::new();
    let mut wanted = frame.id;
    while let Some((strand, at)) = state.strands.iter().find_map(|strand| {
        let at = strand.frames.iter().position(|one| one.id == wanted)?;
        Some((strand, at))
    }) {
        found.extend(strand.frames[..at].iter().rev());
        let Some(branch) = strand.branch else { break };
        let fork = state.strands.iter().flat_map(|strand| &strand.frames).find(|one| one.id == branch.of);
        found.extend(fork);
        wanted = branch.of;
    }
    found
}

/// Names for a sentence.
pub(super) fn names(tasks: &[&Task]) -> Vec<String> {
    tasks.iter().map(|task| task.name.clone()).collect()
}

fn waits(doing: &Doing) -> &'static str {
    match doing {
        Doing::WorkItem { .. } => "work-item",
        Doing::Group(_) => "group",
        Doing::Listen { .. } => "events",
        Doing::Wait => "timer",
        Doing::Send => "message",
        Doing::Call { .. } => "service",
        Doing::Child => "child",
        Doing::Try { phase: TryPhase::Delayed { .. }, .. } => "retry",
        Doing::Task
        | Doing::Each { .. }
        | Doing::Fork { .. }
        | Doing::Function { .. }
        | Doing::For { .. }
        | Doing::Try { phase: TryPhase::Trying | TryPhase::Catching { .. }, .. } => "nothing",
    }
}

fn rfc3339<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.rfc3339())
}
