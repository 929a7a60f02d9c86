//! From jq text to a filter, with everything that can be said about it before it runs.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use jaq_core::compile::Undefined;
use jaq_core::load::parse::Term;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Filter};

use super::library::{FORBIDDEN, LIBRARY};
use super::native::Engine;
use super::syntax;
use crate::diagnostic::{Code, Joint, Text, list, nearest};
use crate::text;

/// A filter ready to run.
pub(super) struct Compiled {
    pub(super) filter: Filter<Engine>,
    /// The variables it reads, without `$`, in the order in which they are bound.
    pub(super) variables: Vec<String>,
    /// Does it look at its input?
    pub(super) reads_input: bool,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("variables", &self.variables).finish_non_exhaustive()
    }
}

/// A remark about an expression; the range is within its text.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) range: Range<usize>,
    pub(crate) message: Text,
    pub(crate) help: Option<Text>,
}

impl Problem {
    pub(super) fn new(code: Code, range: Range<usize>, message: impl Into<Text>) -> Self {
        Self { code, range, message: message.into(), help: None }
    }

    pub(super) fn with_help(mut self, help: impl Into<Text>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What a good expression tells about itself.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// It works, but.
    pub(crate) warnings: Vec<Problem>,
    /// Members of `$context` that it reads by name.
    pub(crate) context_reads: Vec<(String, Range<usize>)>,
    /// Secrets that it reads by name.
    pub(crate) secret_reads: Vec<(String, Range<usize>)>,
    /// Members that it names when it stands in `export.as`, if that can be told.
    pub(crate) exported: Option<BTreeSet<String>>,
}

/// Compiles an expression that may read these variables (without `$`).
pub(super) fn compile(text: &str, allowed: &[&str]) -> Result<(Compiled, Findings), Vec<Problem>> {
    if let Some(word @ ("import" | "include")) = text.split_whitespace().next() {
        let problem =
            Problem::new(Code::Forbidden, 0..text.len(), text!("expressions may not use `{}`", word));
        return Err(vec![problem.with_help("expressions read no files")]);
    }
    let term = syntax::parse(text)?;
    let mut problems = forbidden(text, &term);
    if problems.is_empty() {
        problems.extend(unknown_filters(text, &term));
        problems.extend(unknown_variables(text, &term, allowed));
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.range.start);
        return Err(problems);
    }
    let variables: BTreeSet<&str> = syntax::free_variables(&term).into_iter().collect();
    let filter = filter(text, &term, &variables)?;
    let variables = variables.iter().map(|name| name.trim_start_matches('$').to_owned()).collect();
    let reads_input = syntax::reads_input(&term);
    Ok((Compiled { filter, variables, reads_input }, findings(text, &term)))
}

fn filter(text: &str, term: &Term<&str>, variables: &BTreeSet<&str>) -> Result<Filter<Engine>, Vec<Problem>> {
    let unexpected = |what: &'static str| {
        let message = text!("the expression cannot be compiled: {}", Text::from(what));
        vec![Problem::new(Code::ExpressionSyntax, 0..text.len(), message)]
    };
    let mut calls = BTreeSet::new();
    syntax::calls(term, &mut calls);
    let selection = LIBRARY.select(&calls);
    let arena = Arena::default();
    let loader = Loader::new(LIBRARY.defs(&selection));
    let modules =
        loader.load(&arena, File { code: text, path: () }).map_err(|_| unexpected("it is not one term"))?;
    let compiler =
        Compiler::default().with_funs(selection.funs()).with_global_vars(variables.iter().copied());
    compiler.compile(modules).map_err(|errors| {
        let all = errors.into_iter().flat_map(|(_, errors)| errors);
        let problem = |(name, kind): (&str, Undefined)| {
            let message = match kind {
                Undefined::Label => text!("the label `{}` is not known", name),
                // Names of the other kinds were looked for before.
                _ => text!("`{}` is not known", name),
            };
            Problem::new(Code::ExpressionSyntax, syntax::span(text, name), message)
        };
        let problems: Vec<Problem> = all.map(problem).collect();
        if problems.is_empty() { unexpected("of an unknown reason") } else { problems }
    })
}

