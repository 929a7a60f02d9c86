//! Groups: members who are asked together, one after the other or at once, until it is decided.
//!
//! ```text
//! seats ──offer──► work items ──answered──► count (ballot) ──decided──► results, tally, outcome
//!   ▲                │ conflict of interest, replaced
//!   └── reserves ◄───┘
//! ```
//! It does not know how answers are counted: see `ballot`.

use serde_json::{Value, json};
use yiwang_dsl::{Data, Fault};

use crate::WorkItemId;
use crate::ballot::{self, ClosedBy, Standing, Tally};
use crate::catalog::human_task;
use crate::history::What;
use crate::machine::{Machine, Move};
use crate::offering::{self, Terms};
use crate::state::{Doing, FrameId, Group, Member, Owner, SeatState, Why};
use crate::work_item::{Actor, Seat as ItemSeat, WorkItem, WorkItemState};

fn find<'m>(machine: &'m Machine<'_>, frame: FrameId) -> Option<&'m Group> {
    let mut frames = machine.state.strands.iter().flat_map(|strand| &strand.frames);
    match &frames.find(|one| one.id == frame)?.doing {
        Doing::Group(group) => Some(group),
        _ => None,
    }
}

fn find_mut<'m>(machine: &'m mut Machine<'_>, frame: FrameId) -> Option<&'m mut Group> {
    let mut frames = machine.state.strands.iter_mut().flat_map(|strand| &mut strand.frames);
    match &mut frames.find(|one| one.id == frame)?.doing {
        Doing::Group(group) => Some(group),
        _ => None,
    }
}

/// The innermost task asks its members.
pub(crate) fn begin(machine: &mut Machine<'_>, group: Group) -> Result<Move, Fault> {
    let frame = machine.top().id;
    let members = group.seats.iter().map(|seat| seat.member.name().to_owned()).collect();
    let mode = if group.serial { "serial" } else { "parallel" }.to_owned();
    let line = What::GroupOpened { members, mode, rule: Data::from(json!(group.rule)), blind: group.blind };
    let task = machine.top_task();
    machine.record(Some(task), line);
    machine.top_mut().doing = Doing::Group(Box::new(group));
    offer_all(machine, frame)?;
    Ok(settle(machine, frame).map_or(Move::Park, Move::Return))
}

/// Offers what is to be offered now: every seat that waits, or the first of them.
fn offer_all(machine: &mut Machine<'_>, frame: FrameId) -> Result<(), Fault> {
    loop {
        let Some(group) = find(machine, frame) else { return Ok(()) };
        let busy = group.seats.iter().any(|seat| matches!(seat.state, SeatState::Offered { .. }));
        if group.serial && busy {
            return Ok(());
        }
        let waiting = group.seats.iter().position(|seat| seat.state == SeatState::Waiting);
        let Some(at) = waiting else { return Ok(()) };
        offer(machine, frame, at)?;
    }
}

/// Offers one seat, or finds somebody else for it.
fn offer(machine: &mut Machine<'_>, frame: FrameId, at: usize) -> Result<(), Fault> {
    let Some(group) = find(machine, frame) else { return Ok(()) };
    let member = group.seats[at].member.clone();
    if let Member::Person(person) = &member
        && let Some(reason) = barred(machine, group, person)
    {
        let with = next_reserve(machine, frame);
        seat_changed(machine, frame, at, with, &reason, None);
        return Ok(());
    }
    let group = group.clone();
    let (promise, ladder) = human_task::times(machine, frame, group.due.as_ref(), &group.escalation)?;
    machine.state.counters.items += 1;
    let n = machine.state.counters.items;
    let mut item = WorkItem {
        id: WorkItemId { instance: machine.state.instance, n },
        created: machine.now,
        due: promise.as_ref().map(|promise| promise.due),
        seat: Some(ItemSeat {
            n: u32::try_from(at + 1).unwrap_or(u32::MAX),
            of: u32::try_from(group.seats.len()).unwrap_or(u32::MAX),
            sealed: group.blind,
        }),
        ..group.pattern
    };
    match member {
        Member::Person(person) => item.candidate_people.push(person),
        Member::Role(role) => item.candidate_roles.push(role),
    }
    if let Some(group) = find_mut(machine, frame) {
        group.seats[at].state = SeatState::Offered { n };
    }
    let terms = Terms {
        ladder,
        recipe: promise.and_then(|promise| promise.recipe),
        conflicts: group.conflicts,
        four_eyes_tasks: group.four_eyes_tasks,
        seat: Some(at),
    };
    offering::offer(machine, frame, item, terms);
    Ok(())
}

