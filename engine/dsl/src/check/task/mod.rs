//! One task: what all have in common, and which kind it is.

mod call;
mod emit;
mod for_each;
mod fork;
mod listen;
mod raise;
mod run;
mod set;
mod switch;
mod try_catch;

use super::Checker;
use super::fields::{Fields, Place};
use super::template::Position;
use crate::definition::{Task, TaskId, TaskKind};
use crate::diagnostic::{Code, nearest};
use crate::text;
use crate::yaml::Key;

/// The keys that say what a task does.
const KINDS: [&str; 12] =
    ["call", "do", "emit", "for", "fork", "listen", "raise", "run", "set", "switch", "try", "wait"];

impl<'n> Checker<'n> {
    /// A task, written under this key.
    pub(super) fn task(&mut self, id: TaskId, key: &'n Key, place: &Place<'n>) -> Option<Task> {
        if place.node.value == crate::yaml::Value::Null {
            self.no_kind(key, place, &[]);
            return None;
        }
        let mut fields = self.fields(place)?;
        let kind = self.kind_of(&fields, key);
        if kind.is_none() {
            self.context.blur();
        }
        let condition = fields.get("if").map(|place| self.expression(&place, Position::TaskInput));
        let input = fields.get("input");
        let input = self.input(input, Position::TaskInput);
        let (output, export) = (fields.get("output"), fields.get("export"));
        let before = self.locals.len();
        if kind == Some("call") && call::authorizes(&fields) {
            self.locals.push("authorization".to_owned());
        }
        let output = self.output(output, Position::Output);
        let export = self.export(export);
        self.locals.truncate(before);
        let timeout = fields.get("timeout");
        let timeout = self.timeout(timeout, Position::Definition);
        let then = fields.get("then");
        let then_written = then.is_some();
        let then = self.then(then);
        let title = fields.get("metadata").and_then(|metadata| {
            // The rest of it is free; a title that is no text is one of them.
            self.fields(&metadata)?.peek("title")?.node.as_str().map(str::to_owned)
        });
        // Of a task whose kind is not clear, the other keys cannot be judged.
        let kind = self.kind(kind?, &mut fields);
        if then_written && condition.is_none() && kind.as_ref().is_some_and(never_goes_on) {
            let span = fields.key_span("then");
            let message = text!("this `then` is never followed: `{}` always leads elsewhere", key.text);
            self.report_at(Code::ThenNever, span, &place.pointer, message)
                .help("remove it; if the task should be skipped sometimes, give it an `if`");
        }
        fields.finish(self);
        Some(Task {
            id,
            name: key.text.clone(),
            title,
            reference: place.pointer.clone(),
            span: key.span.clone(),
            condition: super::schema::transpose(condition)?,
            input: input?,
            output: output?,
            export: export?,
            timeout: timeout?,
            then: then?,
            extensions: Vec::new(),
            kind: kind?,
        })
    }

    /// The one key that says what the task does.
    fn kind_of(&mut self, fields: &Fields<'n>, key: &'n Key) -> Option<&'static str> {
        let mut given: Vec<&'static str> =
            KINDS.into_iter().filter(|kind| fields.peek(kind).is_some()).collect();
        if given.contains(&"for") {
            given.retain(|kind| *kind != "do");
        }
        match given.as_slice() {
            [kind] => Some(kind),
            [] => {
                let keys: Vec<&str> = fields.entries().iter().map(|entry| entry.key.text.as_str()).collect();
                self.no_kind(key, &fields.place, &keys);
                None
            }
            [first, second, ..] => {
                let (first_span, span) = (fields.key_span(first), fields.key_span(second));
                let message = text!("the task `{}` has both `{}` and `{}`", key.text, first, second);
                let pointer = &fields.place.pointer;
                let diagnostic = self.report_at(Code::TwoKinds, span, pointer, message);
                diagnostic.help("a task does one thing; make two tasks of it");
                diagnostic.related.push((first_span, "the first".into()));
                None
            }
        }
    }

    fn no_kind(&mut self, key: &'n Key, place: &Place<'n>, keys: &[&str]) {
        let message = text!("the task `{}` does nothing that is known", key.text);
        let near = keys.iter().find_map(|key| Some((*key, nearest(key, &KINDS)?)));
        let diagnostic = self.report_at(Code::NoKind, key.span.clone(), &place.pointer, message);
        match near {
            Some((written, near)) => diagnostic.help(text!("`{}`: did you mean `{}`?", written, near)),
            None => diagnostic.help(text!("it needs one of: {}", KINDS)),
        };
    }

    fn kind(&mut self, kind: &'static str, fields: &mut Fields<'n>) -> Option<TaskKind> {
        let own = fields.get(kind)?;
        match kind {
            "call" => self.call(&own, fields),
            "do" => Some(TaskKind::Do { body: self.block(&own)? }),
            "emit" => self.emit(&own),
            "for" => self.for_each(&own, fields),
            "fork" => self.fork(&own),
            "listen" => self.listen(&own, fields),
            "raise" => self.raise(&own),
            "run" => self.run(&own),
            "set" => self.set(&own),
            "switch" => self.switch(&own),
            "try" => self.try_catch(&own, fields),
            // Of the words in `KINDS`, `wait` is left.
            _ => Some(TaskKind::Wait { duration: self.span(&own, Position::Definition)? }),
        }
    }
}

/// Does it always raise an error or take one of its cases?
fn never_goes_on(kind: &TaskKind) -> bool {
    match kind {
        TaskKind::Raise { .. } => true,
        TaskKind::Switch { cases } => cases.iter().any(|case| case.when.is_none()),
        TaskKind::Call { .. }
        | TaskKind::Do { .. }
        | TaskKind::Emit { .. }
        | TaskKind::For { .. }
        | TaskKind::Fork { .. }
        | TaskKind::Listen { .. }
        | TaskKind::Run { .. }
        | TaskKind::Set { .. }
        | TaskKind::Try { .. }
        | TaskKind::Wait { .. } => false,
    }
}
