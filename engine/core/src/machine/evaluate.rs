//! Expressions, templates and schemas at a place of the definition; what `$variables` hold there.

use jaq_json::{Num, Val};
use serde_json::json;
use yiwang_dsl::definition::{Schema, Span, Task, TaskKind};
use yiwang_dsl::error::Kind;
use yiwang_dsl::expression::{Deferred, EvaluationError, Expression, Scope, Template};
use yiwang_dsl::{Data, Fault};

use super::{Machine, extend};
use crate::limits::{self, DATA_BYTES_MAX};
use crate::schema;
use crate::state::{Doing, Frame, TryPhase};
use crate::{Timestamp, duration};

/// What is shown in place of a secret.
const MASK: &str = "***";

/// Where something is evaluated: whose fault a failure is, and what only this place can see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p> {
    /// JSON Pointer of the task, `/` for the workflow itself.
    reference: &'p str,
    /// Which property, e.g. `output.as`.
    property: &'p str,
    binding: Option<Binding<'p>>,
    /// The raw output of the task, once there is one.
    returned: Option<&'p Data>,
    /// Frames that it can see; none: all.
    depth: Option<usize>,
}

/// One more variable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding<'p> {
    pub(crate) name: &'p str,
    pub(crate) value: &'p Data,
}

impl<'p> Place<'p> {
    pub(crate) fn new(task: &'p Task, property: &'p str) -> Self {
        Self { reference: &task.reference, property, binding: None, returned: None, depth: None }
    }

    pub(crate) fn workflow(property: &'p str) -> Self {
        Self { reference: "/", property, binding: None, returned: None, depth: Some(0) }
    }

    pub(crate) fn with(self, binding: Binding<'p>) -> Self {
        Self { binding: Some(binding), ..self }
    }

    /// `$task.output` is this.
    pub(crate) fn returning(self, raw: &'p Data) -> Self {
        Self { returned: Some(raw), ..self }
    }

    /// As seen by the frame at this index, whatever runs inside it.
    pub(crate) fn seen_from(self, frame: usize) -> Self {
        Self { depth: Some(frame + 1), ..self }
    }

    /// A failure at this place.
    pub(crate) fn fault(&self, kind: Kind, detail: &str) -> Fault {
        Fault::new(kind, self.reference, format!("{}: {detail}", self.property))
    }
}

