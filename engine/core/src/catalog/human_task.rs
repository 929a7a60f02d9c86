//! `human-task`: work offered to people. The task waits until somebody decides it.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use super::escalation::{self, Escalation};
use super::{Called, Function, shape};
use crate::history::What;
use crate::limits::{self, WORK_ITEMS_MAX};
use crate::machine::{Machine, Move};
use crate::promise::{self, Promise, Recipe, When};
use crate::state::{Doing, OpenItem, Owner, Rung, Why};
use crate::work_item::{Form, Priority, WorkItem, WorkItemState};
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
            ],
        )
    },
    begin,
};

fn input() -> Value {
    let form = json!({"anyOf": [
        {"type": "null"},
        shape::object(&["ref"], &[("ref", shape::text()), ("data", json!({}))]),
        shape::object(&["schema"], &[("schema", json!({"type": "object"})), ("data", json!({}))]),
    ]});
    shape::object(
        &["title"],
        &[
            ("title", shape::text()),
            ("description", shape::optional_text()),
            ("caseNo", shape::optional_text()),
            ("candidateRoles", shape::texts()),
            ("candidatePeople", shape::texts()),
            ("excludePeople", shape::texts()),
            ("priority", json!({"enum": ["low", "normal", "high", "urgent", null]})),
            ("form", form),
            ("outcomes", shape::texts()),
            ("due", promise::due_schema()),
            ("escalation", json!({"type": ["array", "null"], "items": escalation::schema_without_card()})),
        ],
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct With {
    title: String,
    description: Option<String>,
    case_no: Option<CaseNo>,
    candidate_roles: Option<Vec<String>>,
    candidate_people: Option<Vec<String>>,
    exclude_people: Option<Vec<String>>,
    priority: Option<Priority>,
    form: Option<FormWith>,
    outcomes: Option<Vec<String>>,
    due: Option<When>,
    escalation: Option<Vec<Escalation>>,
}

#[derive(Deserialize)]
struct FormWith {
    r#ref: Option<String>,
    schema: Option<Value>,
    data: Option<Value>,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let mut with: With = called.read()?;
    let promise = with.due.take();
    let promise = promise.map(|due| due.promise(machine, &called, machine.now, "due.")).transpose()?;
    let mut ladder = Vec::new();
    for escalation in with.escalation.take().unwrap_or_default() {
        ladder.push(rung(machine, &called, escalation, promise.as_ref())?);
    }
    let form = with.form.take().map(|form| form_of(machine, &called, form)).transpose()?;
    let candidate_roles = with.candidate_roles.unwrap_or_default();
    let candidate_people = with.candidate_people.unwrap_or_default();
    if candidate_roles.is_empty() && candidate_people.is_empty() {
        return Err(called.refuse("nobody could claim it: name candidateRoles or candidatePeople"));
    }
    if machine.state.items.len() >= WORK_ITEMS_MAX {
        return Err(limits::exceeded("work-items", WORK_ITEMS_MAX, &called.task.reference));
    }
    machine.state.counters.items += 1;
    let n = machine.state.counters.items;
    let own_case = machine.state.case.as_ref().map(|case| case.no.clone());
    let item = WorkItem {
        id: WorkItemId { instance: machine.state.instance, n },
        task: called.task.reference.clone(),
        case_no: with.case_no.or(own_case),
        title: with.title,
        description: with.description,
        candidate_roles,
        candidate_people,
        excluded_people: with.exclude_people.unwrap_or_default(),
        form,
        outcomes: with.outcomes.unwrap_or_default(),
        priority: with.priority.unwrap_or_default(),
        state: WorkItemState::Offered,
        assignee: None,
        due: promise.as_ref().map(|promise| promise.due),
        overdue: false,
        created: machine.now,
        completion: None,
        version: 1,
    };
    offer(machine, &called, item, ladder, promise.and_then(|promise| promise.recipe));
    Ok(Move::Park)
}

fn offer(
    machine: &mut Machine<'_>,
    called: &Called<'_>,
    item: WorkItem,
    ladder: Vec<(Timestamp, Rung)>,
    recipe: Option<Recipe>,
) {
    let n = item.id.n;
    machine.record(
        Some(called.task),
        What::WorkItemOffered {
            item: item.id,
            title: item.title.clone(),
            roles: item.candidate_roles.clone(),
            due: item.due,
        },
    );
    machine.top_mut().doing = Doing::WorkItem { n };
    let frame = machine.top().id;
    if let Some(due) = item.due {
        machine.set_timer(due, Owner::Frame(frame), Why::Due { n });
    }
    for (rung, (at, _)) in ladder.iter().enumerate() {
        machine.set_timer(*at, Owner::Frame(frame), Why::Rung { n, rung });
    }
    machine.work_item_changed(item.clone());
    let ladder = ladder.into_iter().map(|(_, rung)| rung).collect();
    machine.state.items.push(OpenItem { owner: frame, item, ladder, recipe });
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
