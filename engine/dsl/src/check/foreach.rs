//! `foreach`: what is done with each event or message, one after the other; and the names that loops bind.

use super::fields::Place;
use super::schema::transpose;
use super::template::Position;
use super::{Checker, name};
use crate::definition::Foreach;
use crate::diagnostic::Code;
use crate::text;
use crate::yaml::Value;

impl<'n> Checker<'n> {
    /// `foreach` of a `listen` or a subscription.
    pub(super) fn foreach(&mut self, place: &Place<'n>) -> Option<Foreach> {
        let mut fields = self.fields(place)?;
        let (item, at) = (fields.get("item"), fields.get("at"));
        let body = fields.get("do");
        let output = fields.get("output");
        let export = fields.get("export");
        fields.finish(self);
        let (item, at) = self.loop_names(place, item, at);
        let before = self.locals.len();
        self.locals.extend(item.iter().chain(&at).cloned());
        let body = body.map(|body| self.block(&body));
        let output = self.output(output, Position::Output);
        let export = self.export(export);
        self.locals.truncate(before);
        let body = transpose(body)?.unwrap_or_default();
        Some(Foreach { item: item?, at: at?, body, output: output?, export: export? })
    }

    /// The names of a loop's variables: `item` and `index` unless they are given.
    pub(super) fn loop_names(
        &mut self,
        place: &Place<'n>,
        item: Option<Place<'n>>,
        at: Option<Place<'n>>,
    ) -> (Option<String>, Option<String>) {
        let item_name = item.as_ref().map_or(Some("item".to_owned()), |item| name::variable(self, item));
        let at_name = at.as_ref().map_or(Some("index".to_owned()), |at| name::variable(self, at));
        if let Some(name) = &item_name {
            self.shadows(name, item.as_ref().unwrap_or(place));
        }
        if let (Some(name), Some(at)) = (&at_name, &at) {
            self.shadows(name, at);
        }
        if let (Some(item_name), Some(at_name), Some(written)) = (&item_name, &at_name, at.or(item))
            && item_name == at_name
        {
            let message = text!("item and index cannot both be called `${}`", item_name);
            self.report(Code::BadName, &written, message);
        }
        (item_name, at_name)
    }

    /// A variable of a loop or catch around cannot be read where another has its name.
    fn shadows(&mut self, name: &str, place: &Place<'n>) {
        if self.locals.iter().any(|outer| outer == name) {
            let message = text!("`${}` of this loop hides that of a loop or `catch` around it", name);
            let span = match place.node.value {
                // Not written here: it has its usual name.
                Value::Map(_) => self.key_span_at(&place.pointer),
                _ => place.node.span.clone(),
            };
            self.report_at(Code::Shadowed, span, &place.pointer, message).help("give it another name");
        }
    }
}
