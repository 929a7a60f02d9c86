//! Where a task stands by names alone: `/do/2/handle/do/0/sign` is `/do/handle/do/sign`, wherever in its list.

use yiwang_dsl::Definition;
use yiwang_dsl::definition::Task;

/// The names of a reference from the outside in.
pub(super) fn of(reference: &str) -> String {
    let mut path = String::with_capacity(reference.len());
    let mut before = "";
    for segment in reference.split('/').skip(1) {
        let is_index = segment.bytes().all(|digit| digit.is_ascii_digit()) && !segment.is_empty();
        let in_list = matches!(before, "do" | "try" | "branches" | "before" | "after" | "extensions");
        if !(is_index && in_list) {
            path.push('/');
            path.push_str(segment);
        }
        before = segment;
    }
    path
}

/// The task of the new version that has the same names. `parent`: the task around it, and what that goes on as.
pub(super) fn counterpart<'n>(
    new: &'n Definition,
    task: &Task,
    parent: Option<(&Task, &Task)>,
) -> Option<&'n Task> {
    let own = of(&task.reference);
    let wanted = match parent {
        Some((old, goes_on)) => match own.strip_prefix(&of(&old.reference)) {
            Some(rest) if rest.starts_with('/') => format!("{}{rest}", of(&goes_on.reference)),
            Some(_) | None => own,
        },
        None => own,
    };
    new.tasks.iter().find(|one| of(&one.reference) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_lists_do_not_count() {
        assert_eq!(of("/do/2/handle/do/0/sign"), "/do/handle/do/sign");
        assert_eq!(of("/do/0/f/fork/branches/1/b"), "/do/f/fork/branches/b");
        assert_eq!(of("/use/functions/sign"), "/use/functions/sign");
        assert_eq!(of("/do/0/2024/do/1/a"), "/do/2024/do/a");
    }
}
