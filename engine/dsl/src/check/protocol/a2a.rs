//! `call: a2a`.

use super::super::Checker;
use super::super::endpoint::Base;
use super::super::fields::Place;
use super::super::members::Members;
use crate::diagnostic::Code;
use crate::expression::Template;
use crate::yaml::Value;

/// What can be asked of an agent.
const METHODS: [&str; 11] = [
    "message/send",
    "message/stream",
    "tasks/get",
    "tasks/list",
    "tasks/cancel",
    "tasks/resubscribe",
    "tasks/pushNotificationConfig/set",
    "tasks/pushNotificationConfig/get",
    "tasks/pushNotificationConfig/list",
    "tasks/pushNotificationConfig/delete",
    "agent/getAuthenticatedExtendedCard",
];

impl<'n> Checker<'n> {
    pub(super) fn a2a(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let method = fields.need(self, "method");
        let card = fields.get("agentCard");
        let server = fields.get("server");
        let parameters = fields.get("parameters");
        let head = fields.head_span();
        let unknown = fields.finish(self);
        if card.is_none() && server.is_none() && !unknown {
            let message = "one of `agentCard` and `server` is missing here";
            self.report_at(Code::MissingKey, head, &place.pointer, message);
            return None;
        }
        let mut members = Members::default();
        members.add("method", method.and_then(|place| self.outgoing_word(&place, &METHODS)));
        members.read("agentCard", card, |place| self.resource(place));
        members.read("server", server, |place| self.endpoint(place, Base::Absent));
        if let Some(place) = &parameters
            && matches!(&place.node.value, Value::Map(entries) if entries.is_empty())
        {
            self.report(Code::Nothing, place, "parameters need at least one member")
                .help("leave `parameters` out");
        }
        members.read("parameters", parameters, |place| self.outgoing_map_or_expression(place));
        members.finish()
    }
}
