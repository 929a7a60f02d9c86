//! What is remembered of a request: its token, so that the sender can ask, and its digest, so that the same one
//! sent twice is one.
//!
//! Nothing personal is kept or shown. What a case became is not known here: a request that was taken is open.

use yiwang_sdk::codec::{hex, sha256_hex};
use yiwang_sdk::intake::Intake;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{self, Value, json};
use yiwang_sdk::{KvError, time};

use crate::refusal::{self, Refused};

const DAY_MS: u64 = 86_400_000;
const MINUTE_MS: u64 = 60_000;
/// Most requests of one question.
const LIST_MAX: usize = 50;

/// The event's id, which is the service request's id too.
pub(crate) fn event_id(token: &str) -> String {
    format!("sr-{token}")
}

/// Keeps a request; gives its token, which for the same request within the window is the same.
pub(crate) fn keep<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    service: &Value,
    intake: &Intake,
) -> Result<String, Failure> {
    let fresh = hex(&host.random(16));
    let window_ms = config["dedupeWindowMinutes"].as_u64().unwrap_or(10) * MINUTE_MS;
    let digest = sha256_hex(serde_json::to_string(intake).unwrap_or_default().as_bytes());
    let seen = format!("seen/{digest}");
    let token = match host.kv_set_if_absent(&seen, fresh.as_bytes(), Some(window_ms)) {
        Ok(true) => fresh,
        Ok(false) => {
            let known = host.kv_get(&seen).map_err(unavailable)?;
            // It may have expired between the two calls.
            known.and_then(|token| String::from_utf8(token).ok()).unwrap_or(fresh)
        }
        Err(error) => return lost(host, error, fresh),
    };
    let now = time::rfc3339(ctx.now_ms);
    let record = json!({
        "service_request_id": event_id(&token), "status": "open", "status_notes": null,
        "service_name": service["name"], "service_code": service["code"],
        "requested_datetime": now, "updated_datetime": now,
    });
    let ttl_ms = config["keepDays"].as_u64().unwrap_or(90) * DAY_MS;
    match host.kv_set_if_absent(&format!("request/{token}"), record.to_string().as_bytes(), Some(ttl_ms)) {
        Ok(_) => Ok(token),
        Err(error) => lost(host, error, token),
    }
}

/// Better to take a request that cannot be asked for than not to take it.
fn lost<H: Host>(host: &H, error: KvError, token: String) -> Result<String, Failure> {
    match error {
        KvError::QuotaExceeded | KvError::Denied(_) => {
            host.warn("the store for tokens is full or not granted");
            Ok(token)
        }
        KvError::InvalidKey | KvError::Unavailable(_) => Err(unavailable(error)),
    }
}

/// `GET tokens/{token}`.
pub(crate) fn request_of<H: Host>(host: &H, token: &str) -> Result<Value, Refused> {
    let record = record(host, token)?
        .ok_or_else(|| refusal::one(404, "open311.unknown-token", "token was not found"))?;
    Ok(json!([{"service_request_id": record["service_request_id"], "token": token}]))
}

/// `GET requests/{id}`.
pub(crate) fn status<H: Host>(host: &H, id: &str) -> Result<Value, Refused> {
    let found = id.strip_prefix("sr-").map(|token| record(host, token)).transpose()?.flatten();
    let record = found
        .ok_or_else(|| refusal::one(404, "open311.unknown-request", "service_request_id was not found"))?;
    Ok(Value::Array(vec![record]))
}

/// `GET requests?service_request_id=…`: only by their ids, since each id is a secret of its sender.
pub(crate) fn list<H: Host>(host: &H, request: &HttpRequest) -> Result<Value, Refused> {
    let Some(ids) = request.query("service_request_id") else {
        return Err(refusal::one(
            400,
            "open311.no-list",
            "give service_request_id: requests are not listed here",
        ));
    };
    let mut found = Vec::new();
    for id in ids.split(',').take(LIST_MAX) {
        if let Some(token) = id.trim().strip_prefix("sr-") {
            found.extend(record(host, token)?);
        }
    }
    Ok(Value::Array(found))
}

fn record<H: Host>(host: &H, token: &str) -> Result<Option<Value>, Refused> {
    let plain = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !plain {
        return Ok(None);
    }
    match host.kv_get(&format!("request/{token}")) {
        Ok(known) => Ok(known.and_then(|json| serde_json::from_slice(&json).ok())),
        Err(KvError::Denied(_)) => Ok(None),
        Err(error) => Err(unavailable(error).into()),
    }
}

fn unavailable(error: KvError) -> Failure {
    Failure::retryable("channel.store-unavailable", format!("the store for tokens: {error:?}"))
}
