//! Does an event pass a filter? The same rule for `listen` and for `schedule.on`.

use yiwang_dsl::Data;
use yiwang_dsl::definition::{Correlation, EventFilter};
use yiwang_dsl::expression::{Scope, Template};

/// Do the event's attributes have the values, or pass the predicates, of `with`?
pub(crate) fn holds(filter: &EventFilter, envelope: &Data, scope: &dyn Scope) -> bool {
    filter.with.iter().all(|(name, wanted)| {
        let attribute = envelope.get(name).unwrap_or_default();
        passes(wanted, &attribute, scope)
    })
}

/// Has the event the values that this filter correlates by? An empty `expect` accepts any value.
pub(crate) fn correlates(filter: &EventFilter, expect: &[Vec<Data>], envelope: &Data) -> bool {
    filter.correlate.iter().zip(expect).all(|(correlation, expect)| {
        let value = correlated_value(correlation, envelope);
        value.is_some_and(|value| expect.iter().all(|wanted| *wanted == value))
    })
}

/// The values that a filter outside of any instance correlates by, in the order of `correlate`; empty where
/// the first event decides.
pub(crate) fn constants(filter: &EventFilter) -> Vec<Vec<Data>> {
    let constant = |correlation: &Correlation| match &correlation.expect {
        None => Vec::new(),
        // A value that cannot be had, null, is equal to none.
        Some(expect) => vec![expect.evaluate(&Data::null(), &()).unwrap_or_default()],
    };
    filter.correlate.iter().map(constant).collect()
}

/// The event's value of a correlation key. An event without it correlates with nothing.
pub(crate) fn correlated_value(correlation: &Correlation, envelope: &Data) -> Option<Data> {
    correlation.from.evaluate(envelope, &()).ok().filter(|value| !value.is_null())
}

fn passes(wanted: &Template, actual: &Data, scope: &dyn Scope) -> bool {
    match wanted {
        Template::Literal(wanted) => contains(actual, wanted),
        // `true` and `false` answer whether the attribute is wanted; any other value is the wanted one.
        // An expression that fails on this event does not want it.
        Template::Expression(expression) => match expression.evaluate(actual, scope) {
            Ok(value) => match value.0 {
                jaq_json::Val::Bool(answer) => answer,
                jaq_json::Val::Null => false,
                other => contains(actual, &Data(other)),
            },
            Err(_) => false,
        },
        Template::Uri(_) | Template::Loose(..) | Template::Deferred(_) => {
            wanted.evaluate(actual, scope).is_ok_and(|wanted| contains(actual, &wanted))
        }
        Template::Object(members) => members
            .iter()
            .all(|(name, wanted)| actual.get(name).is_some_and(|actual| passes(wanted, &actual, scope))),
        Template::Array(wanted) => actual.items().is_some_and(|items| {
            items.len() == wanted.len()
                && items.zip(wanted).all(|(actual, wanted)| passes(wanted, &actual, scope))
        }),
    }
}

/// Equal, or an object with at least these members.
fn contains(actual: &Data, wanted: &Data) -> bool {
    match (&actual.0, &wanted.0) {
        (jaq_json::Val::Obj(actual), jaq_json::Val::Obj(wanted)) => wanted.iter().all(|(name, wanted)| {
            actual.get(name).is_some_and(|actual| contains(&Data(actual.clone()), &Data(wanted.clone())))
        }),
        (actual, wanted) => actual == wanted,
    }
}
