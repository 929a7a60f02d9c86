//! The clocks of an instance under way: what workflows do with them, and what time does to them.
//!
//! A process hears of what time does as an event of the source `/clocks`: `cn.yiwang.clock.step.v1` for a rung of
//! the ladder, `cn.yiwang.clock.breached.v1` past the due time. Like an act on a case it is given to the
//! instance's own listeners at once and never enters the inbox.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use yiwang_dsl::Data;
use yiwang_dsl::definition::Task;

use crate::calendar::{Amount, Beyond, Calendar};
use crate::case::Flag;
use crate::clock::{Clock, FIRST_CONTACT, SOURCE, Stage};
use crate::docket;
use crate::history::What;
use crate::ladder;
use crate::limits::CLOCKS_MAX;
use crate::machine::Machine;
use crate::promise;
use crate::state::{OpenClock, Owner, Rung, Step, Why};
use crate::task::listen;
use crate::{Event, Timestamp};

/// A clock to be started.
pub(crate) struct Start {
    pub(crate) clock: String,
    pub(crate) goal: Amount,
    pub(crate) calendar: String,
    pub(crate) from: Timestamp,
    pub(crate) ladder: Vec<Rung>,
    /// The flag that the case gets when the clock is breached.
    pub(crate) marks: Option<Flag>,
}

/// Why something cannot be done with a clock.
pub(crate) type Reason = String;

fn beyond(beyond: Beyond) -> Reason {
    beyond.to_string()
}

/// The place of a clock.
fn place(machine: &Machine<'_>, name: &str) -> Result<usize, Reason> {
    let mut clocks = machine.state.clocks.iter();
    clocks.position(|open| open.clock.clock == name).ok_or_else(|| {
        let known: Vec<&str> = machine.state.clocks.iter().map(|open| open.clock.clock.as_str()).collect();
        if known.is_empty() {
            format!("there is no clock `{name}`")
        } else {
            format!("there is no clock `{name}`; there are: {}", known.join(", "))
        }
    })
}

/// The calendar of a clock in the edition that it counts by.
fn frozen<'m>(machine: &Machine<'m>, clock: &Clock) -> Result<&'m Calendar, Reason> {
    let found = machine.district.calendars.edition(&clock.calendar, clock.edition);
    found.map(|calendar| &**calendar).ok_or_else(|| no_calendar(&clock.calendar))
}

fn newest<'m>(machine: &Machine<'m>, id: &str) -> Result<&'m Calendar, Reason> {
    machine.district.calendars.newest(id).map(|calendar| &**calendar).ok_or_else(|| no_calendar(id))
}

fn no_calendar(id: &str) -> Reason {
    format!("there is no calendar `{id}`")
}

/// Starts a clock; one of the same name that has ended begins anew.
pub(crate) fn start(machine: &mut Machine<'_>, task: Option<&Task>, start: Start) -> Result<(), Reason> {
    let Start { clock: name, goal, calendar, from, ladder, marks } = start;
    let known = machine.state.clocks.iter().position(|open| open.clock.clock == name);
    if let Some(at) = known
        && machine.state.clocks[at].clock.is_open()
    {
        return Err(format!("the clock `{name}` runs already"));
    }
    if known.is_none() && machine.state.clocks.len() >= CLOCKS_MAX {
        return Err(format!("an instance has at most {CLOCKS_MAX} clocks"));
    }
    let calendar = newest(machine, &calendar)?;
    let clock = Clock::start(name, goal, from, calendar).map_err(beyond)?;
    let line = started(&clock);
    let open = OpenClock { clock, ladder, taken: Vec::new(), marks };
    let at = match known {
        Some(at) => {
            machine.state.clocks[at] = open;
            at
        }
        None => {
            machine.state.clocks.push(open);
            machine.state.clocks.len() - 1
        }
    };
    machine.record(task, line);
    changed(machine, at);
    Ok(())
}

fn started(clock: &Clock) -> What {
    What::ClockStarted {
        clock: clock.clock.clone(),
        goal: clock.goal,
        calendar: clock.calendar.clone(),
        edition: clock.edition,
        from: clock.started,
        due: clock.due.unwrap_or(clock.started),
        provisional: clock.provisional,
    }
}

