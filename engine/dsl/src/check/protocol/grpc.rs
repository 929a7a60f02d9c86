//! `call: grpc`.

use super::super::Checker;
use super::super::fields::Place;
use super::super::members::Members;
use super::super::template::Position;
use crate::diagnostic::Code;
use crate::expression::Template;
use crate::text;

impl<'n> Checker<'n> {
    pub(super) fn grpc(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let proto = fields.need(self, "proto");
        let service = fields.need(self, "service");
        let method = fields.need(self, "method");
        let arguments = fields.get("arguments");
        fields.finish(self);
        let mut members = Members::default();
        members.add("proto", proto.and_then(|place| self.resource(&place)));
        members.add("service", service.and_then(|place| self.grpc_service(&place)));
        members.add("method", method.and_then(|place| self.outgoing_text(&place)));
        members.read("arguments", arguments, |place| self.outgoing_map(place));
        members.finish()
    }

    fn grpc_service(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let name = fields.need(self, "name");
        let host = fields.need(self, "host");
        let port = fields.get("port");
        let authentication = fields.get("authentication");
        fields.finish(self);
        let mut members = Members::default();
        members.add("name", name.and_then(|place| self.outgoing_text(&place)));
        members.add("host", host.and_then(|place| self.host(&place)));
        members.read("port", port, |place| self.outgoing_number(place, 0..=65_535));
        members.read("authentication", authentication, |place| self.authentication(place, Position::Outside));
        members.finish()
    }

    /// A host's name alone: the schema of the language allows neither a port nor an expression here.
    fn host(&mut self, place: &Place<'n>) -> Option<Template> {
        let text = self.text(place)?;
        let inner = |other: char| other.is_ascii_alphanumeric() || matches!(other, '-' | '.');
        let ends = |other: char| other.is_ascii_alphanumeric();
        if text.chars().all(inner) && text.starts_with(ends) && text.ends_with(ends) {
            return self.outgoing_text(place);
        }
        let message = text!("`{}` is not the name of a host", text);
        let diagnostic = self.report(Code::BadValue, place, message);
        if text.contains("://") {
            diagnostic.help("without `https://` and path: `host: api.example.org`");
        } else if text.contains(':') {
            diagnostic.help("the port stands beside it: `port: 443`");
        }
        None
    }
}
