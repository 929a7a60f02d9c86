//! Expressions and templates where they stand, with the variables that are available there.

use std::ops::Range;

use super::Checker;
use super::fields::Place;
use crate::Data;
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::{Expression, Findings, Part, Problem, Template, Written, interpolation, read};
use crate::text;
use crate::yaml::Value;

/// The variables that only who performs an effect can give.
const LATE: [&str; 2] = ["secrets", "authorization"];

/// Where an expression stands; it decides which variables there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// `input.from` of the workflow.
    WorkflowInput,
    /// `output.as` of the workflow.
    WorkflowOutput,
    /// `if` and `input.from` of a task: before there is a transformed input.
    TaskInput,
    /// Everything in a task's own definition.
    Definition,
    /// What a task sends outside: secrets may be read, when it is sent.
    Outside,
    /// On a message that comes in later, judged where it comes in.
    Message,
    /// Read when the workflow is deployed.
    Deployment,
    /// `output.as` of a task.
    Output,
    /// `export.as` of a task, as an expression.
    Export,
    /// A member of `export.as` written as an object.
    ExportMember,
    /// On an event, outside of any instance.
    Event,
}

impl Position {
    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::WorkflowInput => &["workflow", "runtime"],
            Self::WorkflowOutput => &["context", "workflow", "runtime"],
            Self::TaskInput => &["context", "task", "workflow", "runtime"],
            Self::Definition | Self::Output => &["context", "input", "task", "workflow", "runtime"],
            Self::Outside | Self::Message => {
                &["context", "input", "task", "workflow", "runtime", "secrets", "authorization"]
            }
            Self::Export | Self::ExportMember => {
                &["context", "input", "output", "task", "workflow", "runtime"]
            }
            Self::Deployment | Self::Event => &[],
        }
    }

    /// Do variables of loops and catches reach here?
    fn has_locals(self) -> bool {
        !matches!(self, Self::WorkflowInput | Self::WorkflowOutput | Self::Deployment | Self::Event)
    }

    /// Can what stands here wait for who performs the effect?
    fn defers(self) -> bool {
        matches!(self, Self::Outside | Self::Message)
    }
}

impl<'n> Checker<'n> {
    /// A member typed as an expression: bare or within `${ }`.
    pub(super) fn expression(&mut self, place: &Place<'n>, position: Position) -> Option<Expression> {
        let text = match &place.node.value {
            Value::Bool(value) => return self.compile(place, &value.to_string(), 0, position),
            _ => self.text(place)?,
        };
        match read(text) {
            Ok(Written::Expression(range)) => {
                self.compile(place, &text[range.clone()], range.start, position)
            }
            Ok(Written::Embedded(_)) => {
                let message = "an expression must be in one `${ }`, or in none";
                self.report(Code::ExpressionSyntax, place, message);
                None
            }
            Ok(Written::Literal) => self.compile(place, text, 0, position),
            Err(problem) => {
                self.problem(place, 0, problem);
                None
            }
        }
    }

    /// A member that is an expression as a text, or a template as an object (`from`, `as`).
    pub(super) fn expression_or_object(&mut self, place: &Place<'n>, position: Position) -> Option<Template> {
        match &place.node.value {
            Value::String(_) => self.expression(place, position).map(Template::Expression),
            Value::Map(_) => self.template(place, position),
            _ => {
                self.wrong_type(place, "an expression or a mapping");
                None
            }
        }
    }

    /// Free-form data, in which texts with `${ }` are expressions.
    pub(super) fn template(&mut self, place: &Place<'n>, position: Position) -> Option<Template> {
        match &place.node.value {
            Value::String(text) => self.text_template(place, text, position),
            Value::List(items) => {
                let places = items.iter().enumerate().map(|(at, node)| place.child(&at.to_string(), node));
                let items: Vec<_> = places.map(|place| self.template(&place, position)).collect();
                Some(list_template(items.into_iter().collect::<Option<_>>()?))
            }
            Value::Map(entries) => {
                let members = entries.iter().map(|entry| {
                    let place = place.child(&entry.key.text, &entry.value);
                    (entry.key.text.clone(), self.template(&place, position))
                });
                let members: Vec<_> = members.collect();
                let members = members.into_iter().map(|(key, value)| Some((key, value?)));
                Some(object_template(members.collect::<Option<_>>()?))
            }
            _ => Some(Template::Literal(place.node.to_json().into())),
        }
    }

    fn text_template(&mut self, place: &Place<'n>, text: &str, position: Position) -> Option<Template> {
        match read(text) {
            Ok(Written::Literal) if self.loose => Some(self.loosely(place, text, position)),
            Ok(Written::Literal) => {
                self.looks_like_expression(place, text, position);
                Some(Template::Literal(Data::string(text)))
            }
            Ok(Written::Expression(range)) => {
                let compiled = self.compile(place, &text[range.clone()], range.start, position)?;
                Some(expression_template(compiled, position))
            }
            Ok(Written::Embedded(parts)) => self.embedded(place, text, &parts, position),
            Err(problem) => {
                self.problem(place, 0, problem);
                None
            }
        }
    }

