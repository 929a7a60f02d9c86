//! What people do with work items: claim, release, complete. A refused command changes nothing.

use yiwang_dsl::Data;

use crate::WorkItemId;
use crate::history::What;
use crate::limits::DATA_BYTES_MAX;
use crate::machine::{Machine, Move};
use crate::schema;
use crate::state::{Decided, OpenItem, Owner};
use crate::transition::{Refusal, RefusalKind};
use crate::work_item::{Actor, Completion, WorkItem, WorkItemCommand, WorkItemState};

/// Applies a command; the answer is the item's new state.
pub(crate) fn command(
    machine: &mut Machine<'_>,
    id: WorkItemId,
    command: WorkItemCommand,
    version: Option<u32>,
    by: &Actor,
) -> Result<Data, Refusal> {
    if let Some(decided) = machine.state.decided.iter().find(|decided| decided.n == id.n) {
        return same_decision(decided, id, &command, by);
    }
    let Some(at) = machine.state.items.iter().position(|open| open.item.id == id) else {
        return Err(Refusal::new(RefusalKind::NotFound, format!("there is no open work item {id}")));
    };
    if machine.state.has_ended() {
        let message = "the instance is faulted; its work items wait".to_owned();
        return Err(Refusal::new(RefusalKind::Conflict, message));
    }
    match command {
        WorkItemCommand::Claim => claim(machine, at, version, by),
        WorkItemCommand::Release => release(machine, at, version, by),
        WorkItemCommand::Complete { outcome, form, decision } => {
            let open = &machine.state.items[at];
            may_complete(&open.item, version, by)?;
            let outcome = choose(&open.item, outcome)?;
            check_form(machine, open, &form)?;
            Ok(complete(machine, at, outcome, form, decision, by))
        }
    }
}

/// Somebody decided it before. The same decision again is the same answer.
fn same_decision(
    decided: &Decided,
    id: WorkItemId,
    command: &WorkItemCommand,
    by: &Actor,
) -> Result<Data, Refusal> {
    match command {
        WorkItemCommand::Complete { outcome, decision, .. }
            if *decision == decided.decision
                && by.person == decided.by
                && outcome.as_ref().is_none_or(|outcome| *outcome == decided.outcome) =>
        {
            Ok(decided.reply(id))
        }
        WorkItemCommand::Claim | WorkItemCommand::Release | WorkItemCommand::Complete { .. } => {
            let message = format!("{} has decided work item {id}: {}", decided.by, decided.outcome);
            Err(Refusal::new(RefusalKind::Conflict, message))
        }
    }
}

fn claim(machine: &mut Machine<'_>, at: usize, version: Option<u32>, by: &Actor) -> Result<Data, Refusal> {
    let item = &machine.state.items[at].item;
    match &item.assignee {
        // Twice is once, also for somebody who has not seen the answer to the first.
        Some(assignee) if *assignee == by.person => return Ok(reply(item)),
        Some(assignee) => {
            let message = format!("{assignee} has claimed work item {}", item.id);
            return Err(Refusal::new(RefusalKind::Conflict, message));
        }
        None => {}
    }
    may_claim(item, by)?;
    same_version(item, version)?;
    Ok(change(machine, at, |item| {
        item.state = WorkItemState::Claimed;
        item.assignee = Some(by.person.clone());
        What::WorkItemClaimed { item: item.id, by: by.person.clone() }
    }))
}

fn release(machine: &mut Machine<'_>, at: usize, version: Option<u32>, by: &Actor) -> Result<Data, Refusal> {
    let item = &machine.state.items[at].item;
    if item.assignee.is_none() {
        let message = format!("nobody has claimed work item {}", item.id);
        return Err(Refusal::new(RefusalKind::Conflict, message));
    }
    is_assignee(item, by)?;
    same_version(item, version)?;
    Ok(change(machine, at, |item| {
        item.state = WorkItemState::Offered;
        item.assignee = None;
        What::WorkItemReleased { item: item.id, by: by.person.clone() }
    }))
}

/// Changes an item, writes history and its row; the answer.
fn change(machine: &mut Machine<'_>, at: usize, how: impl FnOnce(&mut WorkItem) -> What) -> Data {
    let open = &mut machine.state.items[at];
    let what = how(&mut open.item);
    open.item.version += 1;
    let (item, owner) = (open.item.clone(), open.owner);
    let task = machine.owner_task(Owner::Frame(owner));
    machine.record(task, what);
    let answer = reply(&item);
    machine.work_item_changed(item);
    answer
}

fn may_claim(item: &WorkItem, by: &Actor) -> Result<(), Refusal> {
    if item.excluded_people.contains(&by.person) {
        let message = format!("{} may not do work item {}", by.person, item.id);
        return Err(Refusal::new(RefusalKind::Forbidden, message));
    }
    let has_role = item.candidate_roles.iter().any(|wanted| by.holds(wanted));
    if has_role || item.candidate_people.contains(&by.person) {
        return Ok(());
    }
    let message = format!("{} is not a candidate for work item {}", by.person, item.id);
    Err(Refusal::new(RefusalKind::Forbidden, message))
}

