//! The protocols of `call`: what may stand under `with`, one file for each.
//!
//! Only the form is checked here. Documents that describe a service are read when it is called.

mod a2a;
mod asyncapi;
mod grpc;
mod http;
mod mcp;
mod openapi;

use super::Checker;
use super::fields::{Fields, Place};
use crate::definition::{Callee, Protocol, TaskKind};
use crate::diagnostic::Code;
use crate::expression::Template;
use crate::text;

/// The words of `call` that are protocols.
const PROTOCOLS: [(&str, Protocol); 6] = [
    ("a2a", Protocol::A2a),
    ("asyncapi", Protocol::AsyncApi),
    ("grpc", Protocol::Grpc),
    ("http", Protocol::Http),
    ("mcp", Protocol::Mcp),
    ("openapi", Protocol::OpenApi),
];

/// Forms in which the answer of a service becomes output.
const OUTPUTS: [&str; 3] = ["raw", "content", "response"];

/// The protocol of this name.
pub(super) fn of(name: &str) -> Option<Protocol> {
    PROTOCOLS.iter().find(|(word, _)| *word == name).map(|(_, protocol)| *protocol)
}

/// Names of all protocols.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PROTOCOLS.iter().map(|(word, _)| *word)
}

impl<'n> Checker<'n> {
    /// `call` of a protocol; `place` is where it is named.
    pub(super) fn protocol_call(
        &mut self,
        protocol: Protocol,
        place: &Place<'n>,
        task: &Fields<'n>,
        with: Option<Place<'n>>,
    ) -> Option<TaskKind> {
        let Some(with) = with else {
            let name = place.node.as_str().unwrap_or_default();
            let message = text!("`call: {}` needs its arguments under `with`", name);
            let span = task.key_span("call");
            self.report_at(Code::MissingKey, span, &task.place.pointer, message);
            return None;
        };
        let alone = |with: Option<Template>| with.map(|with| (with, None));
        let (with, foreach) = match protocol {
            Protocol::A2a => alone(self.a2a(&with)),
            Protocol::AsyncApi => self.asyncapi(&with),
            Protocol::Grpc => alone(self.grpc(&with)),
            Protocol::Http => alone(self.http(&with)),
            Protocol::Mcp => alone(self.mcp(&with)),
            Protocol::OpenApi => alone(self.openapi(&with)),
        }?;
        Some(TaskKind::Call { callee: Callee::Protocol(protocol), with, foreach })
    }
}
