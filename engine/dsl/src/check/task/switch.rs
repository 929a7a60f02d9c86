//! `switch`: the first case that holds.

use super::super::Checker;
use super::super::fields::Place;
use super::super::template::Position;
use crate::definition::{SwitchCase, TaskKind};
use crate::diagnostic::Code;

impl<'n> Checker<'n> {
    pub(super) fn switch(&mut self, place: &Place<'n>) -> Option<TaskKind> {
        let items = self.items(place)?;
        if items.is_empty() {
            self.report(Code::Nothing, place, "`switch` needs at least one case");
            return None;
        }
        let mut cases = Vec::new();
        let mut default = None;
        let mut whole = true;
        for item in &items {
            let Some(entry) = self.single(item, "case") else {
                whole = false;
                continue;
            };
            let place = item.child(&entry.key.text, &entry.value);
            let Some(case) = self.case(&entry.key.text, &place) else {
                whole = false;
                continue;
            };
            if case.when.is_none()
                && let Some(first) = default.replace(entry.key.span.clone())
            {
                let message = "a switch has one case without `when`; this is the second";
                let span = entry.key.span.clone();
                let diagnostic = self.report_at(Code::SecondDefault, span, &place.pointer, message);
                diagnostic.related.push((first, "the first".into()));
            }
            cases.push(case);
        }
        // The default is taken when no other holds, wherever it is written.
        cases.sort_by_key(|case| case.when.is_none());
        whole.then_some(TaskKind::Switch { cases })
    }

    fn case(&mut self, name: &str, place: &Place<'n>) -> Option<SwitchCase> {
        let mut fields = self.fields(place)?;
        let when = fields.get("when");
        let then = fields.need(self, "then");
        fields.finish(self);
        let when = when.map(|when| self.expression(&when, Position::Definition));
        let then = then.and_then(|then| self.then(Some(then)));
        Some(SwitchCase { name: name.to_owned(), when: super::super::schema::transpose(when)?, then: then? })
    }
}
