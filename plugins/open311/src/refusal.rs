//! Errors as the standard has them: a list of code and description, in the format that was asked for.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};

use crate::format::Format;

/// Why there is no answer.
pub(crate) enum Refused {
    /// The caller's mistakes.
    ByStandard(Errors),
    /// What the server answers for us: not set up, or try again.
    ByUs(Failure),
}

/// A status, our code and what is wrong.
pub(crate) struct Errors {
    status: u16,
    code: &'static str,
    descriptions: Vec<String>,
}

impl Errors {
    pub(crate) fn response(&self, format: Format) -> HttpResponse {
        let errors: Vec<Value> = self
            .descriptions
            .iter()
            .map(|description| json!({"code": self.status, "description": description}))
            .collect();
        format.response(self.status, "errors", &Value::Array(errors)).with("x-yiwang-code", self.code)
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::ByUs(failure)
    }
}

/// One mistake.
pub(crate) fn one(status: u16, code: &'static str, description: impl Into<String>) -> Refused {
    Refused::ByStandard(Errors { status, code, descriptions: vec![description.into()] })
}

/// Several mistakes of one request: 400.
pub(crate) fn several(code: &'static str, descriptions: Vec<String>) -> Refused {
    Refused::ByStandard(Errors { status: 400, code, descriptions })
}
