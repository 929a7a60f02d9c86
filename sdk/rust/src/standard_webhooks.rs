//! Standard Webhooks 1.0: `v1` signatures, made and checked over the raw body.
//!
//! The keys stay on the host: this asks it for HMACs. It knows no body format and keeps no list of seen ids;
//! the host drops a second event with the same id. Asymmetric signatures (`v1a`) are not read.

use crate::{Failure, Host, HttpRequest, SecretError, codec};

/// How far a timestamp may be off, in either direction.
pub const TOLERANCE_SECS: u64 = 300;

/// The value of `webhook-signature` for a message.
///
/// # Errors
/// The secret is not granted, not set, or not base64.
pub fn sign<H: Host>(
    host: &H,
    secret: &str,
    id: &str,
    timestamp_secs: u64,
    body: &[u8],
) -> Result<String, SecretError> {
    let mac = host.hmac(secret, "base64", "sha256", &signed_content(id, timestamp_secs, body))?;
    Ok(format!("v1,{}", codec::base64_encode(&mac)))
}

/// Checks the signature and the age of a request; gives its `webhook-id`.
///
/// Several secrets serve the rotation of keys: any of them that is set may have signed.
///
/// # Errors
/// 401 with a stable code; misconfigured if no secret is usable.
pub fn verify<H: Host>(
    host: &H,
    secrets: &[&str],
    request: &HttpRequest,
    now_ms: u64,
) -> Result<String, Failure> {
    let id = required(request, "webhook-id")?;
    let timestamp = required(request, "webhook-timestamp")?;
    let signatures = required(request, "webhook-signature")?;
    if id.is_empty() || id.len() > 256 || id.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(Failure::refused(
            401,
            "channel.bad-signature",
            "webhook-id is not 1 to 256 printable characters",
        ));
    }
    let timestamp: u64 = timestamp.parse().map_err(|_| {
        Failure::refused(401, "channel.bad-signature", "webhook-timestamp is not a number of seconds")
    })?;
    let content = signed_content(id, timestamp, request.bytes());
    if !signed_by_any(host, secrets, &content, signatures)? {
        return Err(Failure::refused(401, "channel.bad-signature", "no signature matches"));
    }
    // Only after the signature: who cannot sign learns nothing about our clock.
    if (now_ms / 1000).abs_diff(timestamp) > TOLERANCE_SECS {
        return Err(Failure::refused(
            401,
            "channel.stale-timestamp",
            format!("webhook-timestamp is more than {TOLERANCE_SECS} seconds away from now"),
        ));
    }
    Ok(id.to_owned())
}

fn signed_by_any<H: Host>(
    host: &H,
    secrets: &[&str],
    content: &[u8],
    signatures: &str,
) -> Result<bool, Failure> {
    let mut found = false;
    let mut unusable = Some("no secret is named".to_owned());
    for secret in secrets {
        let mac = match host.hmac(secret, "base64", "sha256", content) {
            Ok(mac) => mac,
            // While keys are not being rotated only one of them is there.
            Err(SecretError::NotSet) => {
                unusable = unusable.map(|_| format!("secret `{secret}` is not set"));
                continue;
            }
            Err(SecretError::Denied(reason)) => {
                unusable = unusable.map(|_| reason);
                continue;
            }
            Err(SecretError::Unsupported(reason)) => {
                return Err(Failure::misconfigured("channel.secret-unusable", reason));
            }
        };
        unusable = None;
        for signature in signatures.split(' ').filter_map(|entry| entry.strip_prefix("v1,")) {
            let Some(bytes) = codec::base64_decode(signature) else { continue };
            found |= codec::same(&bytes, &mac);
        }
    }
    match unusable {
        Some(reason) => Err(Failure::misconfigured("channel.secret-not-set", reason)),
        None => Ok(found),
    }
}

fn signed_content(id: &str, timestamp_secs: u64, body: &[u8]) -> Vec<u8> {
    let mut content = format!("{id}.{timestamp_secs}.").into_bytes();
    content.extend_from_slice(body);
    content
}

