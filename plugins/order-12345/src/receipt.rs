//! The sign receipt (签收回执): the same for the same order, however often it is pushed.
//!
//! What was signed for is kept by its digest. Another order under a number that is taken is refused and not
//! dropped: the server would take it for a redelivery.

use yiwang_sdk::codec::sha256_hex;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{self, Value, json};
use yiwang_sdk::{KvError, time};

const DAY_MS: u64 = 86_400_000;

/// Signs for an order.
pub(crate) fn sign<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    order_no: &str,
    body: &Value,
) -> Result<HttpResponse, Failure> {
    let digest = sha256_hex(body.to_string().as_bytes());
    let key = format!("order/{}", &sha256_hex(order_no.as_bytes())[..32]);
    let fresh = json!({"digest": digest, "signedAt": time::rfc3339(ctx.now_ms)});
    let ttl = config["receiptDays"].as_u64().unwrap_or(90) * DAY_MS;
    let unavailable = |error: KvError| {
        Failure::retryable("channel.store-unavailable", format!("looking for the order's receipt: {error:?}"))
    };
    let signed = match host.kv_set_if_absent(&key, fresh.to_string().as_bytes(), Some(ttl)) {
        Ok(true) => fresh,
        Ok(false) => {
            let known = host.kv_get(&key).map_err(unavailable)?;
            // It may have expired between the two calls.
            known.and_then(|json| serde_json::from_slice::<Value>(&json).ok()).unwrap_or(fresh)
        }
        Err(KvError::QuotaExceeded | KvError::Denied(_)) => {
            // Better to take an order without a memory of its receipt than not at all.
            host.warn("the store for receipts is full or not granted");
            fresh
        }
        Err(error @ (KvError::InvalidKey | KvError::Unavailable(_))) => return Err(unavailable(error)),
    };
    if signed["digest"] != digest.as_str() {
        return Err(Failure::refused(
            409,
            "order.changed",
            "an order with this number and other content was signed for; send a new number with `repeat_of`",
        ));
    }
    Ok(HttpResponse::json(
        200,
        &json!({
            "code": 0,
            "message": "签收成功",
            "order_no": order_no,
            "receipt_no": format!("{}-{}", ctx.channel_id, &digest[..16]),
            "signed_at": signed["signedAt"],
            "signed_by": config["signedBy"],
        }),
    ))
}
