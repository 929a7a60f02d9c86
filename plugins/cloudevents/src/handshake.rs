//! The handshake that protects others from being flooded through us (`http-webhook.md` 4): a sender asks by
//! `OPTIONS` whether it may deliver. A callback address is never called: that would be a request to anywhere.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

/// Grants or refuses the permission to deliver.
pub(crate) fn answer(config: &Value, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let refused = |code: &str, reason: &str| Failure::refused(403, code, reason).with("keep", "false");
    let mut given = request.headers.iter().filter(|header| header.name == "webhook-request-origin");
    let (Some(origin), None) = (given.next(), given.next()) else {
        return Err(refused("cloudevents.no-origin", "`WebHook-Request-Origin` is not there once"));
    };
    let origin = origin.value.trim();
    let mut known = config["origins"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if !known.any(|known| known == "*" || known.eq_ignore_ascii_case(origin)) {
        return Err(refused("cloudevents.origin-not-allowed", "this sender is not in the channel's list"));
    }
    let response = HttpResponse::empty(200).with("allow", "POST").with("webhook-allowed-origin", origin);
    if request.header("webhook-request-rate").is_none() {
        return Ok(response);
    }
    let rate = config["perMinute"].as_u64().map_or_else(|| "*".to_owned(), |rate| rate.to_string());
    Ok(response.with("webhook-allowed-rate", rate))
}
