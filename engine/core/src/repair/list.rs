//! Which tasks stand in one list, told by their references: `/do/2/handle` stands in the list `/do`.

use yiwang_dsl::Definition;
use yiwang_dsl::definition::Task;

/// The JSON Pointer of the list in which this reference stands. None: it stands in no list, as a function.
pub(crate) fn of(reference: &str) -> Option<&str> {
    let (index, _) = reference.rsplit_once('/')?;
    let (list, index) = index.rsplit_once('/')?;
    index.bytes().all(|digit| digit.is_ascii_digit()).then_some(list)
}

/// Do the tasks of this list run side by side? Then each is a list of its own.
pub(crate) fn is_side_by_side(list: &str) -> bool {
    list.ends_with("/fork/branches")
}

/// The tasks to which one can go from this one: those of its list, itself among them.
pub(crate) fn around<'d>(definition: &'d Definition, task: &'d Task) -> Vec<&'d Task> {
    match of(&task.reference).filter(|list| !is_side_by_side(list)) {
        Some(list) => definition.tasks.iter().filter(|one| of(&one.reference) == Some(list)).collect(),
        None => vec![task],
    }
}

/// Is this task meant by a name or a pointer?
pub(crate) fn is_named(task: &Task, wanted: &str) -> bool {
    task.reference == wanted || task.name == wanted
}
