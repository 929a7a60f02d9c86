//! What time does to open work items: due, and the rungs of the escalation ladder. Each happens once.

use crate::Timestamp;
use crate::case::Flag;
use crate::docket;
use crate::effect::Action;
use crate::group;
use crate::history::What;
use crate::machine::Machine;
use crate::offering;
use crate::outbox;
use crate::promise::{self, Promise};
use crate::state::{Owner, Repeat, Rung, Step, Timer, Why};
use crate::work_item::Priority;
use yiwang_dsl::definition::Task;

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
    machine.work_item_changed(&item);
    if is_own_case {
        docket::flag(machine, task, vec![Flag::Overdue]);
    }
    if item.seat.is_some() {
        group::due(machine, owner);
    }
}

/// A rung of the ladder.
pub(crate) fn climb(machine: &mut Machine<'_>, n: u32, rung: usize) {
    let Some(open) = machine.state.items.iter().find(|open| open.item.id.n == n) else { return };
    let Some(rung) = open.ladder.get(rung).cloned() else { return };
    let (owner, seat) = (open.owner, open.seat.filter(|_| rung.replace_pending));
    let task = machine.owner_task(Owner::Frame(owner));
    let reason = format!("no answer at {}", rung.step);
    act(machine, task, &[n], rung);
    if let Some(seat) = seat
        && group::next_reserve(machine, owner).is_some()
    {
        group::vacate(machine, owner, seat, None, &reason, None);
    }
}

/// What a rung does: to these work items, and to the case.
pub(crate) fn act(machine: &mut Machine<'_>, task: Option<&Task>, items: &[u32], rung: Rung) {
    let Rung { step, at: _, add_roles, raise_priority, flag, note, notify, card: _, replace_pending: _ } =
        rung;
    for n in items {
        let own = task.is_some();
        if own || raise_priority || !add_roles.is_empty() {
            escalate(machine, task, *n, &step, &add_roles, raise_priority);
        }
    }
    if let Some(flag) = flag {
        docket::flag(machine, task, vec![flag]);
    }
    if let (Some(text), Some(case)) = (note, &machine.state.case) {
        let no = case.no.clone();
        machine.record(task, What::CaseNoted { no, text });
    }
    if let Some((channel, message)) = notify {
        let function = if task.is_some() { "human-task:1.0.0@default" } else { "clock-start:1.0.0@default" };
        let action = Action::Send { channel, message };
        outbox::request(machine, Owner::Nobody, Repeat::Default, function.to_owned(), action);
    }
}

fn escalate(
    machine: &mut Machine<'_>,
    task: Option<&Task>,
    n: u32,
    step: &str,
    add_roles: &[String],
    raise_priority: bool,
) {
    let Some(open) = machine.state.items.iter_mut().find(|open| open.item.id.n == n) else { return };
    let item = &mut open.item;
    let new = add_roles.iter().filter(|role| !item.candidate_roles.contains(role));
    let roles: Vec<String> = new.cloned().collect();
    item.candidate_roles.extend(roles.iter().cloned());
    if raise_priority {
        item.priority = raised(item.priority);
    }
    item.version += 1;
    let mut item = item.clone();
    if item.unheld && !roles.is_empty() && offering::is_held(machine, &item) {
        item.unheld = false;
        if let Some(open) = machine.state.items.iter_mut().find(|open| open.item.id.n == n) {
            open.item.unheld = false;
        }
    }
    machine.record(task, What::WorkItemEscalated { item: item.id, step: step.to_owned(), roles });
    machine.work_item_changed(&item);
}

/// When a rung of a promise is taken; none: its calendar does not reach so far.
pub(crate) fn time_of(
    machine: &Machine<'_>,
    step: &Step,
    promise: &Promise,
    begun: Timestamp,
) -> Option<Timestamp> {
    match step {
        Step::Percent(percent) => promise.part(machine, begun, *percent),
        Step::After { amount, calendar } => {
            let recipe = promise.recipe.as_ref().filter(|recipe| recipe.calendar == *calendar);
            let calendar = match recipe {
                Some(recipe) => recipe.calendar(machine)?,
                None => machine.district.calendars.newest(calendar)?,
            };
            amount.due(promise.due, calendar).ok()
        }
    }
}

