//! What a step was given when it last began, told from history.
//!
//! History has outputs, and a step's raw input is what the step before it in its list returned, or what the list
//! itself was given. Where that was worked out by an expression, history does not tell, and neither does this.

use yiwang_dsl::definition::{Task, TaskKind};
use yiwang_dsl::{Data, Definition};

use super::{Repair, list};
use crate::HistoryEvent;
use crate::history::What;

/// Why the input of a step is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The definition has no such task, or several of that name.
    Task,
    /// It has not begun yet.
    NotBegun,
    /// History does not tell.
    NotTold,
}

/// The raw input with which the task last began. `wanted`: its name or its JSON Pointer.
///
/// # Errors
/// Why it is not known.
pub fn input(definition: &Definition, lines: &[HistoryEvent], wanted: &str) -> Result<Data, Unknown> {
    let mut named = definition.tasks.iter().filter(|task| list::is_named(task, wanted));
    let (Some(task), None) = (named.next(), named.next()) else { return Err(Unknown::Task) };
    let began = last_begin(lines, task).ok_or(Unknown::NotBegun)?;
    given(definition, &lines[..began], task).ok_or(Unknown::NotTold)
}

fn last_begin(lines: &[HistoryEvent], task: &Task) -> Option<usize> {
    lines.iter().rposition(|line| is_about(line, task) && matches!(line.what, What::TaskStarted))
}

fn is_about(line: &HistoryEvent, task: &Task) -> bool {
    line.task.as_deref() == Some(&*task.reference)
}

/// What the task was given that begins behind these lines.
fn given(definition: &Definition, lines: &[HistoryEvent], task: &Task) -> Option<Data> {
    let of = list::of(&task.reference).filter(|list| !list::is_side_by_side(list))?;
    // A function may run in several places at once: its lines are not told apart.
    if of.starts_with("/use/") || of.contains('#') {
        return None;
    }
    let owner = owner(definition, of);
    for (at, line) in lines.iter().enumerate().rev() {
        match &line.what {
            What::Repaired { repair: Repair::Move { to, input: Some(input), .. }, .. }
                if *to == task.reference =>
            {
                return Some(input.clone());
            }
            What::TaskCompleted { output } if line.task.as_deref().and_then(list::of) == Some(of) => {
                return Some(output.clone());
            }
            What::TaskStarted if owner.is_some_and(|owner| is_about(line, owner)) => {
                let owner = owner.filter(|owner| passes_its_input(owner))?;
                return given(definition, &lines[..at], owner);
            }
            What::Started { input, .. } => {
                return (owner.is_none() && definition.input.from.is_none()).then(|| input.clone());
            }
            _ => {}
        }
    }
    None
}

/// The task that runs this list. None: the workflow.
fn owner<'d>(definition: &'d Definition, list: &str) -> Option<&'d Task> {
    let inside = |task: &&Task| list.strip_prefix(&*task.reference).is_some_and(|rest| rest.starts_with('/'));
    definition.tasks.iter().filter(inside).max_by_key(|task| task.reference.len())
}

/// Does the list of this task begin with the raw input of the task?
fn passes_its_input(owner: &Task) -> bool {
    let plain = matches!(owner.kind, TaskKind::Do { .. } | TaskKind::Try { .. });
    plain && owner.input.from.is_none() && owner.extensions.is_empty()
}
