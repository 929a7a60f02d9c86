//! Who may do what with a work item, and for whom.

use crate::machine::Machine;
use crate::offering;
use crate::state::OpenItem;
use crate::transition::{Refusal, RefusalKind};
use crate::work_item::{Actor, WorkItem};

/// A refusal; some attempts are worth a line in history.
pub(crate) struct Denied {
    pub(crate) refusal: Refusal,
    pub(crate) remembered: bool,
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, remembered: false }
    }
}

/// What one may do: the person for whom it is done, if that is somebody else.
pub(crate) type May = Result<Option<String>, Denied>;

pub(crate) fn forbidden(code: &'static str, message: String) -> Refusal {
    Refusal::new(RefusalKind::Forbidden, message).coded(code)
}

pub(crate) fn conflict(code: &'static str, message: String) -> Refusal {
    Refusal::new(RefusalKind::Conflict, message).coded(code)
}

/// May this person take the item: by an own role, or for somebody who is away?
pub(crate) fn take(machine: &Machine<'_>, open: &OpenItem, by: &Actor) -> May {
    let item = &open.item;
    let own = item.candidate_people.contains(&by.person)
        || item.candidate_roles.iter().any(|wanted| by.holds(wanted));
    let mut ways: Vec<Option<&str>> = Vec::new();
    ways.extend(own.then_some(None));
    let away = by.stands_in.iter().filter(|away| {
        item.candidate_people.contains(&away.person)
            || item.candidate_roles.iter().any(|wanted| away.holds(wanted))
    });
    ways.extend(away.map(|away| Some(away.person.as_str())));
    if ways.is_empty() {
        let message = format!("{} is not a candidate for work item {}", by.person, item.id);
        return Err(forbidden("work-item.not-candidate", message).into());
    }
    let mut denied = None;
    for way in ways {
        match decide(machine, open, by, way) {
            Ok(()) => return Ok(way.map(str::to_owned)),
            Err(one) => denied = denied.or(Some(one)),
        }
    }
    Err(denied.unwrap_or_else(|| {
        forbidden("work-item.not-candidate", format!("{} is not a candidate", by.person)).into()
    }))
}

/// Must this person, acting for that one, keep away from the matter?
pub(crate) fn decide(
    machine: &Machine<'_>,
    open: &OpenItem,
    by: &Actor,
    behalf: Option<&str>,
) -> Result<(), Denied> {
    let item = &open.item;
    let people = || std::iter::once(by.person.as_str()).chain(behalf);
    let deciders = offering::earlier_deciders(machine, &item.excluded_people, &open.four_eyes_tasks);
    if let Some(person) = people().find(|person| deciders.iter().any(|other| other == person)) {
        let message = if deciders.contains(&by.person) {
            format!("{} may not do work item {}", by.person, item.id)
        } else {
            format!("{} may not do work item {} for {person}", by.person, item.id)
        };
        return Err(Denied { refusal: forbidden("work-item.four-eyes", message), remembered: true });
    }
    let organisation = &machine.district.organisation;
    let concerned = open
        .conflicts
        .of_actor(organisation, by)
        .or_else(|| behalf.and_then(|person| open.conflicts.of_person(organisation, person)));
    if let Some(why) = concerned {
        let message = format!("{} may not decide work item {}: {why}", by.person, item.id);
        return Err(Denied {
            refusal: forbidden("work-item.conflict-of-interest", message),
            remembered: true,
        });
    }
    if let Some(seat) = open.seat
        && crate::group::sits_elsewhere(machine, open.owner, seat, &by.person)
    {
        let message = format!("{} has another seat of the same group", by.person);
        return Err(Denied { refusal: conflict("work-item.second-seat", message), remembered: true });
    }
    Ok(())
}

/// Has this person the item, or somebody for whom they act?
pub(crate) fn assignee(item: &WorkItem, by: &Actor) -> May {
    match &item.assignee {
        Some(assignee) if *assignee == by.person => {
            Ok(item.delegated_by.clone().or_else(|| item.on_behalf_of.clone()))
        }
        Some(assignee) if by.acts_for(assignee) => Ok(Some(assignee.clone())),
        Some(_) | None => {
            let message = format!("{} has not claimed work item {}", by.person, item.id);
            Err(forbidden("work-item.not-assignee", message).into())
        }
    }
}

/// What a sweep acts as: its rules ask for approvals of their own.
pub(super) const SWEEP: &str = "sweep";

/// May this person, or this sweep, arrange who does the work?
pub(crate) fn arranges(by: &Actor) -> bool {
    ["supervisor", "process_admin", "platform_admin", SWEEP].iter().any(|role| by.holds(role))
}

pub(crate) fn same_version(item: &WorkItem, version: Option<u32>) -> Result<(), Refusal> {
    match version {
        Some(seen) if seen != item.version => {
            let message = format!("work item {} has changed: version {}, not {seen}", item.id, item.version);
            Err(conflict("resource.changed", message))
        }
        Some(_) | None => Ok(()),
    }
}
