//! `raise`: an error on purpose.

use super::super::Checker;
use super::super::fields::Place;
use crate::definition::TaskKind;

impl<'n> Checker<'n> {
    pub(super) fn raise(&mut self, place: &Place<'n>) -> Option<TaskKind> {
        let mut fields = self.fields(place)?;
        let error = fields.need(self, "error");
        fields.finish(self);
        Some(TaskKind::Raise { error: self.error(&error?)? })
    }
}
