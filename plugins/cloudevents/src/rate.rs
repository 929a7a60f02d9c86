//! Deliveries in a minute. Calls that run beside each other may be counted as one: a brake, not a meter.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

const MINUTE_MS: u64 = 60_000;

/// Seconds to wait if this delivery is one too many.
pub(crate) fn exceeded<H: Host>(host: &H, ctx: &CallContext, config: &Value) -> Result<Option<u64>, Failure> {
    let Some(max) = config["perMinute"].as_u64() else { return Ok(None) };
    let unusable = |error: yiwang_sdk::KvError| {
        Failure::retryable("channel.store-unavailable", format!("counting deliveries: {error:?}"))
    };
    let key = format!("minute/{}", ctx.now_ms / MINUTE_MS);
    let known = host.kv_get(&key).map_err(unusable)?;
    let count: u64 = known.and_then(|text| String::from_utf8(text).ok()?.parse().ok()).unwrap_or(0);
    if count >= max {
        return Ok(Some((MINUTE_MS - ctx.now_ms % MINUTE_MS).div_ceil(1000)));
    }
    host.kv_set(&key, (count + 1).to_string().as_bytes(), Some(2 * MINUTE_MS)).map_err(unusable)?;
    Ok(None)
}
