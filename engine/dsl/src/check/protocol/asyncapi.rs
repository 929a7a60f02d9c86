//! `call: asyncapi`: publish a message, or take messages in.
//!
//! What decides about a message is evaluated where messages come in, one by one; what is done with each
//! (`foreach`) is run here, on those that were taken.

use super::super::Checker;
use super::super::fields::Place;
use super::super::members::Members;
use super::super::schema::transpose;
use super::super::template::Position;
use crate::definition::Foreach;
use crate::expression::Template;

/// Protocols of brokers and of the web.
const PROTOCOLS: [&str; 19] = [
    "amqp",
    "amqp1",
    "anypointmq",
    "googlepubsub",
    "http",
    "ibmmq",
    "jms",
    "kafka",
    "mercure",
    "mqtt",
    "mqtt5",
    "nats",
    "pulsar",
    "redis",
    "sns",
    "solace",
    "sqs",
    "stomp",
    "ws",
];

impl<'n> Checker<'n> {
    pub(super) fn asyncapi(&mut self, place: &Place<'n>) -> Option<(Template, Option<Foreach>)> {
        let mut fields = self.fields(place)?;
        let document = fields.need(self, "document");
        let (channel, operation) = (fields.get("channel"), fields.get("operation"));
        let (message, subscription) = (fields.get("message"), fields.get("subscription"));
        let server = fields.get("server");
        let protocol = fields.get("protocol");
        let authentication = fields.get("authentication");
        let head = fields.head_span();
        if !fields.finish(self) {
            let of = [("channel", channel.is_some()), ("operation", operation.is_some())];
            self.exactly_one(place, head.clone(), &of);
            let what = [("message", message.is_some()), ("subscription", subscription.is_some())];
            self.exactly_one(place, head, &what);
        }
        let mut members = Members::default();
        members.add("document", document.and_then(|place| self.resource(&place)));
        members.read("channel", channel, |place| self.outgoing_text(place));
        members.read("operation", operation, |place| self.outgoing_text(place));
        members.read("server", server, |place| self.message_server(place));
        members.read("protocol", protocol, |place| self.outgoing_word(place, &PROTOCOLS));
        members.read("message", message, |place| self.message(place));
        let mut foreach = None;
        members.read("subscription", subscription, |place| {
            let (template, each) = self.subscription(place)?;
            foreach = each;
            Some(template)
        });
        members.read("authentication", authentication, |place| self.authentication(place, Position::Outside));
        Some((members.finish()?, foreach))
    }

    fn message_server(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let name = fields.need(self, "name");
        let variables = fields.get("variables");
        fields.finish(self);
        let mut members = Members::default();
        members.add("name", name.and_then(|place| self.outgoing_text(&place)));
        members.read("variables", variables, |place| self.outgoing_map(place));
        members.finish()
    }

    fn message(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let payload = fields.get("payload");
        let headers = fields.get("headers");
        fields.finish(self);
        let mut members = Members::default();
        members.read("payload", payload, |place| self.outgoing_map(place));
        members.read("headers", headers, |place| self.outgoing_map(place));
        members.finish()
    }

    fn subscription(&mut self, place: &Place<'n>) -> Option<(Template, Option<Foreach>)> {
        let mut fields = self.fields(place)?;
        let filter = fields.get("filter");
        let consume = fields.need(self, "consume");
        let foreach = fields.get("foreach");
        fields.finish(self);
        let mut members = Members::default();
        members.read("filter", filter, |place| self.of_message(place));
        members.add("consume", consume.and_then(|place| self.consumption(&place)));
        let foreach = foreach.map(|foreach| self.foreach(&foreach));
        Some((members.finish()?, transpose(foreach)?))
    }

    /// How many messages, and for how long.
    fn consumption(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let (amount, r#while, until) = (fields.get("amount"), fields.get("while"), fields.get("until"));
        let time = fields.get("for");
        let head = fields.head_span();
        if !fields.finish(self) {
            let given =
                [("amount", amount.is_some()), ("while", r#while.is_some()), ("until", until.is_some())];
            self.exactly_one(place, head, &given)?;
        }
        let mut members = Members::default();
        members.read("amount", amount, |place| self.outgoing_number(place, 1..=1_000_000));
        members.read("while", r#while, |place| self.of_message(place));
        members.read("until", until, |place| self.of_message(place));
        members.read("for", time, |place| self.outgoing_duration(place));
        members.finish()
    }

    /// An expression on each message.
    fn of_message(&mut self, place: &Place<'n>) -> Option<Template> {
        self.expression(place, Position::Message).map(Template::Deferred)
    }
}
