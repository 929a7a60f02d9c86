//! Small conveniences on the generated types. They know nothing of any channel.

use serde_json::Value;

use crate::{
    DeliveryState, DeliveryUpdate, Event, Failure, FailureKind, FormPart, Header, HttpRequest, HttpResponse,
    Outcome, OutgoingRequest, Payload, Problem,
};

impl HttpRequest {
    /// The first header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }

    /// The first query value with this name.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The media type of the body in lower case, without parameters; empty if there is none.
    #[must_use]
    pub fn media_type(&self) -> String {
        self.header("content-type")
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }

    /// The raw body; empty for a parsed multipart form.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Payload::Text(text) => text.as_bytes(),
            Payload::Bytes(bytes) => bytes,
            Payload::Empty | Payload::Blob(_) => &[],
        }
    }

    /// The body as text; none if it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        core::str::from_utf8(self.bytes()).ok()
    }

    /// Does the caller want a page rather than JSON? Browsers say so in `accept`.
    #[must_use]
    pub fn wants_html(&self) -> bool {
        self.header("accept").is_some_and(|accept| accept.contains("text/html"))
    }
}

impl FormPart {
    /// The value of a field; none for a file.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Payload::Text(text) => Some(text),
            Payload::Empty => Some(""),
            Payload::Bytes(_) | Payload::Blob(_) => None,
        }
    }
}

impl Outcome {
    /// An answer, and what came in.
    #[must_use]
    pub fn new(response: HttpResponse, events: Vec<Event>) -> Self {
        Self { response, events, updates: Vec::new() }
    }

    /// An answer, and nothing came in.
    #[must_use]
    pub fn answer(response: HttpResponse) -> Self {
        Self::new(response, Vec::new())
    }
}

impl DeliveryUpdate {
    /// What became of the message with this id of the provider's.
    #[must_use]
    pub fn new(provider_id: impl Into<String>, state: DeliveryState) -> Self {
        Self { provider_id: provider_id.into(), state, time: None, failure: None, attributes: Vec::new() }
    }

    /// It did not arrive: the provider's code, as in `aliyun.UNDELIV`, and its words.
    #[must_use]
    pub fn failed(
        provider_id: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let failure = Some(Failure::permanent(code, message));
        Self { failure, ..Self::new(provider_id, DeliveryState::Failed) }
    }
}

impl HttpResponse {
    /// No body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Payload::Empty }
    }

    /// Plain text.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", text.into())
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        Self::typed(status, "application/json", value.to_string())
    }

    /// A body of this content type.
    #[must_use]
    pub fn typed(status: u16, content_type: &str, text: String) -> Self {
        Self { status, headers: Vec::new(), body: Payload::Text(text) }.with("content-type", content_type)
    }

    /// One more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push(Header { name: name.to_owned(), value: value.into() });
        self
    }

    /// The first header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }

    /// The body as bytes; empty if it is a file on the host.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Payload::Text(text) => text.as_bytes(),
            Payload::Bytes(bytes) => bytes,
            Payload::Empty | Payload::Blob(_) => &[],
        }
    }
}

impl OutgoingRequest {
    /// A request without headers and body, no redirects, no special limits.
    #[must_use]
    pub fn new(method: &str, url: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: Payload::Empty,
            form: Vec::new(),
            timeout_ms: None,
            max_redirects: 0,
            response_to_blob: false,
            max_response_bytes: None,
        }
    }

    /// One more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push(Header { name: name.to_owned(), value: value.into() });
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn with_json(self, value: &Value) -> Self {
        let mut request = self.with("content-type", "application/json");
        request.body = Payload::Text(value.to_string());
        request
    }

    /// How long it may take.
    #[must_use]
    pub fn within(mut self, timeout_ms: u32) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }
}

impl Event {
    /// An event without time, attachments and attributes.
    #[must_use]
    pub fn new(event_type: &str, id: impl Into<String>, data: &Value) -> Self {
        Self {
            id: id.into(),
            event_type: event_type.to_owned(),
            subject: None,
            time: None,
            data_schema: None,
            data: data.to_string(),
            attachments: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// One more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// Gathers all events with this key that come within the window into one.
    #[must_use]
    pub fn in_session(self, key: impl Into<String>, window_ms: u64) -> Self {
        self.with("session", key).with("session-window-ms", window_ms.to_string())
    }
}

impl Failure {
    /// A failure of this kind.
    #[must_use]
    pub fn new(kind: FailureKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            retry_after_ms: None,
            attributes: Vec::new(),
        }
    }

    /// Will never succeed with this input.
    #[must_use]
    pub fn permanent(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Permanent, code, message)
    }

    /// The caller's mistake, answered with this status (400 to 499).
    #[must_use]
    pub fn refused(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::permanent(code, message).with("http-status", status.to_string())
    }

    /// Nothing happened; try again.
    #[must_use]
    pub fn retryable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Retryable, code, message)
    }

    /// Nobody knows whether it happened.
    #[must_use]
    pub fn unknown_outcome(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FailureKind::UnknownOutcome, code, message)
    }

    /// The configuration or a secret is wrong.
    #[must_use]
    pub fn misconfigured(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Misconfigured, code, message)
    }

    /// Not before this many milliseconds.
    #[must_use]
    pub fn after(mut self, retry_after_ms: Option<u64>) -> Self {
        self.retry_after_ms = retry_after_ms;
        self
    }

    /// One more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }
}

impl Problem {
    /// What is wrong at a JSON pointer.
    #[must_use]
    pub fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}
