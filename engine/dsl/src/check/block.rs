//! A list of tasks: names, and one after the other.

use std::collections::BTreeMap;

use super::Checker;
use super::fields::Place;
use super::flow;
use crate::definition::{Block, TaskId};
use crate::diagnostic::{Code, Text};
use crate::text;
use crate::yaml::{Entry, Node, Value};

/// The tasks of the list around a place.
pub(super) struct Scope {
    pub(super) tasks: BTreeMap<String, TaskId>,
    pub(super) order: Order,
}

/// How the tasks of a list run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// One after the other; `then` leads from one to another.
    OneByOne,
    /// All at once, as the branches of a fork; `then` leads nowhere but out.
    Together,
}

/// Words that `then` understands by itself.
pub(super) const DIRECTIVES: [&str; 3] = ["continue", "exit", "end"];

/// Most tasks of one workflow.
const TASKS_MAX: usize = 5_000;

impl<'n> Checker<'n> {
    /// `do`, `try` and the like.
    pub(super) fn block(&mut self, place: &Place<'n>) -> Option<Block> {
        let ids = self.list(place, Order::OneByOne, "a list of tasks needs at least one task")?;
        flow::check(self, &ids);
        Some(ids)
    }

    /// A list of tasks that run in this order.
    pub(super) fn list(
        &mut self,
        place: &Place<'n>,
        order: Order,
        when_empty: &'static str,
    ) -> Option<Block> {
        let items = self.items(place)?;
        if items.is_empty() {
            self.report(Code::Nothing, place, when_empty);
            return None;
        }
        let entries: Vec<_> = items.iter().map(|item| self.single(item, "task")).collect();
        let mut scope = Scope { tasks: BTreeMap::new(), order };
        let mut ids = Vec::new();
        for entry in entries.iter().flatten() {
            let id = self.reserve(place)?;
            ids.push(id);
            self.check_name(entry, &mut scope, id, place);
        }
        self.scopes.push(scope);
        let mut whole = entries.iter().all(Option::is_some);
        for ((entry, item), id) in
            entries.iter().zip(&items).filter_map(|(entry, item)| Some(((*entry)?, item))).zip(&ids)
        {
            let place = item.child(&entry.key.text, &entry.value);
            let task = self.task(*id, &entry.key, &place);
            whole &= task.is_some();
            self.tasks[id.0 as usize] = task;
        }
        self.scopes.pop();
        whole.then_some(ids)
    }

    /// A place in the arena.
    pub(super) fn reserve(&mut self, place: &Place<'n>) -> Option<TaskId> {
        if self.tasks.len() >= TASKS_MAX {
            let message = text!("the workflow has more than {} tasks", TASKS_MAX);
            self.report(Code::TooLarge, place, message);
            return None;
        }
        let id = TaskId(u32::try_from(self.tasks.len()).ok()?);
        self.tasks.push(None);
        Some(id)
    }

    fn check_name(&mut self, entry: &'n Entry, scope: &mut Scope, id: TaskId, place: &Place<'n>) {
        let (name, span) = (&entry.key.text, entry.key.span.clone());
        if scope.tasks.contains_key(name) {
            let message = text!("there are two tasks `{}` in this list", name);
            let related = self.first_span(place, name);
            let diagnostic = self.report_at(Code::DuplicateTask, span, &place.pointer, message);
            diagnostic.help("`then` could not tell them apart; give them different names");
            diagnostic.related.extend(related.map(|span| (span, "the first one".into())));
            return;
        }
        if DIRECTIVES.contains(&name.as_str()) {
            let message = text!("`then: {}` is a directive, so that it cannot lead to this task", name);
            self.report_at(Code::HiddenTask, span, &place.pointer, message).help("give it another name");
        }
        scope.tasks.insert(name.clone(), id);
    }

    fn first_span(&self, place: &Place<'n>, name: &str) -> Option<std::ops::Range<usize>> {
        let Value::List(items) = &place.node.value else { return None };
        let entries = items.iter().filter_map(|item| match &item.value {
            Value::Map(entries) => entries.first(),
            _ => None,
        });
        entries.into_iter().find(|entry| entry.key.text == name).map(|entry| entry.key.span.clone())
    }

    /// An item that is one name with one value.
    pub(super) fn single(&mut self, place: &Place<'n>, what: &'static str) -> Option<&'n Entry> {
        let message = text!("an item of this list must be one name with one {}", Text::from(what));
        match &place.node.value {
            Value::Map(entries) => match entries.as_slice() {
                [entry] => Some(entry),
                [] => {
                    self.report(Code::NotOneKey, place, message);
                    None
                }
                [first, second, ..] => {
                    let (span, help) = (second.key.span.clone(), &first.key.text);
                    let help = match first.value.value {
                        Value::Null => text!("indent the keys below `{}` by two more spaces", help),
                        _ => text!("begin a new item (`- `) after `{}`", help),
                    };
                    self.report_at(Code::NotOneKey, span, &place.pointer, message).help(help);
                    None
                }
            },
            _ => {
                self.report(Code::NotOneKey, place, message);
                None
            }
        }
    }
}

/// Notes the names of all tasks anywhere, for `then` into another list.
pub(super) fn collect_names(checker: &mut Checker<'_>, node: &Node) {
    let Value::Map(entries) = &node.value else { return };
    for entry in entries {
        match &entry.value.value {
            Value::List(items) if matches!(entry.key.text.as_str(), "do" | "try" | "branches") => {
                for item in items {
                    let Value::Map(tasks) = &item.value else { continue };
                    for task in tasks {
                        checker.all_names.insert(task.key.text.clone(), task.key.span.clone());
                        collect_names(checker, &task.value);
                    }
                }
            }
            Value::Map(_) if matches!(entry.key.text.as_str(), "catch" | "fork" | "foreach") => {
                collect_names(checker, &entry.value);
            }
            _ => {}
        }
    }
}
