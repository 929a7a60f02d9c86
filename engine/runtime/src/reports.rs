//! What providers say of messages that went out, told to the processes that listen for it.
//!
//! A report is a row of its own, joined with its message when somebody looks ([`crate::ports::MessageRow`]): it may
//! come before the message has its id. It becomes an event only where a workflow listens for one, so that the
//! inbox does not fill with what nobody wants.

use std::collections::BTreeMap;

use serde_json::json;
use yiwang_core::Event;

use crate::Intake;
use crate::deployments::Deployments;
use crate::ports::{DeliveryReport, IncomingEvent};

/// The type of those events.
pub const EVENT_TYPE: &str = "cn.yiwang.message.report.v1";

/// Puts an event beside each report that some workflow listens for.
pub(crate) fn tell(intake: &mut Intake, deployments: &Deployments) {
    let events = intake.reports.iter().map(event).filter(|event| deployments.hears(event));
    intake.events.extend(events.map(|event| IncomingEvent { event, session: None }));
}

/// Twice the same report is one event.
fn event(report: &DeliveryReport) -> Event {
    let DeliveryReport { channel, provider_id, state, code, reason, at } = report;
    let mut data = json!({ "channel": channel, "providerId": provider_id, "state": state.word() });
    for (name, value) in [("code", code), ("reason", reason)] {
        if let Some(value) = value {
            data[name] = value.as_str().into();
        }
    }
    Event {
        id: format!("{provider_id}:{}", state.word()),
        // No channel's own source: a plugin cannot make such an event up.
        source: format!("/deliveries/{channel}"),
        r#type: EVENT_TYPE.to_owned(),
        subject: Some(provider_id.clone()),
        time: *at,
        data: data.into(),
        extensions: BTreeMap::new(),
    }
}
