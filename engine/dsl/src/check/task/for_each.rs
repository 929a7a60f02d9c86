//! `for`: a list, item by item.

use super::super::Checker;
use super::super::fields::{Fields, Place};
use super::super::template::Position;
use crate::definition::TaskKind;
use crate::diagnostic::Code;
use crate::expression::{Expression, Template};
use crate::yaml::Value;

impl<'n> Checker<'n> {
    pub(super) fn for_each(&mut self, place: &Place<'n>, task: &mut Fields<'n>) -> Option<TaskKind> {
        let body = task.need(self, "do");
        let condition = task.get("while");
        let mut fields = self.fields(place)?;
        let each = fields.get("each");
        let at = fields.get("at");
        let over = fields.need(self, "in");
        fields.finish(self);
        let (each, at) = self.loop_names(place, each, at);
        let over = over.and_then(|over| self.over(&over));
        let before = self.locals.len();
        self.locals.extend(each.iter().chain(&at).cloned());
        let until_false = condition.as_ref().map(|place| self.expression(place, Position::Definition));
        if let (Some(place), Some(Some(asked))) = (&condition, &until_false)
            && is_constant(asked)
        {
            let message = "this `while` has the same answer in every round";
            self.report(Code::SameAnswer, place, message)
                .help("ask for `.` (the output of the last round), the item, or `$context`; or leave it out");
        }
        let body = body.and_then(|body| self.block(&body));
        self.locals.truncate(before);
        Some(TaskKind::For {
            each: each?,
            at: at?,
            over: over?,
            until_false: super::super::schema::transpose(until_false)?,
            body: body?,
        })
    }

    fn over(&mut self, place: &Place<'n>) -> Option<Template> {
        match &place.node.value {
            Value::String(_) => self.expression(place, Position::Definition).map(Template::Expression),
            Value::List(_) => self.template(place, Position::Definition),
            _ => {
                self.wrong_type(place, "an expression or a list");
                None
            }
        }
    }
}

/// Does it read nothing that a round may change?
fn is_constant(expression: &Expression) -> bool {
    let fixed = |name: &String| matches!(name.as_str(), "input" | "workflow" | "runtime" | "task");
    !expression.reads_input() && expression.variables().iter().all(fixed)
}
