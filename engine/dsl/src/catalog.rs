//! What functions a workflow may call, as far as the language must know it: names and schemas.
//!
//! What a function *does* is known in `core` (the default catalog) and in `host` (channels).

use std::collections::BTreeMap;

use crate::definition::FunctionRef;
use crate::error::TypeAliases;

/// The functions and channels that a text is checked against.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    functions: BTreeMap<FunctionRef, Signature>,
    rules: BTreeMap<FunctionRef, Rule>,
    channels: Option<Vec<String>>,
    forms: Option<Vec<String>>,
    error_types: TypeAliases,
    processes: Processes,
}

/// Which processes of the operating system workflows may begin. None, unless the operator says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processes {
    /// `run: shell`.
    pub shell: bool,
    /// `run: container`.
    pub container: bool,
    /// MCP over the standard input and output of a command.
    pub stdio: bool,
}

/// Input and output of one function, as JSON Schemas (draft 2020-12).
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// One sentence.
    pub summary: String,
    /// Schema of `with`.
    pub input: serde_json::Value,
    /// Schema of the output.
    pub output: serde_json::Value,
}

/// What a function finds wrong with arguments that fit its schema: a language of its own within them, for example.
/// It is asked about the whole `with`, in which expressions still stand as texts.
pub type Rule = fn(&serde_json::Value) -> Vec<Misfit>;

/// One mistake in arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// JSON Pointer within `with`.
    pub pointer: String,
    /// One sentence.
    pub message: String,
    /// What may have been meant.
    pub help: Option<String>,
}

impl Catalog {
    /// A catalog without functions, that does not know which channels exist.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a function.
    pub fn add(&mut self, function: FunctionRef, signature: Signature) {
        self.functions.insert(function, signature);
    }

    /// Adds what a function knows of its arguments beyond their schema.
    pub fn add_rule(&mut self, function: FunctionRef, rule: Rule) {
        self.rules.insert(function, rule);
    }

    /// What the function knows of its arguments beyond their schema.
    pub fn rule(&self, function: &FunctionRef) -> Option<Rule> {
        self.rules.get(function).copied()
    }

    /// Says which channel ids exist; from then on a literal channel that is not among them is a mistake.
    pub fn set_channels(&mut self, ids: Vec<String>) {
        self.channels = Some(ids);
    }

    /// The same for a workflow with these forms; a literal `form.ref` that is not among them is a mistake.
    #[must_use]
    pub fn with_forms(&self, names: impl IntoIterator<Item = String>) -> Self {
        Self { forms: Some(names.into_iter().collect()), ..self.clone() }
    }

    /// Says which spellings of error types are equal in workflows that do not say it themselves.
    pub fn set_error_types(&mut self, aliases: TypeAliases) {
        self.error_types = aliases;
    }

    /// The spellings of error types that are equal, unless the workflow says otherwise.
    pub fn error_types(&self) -> TypeAliases {
        self.error_types
    }

    /// Says which processes are allowed.
    pub fn allow(&mut self, processes: Processes) {
        self.processes = processes;
    }

    /// The processes that are allowed.
    pub fn processes(&self) -> Processes {
        self.processes
    }

    /// The function's schemas.
    pub fn get(&self, function: &FunctionRef) -> Option<&Signature> {
        self.functions.get(function)
    }

    /// All functions, in order of name.
    pub fn functions(&self) -> impl Iterator<Item = (&FunctionRef, &Signature)> {
        self.functions.iter()
    }

    /// The channels, if they are known.
    pub fn channels(&self) -> Option<&[String]> {
        self.channels.as_deref()
    }

    /// The forms of the workflow, if they are known.
    pub fn forms(&self) -> Option<&[String]> {
        self.forms.as_deref()
    }
}
