//! The one place that turns what went wrong into an answer: RFC 9457 `application/problem+json`.
//!
//! A caller sees a stable code, one sentence about the request and, for data, the places within it. What
//! went wrong inside is logged here, once, with its whole chain of causes, and never leaves the server.

use std::error::Error;
use std::fmt::Write as _;

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use yiwang_core::transition::{Refusal, RefusalKind};
use yiwang_dsl::diagnostic::Located;
use yiwang_runtime::Error as EngineError;
use yiwang_runtime::cursor::BadCursor;
use yiwang_runtime::ports::StoreError;

macro_rules! codes {
    ($($variant:ident $code:literal $status:ident $title:literal;)*) => {
        /// The codes of the API, one for each kind of trouble. Each has a paragraph in `docs/errors/api.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the title in the table says it")]
        pub enum Code { $($variant,)* }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// The same short sentence for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    TokenMissing "auth.token-missing" UNAUTHORIZED "No token was given";
    TokenInvalid "auth.token-invalid" UNAUTHORIZED "The token is not known or no longer holds";
    Forbidden "auth.forbidden" FORBIDDEN "This needs another role";
    RouteUnknown "route.unknown" NOT_FOUND "There is nothing at this address";
    MethodNotAllowed "route.method" METHOD_NOT_ALLOWED "This address does not answer to this method";
    NotFound "resource.not-found" NOT_FOUND "There is no such thing";
    Conflict "resource.conflict" CONFLICT "The request does not fit what is there now";
    StartKey "start-key.conflict" CONFLICT "This start key was used with another input";
    Precondition "resource.changed" PRECONDITION_FAILED "Somebody else changed it in the meantime";
    ContentType "request.content-type" UNSUPPORTED_MEDIA_TYPE "The body has a content type that is not taken here";
    TooLarge "request.too-large" PAYLOAD_TOO_LARGE "The body is too large";
    Unreadable "request.unreadable" BAD_REQUEST "The body could not be read";
    Encoding "request.encoding" BAD_REQUEST "The body is not UTF-8";
    Json "request.json" BAD_REQUEST "The body is not JSON";
    JsonDepth "request.json-depth" BAD_REQUEST "The body is nested too deeply";
    JsonDuplicate "request.json-duplicate-key" BAD_REQUEST "An object of the body names a member twice";
    Fields "request.fields" UNPROCESSABLE_ENTITY "The body does not have the fields that are wanted here";
    Header "request.header" BAD_REQUEST "A header cannot be understood";
    Query "request.query" BAD_REQUEST "The query cannot be understood";
    DataInvalid "data.invalid" UNPROCESSABLE_ENTITY "The data do not fit their schema";
    DefinitionInvalid "definition.invalid" UNPROCESSABLE_ENTITY "The workflow has mistakes";
    DefinitionExists "definition.exists" CONFLICT "This version is deployed with another text";
    ReferenceInvalid "reference.invalid" UNPROCESSABLE_ENTITY "The reference document has mistakes";
    SweepInvalid "sweep.invalid" UNPROCESSABLE_ENTITY "The definition of the sweep has mistakes";
    EventInvalid "event.invalid" UNPROCESSABLE_ENTITY "This is not a CloudEvent";
    NotCandidate "work-item.not-candidate" FORBIDDEN "The work is not offered to this person";
    NotAssignee "work-item.not-assignee" FORBIDDEN "This person does not have the work item";
    Delegated "work-item.delegated" FORBIDDEN "What was delegated cannot be passed on";
    FourEyes "work-item.four-eyes" FORBIDDEN "Somebody else has to decide this";
    ConflictOfInterest "work-item.conflict-of-interest" FORBIDDEN "This person has an interest in the matter";
    Claimed "work-item.claimed" CONFLICT "Somebody else has the work item";
    Unclaimed "work-item.unclaimed" CONFLICT "Nobody has the work item yet";
    Decided "work-item.decided" CONFLICT "The work item is decided already";
    SecondSeat "work-item.second-seat" CONFLICT "One person has one voice in a group";
    NoSeat "work-item.no-seat" CONFLICT "The work item belongs to no group";
    NoReserve "work-item.no-reserve" CONFLICT "Nobody is there to take the seat";
    WorkItemLimit "work-item.limit" CONFLICT "The work item holds no more";
    PersonUnknown "work-item.person-unknown" UNPROCESSABLE_ENTITY "The work cannot be given to this person";
    Receiver "work-item.receiver" UNPROCESSABLE_ENTITY "The work can only be handed over to a candidate";
    RepairReason "repair.reason" UNPROCESSABLE_ENTITY "Nobody repairs an instance without saying why";
    RepairEnded "repair.ended" CONFLICT "The instance does not go on any more";
    RepairNowhere "repair.nowhere" CONFLICT "The instance does not stand there";
    RepairScope "repair.scope" CONFLICT "From there one cannot go to that task";
    RepairPatch "repair.patch" UNPROCESSABLE_ENTITY "The change does not apply";
    RepairInput "repair.input" CONFLICT "History does not tell what the task was given";
    MessageUnderWay "message.under-way" CONFLICT "An attempt to send the message is under way";
    MessageSettled "message.settled" CONFLICT "Nothing is left of the message to send or to give up";
    MigrationMapping "migration.mapping" CONFLICT "Say what takes the place of a task";
    MigrationBlocked "migration.blocked" CONFLICT "From here the instance cannot go on by that version";
    NotExpected "event.not-expected" CONFLICT "Nobody waits for this";
    Overloaded "server.overloaded" TOO_MANY_REQUESTS "Too many requests at a time";
    RateLimited "request.rate" TOO_MANY_REQUESTS "Too many questions in a minute";
    Timeout "server.timeout" GATEWAY_TIMEOUT "The answer took too long";
    Unavailable "server.unavailable" SERVICE_UNAVAILABLE "The server cannot do this now";
    Internal "server.internal" INTERNAL_SERVER_ERROR "Something went wrong inside";
}

/// One place within the caller's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// JSON Pointer.
    pub pointer: String,
    /// One sentence.
    pub detail: String,
    /// Line of the text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column of the line in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl Place {
    /// A place in JSON data.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), line: None, column: None }
    }
}

