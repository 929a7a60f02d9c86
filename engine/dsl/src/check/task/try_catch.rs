//! `try`: what may fail, and what to do then.

use super::super::Checker;
use super::super::fields::{Fields, Place};
use super::super::name;
use super::super::schema::transpose;
use super::super::template::Position;
use crate::definition::{Catch, ErrorFilter, TaskKind};

impl<'n> Checker<'n> {
    pub(super) fn try_catch(&mut self, place: &Place<'n>, task: &mut Fields<'n>) -> Option<TaskKind> {
        let catch = task.need(self, "catch");
        let body = self.block(place);
        let catch = catch.and_then(|catch| self.catch(&catch));
        Some(TaskKind::Try { body: body?, catch: catch? })
    }

    fn catch(&mut self, place: &Place<'n>) -> Option<Catch> {
        let mut fields = self.fields(place)?;
        let errors = fields.get("errors");
        let variable = fields.get("as");
        let when = fields.get("when");
        let except_when = fields.get("exceptWhen");
        let retry = fields.get("retry");
        let body = fields.get("do");
        let then = fields.get("then");
        fields.finish(self);
        let with = errors.map_or(Some(ErrorFilter::default()), |errors| self.error_filter(&errors));
        let variable = variable.map_or(Some("error".to_owned()), |name| name::variable(self, &name));
        let before = self.locals.len();
        self.locals.extend(variable.clone());
        let when = when.map(|when| self.expression(&when, Position::Definition));
        let except_when = except_when.map(|when| self.expression(&when, Position::Definition));
        let retry = retry.map(|retry| self.retry(&retry));
        let body = body.map(|body| self.block(&body));
        self.locals.truncate(before);
        let then = self.then(then);
        Some(Catch {
            with: with?,
            variable: variable?,
            when: transpose(when)?,
            except_when: transpose(except_when)?,
            retry: transpose(retry)?,
            body: transpose(body)?,
            then: then?,
        })
    }
}