/// Why a person cannot have a seat: an interest in the matter, or an earlier decision.
fn barred(machine: &Machine<'_>, group: &Group, person: &str) -> Option<String> {
    if let Some(why) = group.conflicts.of_person(&machine.district.organisation, person) {
        return Some(format!("conflict of interest: {why}"));
    }
    let deciders =
        offering::earlier_deciders(machine, &group.pattern.excluded_people, &group.four_eyes_tasks);
    deciders.iter().any(|other| other == person).then(|| format!("{person} may not do it"))
}

/// Who would take a seat that becomes free.
pub(crate) fn next_reserve(machine: &Machine<'_>, frame: FrameId) -> Option<String> {
    let group = find(machine, frame)?;
    let seated =
        |person: &String| group.seats.iter().any(|seat| seat.member == Member::Person(person.clone()));
    let mut reserves = group.reserves.iter();
    reserves.find(|person| !seated(person) && barred(machine, group, person).is_none()).cloned()
}

/// Does this person sit, or has this person answered, on another seat?
pub(crate) fn sits_elsewhere(machine: &Machine<'_>, frame: FrameId, seat: usize, person: &str) -> bool {
    let Some(group) = find(machine, frame) else { return false };
    let assigned = |n: u32| {
        let open = machine.state.items.iter().find(|open| open.item.id.n == n);
        open.and_then(|open| open.item.assignee.as_deref()) == Some(person)
    };
    group.seats.iter().enumerate().filter(|(at, _)| *at != seat).any(|(_, other)| match &other.state {
        SeatState::Waiting => other.member == Member::Person(person.to_owned()),
        SeatState::Offered { n } => other.member == Member::Person(person.to_owned()) || assigned(*n),
        SeatState::Answered { item } => {
            item.completion.as_ref().is_some_and(|completion| completion.by == person)
        }
        SeatState::Excused { .. } => false,
    })
}

/// A member has answered.
pub(crate) fn answered(machine: &mut Machine<'_>, frame: FrameId, seat: usize, item: WorkItem) {
    forget_timers(machine, frame, item.id.n);
    if let Some(group) = find_mut(machine, frame) {
        group.seats[seat].state = SeatState::Answered { item: Box::new(item) };
    }
    go_on(machine, frame);
}

/// The due time of one of the work items has come.
pub(crate) fn due(machine: &mut Machine<'_>, frame: FrameId) {
    let Some(group) = find_mut(machine, frame) else { return };
    if group.is_due || group.rule.enough_when_due.is_none() {
        return;
    }
    group.is_due = true;
    go_on(machine, frame);
}

/// A member who has not answered leaves the seat to somebody else: a named person, or the next reserve; with
/// neither, the seat does not count any more.
pub(crate) fn vacate(
    machine: &mut Machine<'_>,
    frame: FrameId,
    seat: usize,
    with: Option<String>,
    reason: &str,
    by: Option<&Actor>,
) {
    let with = with.or_else(|| next_reserve(machine, frame));
    withdraw(machine, frame, seat);
    seat_changed(machine, frame, seat, with, reason, by);
    go_on(machine, frame);
}

/// Takes back what was offered for a seat.
fn withdraw(machine: &mut Machine<'_>, frame: FrameId, seat: usize) {
    let found = |open: &crate::state::OpenItem| open.owner == frame && open.seat == Some(seat);
    let Some(at) = machine.state.items.iter().position(found) else { return };
    let mut item = machine.state.items.remove(at).item;
    forget_timers(machine, frame, item.id.n);
    item.state = WorkItemState::Cancelled;
    item.version += 1;
    let task = machine.owner_task(Owner::Frame(frame));
    machine.record(task, What::WorkItemCancelled { item: item.id });
    machine.work_item_changed(&item);
}

fn seat_changed(
    machine: &mut Machine<'_>,
    frame: FrameId,
    at: usize,
    with: Option<String>,
    reason: &str,
    by: Option<&Actor>,
) {
    let Some(group) = find_mut(machine, frame) else { return };
    let seat = &mut group.seats[at];
    let from = seat.member.name().to_owned();
    match &with {
        Some(person) => {
            seat.member = Member::Person(person.clone());
            seat.state = SeatState::Waiting;
            group.reserves.retain(|reserve| reserve != person);
        }
        None => seat.state = SeatState::Excused { reason: reason.to_owned() },
    }
    let line = What::GroupSeatChanged {
        seat: u32::try_from(at + 1).unwrap_or(u32::MAX),
        from,
        to: with,
        reason: reason.to_owned(),
        by: by.map(|by| by.person.clone()),
    };
    let task = machine.owner_task(Owner::Frame(frame));
    machine.record(task, line);
}

