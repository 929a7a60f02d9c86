//! `for`: a list, item by item.

use super::super::Checker;
use super::super::fields::{Fields, Place};
use super::super::name;
use super::super::template::Position;
use crate::definition::TaskKind;
use crate::diagnostic::Code;
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
        let each_name = each.map_or(Some("item".to_owned()), |each| name::variable(self, &each));
        let at_name = match &at {
            None => Some("index".to_owned()),
            Some(at) => name::variable(self, at),
        };
        if let (Some(each), Some(at_name), Some(at)) = (&each_name, &at_name, &at)
            && each == at_name
        {
            let message = format!("item and index cannot both be called `${each}`");
            self.report(Code::BadName, at, message);
        }
        let over = over.and_then(|over| self.over(&over));
        let before = self.locals.len();
        self.locals.extend(each_name.iter().chain(&at_name).cloned());
        let until_false = condition.map(|condition| self.expression(&condition, Position::Definition));
        let body = body.and_then(|body| self.block(&body));
        self.locals.truncate(before);
        Some(TaskKind::For {
            each: each_name?,
            at: at_name?,
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