/// Stops the count for a while.
pub(crate) fn pause(
    machine: &mut Machine<'_>,
    task: Option<&Task>,
    name: &str,
    reason: &str,
) -> Result<(), Reason> {
    let at = in_stage(machine, name, Stage::Running)?;
    let mut clock = machine.state.clocks[at].clock.clone();
    clock.pause(machine.now, reason, frozen(machine, &clock)?).map_err(beyond)?;
    let line = What::ClockPaused { clock: name.to_owned(), reason: reason.to_owned(), spent: clock.spent };
    put(machine, task, at, clock, line);
    Ok(())
}

/// Counts on.
pub(crate) fn resume(machine: &mut Machine<'_>, task: Option<&Task>, name: &str) -> Result<(), Reason> {
    let at = in_stage(machine, name, Stage::Paused)?;
    let mut clock = machine.state.clocks[at].clock.clone();
    clock.resume(machine.now, frozen(machine, &clock)?).map_err(beyond)?;
    let newest = newest(machine, &clock.calendar)?;
    if clock.provisional && newest.edition > clock.edition {
        clock.renew(newest).map_err(beyond)?;
    }
    let line = What::ClockResumed {
        clock: name.to_owned(),
        due: clock.due,
        edition: clock.edition,
        provisional: clock.provisional,
    };
    put(machine, task, at, clock, line);
    Ok(())
}

/// Ends a clock: in time, too late, or since it does not matter any more.
pub(crate) fn end(
    machine: &mut Machine<'_>,
    task: Option<&Task>,
    name: &str,
    ending: Ending,
    reason: Option<String>,
) -> Result<(), Reason> {
    let at = place(machine, name)?;
    let mut clock = machine.state.clocks[at].clock.clone();
    if !clock.is_open() {
        return Err(format!("the clock `{name}` has ended"));
    }
    let calendar = frozen(machine, &clock)?;
    match ending {
        Ending::Stop => clock.stop(machine.now, calendar),
        Ending::Cancel => clock.cancel(machine.now, calendar),
    }
    .map_err(beyond)?;
    let line = What::ClockEnded { clock: name.to_owned(), stage: clock.stage, spent: clock.spent, reason };
    put(machine, task, at, clock, line);
    Ok(())
}

/// How a clock ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// What it was for is done.
    Stop,
    /// It does not matter any more.
    Cancel,
}

/// Counts from the beginning, from now on, by what its calendar says now.
pub(crate) fn reset(machine: &mut Machine<'_>, task: Option<&Task>, name: &str) -> Result<(), Reason> {
    let at = place(machine, name)?;
    let clock = &machine.state.clocks[at].clock;
    let (goal, calendar) = (clock.goal, newest(machine, &clock.calendar)?);
    let clock = Clock::start(name.to_owned(), goal, machine.now, calendar).map_err(beyond)?;
    machine.state.clocks[at].taken.clear();
    let line = started(&clock);
    put(machine, task, at, clock, line);
    Ok(())
}

/// Another goal, counted from the same start, or a fixed due time.
pub(crate) fn change(
    machine: &mut Machine<'_>,
    task: Option<&Task>,
    name: &str,
    to: Change,
) -> Result<(), Reason> {
    let at = place(machine, name)?;
    let mut clock = machine.state.clocks[at].clock.clone();
    if !clock.is_open() {
        return Err(format!("the clock `{name}` has ended"));
    }
    if to.fixed.is_some() && clock.stage == Stage::Paused {
        return Err(format!("the clock `{name}` is paused: a due time is fixed while it runs"));
    }
    let old = clock.due;
    let id = to.calendar.unwrap_or_else(|| clock.calendar.clone());
    clock.change(to.goal, to.fixed, machine.now, newest(machine, &id)?).map_err(beyond)?;
    let line = What::ClockChanged {
        clock: name.to_owned(),
        goal: to.goal,
        fixed: to.fixed,
        calendar: clock.calendar.clone(),
        edition: clock.edition,
        old,
        due: clock.due,
        reason: to.reason,
        provisional: clock.provisional,
    };
    put(machine, task, at, clock, line);
    Ok(())
}

