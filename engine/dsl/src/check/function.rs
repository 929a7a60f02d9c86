//! Functions written in the language: in `use.functions`, in catalogs, at URIs.
//!
//! Each is compiled once, as a task of the same arena that stands in no list. It sees its arguments and
//! nothing of its caller. A text from elsewhere is checked by itself; what is wrong in it is told where it
//! is called, since there is no other place in the author's file.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Checker;
use super::block::{self, Scope};
use super::context::{self, Usage};
use super::elsewhere;
use super::fields::Place;
use crate::definition::TaskId;
use crate::diagnostic::{self, Code, Diagnostic, Joint, Severity, Text, names};
use crate::resource::{self, What};
use crate::text;
use crate::yaml::{Key, Node};

/// Most functions that call each other.
const DEPTH_MAX: usize = 16;

/// What is known of functions while checking.
#[derive(Default)]
pub(super) struct Functions<'n> {
    /// `use.functions`.
    pub(super) defined: BTreeMap<&'n str, (&'n Key, Place<'n>)>,
    /// `use.catalogs`, by name.
    pub(super) catalogs: BTreeMap<&'n str, Option<Catalog>>,
    compiled: BTreeMap<Name, State>,
    /// Those being compiled, the outermost first.
    open: Vec<Name>,
}

/// Where a catalog is, and how to authenticate there.
#[derive(Clone)]
pub(super) struct Catalog {
    endpoint: String,
    authentication: Option<serde_json::Value>,
}

/// Which function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Defined(String),
    At(String),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Defined(name) | Self::At(name) => name,
        }
    }
}

/// A function that was compiled, or could not be.
#[derive(Clone)]
struct State {
    task: Option<TaskId>,
    /// Mistakes in a text from elsewhere, each with its help.
    mistakes: Vec<(Text, Option<Text>)>,
}

/// What belongs to the text and the function being checked.
struct Surroundings<'n> {
    source: &'n str,
    base: Option<&'n str>,
    root: Option<&'n Node>,
    loose: bool,
    locals: Vec<String>,
    scopes: Vec<Scope>,
    context: Usage,
    all_names: BTreeMap<String, Range<usize>>,
}

impl<'n> Checker<'n> {
    /// The function that `use.functions` defines under this name, if it does.
    pub(super) fn defined_function(&mut self, name: &str, call: &Place<'n>) -> Option<Option<TaskId>> {
        // A text from elsewhere does not know the functions of who calls it.
        if self.base.is_some() {
            return None;
        }
        let (key, place) = self.functions.defined.get(name)?.clone();
        let name = Name::Defined(name.to_owned());
        Some(self.function_once(name, call, |checker| {
            let task = checker.inside(checker.source, None, |checker| checker.body(key, &place, call));
            State { task, mistakes: Vec::new() }
        }))
    }

    /// The function at a URI that `call` names, or in a catalog of `use.catalogs`, if it is one.
    pub(super) fn function_elsewhere(&mut self, call: &Place<'n>, text: &str) -> Option<Option<TaskId>> {
        if let Some(uri) = resource::function(text) {
            return Some(self.function_at(uri, None, call));
        }
        let (function, catalog) = text.split_once('@')?;
        let place = self.functions.catalogs.get(catalog)?.clone();
        let Some((name, version)) = function.split_once(':').filter(|(name, _)| !name.is_empty()) else {
            let message = text!("`{}` names no version of a function", text);
            self.report(Code::Version, call, message).help(text!(
                "a function of this catalog is named `{}:1.0.0@{}`",
                function,
                catalog
            ));
            return Some(None);
        };
        // A catalog that could not be read was told where it is defined.
        let Some(catalog) = place else { return Some(None) };
        let uri = resource::in_catalog(&catalog.endpoint, name, version);
        Some(self.function_at(uri, catalog.authentication, call))
    }

    /// An entry of `use.catalogs`.
    pub(super) fn catalog_of(&mut self, place: &Place<'n>) -> Option<Catalog> {
        let mut fields = self.fields(place)?;
        let endpoint = fields.need(self, "endpoint");
        fields.finish(self);
        let (endpoint, authentication) = self.fixed_endpoint(&endpoint?)?;
        Some(Catalog { endpoint, authentication })
    }

    /// Checks what no call has led to.
    pub(super) fn unused_functions(&mut self) {
        let defined: Vec<_> =
            self.functions.defined.iter().map(|(name, (_, place))| (*name, place.clone())).collect();
        for (name, place) in defined {
            if !self.functions.compiled.contains_key(&Name::Defined(name.to_owned())) {
                self.unused("functions", name, &place.pointer);
            }
            self.defined_function(name, &place);
        }
    }

    /// The schema of a function's raw input, where it has one.
    pub(super) fn input_schema(&self, task: TaskId) -> Option<serde_json::Value> {
        let task = self.tasks.get(task.0 as usize)?.as_ref()?;
        task.input.schema.as_ref().map(|schema| schema.document.clone())
    }

    fn function_at(
        &mut self,
        uri: String,
        authentication: Option<serde_json::Value>,
        call: &Place<'n>,
    ) -> Option<TaskId> {
        let text = self.elsewhere(&uri, authentication, What::Function, call)?;
        self.function_once(Name::At(uri), call, |checker| checker.compile_text(text, call))
    }

