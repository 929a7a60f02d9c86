//! Calls to a provider's JSON interface, and what may go wrong on the way: which of it may be tried again.
//!
//! What the provider's own codes mean is known to its plugin only.

use serde_json::{Value, from_slice};

use crate::{Failure, Host, HttpError, HttpResponse, KvError, OutgoingRequest, SecretError};

/// Largest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// Wait this long where a provider says "too many" without saying how long.
const TOO_MANY_MS: u64 = 60_000;

/// Sends a request and reads the JSON object that answers it, whatever the provider's own number in it:
/// `code` is the member that holds it, by which an answer of the provider is told from one of a gateway.
///
/// # Errors
/// Codes begin with `provider`: `unreachable` and `http-…` may be tried again, `timeout`, `protocol` and
/// `answer` may have happened already, `denied` is a matter of the administrator.
pub fn call<H: Host>(
    host: &H,
    provider: &str,
    code: &str,
    mut request: OutgoingRequest,
) -> Result<Value, Failure> {
    request.max_response_bytes = Some(ANSWER_BYTES_MAX);
    let response = host.http(request).map_err(|error| unreached(provider, error))?;
    let told = from_slice::<Value>(response.bytes()).ok().filter(Value::is_object);
    let status = response.status;
    match (status, told) {
        (200..=299, Some(answer)) => Ok(answer),
        (200..=299, None) => Err(Failure::unknown_outcome(
            format!("{provider}.answer"),
            "the interface answered no JSON object",
        )),
        // Some providers answer 400 with their own number in the body.
        (300..=499, Some(answer)) if status != 429 && answer[code].is_i64() => Ok(answer),
        _ => Err(later(provider, &response)),
    }
}

/// An answer that is none: it may be tried again, when the provider says so.
#[must_use]
pub fn later(provider: &str, response: &HttpResponse) -> Failure {
    // Only seconds: a date would need the provider's clock to be right.
    let asked = response.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok());
    let ms = asked.map(|secs| secs.saturating_mul(1000));
    let code = format!("{provider}.http-{}", response.status);
    Failure::retryable(code, "the interface does not answer as it should").after(if response.status == 429 {
        ms.or(Some(TOO_MANY_MS))
    } else {
        ms
    })
}

/// A request that got no answer.
#[must_use]
pub fn unreached(provider: &str, error: HttpError) -> Failure {
    let code = |what: &str| format!("{provider}.{what}");
    match error {
        HttpError::Denied(reason) => Failure::misconfigured(code("denied"), reason),
        HttpError::InvalidRequest(reason) => Failure::permanent(code("invalid-request"), reason),
        HttpError::Dns(reason) | HttpError::Connect(reason) | HttpError::Tls(reason) => {
            Failure::retryable(code("unreachable"), reason)
        }
        HttpError::Timeout(false) => Failure::retryable(code("unreachable"), "no connection in time"),
        HttpError::Timeout(true) => Failure::unknown_outcome(code("timeout"), "no answer in time"),
        HttpError::Protocol(reason) => Failure::unknown_outcome(code("protocol"), reason),
        HttpError::ResponseTooLarge(_) => Failure::unknown_outcome(code("answer"), "the answer is too large"),
    }
}

/// The small store did not do what was asked.
#[must_use]
pub fn not_stored(provider: &str, error: KvError) -> Failure {
    match error {
        KvError::Denied(reason) => Failure::misconfigured(format!("{provider}.denied"), reason),
        error => Failure::retryable("channel.store-unavailable", format!("{error:?}")),
    }
}

/// A secret that the plugin may see.
///
/// # Errors
/// `channel.secret-unusable`, a matter of the administrator.
pub fn secret<H: Host>(host: &H, name: &str) -> Result<String, Failure> {
    host.secret(name).map_err(|error| unusable(name, error))
}

/// A secret that cannot be used.
#[must_use]
pub fn unusable(name: &str, error: SecretError) -> Failure {
    let reason = match error {
        SecretError::Denied(reason) | SecretError::Unsupported(reason) => reason,
        SecretError::NotSet => format!("secret `{name}` is not set"),
    };
    Failure::misconfigured("channel.secret-unusable", reason)
}

/// What the provider said, short enough for a log.
#[must_use]
pub fn words(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{FailureKind, fake};

    fn asked(answer: Result<HttpResponse, HttpError>) -> Result<Value, Failure> {
        call(
            &fake::Host::new().answer(answer),
            "p",
            "code",
            OutgoingRequest::new("POST", "https://p.example.cn/"),
        )
    }

    #[test]
    fn an_object_is_an_answer_whatever_its_status() {
        let refused = json!({"code": 19021});
        assert_eq!(asked(Ok(HttpResponse::json(200, &refused))).unwrap(), refused);
        assert_eq!(asked(Ok(HttpResponse::json(400, &refused))).unwrap(), refused);
    }

    #[test]
    fn what_went_wrong_says_whether_to_try_again() {
        for (answer, kind, code, after) in [
            (Ok(HttpResponse::empty(503)), FailureKind::Retryable, "p.http-503", None),
            (Ok(HttpResponse::empty(404)), FailureKind::Retryable, "p.http-404", None),
            (Ok(HttpResponse::json(404, &json!({"error": 1}))), FailureKind::Retryable, "p.http-404", None),
            (Ok(HttpResponse::json(429, &json!({}))), FailureKind::Retryable, "p.http-429", Some(60_000)),
            (
                Ok(HttpResponse::empty(429).with("retry-after", "7")),
                FailureKind::Retryable,
                "p.http-429",
                Some(7000),
            ),
            (Ok(HttpResponse::text(200, "<html>")), FailureKind::UnknownOutcome, "p.answer", None),
            (Ok(HttpResponse::text(200, "[]")), FailureKind::UnknownOutcome, "p.answer", None),
            (Err(HttpError::Timeout(true)), FailureKind::UnknownOutcome, "p.timeout", None),
            (Err(HttpError::Timeout(false)), FailureKind::Retryable, "p.unreachable", None),
            (Err(HttpError::Denied("no".to_owned())), FailureKind::Misconfigured, "p.denied", None),
        ] {
            let failure = asked(answer).unwrap_err();
            assert_eq!((failure.kind, failure.code.as_str(), failure.retry_after_ms), (kind, code, after));
        }
    }
}
