//! Answers as `http-webhook.md` 2.2 has them.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};

/// A response without events.
pub(crate) fn only(response: HttpResponse) -> Outcome {
    Outcome::answer(response)
}

/// Taken. With nothing to take (all types ignored) it is 204.
pub(crate) fn taken(config: &Value, request: &HttpRequest, events: &[Event]) -> HttpResponse {
    let response = match config["answer"].as_u64() {
        _ if events.is_empty() => HttpResponse::empty(204),
        Some(200) => {
            let receipts: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
            HttpResponse::json(200, &json!({"receipts": receipts, "status": "accepted"}))
        }
        Some(204) => HttpResponse::empty(204),
        _ => HttpResponse::empty(202),
    };
    // 3.2: an answer to a request with a token in its address must not be kept by caches.
    if request.query("access_token").is_some() { response.with("cache-control", "private") } else { response }
}

/// 429; `Retry-After` is not optional there.
pub(crate) fn too_many(wait_secs: u64) -> HttpResponse {
    let body = json!({
        "type": "about:blank", "title": "Too many deliveries", "status": 429,
        "detail": format!("try again in {wait_secs} seconds"), "code": "cloudevents.too-many",
    });
    HttpResponse::typed(429, "application/problem+json", body.to_string())
        .with("retry-after", wait_secs.to_string())
        .with("x-yiwang-code", "cloudevents.too-many")
}
