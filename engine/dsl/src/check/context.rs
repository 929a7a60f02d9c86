//! Which members of `$context` are read, and which any task exports: where, and in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Checker;
use super::flow::Reach;
use super::tree::Tree;
use crate::definition::{TaskId, TaskKind};
use crate::diagnostic::Code;
use crate::text;

/// Pairs of reads and exports that are compared at most. More are no workflow that people write.
const PAIRS_MAX: usize = 100_000;

/// Collected on the way.
#[derive(Default)]
pub(super) struct Usage {
    reads: Vec<Mention>,
    exports: Vec<Mention>,
    /// An export whose members cannot be told from its text.
    unclear: bool,
}

/// A member's name, where it stands.
#[derive(Clone, Debug)]
struct Mention {
    member: String,
    span: Range<usize>,
    pointer: String,
}

impl Usage {
    pub(super) fn read(&mut self, member: String, span: Range<usize>, pointer: &str) {
        self.reads.push(Mention { member, span, pointer: pointer.to_owned() });
    }

    /// An `export.as` at this place; `None` when its members cannot be told.
    pub(super) fn export(&mut self, members: Option<BTreeSet<String>>, span: &Range<usize>, pointer: &str) {
        let Some(members) = members else { return self.blur() };
        let mention = |member| Mention { member, span: span.clone(), pointer: pointer.to_owned() };
        self.exports.extend(members.into_iter().map(mention));
    }

    /// Something that may export could not be read.
    pub(super) fn blur(&mut self) {
        self.unclear = true;
    }
}

/// Warns of members that nobody exports, or nobody yet; and, if all tasks are built, of branches that export
/// the same.
pub(super) fn finish(checker: &mut Checker<'_>, root: Option<&[TaskId]>) {
    let usage = std::mem::take(&mut checker.context);
    if let Some(root) = root {
        conflicts(checker, root, &usage.exports);
    }
    if usage.unclear {
        return;
    }
    never_exported(checker, &usage);
    if let Some(root) = root {
        read_too_early(checker, root, &usage);
    }
}

/// The same for a function, which has a context of its own: what it does not export, only its caller could have.
pub(super) fn finish_function(checker: &mut Checker<'_>, task: Option<TaskId>) {
    let usage = std::mem::take(&mut checker.context);
    let root: Option<&[TaskId]> = task.as_ref().map(std::slice::from_ref);
    if let Some(root) = root {
        conflicts(checker, root, &usage.exports);
    }
    if usage.unclear {
        return;
    }
    for Mention { member, span, pointer } in &usage.reads {
        if usage.exports.iter().all(|export| export.member != *member) {
            let message = text!("the function exports no `{}`, and sees no context but its own", member);
            checker
                .report_at(Code::CallerContext, span.clone(), pointer, message)
                .help("hand it over as an argument under `with`");
        }
    }
    if let Some(root) = root {
        read_too_early(checker, root, &usage);
    }
}

fn never_exported(checker: &mut Checker<'_>, usage: &Usage) {
    let exported: BTreeSet<&str> = usage.exports.iter().map(|export| export.member.as_str()).collect();
    for Mention { member, span, pointer } in &usage.reads {
        if exported.contains(member.as_str()) {
            continue;
        }
        let message = text!("no task exports `{}`, so that `$context.{}` is always null", member, member);
        let diagnostic = checker.report_at(Code::NeverExported, span.clone(), pointer, message);
        if exported.is_empty() {
            diagnostic.help("a task's output is kept for later by `export: { as: … }`");
        } else {
            diagnostic.meant(member, exported.iter().copied());
        }
    }
}

/// Members whose every export comes after the read, whatever way the workflow takes.
fn read_too_early(checker: &mut Checker<'_>, root: &[TaskId], usage: &Usage) {
    let mut exports: BTreeMap<&str, Vec<&Mention>> = BTreeMap::new();
    for export in &usage.exports {
        exports.entry(&export.member).or_default().push(export);
    }
    let pairs = usage.reads.iter().filter_map(|read| exports.get(read.member.as_str()).map(Vec::len));
    if pairs.sum::<usize>() > PAIRS_MAX {
        return;
    }
    let mut early = Vec::new();
    {
        let tree = Tree::new(&checker.tasks, root);
        let mut reach = Reach::new(&checker.tasks);
        for read in &usage.reads {
            let Some(exports) = exports.get(read.member.as_str()) else { continue };
            let Some(reader) = tree.task_at(&read.pointer) else { continue };
            let mut comes_after = |export: &&Mention| {
                // What stands in no list of the workflow, in an extension for example, may run any time.
                tree.task_at(&export.pointer).is_some_and(|exporter| {
                    !export.pointer.contains("/foreach/") && !tree.may_precede(exporter, reader, &mut reach)
                })
            };
            if exports.iter().all(&mut comes_after) {
                let first = exports.first().and_then(|export| exporter(checker, &tree, export));
                early.push((read, first.filter(|(id, ..)| *id != reader)));
            }
        }
    }
    for (read, first) in early {
        let message = text!("`$context.{}` is read before anything exports it", read.member);
        let span = read.span.clone();
        let diagnostic = checker.report_at(Code::ReadTooEarly, span, &read.pointer, message);
        match first {
            Some((_, name, span)) => {
                diagnostic.help(text!("it is null here: `{}` exports it, which runs later", name));
                diagnostic.related.push((span, "exported here".into()));
            }
            None => {
                diagnostic.help("it is null here: a task exports only when it has ended");
            }
        }
    }
}

/// The task that exports, with its name and the place of it.
fn exporter(
    checker: &Checker<'_>,
    tree: &Tree<'_>,
    export: &Mention,
) -> Option<(TaskId, String, Range<usize>)> {
    let id = tree.task_at(&export.pointer)?;
    let task = checker.tasks.get(id.0 as usize)?.as_ref()?;
    Some((id, task.name.clone(), task.span.clone()))
}

/// Branches of one fork that export the same member: only the last one's is left.
fn conflicts(checker: &mut Checker<'_>, root: &[TaskId], exports: &[Mention]) {
    let mut found = Vec::new();
    let tree = Tree::new(&checker.tasks, root);
    for fork in tree.tasks() {
        let TaskKind::Fork { branches, compete: false } = &fork.kind else { continue };
        let mut first: BTreeMap<&str, (TaskId, &str)> = BTreeMap::new();
        for id in branches {
            let Some(Some(branch)) = checker.tasks.get(id.0 as usize) else { continue };
            let inside = |export: &&Mention| {
                let rest = export.pointer.strip_prefix(branch.reference.as_str());
                rest.is_some_and(|rest| rest.starts_with('/'))
            };
            for export in exports.iter().filter(inside) {
                let (other, name) = *first.entry(&export.member).or_insert((*id, &branch.name));
                if other != *id {
                    let (member, name) = (export.member.clone(), name.to_owned());
                    found.push((export.span.clone(), export.pointer.clone(), member, name));
                }
            }
        }
    }
    for (span, pointer, member, name) in found {
        let message = text!("the branch `{}` exports `{}` as well", name, member);
        checker
            .report_at(Code::ContextConflict, span, &pointer, message)
            .help("of branches that export the same member, the last one's is left; give each its own");
    }
}
