//! `use.extensions`: tasks that run before and after others, and which others.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Checker;
use super::block::Order;
use super::fields::Place;
use super::flow;
use super::schema::transpose;
use super::template::Position;
use crate::definition::{Callee, Extension, Task, TaskId, TaskKind};
use crate::diagnostic::Code;
use crate::text;

/// An extension, and what it extends.
pub(super) struct Extended {
    pub(super) extension: Extension,
    target: Target,
    /// Of its name.
    span: Range<usize>,
    pointer: String,
}

/// Which tasks are meant by `extend`.
#[derive(Clone, Copy, Debug)]
enum Target {
    All,
    /// Those written by one of these words.
    Words(&'static [&'static str]),
}

/// Words of `extend`.
const TARGETS: [(&str, Target); 12] = [
    ("all", Target::All),
    ("call", Target::Words(&["call"])),
    ("composite", Target::Words(&["do", "fork"])),
    ("emit", Target::Words(&["emit"])),
    ("for", Target::Words(&["for"])),
    ("listen", Target::Words(&["listen"])),
    ("raise", Target::Words(&["raise"])),
    ("run", Target::Words(&["run"])),
    ("set", Target::Words(&["set"])),
    ("switch", Target::Words(&["switch"])),
    ("try", Target::Words(&["try"])),
    ("wait", Target::Words(&["wait"])),
];

impl<'n> Checker<'n> {
    /// The extensions, in the order as written: the first is the outermost.
    pub(super) fn extensions(&mut self) -> Option<Vec<Extended>> {
        let Some(place) = self.reuse.extensions.take() else { return Some(Vec::new()) };
        let items = self.items(&place)?;
        let extensions: Vec<_> = items
            .iter()
            .map(|item| {
                let entry = self.single(item, "extension")?;
                let place = item.child(&entry.key.text, &entry.value);
                self.extension(&entry.key.text, entry.key.span.clone(), place)
            })
            .collect();
        extensions.into_iter().collect()
    }

    fn extension(&mut self, name: &str, span: Range<usize>, place: Place<'n>) -> Option<Extended> {
        let mut fields = self.fields(&place)?;
        let target = fields.need(self, "extend");
        let when = fields.get("when");
        let before = fields.get("before");
        let after = fields.get("after");
        let idle = before.is_none() && after.is_none();
        let unknown = fields.finish(self);
        if idle && !unknown {
            let message = text!("the extension `{}` does nothing", name);
            self.report_at(Code::Unused, span.clone(), &place.pointer, message)
                .help("give it tasks, in `before` or in `after`");
        }
        let target = target.and_then(|target| self.word(&target, &TARGETS));
        let when = when.map(|when| self.expression(&when, Position::TaskInput));
        let before = before.map(|before| self.extension_tasks(&before));
        let after = after.map(|after| self.extension_tasks(&after));
        let extension = Extension {
            name: name.to_owned(),
            when: transpose(when)?,
            before: transpose(before)?.unwrap_or_default(),
            after: transpose(after)?.unwrap_or_default(),
        };
        Some(Extended { extension, target: target?, span, pointer: place.pointer })
    }

    fn extension_tasks(&mut self, place: &Place<'n>) -> Option<Vec<TaskId>> {
        let ids = self.list(place, Order::OneByOne, "leave it out, or put a task into it")?;
        flow::check(self, &ids);
        Some(ids)
    }
}

/// Notes in each task which extensions extend it: in none of an extension's own, also not in those of the
/// functions that it calls, which could call each other without end.
pub(super) fn apply(checker: &mut Checker<'_>, root: &[TaskId], extensions: &[Extended]) {
    if extensions.is_empty() {
        return;
    }
    let lists = extensions.iter().flat_map(|entry| [&entry.extension.before, &entry.extension.after]);
    let own: BTreeSet<TaskId> = lists.flat_map(|list| reached(&checker.tasks, list)).collect();
    let mut used = vec![false; extensions.len()];
    for id in reached(&checker.tasks, root) {
        let Some(Some(task)) = checker.tasks.get_mut(id.0 as usize) else { continue };
        if own.contains(&id) {
            continue;
        }
        for (at, entry) in extensions.iter().enumerate() {
            let extends = match entry.target {
                Target::All => true,
                Target::Words(words) => words.contains(&task.kind.word()),
            };
            if extends {
                used[at] = true;
                task.extensions.push(at);
            }
        }
    }
    let idle = |entry: &Extended| entry.extension.before.is_empty() && entry.extension.after.is_empty();
    for entry in
        extensions.iter().zip(used).filter(|(entry, used)| !used && !idle(entry)).map(|found| found.0)
    {
        let message = text!("the extension `{}` extends no task of this workflow", entry.extension.name);
        checker.report_at(Code::Unused, entry.span.clone(), &entry.pointer, message);
    }
}

/// The tasks of a list, and all inside of them.
fn reached(arena: &[Option<Task>], list: &[TaskId]) -> BTreeSet<TaskId> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<TaskId> = list.to_vec();
    while let Some(id) = open.pop() {
        let Some(Some(task)) = arena.get(id.0 as usize) else { continue };
        if !reached.insert(id) {
            continue;
        }
        open.extend(task.kind.blocks().into_iter().flatten());
        if let TaskKind::Call { callee: Callee::Defined(function), .. } = &task.kind {
            open.push(*function);
        }
    }
    reached
}
