//! `human-task`: work offered to people. The task waits until somebody decides it.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use super::escalation::{self, Escalation};
use super::{Called, Function, shape};
use crate::interest::Conflicts;
use crate::limits::{self, WORK_ITEMS_MAX};
use crate::machine::{Machine, Move};
use crate::offering::{self, Terms};
use crate::promise::{self, Promise, When};
use crate::state::{Doing, FrameId, Owner, Rung};
use crate::work_item::{Form, Priority, WorkItem};
use crate::{CaseNo, Timestamp, WorkItemId, ladder};

pub(super) const FUNCTION: Function = Function {
    name: "human-task",
    summary: "Offers work to people and waits for their decision",
    input,
    output: || {
        shape::object(
            &["workItemId", "outcome", "form", "completedBy", "completedAt"],
            &[
                ("workItemId", shape::text()),
                ("outcome", shape::text()),
                ("form", json!({})),
                ("completedBy", shape::text()),
                ("completedAt", shape::moment()),
                ("onBehalfOf", shape::text()),
            ],
        )
    },
    begin,
};

fn input() -> Value {
    let mut members = work(&escalation::schema_of_work());
    members.extend([
        ("candidateRoles", shape::texts()),
        ("candidatePeople", shape::names()),
        ("candidateUnits", shape::names()),
    ]);
    shape::object(&["title"], &members)
}

/// What there is to say about work, but for who does it: `human-task-group` says the same, with steps of its own.
pub(super) fn work(step: &Value) -> Vec<(&'static str, Value)> {
    let form = json!({"anyOf": [
        {"type": "null"},
        shape::object(&["ref"], &[("ref", shape::text()), ("data", json!({}))]),
        shape::object(&["schema"], &[("schema", json!({"type": "object"})), ("data", json!({}))]),
    ]});
    vec![
        ("title", shape::text()),
        ("description", shape::optional_text()),
        ("caseNo", shape::optional_text()),
        ("excludePeople", shape::names()),
        ("fourEyes", four_eyes()),
        ("conflicts", shape::conflicts()),
        ("priority", json!({"enum": ["low", "normal", "high", "urgent", null]})),
        ("form", form),
        ("outcomes", shape::texts()),
        ("due", promise::due_schema()),
        ("escalation", json!({"type": ["array", "null"], "items": step})),
    ]
}