/// The header must be there exactly once: with two of them, who reads which one is anybody's guess.
fn required<'a>(request: &'a HttpRequest, name: &str) -> Result<&'a str, Failure> {
    let mut values = request.headers.iter().filter(|header| header.name == name);
    match (values.next(), values.next()) {
        (Some(header), None) => Ok(&header.value),
        (None, _) => {
            Err(Failure::refused(401, "channel.missing-signature", format!("header `{name}` is missing")))
        }
        (Some(_), Some(_)) => {
            Err(Failure::refused(401, "channel.bad-signature", format!("header `{name}` is there twice")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;

    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const AT: u64 = 1_649_367_553;
    const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
    const GOOD: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    fn host() -> fake::Host {
        fake::Host::new().secret("key", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    }

    fn check(headers: &[(&str, &str)], now_secs: u64, secrets: &[&str]) -> Result<String, String> {
        let mut request = fake::post("/", "application/json", BODY);
        for (name, value) in headers {
            request.headers.push(crate::Header { name: (*name).to_owned(), value: (*value).to_owned() });
        }
        verify(&host(), secrets, &request, now_secs * 1000).map_err(|failure| failure.code)
    }

    fn with_signature(signature: &str) -> Result<String, String> {
        check(
            &[("webhook-id", ID), ("webhook-timestamp", "1649367553"), ("webhook-signature", signature)],
            AT,
            &["key"],
        )
    }

    #[test]
    fn both_published_vectors() {
        assert_eq!(sign(&host(), "key", ID, AT, BODY.as_bytes()).unwrap(), GOOD);
        let second = fake::Host::new().secret("key", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(
            sign(&second, "key", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#)
                .unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(with_signature(GOOD), Ok(ID.to_owned()));
    }

    #[test]
    fn any_of_several_signatures_and_keys_passes() {
        assert!(with_signature(&format!("v1,AAAA v1a,AAAA v2,x {GOOD} v1,")).is_ok());
        let headers = [("webhook-id", ID), ("webhook-timestamp", "1649367553"), ("webhook-signature", GOOD)];
        assert!(check(&headers, AT, &["not-set", "key"]).is_ok());
    }

    #[test]
    fn what_does_not_match_is_refused() {
        for signature in [
            "v1,",
            "",
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kk",
            "tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            "v1a,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            "v1,中",
        ] {
            assert_eq!(with_signature(signature), Err("channel.bad-signature".to_owned()), "{signature}");
        }
    }

    #[test]
    fn old_and_future_ones_are_refused() {
        let headers = [("webhook-id", ID), ("webhook-timestamp", "1649367553"), ("webhook-signature", GOOD)];
        assert!(check(&headers, AT + 300, &["key"]).is_ok());
        assert_eq!(check(&headers, AT + 301, &["key"]), Err("channel.stale-timestamp".to_owned()));
        assert_eq!(check(&headers, AT - 301, &["key"]), Err("channel.stale-timestamp".to_owned()));
    }

    #[test]
    fn headers_must_be_there_once_and_whole() {
        let check = |headers: &[(&str, &str)]| check(headers, AT, &["key"]).unwrap_err();
        let (id, at, good) =
            (("webhook-id", ID), ("webhook-timestamp", "1649367553"), ("webhook-signature", GOOD));
        assert_eq!(check(&[id, at]), "channel.missing-signature");
        assert_eq!(check(&[at, good]), "channel.missing-signature");
        assert_eq!(check(&[id, id, at, good]), "channel.bad-signature");
        assert_eq!(check(&[id, ("webhook-timestamp", "soon"), good]), "channel.bad-signature");
        assert_eq!(check(&[("webhook-id", "a b"), at, good]), "channel.bad-signature");
    }

    #[test]
    fn without_any_key_the_channel_is_misconfigured() {
        let headers = [("webhook-id", ID), ("webhook-timestamp", "1649367553"), ("webhook-signature", GOOD)];
        assert_eq!(check(&headers, AT, &["not-set"]), Err("channel.secret-not-set".to_owned()));
    }
}
