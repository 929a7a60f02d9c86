//! Events as they arrive: signed in the headers, encrypted in the body.
//! <https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case>

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{aes_cbc, codec, json};

use crate::malformed;

/// How far the platform's timestamp may be off.
const TOLERANCE_MS: u64 = 300_000;
const BLOCK: usize = 16;

/// False if the request has no signature at all; refused if it has one that does not hold.
pub(crate) fn check(key: &str, request: &HttpRequest, now_ms: u64) -> Result<bool, Failure> {
    let Some(given) = once(request, "x-lark-signature")? else { return Ok(false) };
    let missing = |name| {
        let reason = format!("header `{name}` is missing");
        Failure::refused(401, "channel.missing-signature", reason)
    };
    let member = |name| once(request, name)?.ok_or_else(|| missing(name));
    let (timestamp, nonce) = (member("x-lark-request-timestamp")?, member("x-lark-request-nonce")?);
    if !codec::same(given.as_bytes(), signature(timestamp, nonce, key, request.bytes()).as_bytes()) {
        return Err(Failure::refused(401, "channel.bad-signature", "the signature does not match"));
    }
    let at = timestamp.parse::<u64>().unwrap_or(0).saturating_mul(1000);
    if now_ms.abs_diff(at) > TOLERANCE_MS {
        return Err(Failure::refused(
            401,
            "channel.stale-timestamp",
            "the timestamp is too far away from now",
        ));
    }
    Ok(true)
}

/// SHA-256, not an HMAC, in hexadecimal, over the raw body.
pub(crate) fn signature(timestamp: &str, nonce: &str, key: &str, body: &[u8]) -> String {
    let mut signed = [timestamp, nonce, key].concat().into_bytes();
    signed.extend_from_slice(body);
    codec::sha256_hex(&signed)
}

/// The event in `{"encrypt": …}`.
pub(crate) fn open(key: &str, body: &[u8]) -> Result<Value, Failure> {
    let body = json::parse(body).map_err(malformed)?;
    let sealed = body["encrypt"].as_str().ok_or_else(|| {
        Failure::refused(401, "feishu.not-encrypted", "this channel takes encrypted events only")
    })?;
    let plain = decrypted(key, sealed).ok_or_else(|| {
        Failure::refused(401, "feishu.undecryptable", "the event is not encrypted with our Encrypt Key")
    })?;
    json::parse(&plain).map_err(malformed)
}

/// The first block is the initialisation vector; the key is the SHA-256 of the Encrypt Key.
pub(crate) fn decrypted(key: &str, sealed: &str) -> Option<Vec<u8>> {
    let bytes = codec::base64_decode(sealed)?;
    let (iv, sealed) = bytes.split_first_chunk::<BLOCK>()?;
    aes_cbc::open(&codec::sha256(key.as_bytes()), iv, sealed, BLOCK)
}

/// The header's value; refused if it is there twice: who reads which one is anybody's guess.
fn once<'a>(request: &'a HttpRequest, name: &str) -> Result<Option<&'a str>, Failure> {
    let mut values = request.headers.iter().filter(|header| header.name == name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(header), None) => Ok(Some(&header.value)),
        (Some(_), Some(_)) => {
            let reason = format!("header `{name}` is there twice");
            Err(Failure::refused(401, "channel.bad-signature", reason))
        }
    }
}
