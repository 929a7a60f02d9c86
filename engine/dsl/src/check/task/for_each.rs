//! `for`: a list, item by item.

use super::super::Checker;
use super::super::fields::{Fields, Place};
use super::super::template::Position;
use crate::definition::TaskKind;
use crate::expression::Template;
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
        let (each, at) = self.loop_names(each, at);
        let over = over.and_then(|over| self.over(&over));
        let before = self.locals.len();
        self.locals.extend(each.iter().chain(&at).cloned());
        let until_false = condition.map(|condition| self.expression(&condition, Position::Definition));
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
