//! jq expressions and templates with expressions in them, compiled once.
//!
//! What an expression can do is bounded (`meter`): it reads its input and the variables it names, and
//! gives one value. It cannot end the process, see the environment, the clock, files or other inputs; it
//! cannot run, allocate or recurse without end; and text in data is never taken for an expression.

mod compile;
mod deferred;
mod embed;
mod library;
mod meter;
mod native;
mod syntax;
mod value;
mod write;

use std::sync::Arc;

use jaq_core::{Ctx, Vars};
use jaq_json::Val;

pub(crate) use compile::{Findings, Problem};
pub use deferred::Deferred;
pub(crate) use embed::{Part, Written, interpolation, read};

use crate::Data;
use crate::diagnostic::Diagnostic;
use compile::Compiled;
use meter::Stop;
use native::{Allowance, Unfit};
use value::Value;

/// Deepest nesting of a result. JSON readers stop at this depth as well.
const RESULT_DEPTH_MAX: usize = 128;
/// Characters of the jq text that an error shows.
const SHOWN_LEN_MAX: usize = 80;
/// Characters of an error's text.
const MESSAGE_LEN_MAX: usize = 500;

/// A compiled jq expression. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Expression {
    /// As written, without `${ }`.
    pub text: String,
    compiled: Arc<Compiled>,
}

/// A value with expressions in it.
#[derive(Clone, Debug)]
pub enum Template {
    /// No expression inside.
    Literal(Data),
    /// The whole value is one expression.
    Expression(Expression),
    /// An object with an expression somewhere inside.
    Object(Vec<(String, Template)>),
    /// An array with an expression somewhere inside.
    Array(Vec<Template>),
    /// A text with `{name}` parts (RFC 6570, level 1), which are members of the input. Its literal parts
    /// and names take turns: text, name, text, …
    Uri(Vec<String>),
    /// `evaluate.mode: loose`: the expression's value, or the text itself where it fails.
    Loose(Expression, String),
    /// Evaluated only when the effect is performed, by whoever performs it: it reads secrets, or messages
    /// that come in then. See [`Template::request`].
    Deferred(Expression),
}

/// Where an expression finds its named arguments (`$context`, `$input`, …).
pub trait Scope {
    /// The value of the variable with this name, written without `$`.
    fn variable(&self, name: &str) -> Option<Data>;
}

/// A scope without variables.
impl Scope for () {
    fn variable(&self, _: &str) -> Option<Data> {
        None
    }
}

/// Why an evaluation failed, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError(pub String);

impl std::fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EvaluationError {}

impl Expression {
    /// Compiles an expression outside of a workflow, with or without `${ }`. It may read the variables
    /// named (without `$`). Spans of the diagnostics are within `text`.
    pub fn compile(text: &str, variables: &[&str]) -> Result<Self, Vec<Diagnostic>> {
        let (inner, offset) = match read(text) {
            Ok(Written::Expression(range)) => (&text[range.clone()], range.start),
            _ => (text, 0),
        };
        match Self::examine(inner, variables) {
            Ok((expression, _)) => Ok(expression),
            Err(problems) => Err(problems
                .into_iter()
                .map(|problem| {
                    let span = problem.range.start + offset..problem.range.end + offset;
                    let mut diagnostic = Diagnostic::new(problem.code, span, problem.message);
                    diagnostic.help = problem.help;
                    diagnostic
                })
                .collect()),
        }
    }

    /// Compiles and tells what was found on the way.
    pub(crate) fn examine(text: &str, variables: &[&str]) -> Result<(Self, Findings), Vec<Problem>> {
        let (compiled, findings) = compile::compile(text, variables)?;
        let text = text.trim().to_owned();
        Ok((Self { text, compiled: Arc::new(compiled) }, findings))
    }

    /// As written, without `${ }`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The variables it reads, without `$`. Only these are asked of the scope.
    pub fn variables(&self) -> &[String] {
        &self.compiled.variables
    }

    /// Does it look at what it is evaluated on? False only where that is certain.
    pub(crate) fn reads_input(&self) -> bool {
        self.compiled.reads_input
    }

    /// The one result of this expression on `input`.
    ///
    /// No result at all is an error (`//` gives a default); of several the first is taken.
    pub fn evaluate(&self, input: &Data, scope: &dyn Scope) -> Result<Data, EvaluationError> {
        self.run(input, scope, &mut Allowance::default(), RESULT_DEPTH_MAX)
    }

    /// Does it hold? In jq all but `null` and `false` does.
    pub fn evaluate_bool(&self, input: &Data, scope: &dyn Scope) -> Result<bool, EvaluationError> {
        Ok(self.evaluate(input, scope)?.is_true())
    }

