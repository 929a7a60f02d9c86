//! The query members that sign a request: `timestamp`, `nonce` and a SHA-1 over them, the token and the
//! encrypted message.

use super::crypto::signature;
use crate::{Failure, HttpRequest, codec};

/// How far the platform's timestamp may be off. It delivers within seconds and tries three times.
const TOLERANCE_MS: u64 = 300_000;

/// The members, each there exactly once.
pub struct Signed<'a> {
    timestamp: &'a str,
    nonce: &'a str,
}

impl<'a> Signed<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// 401 `channel.missing-signature`.
    pub fn read(request: &'a HttpRequest) -> Result<Self, Failure> {
        let member = |name: &str| {
            let mut values = request.query.iter().filter(|(key, _)| key == name);
            match (values.next(), values.next()) {
                (Some((_, value)), None) if !value.is_empty() && value.len() <= 128 => Ok(value.as_str()),
                _ => Err(Failure::refused(
                    401,
                    "channel.missing-signature",
                    format!("`{name}` is not there once"),
                )),
            }
        };
        Ok(Self { timestamp: member("timestamp")?, nonce: member("nonce")? })
    }

    /// Does `given` sign this, and is it of now? `unit_ms`: what the platform counts time in, 1 or 1000.
    ///
    /// # Errors
    /// 401 `channel.bad-signature`, `channel.stale-timestamp`.
    pub fn check(
        &self,
        token: &str,
        given: Option<&str>,
        sealed: Option<&str>,
        unit_ms: u64,
        now_ms: u64,
    ) -> Result<(), Failure> {
        let mut parts = vec![token, self.timestamp, self.nonce];
        parts.extend(sealed);
        if !codec::same(given.unwrap_or_default().as_bytes(), signature(&parts).as_bytes()) {
            return Err(Failure::refused(401, "channel.bad-signature", "the signature does not match"));
        }
        // Only after the signature: who cannot sign learns nothing about our clock.
        let at = self.timestamp.parse::<u64>().unwrap_or(0).saturating_mul(unit_ms);
        if now_ms.abs_diff(at) > TOLERANCE_MS {
            return Err(Failure::refused(
                401,
                "channel.stale-timestamp",
                "the timestamp is too far away from now",
            ));
        }
        Ok(())
    }
}
