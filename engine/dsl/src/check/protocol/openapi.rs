//! `call: openapi`.

use super::super::Checker;
use super::super::fields::Place;
use super::super::members::Members;
use super::super::template::Position;
use super::OUTPUTS;
use crate::expression::Template;

impl<'n> Checker<'n> {
    pub(super) fn openapi(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let document = fields.need(self, "document");
        let operation = fields.need(self, "operationId");
        let parameters = fields.get("parameters");
        let authentication = fields.get("authentication");
        let output = fields.get("output");
        let redirect = fields.get("redirect");
        fields.finish(self);
        let mut members = Members::default();
        members.add("document", document.and_then(|place| self.resource(&place)));
        members.add("operationId", operation.and_then(|place| self.outgoing_text(&place)));
        members.read("parameters", parameters, |place| self.outgoing_map(place));
        members.read("authentication", authentication, |place| self.authentication(place, Position::Outside));
        members.read("output", output, |place| self.outgoing_word(place, &OUTPUTS));
        members.read("redirect", redirect, |place| self.outgoing_bool(place));
        members.finish()
    }
}
