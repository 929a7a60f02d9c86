//! Times that contain each other: listens that nothing ends, and what is longer than the timeout around it.

use super::Checker;
use crate::definition::{Schedule, Span, Task, TaskId, TaskKind};
use crate::diagnostic::Code;
use crate::text;

/// What is known of the times around a task.
#[derive(Clone, Copy, Debug, Default)]
struct Around {
    /// The shortest of the fixed timeouts.
    millis: Option<u64>,
    /// Something ends it after some time.
    bounded: bool,
}

impl Around {
    fn within(self, timeout: Option<&Span>) -> Self {
        match timeout {
            None => self,
            Some(Span::Fixed(millis)) => {
                let shortest = self.millis.map_or(*millis, |around| around.min(*millis));
                Self { millis: Some(shortest), bounded: true }
            }
            Some(Span::Computed(_)) => Self { bounded: true, ..self },
        }
    }
}

/// Checks the workflow's own list, with the workflow's timeout.
pub(super) fn check(
    checker: &mut Checker<'_>,
    root: &[TaskId],
    timeout: Option<&Span>,
    schedule: Option<&Schedule>,
) {
    let mut around = Around::default().within(timeout);
    // What begins again after it has ended is meant to listen all the time.
    around.bounded |= matches!(schedule, Some(Schedule::After(_)));
    let mut found = Vec::new();
    list(&checker.tasks, root, around, &mut found);
    for Remark { code, pointer, message, help } in found {
        let span = checker.key_span_at(&pointer);
        checker.report_at(code, span, &pointer, message).help(help);
    }
}

struct Remark {
    code: Code,
    pointer: String,
    message: crate::diagnostic::Text,
    help: &'static str,
}

fn list(arena: &[Option<Task>], ids: &[TaskId], around: Around, found: &mut Vec<Remark>) {
    for id in ids {
        if let Some(Some(inner)) = arena.get(id.0 as usize) {
            task(arena, inner, around, found);
        }
    }
}

fn task(arena: &[Option<Task>], task: &Task, around: Around, found: &mut Vec<Remark>) {
    if let (Some(Span::Fixed(own)), Some(outer)) = (&task.timeout, around.millis)
        && *own > outer
    {
        found.push(Remark {
            code: Code::TooLong,
            pointer: format!("{}/timeout", task.reference),
            message: text!("the timeout of `{}` is longer than one around it", task.name),
            help: "the shorter one always comes first; shorten this one, or lengthen that",
        });
    }
    let around = around.within(task.timeout.as_ref());
    match &task.kind {
        TaskKind::Wait { duration: Span::Fixed(millis) }
            if around.millis.is_some_and(|outer| *millis > outer) =>
        {
            found.push(Remark {
                code: Code::TooLong,
                pointer: format!("{}/wait", task.reference),
                message: text!("`{}` waits longer than the timeout around it allows", task.name),
                help: "it always ends with a timeout; wait a shorter time, or lengthen the timeout",
            });
        }
        TaskKind::Listen { until: None, .. } if !around.bounded => {
            found.push(Remark {
                code: Code::ListenForever,
                pointer: format!("{}/listen", task.reference),
                message: text!("nothing ends `{}` if no such event ever comes", task.name),
                help: "give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`",
            });
        }
        TaskKind::Try { body, catch } => {
            // The limit on all attempts together is looked at between them: it ends none.
            let attempt = catch.retry.as_ref().and_then(|retry| retry.attempt_duration.as_ref());
            list(arena, body, around.within(attempt), found);
            list(arena, catch.body.as_deref().unwrap_or_default(), around, found);
            return;
        }
        TaskKind::Fork { branches, compete: true } if branches.len() > 1 => {
            // Another branch may end it.
            return list(arena, branches, Around { bounded: true, ..around }, found);
        }
        TaskKind::Call { .. }
        | TaskKind::Do { .. }
        | TaskKind::Emit { .. }
        | TaskKind::For { .. }
        | TaskKind::Fork { .. }
        | TaskKind::Listen { .. }
        | TaskKind::Raise { .. }
        | TaskKind::Run { .. }
        | TaskKind::Set { .. }
        | TaskKind::Switch { .. }
        | TaskKind::Wait { .. } => {}
    }
    for block in task.kind.blocks() {
        list(arena, block, around, found);
    }
}