    /// `Hello ${ .name }!` becomes a jq string with interpolations.
    fn embedded(
        &mut self,
        place: &Place<'n>,
        text: &str,
        parts: &[Part],
        position: Position,
    ) -> Option<Template> {
        let expressions = parts.iter().filter_map(|part| match part {
            Part::Expression(range) => Some(range.clone()),
            Part::Text(_) => None,
        });
        let compiled: Vec<_> = expressions
            .map(|range| self.compile(place, &text[range.clone()], range.start, position))
            .collect();
        compiled.into_iter().collect::<Option<Vec<_>>>()?;
        let message = "expressions among other words are not portable";
        self.report(Code::Embedded, place, message)
            .help("one expression for the whole text: `${ \"… \\(.name) …\" }`");
        let variables = self.variables(position);
        let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
        let (expression, _) = Expression::examine(&interpolation(text, parts), &variables).ok()?;
        Some(expression_template(expression, position))
    }

    /// `evaluate.mode: loose`: an expression if it compiles as one, and the text itself if not. Nothing is
    /// reported, because nobody knows which of them is meant.
    pub(super) fn loosely(&mut self, place: &Place<'n>, text: &str, position: Position) -> Template {
        let variables = self.variables(position);
        let names: Vec<&str> = variables.iter().map(String::as_str).collect();
        match Expression::examine(text, &names) {
            Ok((expression, findings)) => {
                let known = Findings { warnings: Vec::new(), ..findings };
                self.findings(place, 0, known, position);
                if position.defers() && is_late(&expression) {
                    return Template::Deferred(expression);
                }
                Template::Loose(expression, text.to_owned())
            }
            Err(_) => Template::Literal(Data::string(text)),
        }
    }

    /// `$context.unit` without `${ }` is a text, which is hardly ever meant.
    fn looks_like_expression(&mut self, place: &Place<'n>, text: &str, position: Position) {
        let Some(rest) = text.trim().strip_prefix('$') else { return };
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let known = self.variables(position).iter().any(|name| name == &rest[..end]);
        if known && (rest.len() == end || rest[end..].starts_with(['.', '[', ' '])) {
            let message = "this text looks like an expression, but is none";
            self.report(Code::LooksLikeExpression, place, message)
                .help(text!("as an expression: `${ {} }`", text.trim()));
        }
    }

    /// The variables at a position, with those of loops and catches around.
    fn variables(&self, position: Position) -> Vec<String> {
        let own = position.variables().iter().map(|name| (*name).to_owned());
        let locals = if position.has_locals() { self.locals.as_slice() } else { &[] };
        own.chain(locals.iter().cloned()).collect()
    }

    /// Compiles a part of a text that begins at `offset` in it.
    fn compile(
        &mut self,
        place: &Place<'n>,
        text: &str,
        offset: usize,
        position: Position,
    ) -> Option<Expression> {
        let variables = self.variables(position);
        let names: Vec<&str> = variables.iter().map(String::as_str).collect();
        match Expression::examine(text, &names) {
            Ok((expression, findings)) => {
                self.findings(place, offset, findings, position);
                let key = (expression.text.clone(), expression.variables().to_vec());
                Some(self.compiled.entry(key).or_insert(expression).clone())
            }
            Err(problems) => {
                if position == Position::Export {
                    self.context.blur();
                }
                for problem in problems {
                    self.problem(place, offset, problem);
                }
                None
            }
        }
    }

    fn findings(&mut self, place: &Place<'n>, offset: usize, findings: Findings, position: Position) {
        for warning in findings.warnings {
            self.problem(place, offset, warning);
        }
        for (member, range) in findings.context_reads {
            let span = self.span_in(place, offset, range);
            self.context.read(member, span, &place.pointer);
        }
        for (name, range) in findings.secret_reads {
            let span = self.span_in(place, offset, range);
            self.known_secret(&name, span, &place.pointer);
        }
        if position == Position::Export {
            self.context.export(findings.exported, &place.node.span, &place.pointer);
        }
    }

    fn problem(&mut self, place: &Place<'n>, offset: usize, problem: Problem) -> &mut Diagnostic {
        let secrets =
            problem.code == Code::UnknownVariable && problem.message.to_string().contains("`$secrets`");
        let span = self.span_in(place, offset, problem.range);
        if secrets {
            let message = "secrets cannot be read here, where their values would be stored";
            return self
                .report_at(Code::SecretPlace, span, &place.pointer, message)
                .help("read them in the arguments of a call, a script, a command or a container");
        }
        let diagnostic = self.report_at(problem.code, span, &place.pointer, problem.message);
        diagnostic.help = problem.help;
        diagnostic
    }

    /// Bytes of the source behind a range of the text that begins at `offset` of a scalar.
    fn span_in(&self, place: &Place<'n>, offset: usize, range: Range<usize>) -> Range<usize> {
        place.node.text_span(self.source, range.start + offset..range.end + offset)
    }
}

/// What only who performs the effect can evaluate is left to it.
fn expression_template(expression: Expression, position: Position) -> Template {
    if position.defers() && is_late(&expression) {
        return Template::Deferred(expression);
    }
    Template::Expression(expression)
}

fn is_late(expression: &Expression) -> bool {
    expression.variables().iter().any(|name| LATE.contains(&name.as_str()))
}

pub(super) fn list_template(items: Vec<Template>) -> Template {
    let literals: Option<Vec<Data>> = items.iter().map(|item| item.as_literal().cloned()).collect();
    literals.map_or(Template::Array(items), |items| Template::Literal(Data::array(items)))
}

pub(super) fn object_template(members: Vec<(String, Template)>) -> Template {
    let literal = |(key, value): &(String, Template)| Some((key.clone(), value.as_literal()?.clone()));
    let literals: Option<Vec<(String, Data)>> = members.iter().map(literal).collect();
    literals.map_or(Template::Object(members), |members| Template::Literal(Data::object(members)))
}