/// Who decided before and must not decide again: people by name, tasks by whoever decided them.
fn four_eyes() -> Value {
    let members = shape::object(&[], &[("people", shape::names()), ("tasks", shape::texts())]);
    json!({"anyOf": [{"type": "null"}, members]})
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct With {
    #[serde(flatten)]
    work: Work,
    candidate_roles: Option<Vec<String>>,
    candidate_people: Option<Vec<Option<String>>>,
    candidate_units: Option<Vec<Option<String>>>,
}

/// What [`work`] describes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Work {
    title: String,
    description: Option<String>,
    case_no: Option<CaseNo>,
    exclude_people: Option<Vec<Option<String>>>,
    four_eyes: Option<FourEyes>,
    conflicts: Option<shape::ConflictsWith>,
    priority: Option<Priority>,
    form: Option<FormWith>,
    outcomes: Option<Vec<String>>,
    pub(super) due: Option<Value>,
    pub(super) escalation: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct FourEyes {
    people: Option<Vec<Option<String>>>,
    tasks: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct FormWith {
    r#ref: Option<String>,
    schema: Option<Value>,
    data: Option<Value>,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let With { work, candidate_roles, candidate_people, candidate_units } = called.read()?;
    let frame = machine.top().id;
    let escalation = work.escalation.as_deref().unwrap_or_default();
    let (promise, ladder) = times(machine, frame, work.due.as_ref(), escalation)?;
    let Offer { mut item, conflicts, four_eyes_tasks } = work.offer(machine, &called)?;
    item.candidate_roles = candidate_roles.unwrap_or_default();
    let units = shape::present(candidate_units).into_iter();
    item.candidate_roles.extend(units.map(|unit| format!("*@{unit}")));
    item.candidate_people = shape::present(candidate_people);
    if item.candidate_roles.is_empty() && item.candidate_people.is_empty() {
        let problem = "nobody could claim it: name candidateRoles, candidatePeople or candidateUnits";
        return Err(called.refuse(problem));
    }
    if machine.state.items.len() >= WORK_ITEMS_MAX {
        return Err(limits::exceeded("work-items", WORK_ITEMS_MAX, &called.task.reference));
    }
    machine.state.counters.items += 1;
    let n = machine.state.counters.items;
    item.id.n = n;
    item.due = promise.as_ref().map(|promise| promise.due);
    machine.top_mut().doing = Doing::WorkItem { n };
    let recipe = promise.and_then(|promise| promise.recipe);
    offering::offer(machine, frame, item, Terms { ladder, recipe, conflicts, four_eyes_tasks, seat: None });
    Ok(Move::Park)
}

/// A work item without number, candidates and times, and what goes with it.
pub(super) struct Offer {
    pub(super) item: WorkItem,
    pub(super) conflicts: Conflicts,
    pub(super) four_eyes_tasks: Vec<String>,
}

impl Work {
    pub(super) fn offer(self, machine: &Machine<'_>, called: &Called<'_>) -> Result<Offer, Fault> {
        let form = self.form.map(|form| form_of(machine, called, form)).transpose()?;
        let own_case = machine.state.case.as_ref().map(|case| case.no.clone());
        let id = WorkItemId { instance: machine.state.instance, n: 0 };
        let mut excluded_people = shape::present(self.exclude_people);
        let mut four_eyes_tasks = Vec::new();
        if let Some(four_eyes) = self.four_eyes {
            excluded_people.extend(shape::present(four_eyes.people));
            four_eyes_tasks = four_eyes.tasks.unwrap_or_default();
            let known = |name: &&String| {
                machine.definition().tasks.iter().any(|task| task.reference.rsplit('/').next() == Some(name))
            };
            if let Some(unknown) = four_eyes_tasks.iter().find(|name| !known(name)) {
                let detail = format!("`fourEyes.tasks` names `{unknown}`, and the workflow has no such task");
                return Err(called.refuse(&detail));
            }
        }
        let item = WorkItem {
            description: self.description,
            case_no: self.case_no.or(own_case),
            excluded_people,
            form,
            outcomes: self.outcomes.unwrap_or_default(),
            priority: self.priority.unwrap_or_default(),
            ..WorkItem::new(id, &called.task.reference, &self.title, machine.now)
        };
        let conflicts = self.conflicts.unwrap_or_default().into();
        Ok(Offer { item, conflicts, four_eyes_tasks })
    }
}

/// A promise, and the rungs of a ladder with their times.
pub(crate) type Times = (Option<Promise>, Vec<(Timestamp, Rung)>);

/// The promise of work that is offered now, and its escalation ladder.
pub(crate) fn times(
    machine: &Machine<'_>,
    frame: FrameId,
    due: Option<&Value>,
    escalation: &[Value],
) -> Result<Times, Fault> {
    let task = machine.owner_task(Owner::Frame(frame)).expect("a frame that offers work is there");
    let called = Called::again(task);
    let promise = match due.filter(|due| !due.is_null()) {
        Some(due) => Some(called.part::<When>(due)?.promise(machine, &called, machine.now, "due.")?),
        None => None,
    };
    let mut ladder = Vec::new();
    for one in escalation {
        ladder.push(rung(machine, &called, called.part(one)?, promise.as_ref())?);
    }
    Ok((promise, ladder))
}

fn rung(
    machine: &Machine<'_>,
    called: &Called<'_>,
    escalation: Escalation,
    promise: Option<&Promise>,
) -> Result<(Timestamp, Rung), Fault> {
    let Some(promise) = promise else {
        return Err(called.refuse("an escalation needs a due time"));
    };
    let (step, at) = escalation.step(machine, called)?;
    let time = ladder::time_of(machine, &at, promise, machine.now);
    let time = time.ok_or_else(|| called.refuse(&format!("an escalation at no time: {step}")))?;
    let at = promise.recipe.is_some().then_some(at);
    Ok((time, escalation.rung(machine, step, at)))
}

fn form_of(machine: &Machine<'_>, called: &Called<'_>, with: FormWith) -> Result<Form, Fault> {
    let data = with.data.map(Data::from).unwrap_or_default();
    let schema = match (&with.r#ref, with.schema) {
        (Some(name), _) => match machine.deployment.forms.get(name) {
            Some(form) => form.document.clone(),
            None => {
                let detail = format!("no form `{name}` is deployed with this workflow");
                return Err(called.place.fault(Kind::Configuration, &detail));
            }
        },
        (None, schema) => {
            let schema = schema.unwrap_or_default();
            if let Err(error) = jsonschema::validator_for(&schema) {
                return Err(called.refuse(&format!("`form.schema` is not a JSON Schema: {error}")));
            }
            schema
        }
    };
    Ok(Form { reference: with.r#ref, schema, data })
}
