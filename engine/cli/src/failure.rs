//! Why a command failed, as a person, a script and an exit code see it.

use std::error::Error;
use std::fmt;

use serde_json::{Value, json};

/// Exit codes of `yiwang`. 0 is success; 2 (usage) is clap's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It ran and did not work out.
    Failed = 1,
    /// A file, an instance, a case … is not there.
    NotFound = 3,
    /// A text or data have mistakes.
    Invalid = 4,
    /// It does not fit what is there now.
    Conflict = 5,
    /// No token, or not the right one.
    Auth = 6,
    /// No answer.
    Unreachable = 7,
    /// Of many, some were refused.
    Partial = 8,
}

/// One failure.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    code: String,
    message: String,
    help: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    /// The server's own words, shown as they are with `-o json`.
    problem: Option<Box<Value>>,
    /// Everything was printed already.
    pub(crate) silent: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: code.to_owned(),
            message: message.into(),
            help: None,
            source: None,
            problem: None,
            silent: false,
        }
    }

    /// The command has said everything itself; only the exit code is left.
    pub(crate) fn said(exit: Exit) -> Self {
        Self { silent: true, ..Self::new(exit, "", "") }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the server answered: problem+json.
    pub(crate) fn from_problem(status: u16, problem: Value) -> Self {
        let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let exit = match status {
            401 | 403 => Exit::Auth,
            404 => Exit::NotFound,
            409 | 412 => Exit::Conflict,
            400 | 413 | 415 | 422 => Exit::Invalid,
            429 | 502 | 503 | 504 => Exit::Unreachable,
            _ => Exit::Failed,
        };
        let mut message = text("title");
        if !text("detail").is_empty() {
            message = format!("{message}: {}", text("detail"));
        }
        for place in problem.get("errors").and_then(Value::as_array).into_iter().flatten() {
            message.push_str(&format!("\n{}", place_line(place)));
        }
        let code = match text("code") {
            code if code.is_empty() => format!("http.{status}"),
            code => code,
        };
        let mut failure = Self::new(exit, &code, message);
        failure.help = match exit {
            Exit::Auth => Some("give a token by --token, YIWANG_TOKEN or --token-file".to_owned()),
            _ => Some(format!("yiwang explain {code}")),
        };
        failure.problem = Some(Box::new(problem));
        failure
    }

    /// As `-o json` prints it on stderr.
    pub(crate) fn to_json(&self) -> Value {
        self.problem.as_deref().cloned().unwrap_or_else(|| {
            let causes = causes(self.source.as_deref().map(|cause| cause as &dyn Error));
            json!({ "code": self.code, "title": self.message, "help": self.help, "causes": causes })
        })
    }
}

/// `line 3, column 5 (/do/0): sentence; help` of one entry of `errors`.
fn place_line(place: &Value) -> String {
    let text = |name: &str| place.get(name).and_then(Value::as_str);
    let number = |value: Option<&Value>| value.and_then(Value::as_u64);
    let start = place.get("start").unwrap_or(place);
    let mut line = String::from("  ");
    if let (Some(row), Some(column)) = (number(start.get("line")), number(start.get("column"))) {
        line.push_str(&format!("{row}:{column} "));
    }
    if let Some(code) = text("code") {
        line.push_str(&format!("{code} "));
    }
    if let Some(pointer) = text("pointer").filter(|pointer| !pointer.is_empty()) {
        line.push_str(&format!("{pointer}: "));
    }
    line.push_str(text("message").or(text("detail")).unwrap_or_default());
    if let Some(help) = text("help") {
        line.push_str(&format!(" ({help})"));
    }
    line
}

fn causes(first: Option<&dyn Error>) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), first);
    while let Some(cause) = next {
        all.push(cause.to_string());
        next = cause.source();
    }
    all
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|cause| cause as &dyn Error)
    }
}

impl miette::Diagnostic for Failure {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.code.is_empty()).then(|| Box::new(&self.code) as Box<dyn fmt::Display>)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let message = error.to_string();
        let mut failure = Self::new(Exit::Failed, "cli.failed", message);
        failure.source = error.source().map(|cause| causes(Some(cause)).join(": ").into());
        failure
    }
}

/// A file could not be read or written.
pub(crate) fn file(doing: &str, path: &std::path::Path, error: std::io::Error) -> Failure {
    let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
    Failure::new(exit, "cli.file", format!("{doing} {}", path.display())).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_places() {
        let failure = Failure::from_problem(
            422,
            json!({ "code": "definition.invalid", "title": "The workflow has mistakes", "detail": "1 mistake",
                "errors": [{ "code": "YW0101", "message": "no task `x`", "pointer": "/do/0", "help": "did you mean `y`?",
                    "start": { "line": 3, "column": 5 } }] }),
        );
        assert_eq!(failure.exit, Exit::Invalid);
        assert_eq!(
            failure.to_string(),
            "The workflow has mistakes: 1 mistake\n  3:5 YW0101 /do/0: no task `x` (did you mean `y`?)"
        );
    }
}
