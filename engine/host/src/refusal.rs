//! A request that was not accepted, as `application/problem+json`.

use bytes::Bytes;
use serde_json::json;
use yiwang_runtime::ports::{ChannelResponse, Rejected};

/// Why a request was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) detail: String,
    /// Is it worth keeping? Noise (a wrong path, an overload) is not.
    pub(crate) keep: bool,
    pub(crate) retry_after_secs: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), keep: true, retry_after_secs: None }
    }

    pub(crate) fn noise(mut self) -> Self {
        self.keep = false;
        self
    }

    pub(crate) fn after_secs(mut self, secs: Option<u64>) -> Self {
        self.retry_after_secs = secs;
        self
    }

    /// The answer; kept only if the channel keeps rejections.
    pub(crate) fn rejected(self, keep_rejected: bool) -> Rejected {
        let title = http::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let body = json!({
            "type": "about:blank",
            "title": title.unwrap_or("Refused"),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        });
        let mut headers = vec![("content-type".to_owned(), "application/problem+json".to_owned())];
        if let Some(secs) = self.retry_after_secs {
            headers.push(("retry-after".to_owned(), secs.to_string()));
        }
        Rejected {
            response: ChannelResponse { status: self.status, headers, body: Bytes::from(body.to_string()) },
            code: self.code,
            reason: self.detail,
            keep: self.keep && keep_rejected,
        }
    }
}
