//! Offering a work item: its timers, its line in history, and what is done when nobody is there to take it.

use crate::Timestamp;
use crate::history::What;
use crate::interest::Conflicts;
use crate::machine::Machine;
use crate::promise::Recipe;
use crate::state::{FrameId, OpenItem, Owner, Rung, Why};
use crate::work_item::WorkItem;

/// What goes with an item that is offered.
#[derive(Default)]
pub(crate) struct Terms {
    pub(crate) ladder: Vec<(Timestamp, Rung)>,
    /// How its due time was worked out by a calendar.
    pub(crate) recipe: Option<Recipe>,
    pub(crate) conflicts: Conflicts,
    pub(crate) four_eyes_tasks: Vec<String>,
    pub(crate) seat: Option<usize>,
}

/// Offers the item for the task of this frame.
pub(crate) fn offer(machine: &mut Machine<'_>, frame: FrameId, mut item: WorkItem, terms: Terms) {
    let owner = Owner::Frame(frame);
    let n = item.id.n;
    let earlier = earlier_deciders(machine, &item.excluded_people, &terms.four_eyes_tasks);
    let more = earlier.into_iter().filter(|person| !item.excluded_people.contains(person));
    let more: Vec<_> = more.collect();
    item.excluded_people.extend(more);
    let unheld = unheld(machine, &mut item);
    let task = machine.owner_task(owner);
    machine.record(
        task,
        What::WorkItemOffered {
            item: item.id,
            title: item.title.clone(),
            roles: item.candidate_roles.clone(),
            due: item.due,
        },
    );
    if let Some(line) = unheld {
        machine.record(task, line);
    }
    if let Some(due) = item.due {
        machine.set_timer(due, owner, Why::Due { n });
    }
    for (rung, (at, _)) in terms.ladder.iter().enumerate() {
        machine.set_timer(*at, owner, Why::Rung { n, rung });
    }
    machine.work_item_changed(&item);
    machine.state.items.push(OpenItem {
        owner: frame,
        item,
        recipe: terms.recipe,
        ladder: terms.ladder.into_iter().map(|(_, rung)| rung).collect(),
        conflicts: terms.conflicts,
        four_eyes_tasks: terms.four_eyes_tasks,
        acts: Vec::new(),
        attempts: Vec::new(),
        seat: terms.seat,
    });
}

/// Those people, everybody who decided in their place or in whose place they decided, and whoever decided one
/// of these tasks.
pub(crate) fn earlier_deciders(machine: &Machine<'_>, people: &[String], tasks: &[String]) -> Vec<String> {
    let mut found: Vec<String> = people.to_vec();
    for decided in &machine.state.decided {
        let both = std::iter::once(&decided.by).chain(&decided.on_behalf_of);
        let named = decided.task.rsplit('/').next().is_some_and(|name| tasks.iter().any(|task| task == name));
        if named || both.clone().any(|person| people.contains(person)) {
            found.extend(both.cloned());
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Is there anybody to take it? Where the organisation knows nobody at all, nothing can be said.
pub(crate) fn is_held(machine: &Machine<'_>, item: &WorkItem) -> bool {
    let organisation = &machine.district.organisation;
    if organisation.is_empty() {
        return true;
    }
    let may = |person: &str| !item.excluded_people.iter().any(|excluded| excluded == person);
    let here = |person: &String| {
        // A citizen, for whom there is no entry, may well be there.
        let known = organisation.person(person).is_some();
        may(person) && (!known || organisation.acting(person, machine.now).is_some_and(may))
    };
    item.candidate_people.iter().any(here)
        || item
            .candidate_roles
            .iter()
            .any(|role| role == "petitioner" || organisation.present(role, machine.now).into_iter().any(may))
}

/// Marks an item that nobody is there for, and lets others do it (ADR 0020).
fn unheld(machine: &Machine<'_>, item: &mut WorkItem) -> Option<What> {
    if is_held(machine, item) {
        return None;
    }
    let organisation = &machine.district.organisation;
    let candidates: Vec<String> =
        item.candidate_roles.iter().chain(&item.candidate_people).cloned().collect();
    let mut fallback: Vec<String> =
        item.candidate_roles.iter().filter_map(|role| organisation.fallback(role, machine.now)).collect();
    if item.candidate_roles.is_empty() {
        fallback.extend(organisation.fallback("", machine.now));
    }
    fallback.sort_unstable();
    fallback.dedup();
    fallback.retain(|role| !item.candidate_roles.contains(role));
    // A personal seat of a group is nobody else's: it is replaced, not taken over.
    if item.seat.is_some() && item.candidate_roles.is_empty() {
        fallback.clear();
    }
    item.unheld = true;
    item.candidate_roles.extend(fallback.iter().cloned());
    Some(What::WorkItemUnheld { item: item.id, candidates, fallback })
}

/// Fewer people may do an item than before: is anybody left?
pub(crate) fn look_again(machine: &mut Machine<'_>, id: crate::WorkItemId) {
    let Some(at) = machine.state.items.iter().position(|open| open.item.id == id) else { return };
    if machine.state.items[at].item.unheld {
        return;
    }
    let mut item = machine.state.items[at].item.clone();
    let Some(line) = unheld(machine, &mut item) else { return };
    let task = machine.owner_task(Owner::Frame(machine.state.items[at].owner));
    machine.record(task, line);
    machine.work_item_changed(&item);
    machine.state.items[at].item = item;
}
