//! `listen`: wait for events.

use super::super::Checker;
use super::super::fields::{Fields, Place};
use super::super::schema::transpose;
use crate::definition::TaskKind;

impl<'n> Checker<'n> {
    pub(super) fn listen(&mut self, place: &Place<'n>, task: &mut Fields<'n>) -> Option<TaskKind> {
        let foreach = task.get("foreach");
        let mut fields = self.fields(place)?;
        let to = fields.need(self, "to");
        let read = fields.get("read");
        fields.finish(self);
        let (to, until) = to.map_or((None, None), |to| self.listening(&to));
        let read = self.read_as(read);
        let foreach = foreach.map(|foreach| self.foreach(&foreach));
        Some(TaskKind::Listen { to: to?, until: until?, read: read?, foreach: transpose(foreach)? })
    }
}