/// Timers of an item that is over have nothing to do.
fn forget_timers(machine: &mut Machine<'_>, frame: FrameId, item: u32) {
    machine.cancel_owned_timers(frame, |why| match why {
        Why::Due { n } | Why::Rung { n, .. } => *n == item,
        Why::Wait | Why::Timeout | Why::Retry | Why::Attempt | Why::Resend { .. } | Why::Clock { .. } => {
            false
        }
    });
}

/// Decided, or the next ones are asked.
fn go_on(machine: &mut Machine<'_>, frame: FrameId) {
    let next = match settle(machine, frame) {
        Some(output) => machine.goes_on(frame, |_| Move::Return(output)),
        None => match offer_all(machine, frame) {
            Ok(()) => match settle(machine, frame) {
                Some(output) => machine.goes_on(frame, |_| Move::Return(output)),
                None => return,
            },
            Err(fault) => machine.goes_on(frame, |_| Move::Fail(fault)),
        },
    };
    machine.drive(next);
}

/// The output, if it is decided: then what is still open is taken back and what was sealed is shown.
fn settle(machine: &mut Machine<'_>, frame: FrameId) -> Option<Data> {
    let group = find(machine, frame)?;
    let (tally, closed) = ballot::count(&group.rule, &standings(group), group.is_due);
    let (by, outcome) = closed?;
    let group = group.clone();
    machine.cancel_owned(frame);
    let task = machine.owner_task(Owner::Frame(frame));
    machine.record(task, What::GroupClosed { by, outcome: outcome.clone(), tally: tally.clone() });
    for seat in &group.seats {
        if let SeatState::Answered { item } = &seat.state
            && group.blind
        {
            unseal(machine, item);
        }
    }
    Some(Data::from(output(&group, by, outcome.as_deref(), &tally)))
}

fn standings(group: &Group) -> Vec<Standing<'_>> {
    group
        .seats
        .iter()
        .map(|seat| match &seat.state {
            SeatState::Waiting | SeatState::Offered { .. } => Standing::Pending(seat.weight),
            SeatState::Answered { item } => {
                let outcome = item.completion.as_ref().map_or("", |completion| &completion.outcome);
                Standing::Answered(seat.weight, outcome)
            }
            SeatState::Excused { .. } => Standing::Excused,
        })
        .collect()
}

fn unseal(machine: &mut Machine<'_>, item: &WorkItem) {
    let mut item = item.clone();
    if let Some(seat) = &mut item.seat {
        seat.sealed = false;
    }
    item.version += 1;
    for decided in machine.state.decided.iter_mut().filter(|decided| decided.n == item.id.n) {
        decided.sealed = false;
    }
    machine.work_item_changed(&item);
}

fn output(group: &Group, by: ClosedBy, outcome: Option<&str>, tally: &Tally) -> Value {
    let result = |(at, seat): (usize, &crate::state::Seat)| {
        let SeatState::Answered { item } = &seat.state else { return None };
        let completion = item.completion.as_ref()?;
        Some(json!({
            "seat": at + 1,
            "member": seat.member.name(),
            "weight": seat.weight,
            "workItemId": item.id,
            "outcome": completion.outcome,
            "form": completion.form.to_json(),
            "completedBy": completion.by,
            "onBehalfOf": completion.on_behalf_of,
            "completedAt": completion.at.rfc3339(),
        }))
    };
    let missing = |(at, seat): (usize, &crate::state::Seat)| {
        let reason = match &seat.state {
            SeatState::Answered { .. } => return None,
            SeatState::Waiting | SeatState::Offered { .. } => "has not answered",
            SeatState::Excused { reason } => reason,
        };
        Some(json!({"seat": at + 1, "member": seat.member.name(), "reason": reason}))
    };
    let results: Vec<Value> = group.seats.iter().enumerate().filter_map(result).collect();
    let missing: Vec<Value> = group.seats.iter().enumerate().filter_map(missing).collect();
    json!({"outcome": outcome, "closedBy": by, "results": results, "missing": missing, "tally": tally})
}
