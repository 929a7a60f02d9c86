//! `switch`: the first case that holds.

use std::ops::Range;

use super::super::Checker;
use super::super::fields::Place;
use super::super::template::Position;
use crate::definition::{SwitchCase, TaskKind};
use crate::diagnostic::Code;
use crate::text;

impl<'n> Checker<'n> {
    pub(super) fn switch(&mut self, place: &Place<'n>) -> Option<TaskKind> {
        let items = self.items(place)?;
        if items.is_empty() {
            self.report(Code::Nothing, place, "`switch` needs at least one case");
            return None;
        }
        let mut cases = Vec::new();
        let mut default_span = None;
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
                && let Some(first) = default_span.replace(entry.key.span.clone())
            {
                let message = "a switch has one case without `when`; this is the second";
                let span = entry.key.span.clone();
                let diagnostic = self.report_at(Code::SecondDefault, span, &place.pointer, message);
                diagnostic.related.push((first, "the first".into()));
            }
            self.reachable_case(&case, &cases, entry.key.span.clone(), &place.pointer);
            cases.push(case);
        }
        let default = cases.iter().find(|case| case.when.is_none());
        if let (Some(default), Some(true_case)) = (default, cases.iter().find(|case| always(case))) {
            let span = default_span.unwrap_or_default();
            let message = text!("the case `{}` is never taken", default.name);
            self.report_at(Code::CaseNever, span, &place.pointer, message)
                .help(text!("`{}` always holds", true_case.name));
        }
        // The default is taken when no other holds, wherever it is written.
        cases.sort_by_key(|case| case.when.is_none());
        whole.then_some(TaskKind::Switch { cases })
    }

    /// A case is in vain after one that always holds, and after one that asks the same.
    fn reachable_case(
        &mut self,
        case: &SwitchCase,
        before: &[SwitchCase],
        span: Range<usize>,
        pointer: &str,
    ) {
        let Some(when) = &case.when else { return };
        let same = |other: &&SwitchCase| {
            always(other) || other.when.as_ref().is_some_and(|other| other.text == when.text)
        };
        let Some(taken) = before.iter().find(same) else { return };
        let message = text!("the case `{}` is never taken", case.name);
        let help = match always(taken) {
            true => text!("`{}` before it always holds", taken.name),
            false => text!("`{}` before it asks the same", taken.name),
        };
        self.report_at(Code::CaseNever, span, pointer, message).help(help);
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

/// Is its condition the word `true`?
fn always(case: &SwitchCase) -> bool {
    case.when.as_ref().is_some_and(|when| when.text == "true")
}