    fn run(
        &self,
        input: &Data,
        scope: &dyn Scope,
        allowance: &mut Allowance,
        depth_left: usize,
    ) -> Result<Data, EvaluationError> {
        let mut variables = Vec::with_capacity(self.compiled.variables.len());
        for name in &self.compiled.variables {
            let value =
                scope.variable(name).ok_or_else(|| self.error(&format!("`${name}` has no value here")))?;
            variables.push(Value(value.0));
        }
        let evaluation = || {
            let filter = &self.compiled.filter;
            let context = Ctx::<native::Engine>::new(&filter.lut, Vars::new(variables));
            let mut results = filter.id.run((context, Value(input.0.clone())));
            match results.next() {
                Some(Ok(value)) => Ok(value.0),
                Some(Err(exception)) => Err(match exception.get_err() {
                    Ok(error) => message(error.into_val()),
                    Err(_) => "a `break` has no label around it".to_owned(),
                }),
                None => Err("it gives no result; `// null` would give one".to_owned()),
            }
        };
        let value = match meter::run(evaluation) {
            Ok(Ok(value)) => value,
            Ok(Err(reason)) => return Err(self.error(&reason)),
            Err(stop) => return Err(self.error(stopped(stop))),
        };
        match allowance.take(&value, depth_left) {
            Ok(()) => Ok(Data(value)),
            Err(unfit) => Err(self.error(match unfit {
                Unfit::Large => "its result is too large",
                Unfit::Deep => "its result is nested too deeply",
                Unfit::NotFinite => "its result holds a number that is not finite",
            })),
        }
    }

    fn error(&self, reason: &str) -> EvaluationError {
        let mut shown: String = self.text.chars().take(SHOWN_LEN_MAX).collect();
        if shown.len() < self.text.len() {
            shown.push('…');
        }
        EvaluationError(format!("`{shown}`: {reason}"))
    }
}

fn message(value: Value) -> String {
    match value.0 {
        Val::TStr(bytes) => String::from_utf8_lossy(&bytes).chars().take(MESSAGE_LEN_MAX).collect(),
        other => write::brief(&other),
    }
}

fn stopped(stop: Stop) -> &'static str {
    match stop {
        Stop::Steps => "it was stopped after two million operations",
        Stop::Memory => "it was stopped because it used too much memory",
        Stop::Stack => "it was stopped because it recurses too deeply",
        Stop::Depth => "it was stopped because it builds a value nested too deeply",
        Stop::Panic => "it failed inside the expression engine",
    }
}

impl Template {
    /// The value with every expression in it evaluated. Expressions found in data are never evaluated.
    pub fn evaluate(&self, input: &Data, scope: &dyn Scope) -> Result<Data, EvaluationError> {
        self.run(input, scope, &mut Allowance::default(), RESULT_DEPTH_MAX)
    }

    fn run(
        &self,
        input: &Data,
        scope: &dyn Scope,
        allowance: &mut Allowance,
        depth_left: usize,
    ) -> Result<Data, EvaluationError> {
        let left = depth_left.saturating_sub(1);
        match self {
            Self::Literal(data) => Ok(data.clone()),
            Self::Expression(expression) => expression.run(input, scope, allowance, depth_left),
            Self::Object(members) => {
                let member = |(key, value): &(String, Self)| {
                    Ok((key.clone(), value.run(input, scope, allowance, left)?))
                };
                Ok(Data::object(members.iter().map(member).collect::<Result<Vec<_>, _>>()?))
            }
            Self::Array(items) => {
                let items = items.iter().map(|item| item.run(input, scope, allowance, left));
                Ok(Data::array(items.collect::<Result<Vec<_>, _>>()?))
            }
            Self::Uri(parts) => expand(parts, input),
            Self::Loose(expression, text) => Ok(expression
                .run(input, scope, allowance, depth_left)
                .unwrap_or_else(|_| Data::string(&**text))),
            Self::Deferred(expression) => Err(expression.error("it can be evaluated only in a request")),
        }
    }

    /// The value, if there is no expression inside.
    pub fn as_literal(&self) -> Option<&Data> {
        match self {
            Self::Literal(data) => Some(data),
            Self::Expression(_)
            | Self::Object(_)
            | Self::Array(_)
            | Self::Uri(_)
            | Self::Loose(..)
            | Self::Deferred(_) => None,
        }
    }

    /// All expressions inside.
    pub fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Literal(_) | Self::Uri(_) => Vec::new(),
            Self::Expression(expression) | Self::Loose(expression, _) | Self::Deferred(expression) => {
                vec![expression]
            }
            Self::Object(members) => members.iter().flat_map(|(_, value)| value.expressions()).collect(),
            Self::Array(items) => items.iter().flat_map(Self::expressions).collect(),
        }
    }
}

/// A text with `{name}` parts, filled from the members of the input (DSL reference, "URI Template"). What is
/// missing or null is empty; an object or an array is an error.
fn expand(parts: &[String], input: &Data) -> Result<Data, EvaluationError> {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 0 {
            text.push_str(part);
            continue;
        }
        match input.get(part).unwrap_or_default().to_json() {
            serde_json::Value::Null => {}
            serde_json::Value::String(value) => encode(&value, &mut text),
            value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_)) => {
                encode(&value.to_string(), &mut text);
            }
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                let reason = format!("`{{{part}}}`: only a text, a number or a boolean fits into a URI");
                return Err(EvaluationError(reason));
            }
        }
    }
    Ok(Data::string(text))
}

/// Percent-encodes all but the unreserved characters (RFC 6570, section 3.2.2).
fn encode(value: &str, text: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}
