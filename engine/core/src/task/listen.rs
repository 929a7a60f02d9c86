//! `listen`: wait for events. The output is always an array.
//!
//! ```text
//! listening ──event──► taken ──► a round of `foreach` ──► … ──► stopped and all rounds ended ──► the output
//!     ▲                  │  enough, or `until` holds: it stops
//!     └──── not yet ─────┘
//! ```

use std::sync::Arc;

use yiwang_dsl::definition::{EventFilter, Foreach, Read, Strategy, Task, TaskKind, Until};
use yiwang_dsl::error::Kind;
use yiwang_dsl::expression::Expression;
use yiwang_dsl::{Data, Fault};

use super::foreach;
use crate::correlation::{self, SubscriptionKey};
use crate::event::Event;
use crate::filter;
use crate::history::What;
use crate::machine::{Machine, Move, Place, settle};
use crate::state::{Doing, FrameId, Rounds, Wanted};

/// Which filter of a listening task wants an event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Want {
    /// One of those that it listens to.
    Event(usize),
    /// One of `until`.
    Until(usize),
}

pub(super) fn begin(
    machine: &mut Machine<'_>,
    task: &Task,
    to: &Strategy,
    until: Option<&Until>,
    has_rounds: bool,
) -> Result<Move, Fault> {
    let filters = wanted(machine, task, to)?;
    let ends = until.and_then(until_events);
    let until = match ends {
        Some(strategy) => wanted(machine, task, strategy)?,
        None => Vec::new(),
    };
    let all = to.filters().iter().chain(ends.into_iter().flat_map(Strategy::filters));
    let types = all.map(|filter| filter.event_type().unwrap_or("*").to_owned()).collect();
    let rounds = has_rounds.then(Rounds::default);
    machine.top_mut().doing = Doing::Listen { filters, taken: Vec::new(), until, rounds };
    machine.record(Some(task), What::Listening { types });
    Ok(Move::Park)
}

fn until_events(until: &Until) -> Option<&Strategy> {
    match until {
        Until::Events(strategy) => Some(strategy),
        Until::Condition(_) => None,
    }
}

fn wanted(machine: &Machine<'_>, task: &Task, strategy: &Strategy) -> Result<Vec<Wanted>, Fault> {
    if strategy.filters().is_empty() {
        // `any: []`: every event.
        return Ok(vec![Wanted { key: SubscriptionKey::new(None, &[]), expect: Vec::new(), taken: false }]);
    }
    strategy.filters().iter().map(|filter| wanted_by(machine, task, filter)).collect()
}

fn wanted_by(machine: &Machine<'_>, task: &Task, filter: &EventFilter) -> Result<Wanted, Fault> {
    let input = machine.input();
    let mut expect = Vec::new();
    for correlation in &filter.correlate {
        expect.push(match &correlation.expect {
            None => Vec::new(),
            Some(template) => {
                let property = format!("listen.to.correlate.{}.expect", correlation.key);
                let place = Place::new(task, &property);
                let value = machine.template(template, &input, place)?;
                if value.is_null() {
                    // It would wait for ever: no event correlates with nothing.
                    return Err(place.fault(Kind::Expression, "the value to correlate with is null"));
                }
                vec![value]
            }
        });
    }
    let values = expect.iter().flatten().cloned();
    let correlated: Vec<_> =
        correlation::expected(filter).map(|from| Arc::from(&*from.text)).zip(values).collect();
    let key = SubscriptionKey::new(filter.event_type(), &correlated);
    Ok(Wanted { key, expect, taken: false })
}

/// The tasks that want this event, each with the filter that does.
pub(crate) fn who_wants(machine: &mut Machine<'_>, event: &Event) -> Vec<(FrameId, Want)> {
    let envelope = event.envelope();
    let mut wanting = Vec::new();
    for strand in 0..machine.state.strands.len() {
        machine.strand = strand;
        let frames = (0..machine.frames().len())
            .filter_map(|at| Some((machine.frames()[at].id, wants(machine, at, &envelope)?)));
        wanting.extend(frames);
    }
    wanting
}

fn wants(machine: &Machine<'_>, at: usize, envelope: &Data) -> Option<Want> {
    let frame = &machine.frames()[at];
    let task = machine.definition().task(frame.task);
    let TaskKind::Listen { to, until, .. } = &task.kind else { return None };
    let Doing::Listen { filters, until: ends, .. } = &frame.doing else { return None };
    let view = machine.view(Place::new(task, "listen.to").seen_from(at));
    let matching = |strategy: &Strategy, wanted: &[Wanted]| {
        let matches = |(n, wanted): &(usize, &Wanted)| {
            !wanted.taken
                && strategy.filters().get(*n).is_none_or(|filter| {
                    filter::holds(filter, envelope, &view)
                        && filter::correlates(filter, &wanted.expect, envelope)
                })
        };
        wanted.iter().enumerate().find(matches).map(|(n, _)| n)
    };
    // What ends the listening is no part of what is listened to.
    let end = until.as_ref().and_then(until_events).and_then(|strategy| matching(strategy, ends));
    end.map(Want::Until).or_else(|| matching(to, filters).map(Want::Event))
}

/// A task takes an event that one of its filters wants.
pub(crate) fn take(machine: &mut Machine<'_>, frame: FrameId, want: Want, event: &Event) {
    // Another task that took the same event may have ended this one.
    let Some(at) = machine.locate(frame) else { return };
    let taken = keep(machine, at, want, event);
    let next = match taken {
        Ok(()) if at + 1 < machine.frames().len() => return,
        Ok(()) => machine.goes_on(frame, |_| Move::Proceed),
        Err(fault) => {
            machine.abandon(at);
            machine.goes_on(frame, |_| Move::Fail(fault))
        }
    };
    machine.drive(next);
}

