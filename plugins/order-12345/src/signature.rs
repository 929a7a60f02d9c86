//! The signature of a push: HMAC-SHA256 over timestamp, nonce and raw body.
//!
//! A nonce is signed but not remembered: an order that is pushed again unchanged must get its receipt again,
//! and its number already makes it the same order.

use yiwang_sdk::codec;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

/// The key in use, and the one that takes over while keys are being changed.
const KEYS: [&str; 2] = ["signing_key", "signing_key_next"];

/// Checks the signature and the age of a request. `config` is the member `signature`.
pub(crate) fn verify<H: Host>(
    host: &H,
    config: &Value,
    request: &HttpRequest,
    now_ms: u64,
) -> Result<(), Failure> {
    let text = |name: &str, default: &'static str| config[name].as_str().unwrap_or(default).to_owned();
    let timestamp = required(request, &text("timestampHeader", "x-timestamp"))?;
    let nonce = required(request, &text("nonceHeader", "x-nonce"))?;
    let signature = required(request, &text("signatureHeader", "x-signature"))?;
    let given = if config["encoding"] == "base64" {
        codec::base64_decode(signature)
    } else {
        codec::hex_decode(signature)
    };
    let plain =
        |text: &str| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let at_secs = seconds(timestamp).filter(|_| plain(nonce));
    let (Some(given), Some(at_secs)) = (given, at_secs) else {
        return Err(bad("timestamp, nonce or signature are not written as agreed"));
    };
    let join = text("join", "\n");
    let mut content = format!("{timestamp}{join}{nonce}{join}").into_bytes();
    content.extend_from_slice(request.bytes());
    if !signed_by_any(host, &content, &given)? {
        return Err(bad("no key of this channel made this signature"));
    }
    // Only after the signature: who cannot sign learns nothing about our clock.
    let tolerance = config["toleranceSeconds"].as_u64().unwrap_or(300);
    if (now_ms / 1000).abs_diff(at_secs) > tolerance {
        return Err(Failure::refused(
            401,
            "channel.stale-timestamp",
            format!("the timestamp is more than {tolerance} seconds away from now"),
        ));
    }
    Ok(())
}

/// Platforms send seconds or milliseconds; the length tells which.
fn seconds(text: &str) -> Option<u64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = text.parse().ok()?;
    match text.len() {
        10 => Some(number),
        13 => Some(number / 1000),
        _ => None,
    }
}

fn signed_by_any<H: Host>(host: &H, content: &[u8], given: &[u8]) -> Result<bool, Failure> {
    let (mut found, mut usable) = (false, false);
    for key in KEYS {
        // While keys are not being changed only one of them is there.
        if let Ok(mac) = host.hmac(key, "utf8", "sha256", content) {
            usable = true;
            found |= codec::same(&mac, given);
        }
    }
    if usable {
        Ok(found)
    } else {
        Err(Failure::misconfigured("channel.secret-not-set", "`signing_key` is not granted or not set"))
    }
}

/// The header must be there exactly once: with two of them, who reads which one is anybody's guess.
fn required<'a>(request: &'a HttpRequest, name: &str) -> Result<&'a str, Failure> {
    let mut values = request.headers.iter().filter(|header| header.name == name);
    match (values.next(), values.next()) {
        (Some(header), None) => Ok(&header.value),
        (None, _) => {
            Err(Failure::refused(401, "channel.missing-signature", format!("header `{name}` is missing")))
        }
        (Some(_), Some(_)) => Err(bad("a header of the signature is there twice")),
    }
}

fn bad(reason: &str) -> Failure {
    Failure::refused(401, "channel.bad-signature", reason)
}
