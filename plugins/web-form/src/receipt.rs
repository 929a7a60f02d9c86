//! One report, one event id, however often it is sent; and the receipt for it.
//!
//! With a client id the event id is made of it *and* of the content: a retry is the same report, but a
//! citizen who goes back, changes a line and sends again is heard again. Without one, the same content within
//! a window is the same report; the first id of the window is kept in the channel's small store.

use yiwang_sdk::codec::{hex, sha256_hex};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{KvError, serde_json};

use crate::config::Config;
use crate::input::Given;
use crate::page;

/// A random id for a form that is handed out.
pub(crate) fn new_client_id<H: Host>(host: &H) -> String {
    hex(&host.random(12))
}

/// The sender's own id for the report: the header wins over the field.
pub(crate) fn client_id(request: &HttpRequest, given: &Given) -> Option<String> {
    let id = request.header("idempotency-key").or_else(|| given.at("clientId").and_then(Value::as_str))?;
    let usable = (1..=200).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    usable.then(|| id.to_owned())
}

/// Digest of the content, without the client id.
pub(crate) fn digest(given: &Given) -> String {
    let mut fields: Vec<(&String, &Value)> =
        given.fields.iter().filter(|(name, _)| *name != "clientId").collect();
    fields.sort_by_key(|(name, _)| name.as_str());
    let photos: Vec<&str> = given.photos.iter().map(|photo| photo.digest.as_str()).collect();
    sha256_hex(serde_json::to_string(&(fields, photos)).expect("plain values").as_bytes())
}

/// The event id.
pub(crate) fn id<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Config,
    client_id: Option<&str>,
    digest: &str,
) -> Result<String, Failure> {
    if let Some(client_id) = client_id {
        return Ok(format!("k-{}", &sha256_hex(format!("{client_id}\n{digest}").as_bytes())[..32]));
    }
    let key = format!("seen/{digest}");
    let fresh = format!("c-{}-{:x}", &digest[..24], ctx.now_ms);
    let unavailable = |error: KvError| {
        Failure::retryable("channel.store-unavailable", format!("looking for the same report: {error:?}"))
    };
    match host.kv_set_if_absent(&key, fresh.as_bytes(), Some(config.dedupe_window_ms)) {
        Ok(true) => Ok(fresh),
        Ok(false) => {
            let known = host.kv_get(&key).map_err(unavailable)?;
            // It may have expired between the two calls.
            Ok(known.and_then(|id| String::from_utf8(id).ok()).unwrap_or(fresh))
        }
        Err(KvError::QuotaExceeded | KvError::Denied(_)) => {
            // Better to hear somebody twice than not at all; windows are cut by the clock then.
            host.warn("the store for seen reports is full or not granted");
            Ok(format!("c-{}-{:x}", &digest[..24], ctx.now_ms / config.dedupe_window_ms))
        }
        Err(error @ (KvError::InvalidKey | KvError::Unavailable(_))) => Err(unavailable(error)),
    }
}

/// 202: JSON for programs, a page for people.
pub(crate) fn response(config: &Config, request: &HttpRequest, id: &str) -> HttpResponse {
    if request.wants_html() {
        page::html(202, page::receipt(config, id))
    } else {
        HttpResponse::json(202, &json!({"receipt": id, "status": "accepted"}))
    }
}