/// What changes about a clock.
pub(crate) struct Change {
    pub(crate) goal: Option<Amount>,
    pub(crate) fixed: Option<Timestamp>,
    pub(crate) calendar: Option<String>,
    pub(crate) reason: String,
}

/// Its calendar has a new edition.
pub(crate) fn renew(machine: &mut Machine<'_>, at: usize) {
    let mut clock = machine.state.clocks[at].clock.clone();
    let Ok(newest) = newest(machine, &clock.calendar) else { return };
    if !clock.is_open() || !clock.provisional || newest.edition <= clock.edition {
        return;
    }
    let old = clock.due.unwrap_or(clock.started);
    if clock.renew(newest).is_err() {
        return;
    }
    let line = What::DueRecomputed {
        item: None,
        clock: Some(clock.clock.clone()),
        old,
        new: clock.due.unwrap_or(clock.started),
        calendar: clock.calendar.clone(),
        edition: clock.edition,
        provisional: clock.provisional,
    };
    put(machine, None, at, clock, line);
}

/// Pauses all clocks that run; which.
pub(crate) fn pause_all(
    machine: &mut Machine<'_>,
    task: Option<&Task>,
    reason: &str,
) -> Result<Vec<String>, Reason> {
    let names = names(machine, Stage::Running);
    names.iter().try_for_each(|name| pause(machine, task, name, reason))?;
    Ok(names)
}

/// Pauses all clocks that run, but for those whose calendar does not reach so far: they stay as they are.
pub(crate) fn pause_possible(machine: &mut Machine<'_>, reason: &str) {
    for name in names(machine, Stage::Running) {
        drop(pause(machine, None, &name, reason));
    }
}

/// Lets all clocks count on that are paused; which.
pub(crate) fn resume_all(machine: &mut Machine<'_>, task: Option<&Task>) -> Result<Vec<String>, Reason> {
    let names = names(machine, Stage::Paused);
    names.iter().try_for_each(|name| resume(machine, task, name))?;
    Ok(names)
}

/// The petitioner was reached: the clock that asks for this has done its work.
pub(crate) fn contacted(machine: &mut Machine<'_>) {
    // Most cases have none, and one whose calendar does not reach so far stays as it is.
    drop(end(machine, None, FIRST_CONTACT, Ending::Stop, None));
}

/// Ends all clocks that have not ended.
pub(crate) fn end_all(machine: &mut Machine<'_>, task: Option<&Task>, ending: Ending) {
    let open = names(machine, Stage::Running).into_iter().chain(names(machine, Stage::Paused));
    for name in open.collect::<Vec<_>>() {
        // A clock whose calendar does not reach so far stays as it is: the end of a case waits for none.
        drop(end(machine, task, &name, ending, None));
    }
}

fn names(machine: &Machine<'_>, stage: Stage) -> Vec<String> {
    let clocks = machine.state.clocks.iter().map(|open| &open.clock);
    clocks.filter(|clock| clock.stage == stage).map(|clock| clock.clock.clone()).collect()
}

fn in_stage(machine: &Machine<'_>, name: &str, stage: Stage) -> Result<usize, Reason> {
    let at = place(machine, name)?;
    let clock = &machine.state.clocks[at].clock;
    if clock.stage == stage {
        return Ok(at);
    }
    Err(format!("the clock `{name}` is {}", json!(clock.stage).as_str().unwrap_or_default()))
}

fn put(machine: &mut Machine<'_>, task: Option<&Task>, at: usize, clock: Clock, line: What) {
    machine.state.clocks[at].clock = clock;
    machine.record(task, line);
    changed(machine, at);
}