/// What workflows may not use, whether it exists or not.
fn forbidden(text: &str, term: &Term<&str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |part: &str, name: &str, why: &'static str| {
        let message = text!("expressions may not use `{}`", name);
        problems.push(Problem::new(Code::Forbidden, syntax::span(text, part), message).with_help(why));
    };
    let reason = |name: &str| FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == name).map(|(_, why)| *why);
    syntax::walk(term, &mut |term| match term {
        Term::Call(name, _) => {
            if let Some(why) = reason(name) {
                refuse(name, name, why);
            }
        }
        Term::Def(defs, _) => {
            for def in defs {
                refuse(def.name, "def", reason("def").unwrap_or_default());
            }
        }
        Term::Var(name @ "$ENV") => refuse(name, name, reason("env").unwrap_or_default()),
        Term::Var(name @ "$__loc__") => refuse(name, name, "the place in a program has no meaning here"),
        _ => {}
    });
    problems
}

fn unknown_filters(text: &str, term: &Term<&str>) -> Vec<Problem> {
    let mut calls: Vec<(&str, usize)> = Vec::new();
    syntax::walk(term, &mut |term| match term {
        Term::Call(name, args) => calls.push((name, args.len())),
        Term::Str(Some(format), _) => calls.push((format, 0)),
        _ => {}
    });
    let forbidden = |name: &str| FORBIDDEN.iter().any(|(forbidden, _)| *forbidden == name);
    let unknown = calls.into_iter().filter(|(name, arity)| !LIBRARY.knows(name, *arity) && !forbidden(name));
    unknown.map(|(name, arity)| unknown_filter(text, name, arity)).collect()
}

fn unknown_filter(text: &str, name: &str, arity: usize) -> Problem {
    let range = syntax::span(text, name);
    let arities = LIBRARY.arities(name);
    if !arities.is_empty() {
        let message = text!("`{}` does not take {} arguments", name, arity);
        return Problem::new(Code::UnknownFilter, range, message)
            .with_help(text!("it takes {}", list(arities, Joint::Or)));
    }
    let names: Vec<&str> = LIBRARY.names().into_iter().collect();
    let problem = Problem::new(Code::UnknownFilter, range, text!("there is no function `{}`", name));
    match nearest(name, &names) {
        Some(near) => problem.with_help(text!("did you mean `{}`?", near)),
        None if arity == 0 => {
            problem.with_help(text!("a member is read by `.{}`, a text stands in quotes", name))
        }
        None => problem,
    }
}

fn unknown_variables(text: &str, term: &Term<&str>, allowed: &[&str]) -> Vec<Problem> {
    let free = syntax::free_variables(term).into_iter();
    let free = free.filter(|name| !matches!(*name, "$ENV" | "$__loc__"));
    let unknown = free.filter(|name| !allowed.contains(&name.trim_start_matches('$')));
    unknown
        .map(|name| {
            let message = text!("there is no variable `{}` at this place", name);
            let problem = Problem::new(Code::UnknownVariable, syntax::span(text, name), message);
            let known: Vec<String> = allowed.iter().map(|name| format!("${name}")).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            match nearest(name, &known) {
                Some(near) => problem.with_help(text!("did you mean `{}`?", near)),
                None if known.is_empty() => problem.with_help("no variables are available here, only `.`"),
                None => problem.with_help(text!("available here: {}", known)),
            }
        })
        .collect()
}

fn findings(text: &str, term: &Term<&str>) -> Findings {
    let mut warnings = Vec::new();
    for name in syntax::unbounded(term) {
        let message = text!("`{}` repeats without a fixed bound", name);
        let help = "the evaluation is stopped after two million operations; `limit(100; …)` gives a bound";
        warnings.push(Problem::new(Code::Unbounded, syntax::span(text, name), message).with_help(help));
    }
    if syntax::many(term) {
        let message = "this may give several results, of which only the first is taken";
        let help = "put it in `[ ]` for a list, in `first( )` for one";
        warnings.push(Problem::new(Code::ManyResults, 0..text.len(), message).with_help(help));
    }
    let reads = |variable: &str| {
        let reads = syntax::member_reads(term, variable).into_iter();
        reads.map(|member| (member.to_owned(), syntax::span(text, member))).collect()
    };
    Findings {
        warnings,
        context_reads: reads("$context"),
        secret_reads: reads("$secrets"),
        exported: syntax::exported(term),
    }
}
