//! Events from other systems: CloudEvents into the inbox.

use http::{Method, StatusCode};
use serde_json::json;
use yiwang_runtime::ports::IncomingEvent;

use crate::call::{Answer, Call, with_status};
use crate::cloudevent;
use crate::limits::JSON_BODY_BYTES_MAX;
use crate::policy::{EVENT_PUBLISHER, PROCESS_ADMIN, Policy, is_admin};
use crate::problem::{Code, Problem};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let policy = Policy::Role(&[EVENT_PUBLISHER, PROCESS_ADMIN]);
    routes.add(policy, Method::POST, "/api/v1/events", publish);
}

/// 202 once they are durable. An event that came before (same source and id) is not taken again, and that is
/// no mistake: a sender who is not sure sends twice.
async fn publish(mut call: Call) -> Answer {
    let body = call.bytes(JSON_BODY_BYTES_MAX).await?;
    let events = cloudevent::parse(&call.headers, &body, call.now)?;
    // What a channel says has passed its plugin's checks; nobody else may pass for one.
    // And what is done with a case is done by its own address, where it is asked who may; time alone moves clocks.
    for source in [yiwang_core::docket::SOURCE, yiwang_core::clock::SOURCE] {
        if events.iter().any(|event| event.source == source) {
            let detail = format!("The source `{source}` belongs to the engine");
            return Err(Problem::new(Code::Forbidden, detail));
        }
    }
    if !is_admin(call.actor()?) && events.iter().any(|event| event.source.starts_with("/channels/")) {
        return Err(Problem::new(Code::Forbidden, "Sources below `/channels/` belong to the channels"));
    }
    let incoming = events.into_iter().map(|event| IncomingEvent { event, session: None }).collect();
    let accepted = call.app.handle.publish(incoming).await?;
    let items = accepted
        .iter()
        .map(|one| json!({ "id": one.event, "inbox": one.inbox.to_string(), "duplicate": one.duplicate }));
    with_status(StatusCode::ACCEPTED, &json!({ "items": items.collect::<Vec<_>>() }))
}