/// Keeps what an event brings, and stops listening if that was enough.
fn keep(machine: &mut Machine<'_>, at: usize, want: Want, event: &Event) -> Result<(), Fault> {
    let task = machine.definition().task(machine.frames()[at].task);
    let TaskKind::Listen { to, until, read, .. } = &task.kind else {
        unreachable!("only a listen takes events")
    };
    let (source, id, r#type) = (event.source.clone(), event.id.clone(), event.r#type.clone());
    machine.record(Some(task), What::EventTaken { source, id, r#type });
    let Doing::Listen { filters, taken, until: ends, .. } = &mut machine.frame_mut(at).doing else {
        unreachable!("only a listen takes events");
    };
    let enough = match want {
        Want::Until(n) => match until.as_ref().and_then(until_events) {
            Some(strategy) => fulfilled(strategy, ends, n, event),
            None => true,
        },
        Want::Event(n) => {
            taken.push((n, read_event(*read, event)));
            match until {
                Some(Until::Events(_)) => false,
                Some(Until::Condition(condition)) => holds(machine, task, at, condition)?,
                None => fulfilled(to, filters, n, event),
            }
        }
    };
    let Doing::Listen { filters, taken, until: ends, .. } = &mut machine.frame_mut(at).doing else {
        unreachable!("only a listen takes events");
    };
    if enough {
        stop(filters, ends);
    }
    let all = Data::array(taken.iter().map(|(_, event)| event.clone()));
    settle(all, Place::new(task, "listen")).map(drop)
}

/// An event came that fulfils filter `n`: are all fulfilled that must be?
fn fulfilled(strategy: &Strategy, wanted: &mut [Wanted], n: usize, event: &Event) -> bool {
    match strategy {
        Strategy::One(_) | Strategy::Any(_) => true,
        Strategy::All(all) => {
            wanted[n].taken = true;
            fix_correlation(all, wanted, n, event);
            wanted.iter().all(|wanted| wanted.taken)
        }
    }
}

/// It listens no more, even if it cannot go on yet.
fn stop(filters: &mut Vec<Wanted>, until: &mut Vec<Wanted>) {
    filters.clear();
    until.clear();
}

/// Does the condition of `until` hold on the events so far?
fn holds(machine: &Machine<'_>, task: &Task, at: usize, condition: &Expression) -> Result<bool, Fault> {
    let Doing::Listen { taken, .. } = &machine.frames()[at].doing else { return Ok(false) };
    let events = Data::array(taken.iter().map(|(_, event)| event.clone()));
    let place = Place::new(task, "listen.to.until").seen_from(at);
    Ok(machine.expression(condition, &events, place)?.is_true())
}

/// The innermost task begins the round of the next event, or returns, or listens on.
pub(super) fn proceed(
    machine: &mut Machine<'_>,
    task: &Task,
    to: &Strategy,
    foreach: Option<&Foreach>,
) -> Result<Move, Fault> {
    if let Some(foreach) = foreach {
        if let Some(next) = foreach::next(machine, task, foreach)? {
            return Ok(next);
        }
        stop_if_holds(machine, task)?;
    }
    let Doing::Listen { filters, taken, rounds, .. } = &mut machine.top_mut().doing else {
        unreachable!("only a listen takes events");
    };
    if !filters.is_empty() {
        return Ok(Move::Park);
    }
    let mut outputs = std::mem::take(taken);
    if let Some(rounds) = rounds.take() {
        outputs = outputs.into_iter().map(|(n, _)| n).zip(rounds.outputs).collect();
    }
    if let Strategy::All(_) = to {
        // In the order of the filters, whatever came first.
        outputs.sort_by_key(|(n, _)| *n);
    }
    Ok(Move::Return(Data::array(outputs.into_iter().map(|(_, output)| output))))
}

/// The round of one event has ended with this output.
pub(super) fn round_ended(
    machine: &mut Machine<'_>,
    task: &Task,
    foreach: &Foreach,
    output: Data,
) -> Result<Move, Fault> {
    foreach::round_ended(machine, task, foreach, output)?;
    stop_if_holds(machine, task)?;
    Ok(Move::Proceed)
}

/// What a round exported may fulfil the condition of `until`.
fn stop_if_holds(machine: &mut Machine<'_>, task: &Task) -> Result<(), Fault> {
    let at = machine.frames().len() - 1;
    if let TaskKind::Listen { until: Some(Until::Condition(condition)), .. } = &task.kind
        && matches!(&machine.top().doing, Doing::Listen { taken, .. } if !taken.is_empty())
        && holds(machine, task, at, condition)?
        && let Doing::Listen { filters, until, .. } = &mut machine.top_mut().doing
    {
        stop(filters, until);
    }
    Ok(())
}

/// The first event of an `all` fixes the values that the others must have under the same key.
pub(crate) fn fix_correlation(all: &[EventFilter], wanted: &mut [Wanted], n: usize, event: &Event) {
    let envelope = event.envelope();
    for correlation in &all[n].correlate {
        let Some(value) = filter::correlated_value(correlation, &envelope) else { continue };
        for (filter, wanted) in all.iter().zip(wanted.iter_mut()) {
            for (other, expect) in filter.correlate.iter().zip(&mut wanted.expect) {
                if other.key == correlation.key && expect.is_empty() {
                    expect.push(value.clone());
                }
            }
        }
    }
}

/// What of an event becomes data.
pub(crate) fn read_event(read: Read, event: &Event) -> Data {
    match read {
        Read::Data => event.data.clone(),
        Read::Envelope => event.envelope(),
        Read::Raw => match event.data.as_str() {
            Some(_) => event.data.clone(),
            None => Data::string(event.data.to_string()),
        },
    }
}
