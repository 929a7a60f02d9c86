//! From nodes to a [`Definition`]: a walk by hand, so that each remark names what was meant.
//!
//! Each task kind, and each other part of the language, has a file of its own. All remarks are collected;
//! whatever cannot be built is left out, and the walk goes on.

mod alternative;
mod argument;
mod authentication;
mod block;
mod context;
mod document;
mod duration;
mod elsewhere;
mod endpoint;
mod error;
mod event;
mod extension;
mod fields;
mod flow;
mod foreach;
mod function;
mod members;
mod name;
mod protocol;
mod retry;
mod reuse;
mod schedule;
mod schema;
mod secret;
mod task;
mod template;
mod timing;
mod tree;
mod work;

use std::collections::BTreeMap;
use std::ops::Range;

use fields::{Fields, Place};

use crate::catalog::Catalog;
use crate::definition::{Definition, Task};
use crate::diagnostic::{Code, Diagnostic, Severity, Text};
use crate::error::TypeAliases;
use crate::expression::Expression;
use crate::resource::{Needed, Resources};
use crate::text;
use crate::yaml;

/// Checks a workflow's text. The definition is there unless a diagnostic is an error.
pub(crate) fn check(
    text: &str,
    catalog: &Catalog,
    resources: &Resources,
) -> (Option<Definition>, Vec<Diagnostic>) {
    let node = match yaml::parse(text) {
        Ok(node) => node,
        Err(diagnostics) => return (None, sorted(diagnostics)),
    };
    let library = elsewhere::Library::new(resources);
    let mut checker = Checker::new(text, catalog, &library);
    let definition = document::document(&mut checker, &Place::root(&node));
    let diagnostics = sorted(checker.diagnostics);
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error);
    (definition.filter(|_| !failed), diagnostics)
}

/// The texts that a workflow's text asks for in vain.
pub(crate) fn needed(text: &str, catalog: &Catalog, resources: &Resources) -> Vec<Needed> {
    let Ok(node) = yaml::parse(text) else { return Vec::new() };
    let library = elsewhere::Library::new(resources);
    let mut checker = Checker::new(text, catalog, &library);
    document::document(&mut checker, &Place::root(&node));
    checker.asked.missing()
}

/// In order of place. What is used twice is checked twice, and said once.
fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by(|left, right| {
        let key = |found: &Diagnostic| (found.span.start, found.span.end, found.code);
        key(left).cmp(&key(right)).then_with(|| left.message.cmp(&right.message))
    });
    diagnostics.dedup_by(|left, right| left.span == right.span && left.message == right.message);
    diagnostics
}

/// What is known while walking.
struct Checker<'n> {
    source: &'n str,
    /// The URI of the text being checked, where it comes from elsewhere.
    base: Option<&'n str>,
    catalog: &'n Catalog,
    /// The whole document.
    root: Option<&'n yaml::Node>,
    library: &'n elsewhere::Library,
    asked: elsewhere::Asked,
    functions: function::Functions<'n>,
    /// `use.secrets`.
    secrets: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    /// The arena under construction. A task that could not be built stays empty.
    tasks: Vec<Option<Task>>,
    reuse: reuse::Reuse<'n>,
    context: context::Usage,
    /// Variables that loops and catches around this place bind, without `$`.
    locals: Vec<String>,
    /// The lists around this place; `then` looks into the innermost.
    scopes: Vec<block::Scope>,
    /// Names of all tasks anywhere, with their places.
    all_names: BTreeMap<String, Range<usize>>,
    /// Which spellings of error types are equal.
    error_types: TypeAliases,
    /// Where the policy says what becomes of times on days off: the schedule is read later.
    days_off: Option<Place<'n>>,
    /// `evaluate.mode: loose`: whatever compiles as an expression is one.
    loose: bool,
    /// Expressions already compiled: the same text is common.
    compiled: BTreeMap<(String, Vec<String>), Expression>,
}

