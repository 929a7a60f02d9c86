//! `schedule.on.all`: an instance that has not begun, and gathers the events it begins with.
//!
//! ```text
//! first event ─► pending, the others wanted ─► … ─► last event ─► begins with all of them as its input
//! ```
//! The set is the instance's own state from its first event on: each further event is found, taken and
//! committed like one that a listener takes, and nothing besides has to survive a crash (ADR 0014).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use yiwang_dsl::definition::{Correlation, EventFilter, Read, Schedule, Strategy};
use yiwang_dsl::{Data, Definition};

use crate::correlation::{Shape, SubscriptionKey};
use crate::history::What;
use crate::input::Cause;
use crate::machine::Machine;
use crate::state::Wanted;
use crate::task::listen::{fix_correlation, read_event};
use crate::transition::{Refusal, RefusalKind};
use crate::{Event, filter, step};

/// What has come so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gathering {
    /// One for each filter.
    pub(crate) wanted: Vec<Wanted>,
    /// Number of the filter, and the event that it took.
    pub(crate) taken: Vec<(usize, Event)>,
}

/// Does this event belong to a set with which an instance begins?
pub(crate) fn is_wanted(definition: &Definition, event: &Event) -> bool {
    let envelope = event.envelope();
    set(definition).is_some_and(|(filters, _)| {
        let passes = |filter| {
            filter::holds(filter, &envelope, &())
                && filter::correlates(filter, &filter::constants(filter), &envelope)
        };
        filters.iter().any(passes)
    })
}

/// How events are found to belong to a set that has been begun.
pub(crate) fn shapes(definition: &Definition) -> Vec<Shape<'_>> {
    let Some((filters, _)) = set(definition) else { return Vec::new() };
    let shape = |filter| Shape {
        event_type: EventFilter::event_type(filter),
        from: common(filters, filter).map(|(_, correlation)| &correlation.from).collect(),
    };
    filters.iter().map(shape).collect()
}

fn set(definition: &Definition) -> Option<(&[EventFilter], Read)> {
    match definition.schedule.as_ref()? {
        Schedule::On { strategy: Strategy::All(filters), read } => Some((filters, *read)),
        Schedule::On { strategy: Strategy::One(_) | Strategy::Any(_), .. }
        | Schedule::Every(_)
        | Schedule::Cron(_)
        | Schedule::After(_) => None,
    }
}

/// The correlations of a filter whose key all filters have: the first event, whichever it is, gives them their
/// values. With its place in the filter.
fn common<'f>(
    filters: &'f [EventFilter],
    filter: &'f EventFilter,
) -> impl Iterator<Item = (usize, &'f Correlation)> {
    let has = |filter: &EventFilter, key: &str| filter.correlate.iter().any(|other| other.key == key);
    let all_have = move |key: &str| filters.iter().all(|filter| has(filter, key));
    filter.correlate.iter().enumerate().filter(move |(_, correlation)| all_have(&correlation.key))
}

/// An event comes to an instance that has not begun. The last one of the set begins it.
pub(crate) fn take(machine: &mut Machine<'_>, event: &Event) -> Result<(), Refusal> {
    let Some((filters, read)) = set(machine.definition()) else { return Err(unexpected(event)) };
    let first = machine.state.gathering.is_none();
    let mut gathering = machine.state.gathering.clone().unwrap_or_else(|| begin(filters));
    let envelope = event.envelope();
    let mut numbered = filters.iter().zip(&gathering.wanted).enumerate();
    let found = numbered.find(|(_, (filter, wanted))| {
        !wanted.taken
            && filter::holds(filter, &envelope, &())
            && filter::correlates(filter, &wanted.expect, &envelope)
    });
    let Some((n, _)) = found else { return Err(unexpected(event)) };
    if first {
        machine.state.definition = Some(machine.deployment.hash.clone());
        let types = filters.iter().map(|filter| filter.event_type().unwrap_or("*").to_owned()).collect();
        machine.record(None, What::Listening { types });
    }
    let (source, id, r#type) = (event.source.clone(), event.id.clone(), event.r#type.clone());
    machine.record(None, What::EventTaken { source, id, r#type });
    gathering.wanted[n].taken = true;
    gathering.taken.push((n, event.clone()));
    fix_correlation(filters, &mut gathering.wanted, n, event);
    for (filter, wanted) in filters.iter().zip(&mut gathering.wanted) {
        wanted.key = key(filters, filter, wanted);
    }
    if !gathering.wanted.iter().all(|wanted| wanted.taken) {
        machine.state.gathering = Some(gathering);
        return Ok(());
    }
    machine.state.gathering = None;
    // In the order of the filters, whatever came first.
    gathering.taken.sort_by_key(|(n, _)| *n);
    let input = Data::array(gathering.taken.iter().map(|(_, event)| read_event(read, event)));
    let events = gathering.taken.iter().map(|(_, event)| (event.source.clone(), event.id.clone())).collect();
    step::start(machine, input, Cause::Events { events });
    Ok(())
}

fn begin(filters: &[EventFilter]) -> Gathering {
    let wanted = filters.iter().map(|filter| Wanted {
        // It gets its key with the first event.
        key: SubscriptionKey::new(filter.event_type(), &[]),
        expect: filter::constants(filter),
        taken: false,
    });
    Gathering { wanted: wanted.collect(), taken: Vec::new() }
}

fn key(filters: &[EventFilter], filter: &EventFilter, wanted: &Wanted) -> SubscriptionKey {
    let correlated: Vec<_> = common(filters, filter)
        .filter_map(|(at, correlation)| {
            Some((Arc::from(&*correlation.from.text), wanted.expect[at].first()?.clone()))
        })
        .collect();
    SubscriptionKey::new(filter.event_type(), &correlated)
}

fn unexpected(event: &Event) -> Refusal {
    let message = format!("no instance begins with event {} of {}", event.id, event.source);
    Refusal::new(RefusalKind::NotExpected, message)
}
