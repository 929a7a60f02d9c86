//! A provider's access token, kept in the channel's small store until shortly before it expires.
//!
//! A short lease sees to it that one call at a time fetches a new one. How one is fetched, and which answers
//! mean that it is no longer good, is the plugin's to say.

use serde_json::Value;

use crate::provider::not_stored;
use crate::{CallContext, Failure, FailureKind, Host};

const TOKEN: &str = "access-token";
const LEASE: &str = "access-token-lease";
/// How long one call may take to fetch a token before another may try, in milliseconds.
const LEASE_MS: u64 = 10_000;
/// A token is thrown away this long before the provider does.
const EARLY_SECS: u64 = 300;

/// A provider's way of handing out tokens.
pub struct AccessToken<'a, H: Host> {
    /// The host.
    pub host: &'a H,
    /// The call that needs the token.
    pub ctx: &'a CallContext,
    /// Begins the codes of failures.
    pub provider: &'a str,
    /// Fetches a token; gives it and its life in seconds.
    pub fetch: &'a dyn Fn() -> Result<(String, u64), Failure>,
}

impl<H: Host> AccessToken<'_, H> {
    /// Calls with the token, and once more with a fresh one if the answer says that it is no longer good:
    /// somebody else may have fetched one, or the secret was changed.
    ///
    /// # Errors
    /// Those of `call`, and what keeps a token from being had.
    pub fn call(
        &self,
        call: impl Fn(&str) -> Result<Value, Failure>,
        is_stale: impl Fn(&Value) -> bool,
    ) -> Result<Value, Failure> {
        let answer = call(&self.get()?)?;
        if !is_stale(&answer) {
            return Ok(answer);
        }
        self.host.kv_delete(TOKEN).map_err(|error| not_stored(self.provider, error))?;
        call(&self.get()?)
    }

    fn get(&self) -> Result<String, Failure> {
        let (host, failed) = (self.host, |error| not_stored(self.provider, error));
        let kept = host.kv_get(TOKEN).map_err(failed)?;
        if let Some(token) = kept.and_then(|token| String::from_utf8(token).ok()) {
            return Ok(token);
        }
        if !host.kv_set_if_absent(LEASE, self.ctx.call_id.as_bytes(), Some(LEASE_MS)).map_err(failed)? {
            let code = format!("{}.token-busy", self.provider);
            return Err(
                Failure::retryable(code, "another call is fetching the access token").after(Some(1000))
            );
        }
        let fetched = (self.fetch)().map_err(|failure| self.nothing_sent(failure));
        let stored = fetched.as_ref().map_or(Ok(()), |(token, secs)| {
            let ttl = secs.saturating_sub(EARLY_SECS).max(1) * 1000;
            host.kv_set(TOKEN, token.as_bytes(), Some(ttl)).map_err(failed)
        });
        host.kv_delete(LEASE).map_err(failed)?;
        stored?;
        fetched.map(|(token, _)| token)
    }

    /// Nothing has reached a person yet: what nobody knows the end of can be tried again.
    fn nothing_sent(&self, failure: Failure) -> Failure {
        match failure.kind {
            FailureKind::UnknownOutcome => {
                Failure::retryable(format!("{}.token", self.provider), failure.message)
            }
            FailureKind::Retryable | FailureKind::Permanent | FailureKind::Misconfigured => failure,
        }
    }
}
