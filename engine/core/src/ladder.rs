//! What time does to open work items: due, and the rungs of the escalation ladder. Each happens once.

use crate::case::Flag;
use crate::docket;
use crate::effect::Action;
use crate::history::What;
use crate::machine::Machine;
use crate::outbox;
use crate::state::{Owner, Repeat};
use crate::work_item::Priority;

/// A work item is past its due time: it and its case are marked, whatever the workflow says.
pub(crate) fn due(machine: &mut Machine<'_>, n: u32) {
    let Some(open) = machine.state.items.iter_mut().find(|open| open.item.id.n == n) else { return };
    open.item.overdue = true;
    open.item.version += 1;
    let (item, owner) = (open.item.clone(), open.owner);
    let task = machine.owner_task(Owner::Frame(owner));
    let step = "due".to_owned();
    machine.record(task, What::WorkItemEscalated { item: item.id, step, roles: Vec::new() });
    let is_own_case = machine.state.case.as_ref().is_some_and(|case| item.case_no.as_ref() == Some(&case.no));
    machine.work_item_changed(item);
    if is_own_case {
        docket::flag(machine, task, vec![Flag::Overdue]);
    }
}

/// A rung of the ladder.
pub(crate) fn climb(machine: &mut Machine<'_>, n: u32, rung: usize) {
    let Some(open) = machine.state.items.iter_mut().find(|open| open.item.id.n == n) else { return };
    let Some(rung) = open.ladder.get(rung).cloned() else { return };
    let item = &mut open.item;
    let known = item.candidate_roles.clone();
    let roles: Vec<_> = rung.add_roles.into_iter().filter(|role| !known.contains(role)).collect();
    item.candidate_roles.extend(roles.iter().cloned());
    if rung.raise_priority {
        item.priority = raised(item.priority);
    }
    item.version += 1;
    let (item, owner) = (item.clone(), open.owner);
    let task = machine.owner_task(Owner::Frame(owner));
    machine.record(task, What::WorkItemEscalated { item: item.id, step: rung.step, roles });
    machine.work_item_changed(item);
    if let Some(flag) = rung.flag {
        docket::flag(machine, task, vec![flag]);
    }
    if let (Some(text), Some(case)) = (rung.note, &machine.state.case) {
        let no = case.no.clone();
        machine.record(task, What::CaseNoted { no, text });
    }
    if let Some((channel, message)) = rung.notify {
        let function = "human-task:1.0.0@default".to_owned();
        outbox::request(machine, Owner::Nobody, Repeat::Default, function, Action::Send { channel, message });
    }
}

fn raised(priority: Priority) -> Priority {
    match priority {
        Priority::Low => Priority::Normal,
        Priority::Normal => Priority::High,
        Priority::High | Priority::Urgent => Priority::Urgent,
    }
}
