//! Errors of the language that calls end with. `instance` stays empty: the task that asked fills it in.

use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

use crate::egress::Failure;

/// The other side, or the way to it, failed; with the status it gave or the one that says most.
pub fn communication(status: u16, title: impl Into<String>, detail: impl Into<String>) -> Fault {
    Fault { status, title: Some(title.into()), ..Fault::new(Kind::Communication, "", detail) }
}

/// What is asked for cannot be done as it is written or set up.
pub fn configuration(detail: impl Into<String>) -> Fault {
    Fault::new(Kind::Configuration, "", detail)
}

/// Not allowed here.
pub fn authorization(detail: impl Into<String>) -> Fault {
    Fault::new(Kind::Authorization, "", detail)
}

/// Who the workflow is could not be shown.
pub fn authentication(detail: impl Into<String>) -> Fault {
    Fault::new(Kind::Authentication, "", detail)
}

/// Data does not have the shape that the other side asks for.
pub fn validation(detail: impl Into<String>) -> Fault {
    Fault::new(Kind::Validation, "", detail)
}

/// An expression that was left for the moment of the call failed.
pub fn expression(detail: impl Into<String>) -> Fault {
    Fault::new(Kind::Expression, "", detail)
}

/// Without an answer there is no status: 500 as the language says, but 504 when it took too long, so that a
/// workflow can tell. What the operator forbids is authorization (ADR 0011).
pub fn of(failure: &Failure) -> Fault {
    let detail = failure.to_string();
    match failure {
        Failure::Refused { .. } | Failure::Astray => authorization(detail),
        Failure::Invalid(_) => configuration(detail),
        Failure::Unknown { .. } => communication(500, "Unknown Host", detail),
        Failure::Connect { .. } => communication(500, "No Connection", detail),
        Failure::Tls(_) => communication(500, "TLS Failure", detail),
        Failure::Protocol(_) => communication(500, "No Answer", detail),
        Failure::Time { .. } => communication(504, "Too Late", detail),
        Failure::TooLarge { .. } => communication(500, "Answer Too Large", detail),
        Failure::Redirects { .. } => communication(500, "Too Many Redirects", detail),
    }
}
