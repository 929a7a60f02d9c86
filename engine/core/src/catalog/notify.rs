//! `notify`: a message by a channel. It leaves by the outbox; the task waits until it is sent or given up.

use serde::Deserialize;
use serde_json::json;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::CaseNo;
use crate::effect::{Action, Message};
use crate::machine::{Machine, Move};
use crate::outbox;
use crate::state::{Doing, Owner, Repeat};

pub(super) const FUNCTION: Function = Function {
    name: "notify",
    summary: "Sends a message by a channel",
    input: || {
        let mut properties = members();
        properties.push(("channel", shape::text()));
        shape::object(&["channel", "to", "body"], &properties)
    },
    output: sent,
    begin: |machine, called| {
        let Channel { channel } = called.read()?;
        send(machine, &called, channel)
    },
};

/// What both `notify` and `send` understand.
pub(super) fn members() -> Vec<(&'static str, serde_json::Value)> {
    let mut members = shape::message();
    members.push(("caseNo", shape::optional_text()));
    members.push(("retry", json!({"enum": ["default", "none", null]})));
    members
}

/// The output of both.
pub(super) fn sent() -> serde_json::Value {
    shape::object(
        &["messageId", "state", "attempts"],
        &[
            ("messageId", shape::text()),
            ("state", json!({"const": "sent"})),
            ("providerId", shape::optional_text()),
            ("attempts", json!({"type": "integer"})),
        ],
    )
}

#[derive(Deserialize)]
struct Channel {
    channel: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct With {
    #[serde(flatten)]
    notice: Notice,
    case_no: Option<CaseNo>,
    retry: Option<Repeat>,
}

/// A message as `with` has it, without its channel.
#[derive(Deserialize)]
pub(crate) struct Notice {
    to: Recipient,
    subject: Option<String>,
    body: String,
    template: Option<String>,
    params: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Recipient {
    kind: String,
    address: String,
    name: Option<String>,
}

/// Which channel sends a notice.
#[derive(Deserialize)]
pub(crate) struct By {
    pub(crate) channel: String,
    #[serde(flatten)]
    pub(crate) notice: Notice,
}

impl Notice {
    /// The message, about this case.
    pub(crate) fn message(self, case_no: Option<CaseNo>) -> Message {
        Message {
            recipient_kind: self.to.kind,
            recipient: self.to.address,
            recipient_name: self.to.name,
            template: self.template,
            params: self.params.map_or_else(|| Data::object([]), Data::from),
            subject: self.subject,
            body: self.body,
            case_no,
        }
    }
}

/// Requests the message; the task parks.
pub(super) fn send(machine: &mut Machine<'_>, called: &Called<'_>, channel: String) -> Result<Move, Fault> {
    let with: With = called.read()?;
    let own_case = machine.state.case.as_ref().map(|case| case.no.clone());
    let message = with.notice.message(with.case_no.or(own_case));
    machine.top_mut().doing = Doing::Send;
    let owner = Owner::Frame(machine.top().id);
    let function = outbox::function_name(called.function);
    outbox::request(
        machine,
        owner,
        with.retry.unwrap_or_default(),
        function,
        Action::Send { channel, message },
    );
    Ok(Move::Park)
}
