//! `listen`: wait for events. The output is always an array.

use yiwang_dsl::definition::{EventFilter, Read, Strategy, Task, TaskKind};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::correlation::{self, SubscriptionKey};
use crate::event::Event;
use crate::filter;
use crate::history::What;
use crate::machine::{Machine, Move, Place};
use crate::state::{Doing, FrameId, Wanted};

pub(super) fn begin(machine: &mut Machine<'_>, task: &Task, to: &Strategy) -> Result<Move, Fault> {
    let mut filters = Vec::new();
    for filter in to.filters() {
        filters.push(wanted(machine, task, filter)?);
    }
    if filters.is_empty() {
        // `any: []`: every event.
        filters.push(Wanted { key: SubscriptionKey::new(None, &[]), expect: Vec::new(), taken: false });
    }
    let types = to.filters().iter().map(|filter| filter.event_type().unwrap_or("*").to_owned()).collect();
    machine.top_mut().doing = Doing::Listen { filters, taken: Vec::new() };
    machine.record(Some(task), What::Listening { types });
    Ok(Move::Park)
}

fn wanted(machine: &Machine<'_>, task: &Task, filter: &EventFilter) -> Result<Wanted, Fault> {
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
        correlation::expected(filter).map(|from| std::sync::Arc::from(&*from.text)).zip(values).collect();
    let key = SubscriptionKey::new(filter.event_type(), &correlated);
    Ok(Wanted { key, expect, taken: false })
}

/// The frame that wants this event, and which of its filters.
pub(crate) fn who_wants(machine: &Machine<'_>, event: &Event) -> Option<(FrameId, usize)> {
    let envelope = event.envelope();
    machine.frames().iter().enumerate().find_map(|(at, frame)| {
        let Doing::Listen { filters, .. } = &frame.doing else { return None };
        let task = machine.definition().task(frame.task);
        let TaskKind::Listen { to, .. } = &task.kind else { return None };
        let matching = filters.iter().enumerate().find(|(n, wanted)| {
            !wanted.taken
                && to.filters().get(*n).is_none_or(|filter| {
                    let place = Place::new(task, "listen.to").seen_from(at);
                    filter::holds(filter, &envelope, &machine.view(place))
                        && filter::correlates(filter, &wanted.expect, &envelope)
                })
        });
        matching.map(|(n, _)| (frame.id, n))
    })
}

/// The innermost task, which listens, takes an event that its filter `n` wants.
pub(crate) fn take(machine: &mut Machine<'_>, n: usize, event: &Event) -> Move {
    let task = machine.top_task();
    let TaskKind::Listen { to, read, .. } = &task.kind else { unreachable!("only a listen takes events") };
    let (source, id, r#type) = (event.source.clone(), event.id.clone(), event.r#type.clone());
    machine.record(Some(task), What::EventTaken { source, id, r#type });
    let Doing::Listen { filters, taken } = &mut machine.top_mut().doing else {
        unreachable!("only a listen takes events");
    };
    filters[n].taken = true;
    taken.push((n, read_event(*read, event)));
    let complete = match to {
        Strategy::One(_) | Strategy::Any(_) => true,
        Strategy::All(all) => {
            fix_correlation(all, filters, n, event);
            filters.iter().all(|wanted| wanted.taken)
        }
    };
    if !complete {
        return Move::Park;
    }
    // In the order of the filters, whatever came first.
    taken.sort_by_key(|(n, _)| *n);
    let output = Data::array(taken.drain(..).map(|(_, value)| value));
    // It listens no more, even if it cannot go on yet.
    machine.top_mut().doing = Doing::Task;
    Move::Return(output)
}

/// The first event of an `all` fixes the values that the others must have under the same key.
fn fix_correlation(all: &[EventFilter], wanted: &mut [Wanted], n: usize, event: &Event) {
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