impl<'a> Machine<'a> {
    /// The variables that can be seen at a place.
    pub(crate) fn view<'v>(&'v self, place: Place<'v>) -> View<'v, 'a> {
        View { machine: self, place }
    }

    pub(crate) fn expression(
        &self,
        expression: &Expression,
        on: &Data,
        place: Place<'_>,
    ) -> Result<Data, Fault> {
        let result = expression.evaluate(on, &self.view(place));
        result.map_err(|EvaluationError(detail)| place.fault(Kind::Expression, &detail))
    }

    /// A template's value, within the limit on data.
    pub(crate) fn template(&self, template: &Template, on: &Data, place: Place<'_>) -> Result<Data, Fault> {
        let result = template.evaluate(on, &self.view(place));
        settle(result.map_err(|EvaluationError(detail)| place.fault(Kind::Expression, &detail))?, place)
    }

    /// A template's value for a call, and what of it is evaluated only when the call is performed. Both
    /// together are within the limit on data.
    pub(crate) fn call_template(
        &self,
        template: &Template,
        on: &Data,
        place: Place<'_>,
    ) -> Result<(Data, Vec<Deferred>), Fault> {
        let result = template.request(on, &self.view(place));
        let (with, deferred) =
            result.map_err(|EvaluationError(detail)| place.fault(Kind::Expression, &detail))?;
        let mut weight = Weight::default();
        weight.add(&with.0);
        for one in &deferred {
            weight.add(&one.input.0);
            one.variables.iter().for_each(|(_, value)| weight.add(&value.0));
        }
        if weight.bytes > DATA_BYTES_MAX {
            return Err(limits::exceeded("data-bytes", DATA_BYTES_MAX, place.reference));
        }
        Ok((settle(with, place)?, deferred))
    }

    /// Does the value fit the schema?
    pub(crate) fn conforms(&self, schema: &Schema, value: &Data, place: Place<'_>) -> Result<(), Fault> {
        schema::check(&schema.validator, &value.to_json(), place)
    }

    /// Milliseconds of a length of time.
    pub(crate) fn span(&self, span: &Span, on: &Data, place: Place<'_>) -> Result<u64, Fault> {
        match span {
            Span::Fixed(millis) => Ok(*millis),
            Span::Computed(expression) => {
                let value = self.expression(expression, on, place)?;
                duration::from_data(&value).ok_or_else(|| {
                    let detail = format!("{value} is not an ISO 8601 duration of fixed length");
                    place.fault(Kind::Expression, &detail)
                })
            }
        }
    }

    /// The context that the first `depth` frames of the moving strand see: inside a function it is another.
    fn context(&self, depth: Option<usize>) -> Option<Data> {
        let strand = self.state.strands.get(self.strand)?;
        let inside = strand.frames.iter().skip(depth.unwrap_or(usize::MAX).saturating_sub(1));
        let kept = inside.filter_map(|frame| frame.doing.kept_context());
        Some(kept.into_iter().next().unwrap_or(&strand.context).clone())
    }

    fn task_variable(&self, frame: &Frame, returned: Option<&Data>) -> Data {
        let task = self.definition().task(frame.task);
        let output =
            returned.or_else(|| extend::raw_output(frame)).map(|raw| ("output".to_owned(), raw.clone()));
        let members = [
            ("name".to_owned(), Data::string(&*task.name)),
            ("reference".to_owned(), Data::string(&*task.reference)),
            ("definition".to_owned(), self.deployment.part(&task.reference)),
            ("input".to_owned(), frame.incoming.raw.clone()),
            ("startedAt".to_owned(), moment(frame.started)),
        ];
        Data::object(members.into_iter().chain(output))
    }

    fn workflow_variable(&self) -> Data {
        Data::object([
            ("id".to_owned(), Data::string(self.state.instance.to_string())),
            ("definition".to_owned(), self.deployment.document().clone()),
            ("input".to_owned(), self.state.input.clone()),
            ("startedAt".to_owned(), moment(self.state.started)),
        ])
    }
}

/// The variables that an expression can see at a place.
pub(crate) struct View<'v, 'a> {
    machine: &'v Machine<'a>,
    place: Place<'v>,
}

impl Scope for View<'_, '_> {
    fn variable(&self, name: &str) -> Option<Data> {
        let bound = self.place.binding.filter(|binding| binding.name == name);
        if let Some(binding) = bound {
            return Some(binding.value.clone());
        }
        let machine = self.machine;
        let frames = || machine.around(self.place.depth.unwrap_or(usize::MAX));
        if let Some(value) = frames().find_map(|frame| block_variable(machine, frame, name)) {
            return Some(value);
        }
        match name {
            "context" => machine.context(self.place.depth),
            "input" => frames().next().map(|frame| frame.incoming.transformed.clone()),
            "task" => {
                let frame = machine.described(self.place.depth.unwrap_or(usize::MAX));
                frame.map(|frame| machine.task_variable(frame, self.place.returned))
            }
            "authorization" => Some(frames().next().map_or_else(Data::null, authorization)),
            "workflow" => Some(machine.workflow_variable()),
            "runtime" => Some(Data::from(json!({
                "name": "yiwang",
                "version": env!("CARGO_PKG_VERSION"),
                "metadata": {},
            }))),
            _ => None,
        }
    }
}