/// Works the due time of an item out again, if it is provisional and its calendar knows more now. What has
/// been taken of the ladder stays taken.
pub(crate) fn renew(machine: &mut Machine<'_>, n: u32) {
    let Some(open) = machine.state.items.iter().find(|open| open.item.id.n == n) else { return };
    let Some(promise) = open.recipe.as_ref().and_then(|recipe| recipe.renewed(machine)) else { return };
    let (Some(old), Some(recipe)) = (open.item.due, promise.recipe.clone()) else { return };
    let (owner, begun, id) = (Owner::Frame(open.owner), open.item.created, open.item.id);
    let steps: Vec<Option<Step>> = open.ladder.iter().map(|rung| rung.at.clone()).collect();
    let mut line = promise::recomputed(&recipe, old, promise.due);
    if let What::DueRecomputed { item, .. } = &mut line {
        *item = Some(id);
    }
    let task = machine.owner_task(owner);
    machine.record(task, line);
    for (rung, step) in steps.iter().enumerate() {
        let why = Why::Rung { n, rung };
        let at = step.as_ref().and_then(|step| time_of(machine, step, &promise, begun));
        if let Some(at) = at
            && machine.drop_timer(&why)
        {
            machine.set_timer(at, owner, why);
        }
    }
    if machine.drop_timer(&Why::Due { n }) {
        machine.set_timer(promise.due, owner, Why::Due { n });
    }
    let Some(open) = machine.state.items.iter_mut().find(|open| open.item.id.n == n) else { return };
    open.recipe = Some(recipe);
    open.item.due = Some(promise.due);
    open.item.version += 1;
    let item = open.item.clone();
    machine.work_item_changed(&item);
}

/// The case is due at another time: so are the work items that were due with it.
pub(crate) fn case_due_moved(machine: &mut Machine<'_>, from: Option<Timestamp>, to: Option<Timestamp>) {
    let (Some(from), Some(to)) = (from, to) else { return };
    if from == to {
        return;
    }
    let with_case = machine.state.items.iter().filter(|open| open.item.due == Some(from));
    let numbers: Vec<u32> = with_case.map(|open| open.item.id.n).collect();
    for n in numbers {
        move_due(machine, n, to);
    }
}

/// The case's time runs again: what was promised is due so much later.
pub(crate) fn resumed(machine: &mut Machine<'_>, paused: u64) {
    let later: Vec<(u32, Timestamp)> = machine
        .state
        .items
        .iter()
        .filter_map(|open| Some((open.item.id.n, open.item.due?.plus_millis(paused))))
        .collect();
    for timer in &mut machine.state.timers {
        if matches!(timer.why, Why::Due { .. } | Why::Rung { .. }) {
            timer.due = timer.due.plus_millis(paused);
        }
    }
    machine.state.timers.sort_by_key(|timer| (timer.due, timer.n));
    for (n, due) in later {
        put_due(machine, n, due);
    }
}

/// A work item is due at another time, and so is what its ladder still holds: parts of the time move in
/// proportion, what comes behind the due time comes as long behind it.
pub(crate) fn move_due(machine: &mut Machine<'_>, n: u32, to: Timestamp) {
    let Some(open) = machine.state.items.iter().find(|open| open.item.id.n == n) else { return };
    let (created, owner) = (open.item.created, open.owner);
    // Without a due time there is no ladder either.
    let from = open.item.due.unwrap_or(to);
    let before = from.millis_since(created);
    let after = to.millis_since(created);
    let moved = |timer: &Timer| {
        let since = timer.due.millis_since(created);
        if since > before {
            return to.plus_millis(since - before);
        }
        let part = u128::from(since) * u128::from(after) / u128::from(before.max(1));
        created.plus_millis(u64::try_from(part).unwrap_or(u64::MAX))
    };
    let mut has_due = false;
    for timer in &mut machine.state.timers {
        match &timer.why {
            Why::Due { n: of } if *of == n => {
                timer.due = to;
                has_due = true;
            }
            Why::Rung { n: of, .. } if *of == n => timer.due = moved(timer),
            Why::Due { .. }
            | Why::Rung { .. }
            | Why::Wait
            | Why::Timeout
            | Why::Retry
            | Why::Attempt
            | Why::Clock { .. }
            | Why::Resend { .. } => {}
        }
    }
    machine.state.timers.sort_by_key(|timer| (timer.due, timer.n));
    if !has_due {
        machine.set_timer(to, Owner::Frame(owner), Why::Due { n });
    }
    put_due(machine, n, to);
}

fn put_due(machine: &mut Machine<'_>, n: u32, due: Timestamp) {
    let now = machine.now;
    let Some(open) = machine.state.items.iter_mut().find(|open| open.item.id.n == n) else { return };
    // It was given by hand: a newer edition of a calendar does not move it.
    open.recipe = None;
    open.item.due = Some(due);
    open.item.overdue &= due <= now;
    open.item.version += 1;
    let (item, owner) = (open.item.clone(), open.owner);
    let task = machine.owner_task(Owner::Frame(owner));
    machine.record(task, What::WorkItemDueMoved { item: item.id, due: item.due });
    machine.work_item_changed(&item);
}

fn raised(priority: Priority) -> Priority {
    match priority {
        Priority::Low => Priority::Normal,
        Priority::Normal => Priority::High,
        Priority::High | Priority::Urgent => Priority::Urgent,
    }
}
