//! `listen`: wait for events.

use super::super::Checker;
use super::super::fields::{Fields, Place};
use super::super::template::Position;
use crate::definition::TaskKind;
use crate::diagnostic::Code;

impl<'n> Checker<'n> {
    pub(super) fn listen(&mut self, place: &Place<'n>, task: &mut Fields<'n>) -> Option<TaskKind> {
        if let Some(foreach) = task.get("foreach") {
            self.context.blur();
            let span = task.key_span("foreach");
            let message = "`foreach` (a list of tasks for each event) is not supported yet";
            self.report_at(Code::ListenLater, span, &foreach.pointer, message);
        }
        let mut fields = self.fields(place)?;
        let to = fields.need(self, "to");
        let read = fields.get("read");
        fields.finish(self);
        let to = to.and_then(|to| self.strategy(&to, Position::Definition));
        let read = self.read_as(read);
        Some(TaskKind::Listen { to: to?, until: None, read: read?, foreach: None })
    }
}