fn may_complete(item: &WorkItem, version: Option<u32>, by: &Actor) -> Result<(), Refusal> {
    if item.assignee.is_none() {
        may_claim(item, by)?;
        let message = format!("claim work item {} before completing it", item.id);
        return Err(Refusal::new(RefusalKind::Conflict, message));
    }
    is_assignee(item, by)?;
    same_version(item, version)
}

fn is_assignee(item: &WorkItem, by: &Actor) -> Result<(), Refusal> {
    match &item.assignee {
        Some(assignee) if *assignee == by.person => Ok(()),
        Some(_) | None => {
            let message = format!("{} has not claimed work item {}", by.person, item.id);
            Err(Refusal::new(RefusalKind::Forbidden, message))
        }
    }
}

fn same_version(item: &WorkItem, version: Option<u32>) -> Result<(), Refusal> {
    match version {
        Some(seen) if seen != item.version => {
            let message = format!("work item {} has changed: version {}, not {seen}", item.id, item.version);
            Err(Refusal::new(RefusalKind::Conflict, message))
        }
        Some(_) | None => Ok(()),
    }
}

fn choose(item: &WorkItem, outcome: Option<String>) -> Result<String, Refusal> {
    let only = match item.outcomes.as_slice() {
        [] => Some("completed"),
        [only] => Some(only.as_str()),
        [_, _, ..] => None,
    };
    let invalid = |problem: String| Refusal {
        kind: RefusalKind::Invalid,
        message: format!("the decision does not fit work item {}", item.id),
        problems: vec![("/outcome".to_owned(), problem)],
    };
    match (outcome, only) {
        (None, Some(only)) => Ok(only.to_owned()),
        (None, None) => Err(invalid(format!("one of {} must be chosen", item.outcomes.join(", ")))),
        (Some(chosen), _) if item.outcomes.contains(&chosen) || only == Some(&*chosen) => Ok(chosen),
        (Some(chosen), Some(only)) if item.outcomes.is_empty() => {
            Err(invalid(format!("`{chosen}` is not an outcome: there is only {only}")))
        }
        (Some(chosen), _) => Err(invalid(format!("`{chosen}` is not one of {}", item.outcomes.join(", ")))),
    }
}

fn check_form(machine: &Machine<'_>, open: &OpenItem, data: &Data) -> Result<(), Refusal> {
    let invalid = |problems| Refusal {
        kind: RefusalKind::Invalid,
        message: format!("the form of work item {} is not filled in as it must be", open.item.id),
        problems,
    };
    let json = data.to_json();
    if json.to_string().len() > DATA_BYTES_MAX {
        return Err(invalid(vec![("/form".to_owned(), format!("larger than {DATA_BYTES_MAX} bytes"))]));
    }
    let Some(form) = &open.item.form else { return Ok(()) };
    let deployed = form.reference.as_ref().and_then(|name| machine.deployment.forms.get(name));
    let problems = match deployed {
        Some(schema) => schema::problems(&schema.validator, &json, "/form"),
        None => match jsonschema::validator_for(&form.schema) {
            Ok(validator) => schema::problems(&validator, &json, "/form"),
            Err(error) => vec![("/form".to_owned(), error.to_string())],
        },
    };
    if problems.is_empty() { Ok(()) } else { Err(invalid(problems)) }
}

fn complete(
    machine: &mut Machine<'_>,
    at: usize,
    outcome: String,
    form: Data,
    decision: String,
    by: &Actor,
) -> Data {
    let OpenItem { owner, mut item, .. } = machine.state.items.remove(at);
    item.state = WorkItemState::Completed;
    item.version += 1;
    let id = item.id;
    item.completion = Some(Completion {
        by: by.person.clone(),
        at: machine.now,
        outcome: outcome.clone(),
        form: form.clone(),
        decision: decision.clone(),
    });
    let decided =
        Decided { n: id.n, by: by.person.clone(), at: machine.now, outcome, decision, version: item.version };
    let answer = decided.reply(id);
    let task = machine.owner_task(Owner::Frame(owner));
    machine.record(
        task,
        What::WorkItemCompleted {
            item: id,
            by: by.person.clone(),
            outcome: decided.outcome.clone(),
            form: form.clone(),
        },
    );
    let output = Data::object([
        ("workItemId".to_owned(), Data::string(id.to_string())),
        ("outcome".to_owned(), Data::string(&*decided.outcome)),
        ("form".to_owned(), form),
        ("completedBy".to_owned(), Data::string(&*by.person)),
        ("completedAt".to_owned(), Data::string(machine.now.rfc3339())),
    ]);
    machine.state.decided.push(decided);
    machine.work_item_changed(item);
    let next = machine.goes_on(owner, |_| Move::Return(output));
    machine.drive(next);
    answer
}

fn reply(item: &WorkItem) -> Data {
    serde_json::to_value(item).map(Data::from).unwrap_or_default()
}
