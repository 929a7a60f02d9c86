//! How a gRPC call ended, and which error of the language that is.

use http::HeaderMap;
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

/// The codes, by number: name, kind of error, and the HTTP status that means the same (google.rpc.Code).
const CODES: [(&str, Kind, u16); 17] = [
    ("OK", Kind::Communication, 500),
    ("CANCELLED", Kind::Communication, 499),
    ("UNKNOWN", Kind::Communication, 500),
    ("INVALID_ARGUMENT", Kind::Communication, 400),
    ("DEADLINE_EXCEEDED", Kind::Timeout, 408),
    ("NOT_FOUND", Kind::Communication, 404),
    ("ALREADY_EXISTS", Kind::Communication, 409),
    ("PERMISSION_DENIED", Kind::Authorization, 403),
    ("RESOURCE_EXHAUSTED", Kind::Communication, 429),
    ("FAILED_PRECONDITION", Kind::Communication, 400),
    ("ABORTED", Kind::Communication, 409),
    ("OUT_OF_RANGE", Kind::Communication, 400),
    ("UNIMPLEMENTED", Kind::Communication, 501),
    ("INTERNAL", Kind::Communication, 500),
    ("UNAVAILABLE", Kind::Communication, 503),
    ("DATA_LOSS", Kind::Communication, 500),
    ("UNAUTHENTICATED", Kind::Authentication, 401),
];

/// What headers or trailers say: nothing, that it went well, or the fault.
pub(crate) fn of(headers: &HeaderMap) -> Option<Result<(), Fault>> {
    let text = headers.get("grpc-status")?.to_str().unwrap_or("2");
    let code: usize = text.trim().parse().unwrap_or(2);
    if code == 0 {
        return Some(Ok(()));
    }
    let (name, kind, status) = CODES.get(code).copied().unwrap_or(CODES[2]);
    let message = headers.get("grpc-message").map(|value| decoded(value.as_bytes())).unwrap_or_default();
    let message: String = message.chars().take(2000).collect();
    let detail = if message.is_empty() { name.to_owned() } else { format!("{name}: {message}") };
    Some(Err(Fault { status, ..Fault::new(kind, "", detail) }))
}

/// `grpc-message` is percent-encoded UTF-8. What is not is taken as it is.
fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let hex = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(text[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
    fn check(status: &str, message: &str, expected: Expect) {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", status.parse().unwrap());
        headers.insert("grpc-message", message.parse().unwrap());
        let told = match of(&headers).unwrap() {
            Ok(()) => "ok".to_owned(),
            Err(fault) => {
                let kind = fault.r#type.rsplit('/').next().unwrap();
                format!("{kind} {} {}", fault.status, fault.detail.unwrap())
            }
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn each_code_is_an_error_of_the_language() {
        check("0", "", expect!["ok"]);
        check("16", "who%20are you?", expect!["authentication 401 UNAUTHENTICATED: who are you?"]);
        check("7", "", expect!["authorization 403 PERMISSION_DENIED"]);
        check("5", "%E6%97%A0 100%", expect!["communication 404 NOT_FOUND: 无 100%"]);
        check("4", "", expect!["timeout 408 DEADLINE_EXCEEDED"]);
        check("14", "", expect!["communication 503 UNAVAILABLE"]);
        check("99", "x", expect!["communication 500 UNKNOWN: x"]);
        check("?", "x", expect!["communication 500 UNKNOWN: x"]);
        assert!(of(&HeaderMap::new()).is_none());
    }
}