impl<'n> Checker<'n> {
    fn new(source: &'n str, catalog: &'n Catalog, library: &'n elsewhere::Library) -> Self {
        Self {
            source,
            base: None,
            catalog,
            root: None,
            library,
            asked: elsewhere::Asked::default(),
            functions: function::Functions::default(),
            secrets: Vec::new(),
            diagnostics: Vec::new(),
            tasks: Vec::new(),
            reuse: reuse::Reuse::default(),
            context: context::Usage::default(),
            locals: Vec::new(),
            scopes: Vec::new(),
            all_names: BTreeMap::new(),
            error_types: catalog.error_types(),
            days_off: None,
            loose: false,
            compiled: BTreeMap::new(),
        }
    }

    /// The key of the member (or the item) that a pointer into the document names.
    fn key_span_at(&self, pointer: &str) -> Range<usize> {
        let inner = self.base.and_then(|base| pointer.strip_prefix(base)?.strip_prefix('#'));
        self.root.and_then(|root| root.key_span(inner.unwrap_or(pointer))).unwrap_or_default()
    }

    /// Adds a remark about a value.
    fn report(&mut self, code: Code, place: &Place<'n>, message: impl Into<Text>) -> &mut Diagnostic {
        self.report_at(code, place.node.span.clone(), &place.pointer, message)
    }

    /// Adds a remark about some bytes of a value.
    fn report_at(
        &mut self,
        code: Code,
        span: Range<usize>,
        pointer: &str,
        message: impl Into<Text>,
    ) -> &mut Diagnostic {
        let mut diagnostic = Diagnostic::new(code, span, message);
        pointer.clone_into(&mut diagnostic.pointer);
        self.diagnostics.push(diagnostic);
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    /// A value has the wrong type.
    fn wrong_type(&mut self, place: &Place<'n>, wanted: &'static str) -> &mut Diagnostic {
        let message = text!("this must be {}, and is {}", Text::from(wanted), Text::from(place.node.kind()));
        let written = self.source.get(place.node.span.clone()).unwrap_or_default().to_owned();
        let scalar =
            matches!(place.node.value, yaml::Value::Bool(_) | yaml::Value::Int(_) | yaml::Value::Float(_));
        let diagnostic = self.report(Code::WrongType, place, message);
        if scalar && wanted == "a text" {
            diagnostic.help(text!("put it in quotes: '{}'", written));
        }
        diagnostic
    }

    /// The members of a mapping.
    fn fields(&mut self, place: &Place<'n>) -> Option<Fields<'n>> {
        let yaml::Value::Map(entries) = &place.node.value else {
            self.wrong_type(place, "a mapping");
            return None;
        };
        Some(Fields::new(place.clone(), entries))
    }

    /// The items of a list.
    fn items(&mut self, place: &Place<'n>) -> Option<Vec<Place<'n>>> {
        let yaml::Value::List(items) = &place.node.value else {
            self.wrong_type(place, "a list");
            return None;
        };
        Some(items.iter().enumerate().map(|(at, node)| place.child(&at.to_string(), node)).collect())
    }

    /// A text.
    fn text(&mut self, place: &Place<'n>) -> Option<&'n str> {
        let text = place.node.as_str();
        if text.is_none() {
            self.wrong_type(place, "a text");
        }
        text
    }

    /// One of a few words.
    fn word<T: Copy>(&mut self, place: &Place<'n>, known: &[(&str, T)]) -> Option<T> {
        let text = self.text(place)?;
        let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let message = text!("`{}` is not one of the values allowed here", text);
            self.report(Code::BadValue, place, message).meant(text, known.iter().map(|(word, _)| *word));
        }
        found
    }

    /// `true` or `false`.
    fn truth(&mut self, place: &Place<'n>) -> Option<bool> {
        let yaml::Value::Bool(value) = place.node.value else {
            self.wrong_type(place, "true or false");
            return None;
        };
        Some(value)
    }

    /// A whole number within bounds.
    fn number(&mut self, place: &Place<'n>, bounds: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let yaml::Value::Int(number) = place.node.value else {
            self.wrong_type(place, "a whole number");
            return None;
        };
        if !bounds.contains(&number) {
            let message = text!("this must be between {} and {}", bounds.start(), bounds.end());
            self.report(Code::BadValue, place, message);
            return None;
        }
        Some(number)
    }

    /// An optional text.
    fn optional_text(&mut self, place: Option<Place<'n>>) -> Option<String> {
        place.and_then(|place| self.text(&place).map(str::to_owned))
    }
}