/// Sets the timers of a clock as they are now, and shows it with the case.
fn changed(machine: &mut Machine<'_>, at: usize) {
    let OpenClock { clock, ladder, taken, marks: _ } = machine.state.clocks[at].clone();
    let name = clock.clock.clone();
    machine.state.timers.retain(|timer| !matches!(&timer.why, Why::Clock { clock, .. } if *clock == name));
    machine.clocks_changed();
    let Ok(calendar) = frozen(machine, &clock) else { return };
    if clock.stage != Stage::Running {
        return;
    }
    if let Some(due) = clock.due.filter(|_| clock.breached.is_none()) {
        machine.set_timer(due, Owner::Nobody, Why::Clock { clock: name.clone(), rung: None });
    }
    for (rung, step) in ladder.iter().enumerate().filter(|(rung, _)| !taken.contains(rung)) {
        let time = match &step.at {
            Some(Step::Percent(percent)) => clock.passes(*percent, calendar).ok().flatten(),
            Some(Step::After { amount, calendar: id }) => {
                let other = if *id == clock.calendar { Some(calendar) } else { newest(machine, id).ok() };
                clock.due.zip(other).and_then(|(due, other)| amount.due(due, other).ok())
            }
            None => None,
        };
        if let Some(time) = time {
            machine.set_timer(time, Owner::Nobody, Why::Clock { clock: name.clone(), rung: Some(rung) });
        }
    }
}

/// A timer of a clock has fired: it is due, or a step of its ladder is.
pub(crate) fn fired(machine: &mut Machine<'_>, name: &str, rung: Option<usize>, due: Timestamp) {
    let Ok(at) = place(machine, name) else { return };
    let Some(rung) = rung else {
        machine.state.clocks[at].clock.breach(due);
        machine.record(None, What::ClockBreached { clock: name.to_owned(), due });
        machine.clocks_changed();
        if let Some(flag) = machine.state.clocks[at].marks {
            docket::flag(machine, None, vec![flag]);
        }
        tell(machine, name, "breached", None);
        return;
    };
    let open = &mut machine.state.clocks[at];
    let Some(step) = open.ladder.get(rung).cloned() else { return };
    open.taken.push(rung);
    open.clock.card = open.clock.card.max(step.card);
    machine
        .record(None, What::ClockStep { clock: name.to_owned(), step: step.step.clone(), card: step.card });
    machine.clocks_changed();
    let items: Vec<u32> = machine.state.items.iter().map(|open| open.item.id.n).collect();
    let reached = step.step.clone();
    ladder::act(machine, None, &items, step);
    tell(machine, name, "step", Some(&reached));
}

/// The process hears of it as an event, which its own listeners may take.
fn tell(machine: &mut Machine<'_>, name: &str, word: &str, step: Option<&str>) {
    let case_no = machine.state.case.as_ref().map(|case| case.no.to_string());
    let instance = machine.state.instance;
    let event = Event {
        id: format!("{instance}/{name}/{}/{}", step.unwrap_or(word), machine.now.0),
        source: SOURCE.to_owned(),
        r#type: format!("cn.yiwang.clock.{word}.v1"),
        subject: case_no.clone(),
        time: machine.now,
        data: Data::from(
            json!({"clock": name, "caseNo": case_no, "step": step, "state": shown(machine, name)}),
        ),
        extensions: BTreeMap::new(),
    };
    for (frame, want) in listen::who_wants(machine, &event) {
        listen::take(machine, frame, want, &event);
    }
}

/// A clock as a workflow sees it.
pub(crate) fn data(machine: &Machine<'_>, name: &str) -> Data {
    Data::from(shown(machine, name))
}

fn shown(machine: &Machine<'_>, name: &str) -> Value {
    let Ok(at) = place(machine, name) else { return Value::Null };
    let clock = &machine.state.clocks[at].clock;
    let calendar = frozen(machine, clock);
    let spent =
        calendar.ok().and_then(|calendar| clock.spent_at(machine.now, calendar).ok()).unwrap_or(clock.spent);
    let left = crate::calendar::Length(clock.total.0.saturating_sub(spent.0));
    json!({
        "clock": clock.clock,
        "stage": clock.stage,
        "goal": clock.goal,
        "calendar": clock.calendar,
        "edition": clock.edition,
        "provisional": clock.provisional,
        "started": clock.started.rfc3339(),
        "dueAt": clock.due.map(Timestamp::rfc3339),
        "spent": spent,
        "left": left,
        "breached": clock.breached.is_some(),
        "card": clock.card,
    })
}

/// What instances wait for that have a provisional clock.
pub(crate) fn key(open: &OpenClock) -> Option<crate::correlation::SubscriptionKey> {
    let clock = &open.clock;
    (clock.is_open() && clock.provisional).then(|| promise::key(&clock.calendar, clock.edition))
}
