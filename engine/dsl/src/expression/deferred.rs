//! Expressions that are evaluated only when an effect is performed: those that read secrets, so that no
//! secret is ever stored, and those that judge messages that come in later.
//!
//! What such an expression needs besides is taken down when the effect is requested. Where in the request its
//! value belongs is kept beside the request: data that looks like an expression is never taken for one.

use serde::{Deserialize, Serialize};

use super::{Allowance, EvaluationError, Expression, RESULT_DEPTH_MAX, Scope, Template};
use crate::Data;
use crate::yaml::push_pointer;

/// One of them, with all it needs but the secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deferred {
    /// JSON Pointer to its place in the request, which holds null.
    pub pointer: String,
    /// The expression.
    pub text: String,
    /// What it was to be evaluated on.
    pub input: Data,
    /// The variables it reads, but for `secrets` and `authorization`.
    pub variables: Vec<(String, Data)>,
}

/// The variables that only who performs the effect can give.
const LATE: [&str; 2] = ["secrets", "authorization"];

impl Template {
    /// The value for an effect: as [`Template::evaluate`], with null for each deferred expression, and these.
    pub fn request(&self, input: &Data, scope: &dyn Scope) -> Result<(Data, Vec<Deferred>), EvaluationError> {
        let mut gathering = Gathering {
            input,
            scope,
            allowance: Allowance::default(),
            pointer: String::new(),
            found: Vec::new(),
        };
        let value = gathering.value(self, RESULT_DEPTH_MAX)?;
        Ok((value, gathering.found))
    }
}

struct Gathering<'g> {
    input: &'g Data,
    scope: &'g dyn Scope,
    allowance: Allowance,
    pointer: String,
    found: Vec<Deferred>,
}

impl Gathering<'_> {
    fn value(&mut self, template: &Template, depth_left: usize) -> Result<Data, EvaluationError> {
        match template {
            Template::Object(members) => {
                let mut values = Vec::with_capacity(members.len());
                for (key, member) in members {
                    values.push((key.clone(), self.below(key, member, depth_left)?));
                }
                Ok(Data::object(values))
            }
            Template::Array(items) => {
                let mut values = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    values.push(self.below(&at.to_string(), item, depth_left)?);
                }
                Ok(Data::array(values))
            }
            Template::Deferred(expression) => {
                let deferred = self.deferred(expression)?;
                self.found.push(deferred);
                Ok(Data::null())
            }
            Template::Literal(_) | Template::Expression(_) | Template::Uri(_) | Template::Loose(..) => {
                template.run(self.input, self.scope, &mut self.allowance, depth_left)
            }
        }
    }

    fn below(&mut self, step: &str, template: &Template, depth_left: usize) -> Result<Data, EvaluationError> {
        let parent = self.pointer.len();
        push_pointer(&mut self.pointer, step);
        let value = self.value(template, depth_left.saturating_sub(1));
        self.pointer.truncate(parent);
        value
    }

    fn deferred(&self, expression: &Expression) -> Result<Deferred, EvaluationError> {
        let read = expression.variables().iter().filter(|name| !LATE.contains(&name.as_str()));
        let variables = read.map(|name| match self.scope.variable(name) {
            Some(value) => Ok((name.clone(), value)),
            None => Err(expression.error(&format!("`${name}` has no value here"))),
        });
        Ok(Deferred {
            pointer: self.pointer.clone(),
            text: expression.text.clone(),
            input: self.input.clone(),
            variables: variables.collect::<Result<_, _>>()?,
        })
    }
}

impl Deferred {
    /// Its value, with these secrets: an object of values by name.
    ///
    /// # Errors
    /// When it does not compile, which an expression of a checked workflow does, or fails.
    pub fn evaluate(&self, secrets: &Data) -> Result<Data, EvaluationError> {
        self.evaluate_on(&self.input, secrets)
    }

    /// The same on another input, for example on a message that came in.
    ///
    /// # Errors
    /// As [`Deferred::evaluate`].
    pub fn evaluate_on(&self, input: &Data, secrets: &Data) -> Result<Data, EvaluationError> {
        self.evaluate_authorized(input, secrets, &Data::null())
    }

    /// The same where the call has been authorized already: `{ scheme, parameter }`.
    ///
    /// # Errors
    /// As [`Deferred::evaluate`].
    pub fn evaluate_authorized(
        &self,
        input: &Data,
        secrets: &Data,
        authorization: &Data,
    ) -> Result<Data, EvaluationError> {
        let names: Vec<&str> = self.variables.iter().map(|(name, _)| name.as_str()).chain(LATE).collect();
        let expression = Expression::compile(&self.text, &names).map_err(|problems| {
            EvaluationError(problems.iter().map(|found| found.message.to_string()).collect())
        })?;
        expression.evaluate(input, &Kept { variables: &self.variables, secrets, authorization })
    }
}

struct Kept<'k> {
    variables: &'k [(String, Data)],
    secrets: &'k Data,
    authorization: &'k Data,
}

impl Scope for Kept<'_> {
    fn variable(&self, name: &str) -> Option<Data> {
        match name {
            "secrets" => Some(self.secrets.clone()),
            "authorization" => Some(self.authorization.clone()),
            _ => self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()),
        }
    }
}