/// The variable that a task binds for the lists inside it.
fn block_variable(machine: &Machine<'_>, frame: &Frame, name: &str) -> Option<Data> {
    match &machine.definition().task(frame.task).kind {
        TaskKind::For { each, at, .. } => item_variable(frame, name, each, at),
        TaskKind::Call { foreach: Some(foreach), .. } | TaskKind::Listen { foreach: Some(foreach), .. } => {
            item_variable(frame, name, &foreach.item, &foreach.at)
        }
        TaskKind::Try { catch, .. } => match &frame.doing {
            Doing::Try { phase: TryPhase::Catching { error }, .. } => {
                (name == catch.variable).then(|| error_variable(error))
            }
            _ => None,
        },
        TaskKind::Call { foreach: None, .. }
        | TaskKind::Do { .. }
        | TaskKind::Emit { .. }
        | TaskKind::Fork { .. }
        | TaskKind::Listen { foreach: None, .. }
        | TaskKind::Raise { .. }
        | TaskKind::Run { .. }
        | TaskKind::Set { .. }
        | TaskKind::Switch { .. }
        | TaskKind::Wait { .. } => None,
    }
}

fn item_variable(frame: &Frame, name: &str, item: &str, at: &str) -> Option<Data> {
    let (value, index) = frame.doing.current_item()?;
    if name == item { Some(value.clone()) } else { (name == at).then(|| Data::from(json!(index))) }
}

/// How the call of this task proved who it is; null before it has returned, and where it did not. The
/// parameter is a secret: what an expression can read may end up in outputs and in history.
fn authorization(frame: &Frame) -> Data {
    match &frame.doing {
        Doing::Call { authorization: Some(scheme) } | Doing::Each { authorization: Some(scheme), .. } => {
            Data::object([
                ("scheme".to_owned(), Data::string(&**scheme)),
                ("parameter".to_owned(), Data::string(MASK)),
            ])
        }
        Doing::Task
        | Doing::Each { authorization: None, .. }
        | Doing::Fork { .. }
        | Doing::Function { .. }
        | Doing::For { .. }
        | Doing::Listen { .. }
        | Doing::Send
        | Doing::Call { authorization: None }
        | Doing::Child
        | Doing::WorkItem { .. }
        | Doing::Group(_)
        | Doing::Try { .. }
        | Doing::Wait => Data::null(),
    }
}

/// An error as `$error` shows it.
pub(crate) fn error_variable(error: &Fault) -> Data {
    Data::from(serde_json::to_value(error).unwrap_or_default())
}

/// A point in time as `startedAt` shows it.
fn moment(at: Timestamp) -> Data {
    Data::from(json!({
        "iso8601": at.rfc3339(),
        "epoch": {"seconds": at.0.div_euclid(1000), "milliseconds": at.0},
    }))
}

/// The value as it will be read back from the snapshot, if it is not too large.
///
/// jq knows numbers that JSON does not: what JSON would change is changed now, not at the next restart.
pub(crate) fn settle(value: Data, place: Place<'_>) -> Result<Data, Fault> {
    let mut weight = Weight::default();
    weight.add(&value.0);
    if weight.bytes > DATA_BYTES_MAX {
        return Err(limits::exceeded("data-bytes", DATA_BYTES_MAX, place.reference));
    }
    Ok(if weight.foreign { Data::from(value.to_json()) } else { value })
}

#[derive(Default)]
struct Weight {
    /// Of the JSON text, about.
    bytes: usize,
    /// Does JSON know it only as something else?
    foreign: bool,
}

impl Weight {
    fn add(&mut self, value: &Val) {
        self.bytes += 1;
        if self.bytes > DATA_BYTES_MAX {
            return;
        }
        match value {
            Val::Null | Val::Bool(_) => self.bytes += 4,
            Val::Num(Num::Int(_)) => self.bytes += 8,
            Val::Num(Num::Float(number)) => {
                self.bytes += 8;
                self.foreign |= !number.is_finite();
            }
            Val::Num(Num::BigInt(_) | Num::Dec(_)) => {
                self.bytes += 16;
                self.foreign = true;
            }
            Val::TStr(text) => {
                self.bytes += text.len() + 2;
                self.foreign |= std::str::from_utf8(text).is_err();
            }
            Val::BStr(bytes) => {
                self.bytes += bytes.len() + 2;
                self.foreign = true;
            }
            Val::Arr(items) => items.iter().for_each(|item| self.add(item)),
            Val::Obj(members) => {
                for (key, value) in members.iter() {
                    self.foreign |= !matches!(key, Val::TStr(_));
                    self.add(key);
                    self.add(value);
                }
            }
        }
    }
}
