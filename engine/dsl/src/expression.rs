//! jq expressions and templates with expressions in them, compiled once.

use crate::Data;

/// A compiled jq expression.
#[derive(Debug)]
pub struct Expression {
    /// As written, without `${ }`.
    pub text: String,
}

/// A value with expressions in it.
#[derive(Debug)]
pub enum Template {
    /// No expression inside.
    Literal(Data),
    /// The whole value is one expression.
    Expression(Expression),
    /// An object with an expression somewhere inside.
    Object(Vec<(String, Template)>),
    /// An array with an expression somewhere inside.
    Array(Vec<Template>),
}

/// Where an expression finds its named arguments (`$context`, `$input`, …).
pub trait Scope {
    /// The value of the variable with this name, written without `$`.
    fn variable(&self, name: &str) -> Option<Data>;
}

/// Why an evaluation failed, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError(pub String);

impl Expression {
    /// The one result of this expression on `input`.
    ///
    /// No result at all is an error (`//` gives a default); of several the first is taken.
    pub fn evaluate(&self, input: &Data, scope: &dyn Scope) -> Result<Data, EvaluationError> {
        let _ = (input, scope);
        Err(EvaluationError(String::new()))
    }
}

impl Template {
    /// The value with every expression in it evaluated. Expressions found in data are never evaluated.
    pub fn evaluate(&self, input: &Data, scope: &dyn Scope) -> Result<Data, EvaluationError> {
        let _ = (input, scope);
        Err(EvaluationError(String::new()))
    }
}
