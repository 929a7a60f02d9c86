//! What those do with work who have to see that it is done: when it is due, who else may take it, who is told.
//!
//! They neither take the work nor decide it. A member of a group has terms of the group, which these do not change.

use serde_json::json;
use yiwang_dsl::Data;

use super::act::wanted;
use super::may::{self, Denied, SWEEP, conflict, forbidden};
use super::{change, form, reply};
use crate::effect::{Action, Message};
use crate::history::What;
use crate::limits::{CANDIDATES_MAX, EXTENSION_MILLIS_MAX};
use crate::machine::Machine;
use crate::organisation::split_role;
use crate::state::{Owner, Repeat};
use crate::transition::Refusal;
use crate::work_item::{Actor, Priority, WorkItem, WorkItemState};
use crate::{Timestamp, ladder, offering, outbox};

/// Changes when it is due; what its ladder still holds moves in proportion.
pub(super) fn set_due(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    due: Timestamp,
    reason: Option<String>,
) -> Result<Data, Denied> {
    let item = &machine.state.items[at].item;
    arranges(item, by, "the due time of a work item")?;
    no_seat(item)?;
    let reason = reason.ok_or_else(|| wanted("/reason", "say why it is due at another time"))?;
    let problem = if due <= machine.now {
        Some("it has passed already")
    } else if due.millis_since(machine.now) > EXTENSION_MILLIS_MAX {
        Some("it is more than a year away")
    } else {
        None
    };
    if let Some(problem) = problem {
        let problems = vec![("/at".to_owned(), problem.to_owned())];
        return Err(form::invalid("it cannot be due then".to_owned(), problems).into());
    }
    let n = item.id.n;
    if item.due == Some(due) {
        return Ok(reply(item));
    }
    change(machine, at, |item| {
        let changes = Data::from(json!({"due": due.rfc3339()}));
        What::WorkItemChanged { item: item.id, by: by.person.clone(), changes, reason: Some(reason) }
    });
    ladder::move_due(machine, n, due);
    Ok(reply(&machine.state.items[at].item))
}

/// Takes it from whoever has it and offers it to these instead of the candidates of before.
pub(super) fn offer(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    roles: Vec<String>,
    reason: Option<String>,
) -> Result<Data, Denied> {
    let item = &machine.state.items[at].item;
    arranges(item, by, "who does a work item")?;
    no_seat(item)?;
    let reason = reason.ok_or_else(|| wanted("/reason", "say why others do it"))?;
    check_roles(&roles)?;
    if roles.is_empty() {
        return Err(wanted("/roles", "name at least one role").into());
    }
    let id = item.id;
    change(machine, at, |item| {
        let changes = json!({"candidateRoles": roles, "candidatePeople": [], "assignee": null});
        item.candidate_roles = roles;
        item.candidate_people.clear();
        item.assignee = None;
        item.delegated_by = None;
        item.on_behalf_of = None;
        item.state = WorkItemState::Offered;
        item.unheld = false;
        let changes = Data::from(changes);
        What::WorkItemChanged { item: item.id, by: by.person.clone(), changes, reason: Some(reason) }
    });
    offering::look_again(machine, id);
    Ok(reply(&machine.state.items[at].item))
}

/// Lets more people take it, and raises how urgent it is. Nothing to change: nothing happens.
pub(super) fn escalate(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    (roles, priority): (Vec<String>, Option<Priority>),
    reason: Option<String>,
) -> Result<Data, Denied> {
    let item = &machine.state.items[at].item;
    arranges(item, by, "who may take a work item")?;
    if !roles.is_empty() {
        no_seat(item)?;
    }
    let reason = reason.ok_or_else(|| wanted("/reason", "say why more people may take it"))?;
    check_roles(&roles)?;
    let new: Vec<String> = roles.into_iter().filter(|role| !item.candidate_roles.contains(role)).collect();
    if item.candidate_roles.len() + new.len() > CANDIDATES_MAX {
        let problem = format!("a work item has at most {CANDIDATES_MAX} candidate roles");
        return Err(
            form::invalid("it cannot be escalated".to_owned(), vec![("/roles".to_owned(), problem)]).into()
        );
    }
    let priority = priority.filter(|priority| *priority > item.priority);
    if new.is_empty() && priority.is_none() {
        return Ok(reply(item));
    }
    let mut widened = item.clone();
    widened.candidate_roles.extend(new.iter().cloned());
    let held = offering::is_held(machine, &widened);
    Ok(change(machine, at, |item| {
        let mut changes = serde_json::Map::new();
        if !new.is_empty() {
            changes.insert("addedRoles".to_owned(), json!(new));
            item.candidate_roles = widened.candidate_roles;
            item.unheld &= !held;
        }
        if let Some(priority) = priority {
            changes.insert("priority".to_owned(), json!(priority));
            item.priority = priority;
        }
        let changes = Data::from(serde_json::Value::Object(changes));
        What::WorkItemChanged { item: item.id, by: by.person.clone(), changes, reason: Some(reason) }
    }))
}

/// Sends a message about it. The outbox has the line in history.
pub(super) fn notify(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    channel: String,
    message: Message,
) -> Result<Data, Denied> {
    if !by.holds(SWEEP) {
        let message = "only a sweep sends messages about work items".to_owned();
        return Err(forbidden("auth.forbidden", message).into());
    }
    let answer = reply(&machine.state.items[at].item);
    let action = Action::Send { channel, message };
    outbox::request(machine, Owner::Nobody, Repeat::Default, "sweep:1.0.0@default".to_owned(), action);
    Ok(answer)
}

fn arranges(item: &WorkItem, by: &Actor, what: &str) -> Result<(), Refusal> {
    if may::arranges(by) {
        return Ok(());
    }
    let message = format!(
        "changing {what} needs the role supervisor or process_admin; {} has neither (work item {})",
        by.person, item.id
    );
    Err(forbidden("auth.forbidden", message))
}

fn no_seat(item: &WorkItem) -> Result<(), Refusal> {
    if item.seat.is_none() {
        return Ok(());
    }
    let message = format!("work item {} is a seat of a group, whose terms hold for all members", item.id);
    Err(conflict("resource.conflict", message))
}

/// A role has a name, and a unit if it is held at one.
fn check_roles(roles: &[String]) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    if roles.len() > CANDIDATES_MAX {
        problems.push(("/roles".to_owned(), format!("at most {CANDIDATES_MAX} roles")));
    }
    for (index, role) in roles.iter().enumerate() {
        let (name, unit) = split_role(role);
        if name.is_empty() || unit.is_some_and(str::is_empty) || role.len() > 255 {
            let problem = "a role is `role`, `role@unit` or `*@unit`".to_owned();
            problems.push((format!("/roles/{index}"), problem));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(form::invalid("these are no roles".to_owned(), problems)) }
}
