//! Intake from other platforms: a signed request becomes an intake event.
//!
//! The signature is Standard Webhooks 1.0 over the raw body; the platform's `webhook-id` is the event's id,
//! so that a redelivery is the same event. Where each field stands in the body is configuration.

use yiwang_sdk::mapping::{self, Mapping};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::json;
use yiwang_sdk::standard_webhooks;

/// The key in use, and the one that takes over while keys are being changed.
const KEYS: [&str; 2] = ["signing_key", "signing_key_next"];

struct SignedWebhook;

impl Channel for SignedWebhook {
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        if !request.path.trim_end_matches('/').is_empty() {
            return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false"));
        }
        if request.method != "POST" {
            return Err(Failure::refused(405, "channel.method-not-allowed", "use POST").with("keep", "false"));
        }
        // Before anything of the body is read: an unsigned body is nobody's.
        let id = standard_webhooks::verify(host, &KEYS, &request, ctx.now_ms)?;
        let body = yiwang_sdk::json::parse(request.bytes())
            .map_err(|reason| Failure::refused(400, "channel.malformed-body", reason))?;
        let config = host.config();
        match Mapping::new(&config).intake(&body, &id) {
            Ok(intake) => Ok(Outcome::new(
                HttpResponse::json(202, &json!({"receipt": id, "status": "accepted"})),
                vec![intake.into_event(id, Vec::new())],
            )),
            Err(mistakes) => Ok(Outcome::answer(mapping::problem(&mistakes))),
        }
    }
}

yiwang_sdk::export_channel!(SignedWebhook: webhook);

#[cfg(test)]
mod tests;