/// What the caller's data are about: JSON, or the text of a workflow.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Errors {
    Places(Vec<Place>),
    Remarks(Vec<Located>),
}

impl Errors {
    fn is_empty(&self) -> bool {
        match self {
            Self::Places(places) => places.is_empty(),
            Self::Remarks(remarks) => remarks.is_empty(),
        }
    }
}

/// What went wrong with one request.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    errors: Errors,
    headers: Vec<(http::HeaderName, HeaderValue)>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with one sentence about this request.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let mut problem = Self {
            code,
            detail: detail.into(),
            errors: Errors::Places(Vec::new()),
            headers: Vec::new(),
            source: None,
        };
        match code.status() {
            StatusCode::UNAUTHORIZED => problem.push(WWW_AUTHENTICATE, "Bearer realm=\"yiwang\""),
            StatusCode::TOO_MANY_REQUESTS => problem.push(RETRY_AFTER, "1"),
            StatusCode::SERVICE_UNAVAILABLE => problem.push(RETRY_AFTER, "5"),
            _ => {}
        }
        problem
    }

    /// Our own trouble: the caller learns nothing but that it happened; the log gets everything.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal, "The log of the server says more").because(source)
    }

    /// Nothing there by this name.
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no {what} `{}`", shortened(id)))
    }

    /// With the methods that would have been right.
    pub fn method_not_allowed(allowed: &str) -> Self {
        let mut problem = Self::new(Code::MethodNotAllowed, format!("Methods that it answers to: {allowed}"));
        problem.push(ALLOW, allowed);
        problem
    }

    /// Adds what is logged and not shown.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds the places within the caller's data.
    #[must_use]
    pub fn with_places(mut self, places: Vec<Place>) -> Self {
        self.errors = Errors::Places(places);
        self
    }

    /// The mistakes of a workflow's text.
    pub fn in_definition(detail: impl Into<String>, remarks: Vec<Located>) -> Self {
        let mut problem = Self::new(Code::DefinitionInvalid, detail);
        problem.errors = Errors::Remarks(remarks);
        problem
    }

    /// The mistakes of a reference document.
    pub fn in_reference(detail: impl Into<String>, remarks: Vec<Located>) -> Self {
        let mut problem = Self::new(Code::ReferenceInvalid, detail);
        problem.errors = Errors::Remarks(remarks);
        problem
    }

    /// Adds one place.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let place = Place::at(pointer, detail);
        match &mut self.errors {
            Errors::Places(places) => places.push(place),
            Errors::Remarks(_) => self.errors = Errors::Places(vec![place]),
        }
        self
    }

    /// Its sentence about this request.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The answer to the request for `path`. Logs what is inside.
    pub fn respond(self, path: &str) -> Response {
        let status = self.code.status();
        if let Some(source) = &self.source {
            tracing::error!(
                code = self.code.as_str(),
                path,
                "{}: {}",
                self.code.title(),
                chain(source.as_ref())
            );
        } else {
            tracing::debug!(code = self.code.as_str(), path, "{}", self.detail);
        }
        let body = Body {
            r#type: format!("urn:yiwang:problem:{}", self.code.as_str()),
            title: self.code.title(),
            status: status.as_u16(),
            detail: self.detail,
            instance: path,
            code: self.code.as_str(),
            errors: self.errors,
        };
        let text = serde_json::to_vec(&body).expect("a problem is plain text and numbers");
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.headers);
        response
    }

    fn push(&mut self, name: http::HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    instance: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Errors::is_empty")]
    errors: Errors,
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.source.is::<BadCursor>() {
            return Self::new(Code::Query, "`cursor` is none that this list gave");
        }
        Self::new(Code::Unavailable, "The store did not answer").because(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let special = Code::ALL.iter().find(|code| refusal.code.as_deref() == Some(code.as_str()));
        let usual = match refusal.kind {
            RefusalKind::NotFound => Code::NotFound,
            RefusalKind::Forbidden => Code::Forbidden,
            RefusalKind::Conflict => Code::Conflict,
            RefusalKind::Invalid => Code::DataInvalid,
            RefusalKind::NotExpected => Code::NotExpected,
        };
        let code = special.copied().unwrap_or(usual);
        let places =
            refusal.problems.into_iter().map(|(pointer, detail)| Place::at(pointer, detail)).collect();
        Self::new(code, refusal.message).with_places(places)
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let sentence = error.to_string();
        match error {
            EngineError::Overloaded => Self::new(Code::Overloaded, "The engine has enough to do already"),
            EngineError::Stopping => Self::new(Code::Unavailable, "The server is shutting down"),
            EngineError::Unavailable(_) => {
                Self::new(Code::Unavailable, "The store did not take it; the same request may be sent again")
                    .because(error)
            }
            EngineError::UnknownWorkflow { .. }
            | EngineError::UnknownInstance(_)
            | EngineError::NoOpenSweep(_)
            | EngineError::UnknownCase(_)
            | EngineError::UnknownSchedule(_) => Self::new(Code::NotFound, sentence),
            EngineError::StartConflict { .. } => Self::new(Code::StartKey, sentence),
            EngineError::DeployConflict { .. } => Self::new(Code::DefinitionExists, sentence),
            // Whoever has the text turns the remarks into places: see `api::definitions`.
            EngineError::Invalid(_) | EngineError::InvalidForm { .. } => {
                Self::new(Code::DefinitionInvalid, sentence)
            }
            // Likewise: see `api::reference`.
            EngineError::InvalidReference(_) => Self::new(Code::ReferenceInvalid, sentence),
            EngineError::ReferenceChanged { .. } => Self::new(Code::Precondition, sentence),
            EngineError::TooLarge { .. } => Self::new(Code::TooLarge, sentence),
            EngineError::Refused(refusal) => refusal.into(),
            EngineError::Incident { .. } => {
                Self::new(Code::Conflict, "The instance cannot go on").because(error)
            }
            EngineError::EndedBefore(_) => Self::new(Code::Conflict, sentence),
        }
    }
}

/// The error and its causes in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // Writing to a string cannot fail.
        write!(text, ": {cause}").expect("a string takes everything");
        next = cause.source();
    }
    text
}

/// A caller's text for a message: short, on one line.
pub(crate) fn shortened(text: &str) -> String {
    let clean: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if clean.len() < text.len() { format!("{clean}…") } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        let before = texts.len();
        texts.dedup();
        assert_eq!(texts.len(), before);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let long = "投".repeat(100);
        assert_eq!(shortened(&long).chars().count(), 81);
        assert_eq!(shortened("a\nb"), "a\u{fffd}b");
    }

    #[test]
    fn every_code_has_a_paragraph() {
        let page = include_str!("../../../docs/errors/api.md");
        for code in Code::ALL {
            let heading = format!("\n## {}\n", code.as_str());
            assert!(page.contains(&heading), "docs/errors/api.md has no heading `## {}`", code.as_str());
        }
    }
}