    /// Compiles a function unless it is compiled already, or just being compiled: then it calls itself.
    fn function_once(
        &mut self,
        name: Name,
        call: &Place<'n>,
        compile: impl FnOnce(&mut Self) -> State,
    ) -> Option<TaskId> {
        if let Some(at) = self.functions.open.iter().position(|open| *open == name) {
            self.calls_itself(at, &name, call);
            return None;
        }
        let state = match self.functions.compiled.get(&name) {
            Some(state) => state.clone(),
            None if self.functions.open.len() >= DEPTH_MAX => {
                let message = text!("more than {} functions call each other here", DEPTH_MAX);
                self.report(Code::TooDeep, call, message);
                return None;
            }
            None => {
                self.functions.open.push(name.clone());
                let state = compile(self);
                self.functions.open.pop();
                self.functions.compiled.insert(name, state.clone());
                state
            }
        };
        for (message, help) in state.mistakes {
            self.report(Code::InFunction, call, message).help = help;
        }
        state.task
    }

    fn calls_itself(&mut self, at: usize, name: &Name, call: &Place<'n>) {
        let between = &self.functions.open[at + 1..];
        let message = if between.is_empty() {
            text!("the function `{}` calls itself", name.as_str())
        } else {
            let between = names(between.iter().map(Name::as_str), Joint::Comma);
            text!("the function `{}` calls itself through {}", name.as_str(), between)
        };
        self.report(Code::CallsItself, call, message).help("repeat with `for`, or with a retry");
    }

    /// A function's text, its mistakes told in its own lines and columns.
    fn compile_text(&mut self, text: &'n elsewhere::Text, call: &Place<'n>) -> State {
        let node = match &text.node {
            Ok(node) => node,
            Err(found) => return State { task: None, mistakes: mistakes(text, found) },
        };
        let outer = std::mem::take(&mut self.diagnostics);
        let outermost = self.asked.because_of.is_none();
        if outermost {
            self.asked.because_of = Some(call.node.span.clone());
        }
        let (first, uri) = (self.tasks.len(), text.key.text.as_str());
        let place = Place { node, pointer: format!("{uri}#") };
        let task =
            self.inside(&text.source, Some((uri, node)), |checker| checker.body(&text.key, &place, call));
        if outermost {
            self.asked.because_of = None;
        }
        // Bytes of another text would be taken for bytes of this one.
        for task in self.tasks[first..].iter_mut().flatten() {
            task.span = call.node.span.clone();
        }
        let found = std::mem::replace(&mut self.diagnostics, outer);
        State { task, mistakes: mistakes(text, &found) }
    }

    /// The one task that a function is.
    fn body(&mut self, key: &'n Key, place: &Place<'n>, call: &Place<'n>) -> Option<TaskId> {
        block::collect_names(self, place.node);
        let id = self.reserve(call)?;
        let task = self.task(id, key, place);
        let built = task.is_some();
        self.tasks[id.0 as usize] = task;
        let built = built.then_some(id);
        context::finish_function(self, built);
        built
    }

    /// Runs in the surroundings of a function: nothing of its caller is visible.
    fn inside<T>(
        &mut self,
        source: &'n str,
        text: Option<(&'n str, &'n Node)>,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let own = Surroundings {
            source,
            base: text.map(|(uri, _)| uri),
            root: text.map_or(self.root, |(_, root)| Some(root)),
            // How expressions are written in another text, only that text could say.
            loose: self.loose && text.is_none(),
            locals: Vec::new(),
            scopes: Vec::new(),
            context: Usage::default(),
            all_names: BTreeMap::new(),
        };
        let outer = self.surround(own);
        let result = run(self);
        self.surround(outer);
        result
    }

    /// Puts other surroundings in place, and gives back those that were.
    fn surround(&mut self, other: Surroundings<'n>) -> Surroundings<'n> {
        use std::mem::replace;
        Surroundings {
            source: replace(&mut self.source, other.source),
            base: replace(&mut self.base, other.base),
            root: replace(&mut self.root, other.root),
            loose: replace(&mut self.loose, other.loose),
            locals: replace(&mut self.locals, other.locals),
            scopes: replace(&mut self.scopes, other.scopes),
            context: replace(&mut self.context, other.context),
            all_names: replace(&mut self.all_names, other.all_names),
        }
    }
}

/// The mistakes of a text, each a sentence with its place. What only warns is its author's business.
fn mistakes(text: &elsewhere::Text, found: &[Diagnostic]) -> Vec<(Text, Option<Text>)> {
    let errors = found.iter().filter(|found| found.severity() == Severity::Error);
    let mistake = |found: &Diagnostic| {
        let place = diagnostic::Place::of(&text.source, found.span.start);
        let uri = &text.key.text;
        let message = text!(
            "`{}`, line {}, column {}: {} ({})",
            uri,
            place.line,
            place.column,
            found.message,
            found.code
        );
        (message, found.help.clone())
    };
    errors.map(mistake).collect()
}
