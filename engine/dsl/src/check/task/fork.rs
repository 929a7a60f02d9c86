//! `fork`: branches that run at the same time, each a task of its own.

use super::super::Checker;
use super::super::block::Order;
use super::super::fields::Place;
use crate::definition::TaskKind;

impl<'n> Checker<'n> {
    pub(super) fn fork(&mut self, place: &Place<'n>) -> Option<TaskKind> {
        let mut fields = self.fields(place)?;
        let branches = fields.need(self, "branches");
        let compete = fields.get("compete");
        fields.finish(self);
        let branches = branches
            .and_then(|branches| self.list(&branches, Order::Together, "a fork needs at least one branch"));
        let compete = match compete {
            None => Some(false),
            Some(compete) => self.truth(&compete),
        };
        Some(TaskKind::Fork { branches: branches?, compete: compete? })
    }
}
