//! `call: mcp`.

use super::super::Checker;
use super::super::endpoint::Base;
use super::super::fields::Place;
use super::super::members::Members;
use crate::expression::Template;

/// What can be asked of a server.
const METHODS: [&str; 7] = [
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/read",
    "resources/templates/list",
];

impl<'n> Checker<'n> {
    pub(super) fn mcp(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let version = fields.get("protocolVersion");
        let method = fields.need(self, "method");
        let parameters = fields.get("parameters");
        let timeout = fields.get("timeout");
        let transport = fields.need(self, "transport");
        let client = fields.get("client");
        fields.finish(self);
        let mut members = Members::default();
        members.read("protocolVersion", version, |place| self.outgoing_text(place));
        members.add("method", method.and_then(|place| self.outgoing_word(&place, &METHODS)));
        members.read("parameters", parameters, |place| self.outgoing_map_or_expression(place));
        members.read("timeout", timeout, |place| self.outgoing_duration(place));
        members.add("transport", transport.and_then(|place| self.mcp_transport(&place)));
        members.read("client", client, |place| self.mcp_client(place));
        members.finish()
    }

    fn mcp_transport(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let (http, stdio) = (fields.get("http"), fields.get("stdio"));
        let options = fields.get("options");
        let (head, span) = (fields.head_span(), fields.key_span("stdio"));
        if fields.finish(self) && http.is_none() && stdio.is_none() {
            return None;
        }
        self.exactly_one(place, head, &[("http", http.is_some()), ("stdio", stdio.is_some())])?;
        let mut members = Members::default();
        members.read("http", http, |place| self.mcp_http(place));
        members.read("stdio", stdio, |place| {
            self.allowed("stdio", self.catalog.processes().stdio, span, place);
            self.mcp_stdio(place)
        });
        members.read("options", options, |place| self.outgoing_texts(place));
        members.finish()
    }

    fn mcp_http(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let endpoint = fields.need(self, "endpoint");
        let headers = fields.get("headers");
        fields.finish(self);
        let mut members = Members::default();
        members.add("endpoint", endpoint.and_then(|place| self.endpoint(&place, Base::Absent)));
        members.read("headers", headers, |place| self.outgoing_texts(place));
        members.finish()
    }

    fn mcp_stdio(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let command = fields.need(self, "command");
        let arguments = fields.get("arguments");
        let environment = fields.get("environment");
        fields.finish(self);
        let mut members = Members::default();
        members.add("command", command.and_then(|place| self.outgoing_text(&place)));
        members.read("arguments", arguments, |place| self.outgoing_list(place));
        members.read("environment", environment, |place| self.outgoing_texts(place));
        members.finish()
    }

    fn mcp_client(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let name = fields.need(self, "name");
        let version = fields.need(self, "version");
        fields.finish(self);
        let mut members = Members::default();
        members.add("name", name.and_then(|place| self.outgoing_text(&place)));
        members.add("version", version.and_then(|place| self.outgoing_text(&place)));
        members.finish()
    }
}
