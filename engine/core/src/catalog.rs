//! The default catalog: functions that are part of the engine. One file each below `catalog/`.

mod case_close;
mod case_note;
mod case_open;
mod case_query;
mod case_update;
mod clock;
mod deadline;
mod escalation;
mod expert_draw;
pub(crate) mod human_task;
mod human_task_group;
mod notify;
mod send;
pub(crate) mod shape;
mod sla_lookup;
mod sweep;
mod table_read;

use std::fmt;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde::de::DeserializeOwned;
use serde_json::Value;
use yiwang_dsl::catalog::Signature;
use yiwang_dsl::definition::{Callee, FunctionRef, Task, TaskKind};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Catalog, Data, Fault, duration};

pub(crate) use self::notify::By;
use crate::machine::{Machine, Move, Place};
use crate::schema;

/// The version of all functions here.
pub const VERSION: &str = "1.0.0";

/// The catalog of the engine's own functions.
pub const DEFAULT: &str = "default";

/// One function: its schemas, and how a call of it begins.
pub(crate) struct Function {
    name: &'static str,
    summary: &'static str,
    input: fn() -> Value,
    output: fn() -> Value,
    begin: fn(&mut Machine<'_>, Called<'_>) -> Result<Move, Fault>,
}

/// One call of a function. `with` fits the function's schema.
pub(crate) struct Called<'c> {
    pub(crate) task: &'c Task,
    pub(crate) function: &'c FunctionRef,
    pub(crate) with: Data,
    /// The same as JSON.
    json: Value,
    pub(crate) place: Place<'c>,
}

/// The functions of `default`, in order of name.
const FUNCTIONS: &[&Function] = &[
    &case_close::FUNCTION,
    &case_note::FUNCTION,
    &case_open::FUNCTION,
    &case_query::FUNCTION,
    &case_update::FUNCTION,
    &clock::cancel::FUNCTION,
    &clock::change::FUNCTION,
    &clock::pause::FUNCTION,
    &clock::reset::FUNCTION,
    &clock::resume::FUNCTION,
    &clock::start::FUNCTION,
    &clock::stop::FUNCTION,
    &deadline::FUNCTION,
    &expert_draw::FUNCTION,
    &human_task::FUNCTION,
    &human_task_group::FUNCTION,
    &notify::FUNCTION,
    &sla_lookup::FUNCTION,
    &sweep::FUNCTION,
    &table_read::FUNCTION,
];

/// A function with its compiled input schema.
pub(crate) struct Ready {
    function: &'static Function,
    input: Validator,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.name)
    }
}

impl Ready {
    fn new(function: &'static Function) -> Self {
        let input = jsonschema::validator_for(&(function.input)()).expect("our own schemas are valid");
        Self { function, input }
    }

    /// Checks `with` and begins the call.
    pub(crate) fn begin(
        &self,
        machine: &mut Machine<'_>,
        task: &Task,
        function: &FunctionRef,
        with: Data,
        place: Place<'_>,
    ) -> Result<Move, Fault> {
        let json = with.to_json();
        schema::check(&self.input, &json, place)?;
        (self.function.begin)(machine, Called { task, function, with, json, place })
    }
}

impl<'c> Called<'c> {
    /// A call that began in an earlier step, as far as its place goes.
    fn again(task: &'c Task) -> Self {
        let TaskKind::Call { callee: Callee::Catalog(function), .. } = &task.kind else {
            unreachable!("only a call of a function begins one")
        };
        let place = Place::new(task, "with");
        Self { task, function, with: Data::null(), json: Value::Null, place }
    }

    /// A part of `with` as what the function understands.
    fn part<T: DeserializeOwned>(&self, part: &Value) -> Result<T, Fault> {
        T::deserialize(part).map_err(|error| self.place.fault(Kind::Validation, &error.to_string()))
    }

    /// `with` as what the function understands.
    fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        T::deserialize(&self.json).map_err(|error| self.place.fault(Kind::Validation, &error.to_string()))
    }

    /// A fault of what the caller wants.
    pub(crate) fn refuse(&self, detail: &str) -> Fault {
        self.place.fault(Kind::Validation, detail)
    }
}

/// The function behind a reference. Every catalog but the default one is a channel, with `send` in it.
pub(crate) fn find(function: &FunctionRef) -> Option<&'static Ready> {
    static OWN: LazyLock<Vec<Ready>> =
        LazyLock::new(|| FUNCTIONS.iter().map(|function| Ready::new(function)).collect());
    static SEND: LazyLock<Ready> = LazyLock::new(|| Ready::new(&send::FUNCTION));
    if function.version != VERSION {
        return None;
    }
    if function.catalog == DEFAULT {
        OWN.iter().find(|ready| ready.function.name == function.name)
    } else {
        (function.name == send::FUNCTION.name).then(|| &*SEND)
    }
}

/// What is wrong with a clock to be started: JSON Pointer and sentence.
pub(crate) fn clock_problems(clock: &Value) -> Vec<(String, String)> {
    static START: LazyLock<Validator> = LazyLock::new(|| {
        let fixed = |text: &str| duration::parse(text).is_ok();
        let options = jsonschema::options().with_format(duration::FORMAT, fixed);
        let schema = (clock::start::FUNCTION.input)();
        options.should_validate_formats(true).build(&schema).expect("our own schemas are valid")
    });
    schema::problems(&START, clock, "")
}

/// All functions of the catalog `default`, version 1.0.0: what a workflow's text is checked against.
pub fn default_catalog() -> Catalog {
    let mut catalog = Catalog::new();
    for function in FUNCTIONS {
        catalog.add(reference(function, DEFAULT), signature(function));
    }
    catalog.add_rule(reference(&case_query::FUNCTION, DEFAULT), case_query::misfits);
    catalog.add_rule(reference(&sweep::FUNCTION, DEFAULT), sweep::misfits);
    catalog
}

/// The default catalog, and `send` in a catalog of its own for each of these channels. From then on the
/// language knows which channels exist.
pub fn channel_catalog<I: IntoIterator<Item = String>>(ids: I) -> Catalog {
    let mut catalog = default_catalog();
    let ids: Vec<String> = ids.into_iter().collect();
    for id in &ids {
        catalog.add(reference(&send::FUNCTION, id), signature(&send::FUNCTION));
    }
    catalog.set_channels(ids);
    catalog
}

fn reference(function: &Function, catalog: &str) -> FunctionRef {
    FunctionRef { name: function.name.to_owned(), version: VERSION.to_owned(), catalog: catalog.to_owned() }
}

fn signature(function: &Function) -> Signature {
    Signature { summary: function.summary.to_owned(), input: (function.input)(), output: (function.output)() }
}
