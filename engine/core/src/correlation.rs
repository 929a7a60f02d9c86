//! Which instance an event is for, found by one look-up.
//!
//! A subscription is stored under a hash of the event's type and the values it correlates by. When an event
//! comes in, the runtime evaluates every known [`Shape`] (the `from` expressions of a listener) on it and
//! looks the hashes up. Hashes may collide: the instance checks the real filter again in its step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use yiwang_dsl::definition::{EventFilter, Strategy, TaskKind, Until};
use yiwang_dsl::expression::Expression;
use yiwang_dsl::{Data, Definition};

use crate::{Event, gathering};

/// First eight bytes of SHA-256 over type and correlation values, as a signed number for SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubscriptionKey(pub i64);

impl SubscriptionKey {
    /// The key of a listener for `event_type` (none: any type) whose `from` expressions have these texts
    /// and values, in the listener's order.
    pub fn new(event_type: Option<&str>, correlated: &[(Arc<str>, Data)]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(event_type.unwrap_or("\u{0}any").as_bytes());
        for (from, value) in correlated {
            hasher.update([0]);
            hasher.update(from.as_bytes());
            hasher.update([1]);
            hasher.update(value.to_string().as_bytes());
        }
        let hash = hasher.finalize();
        Self(i64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes")))
    }
}

/// One way in which a listener of some definition correlates: its event type and `from` expressions.
#[derive(Debug)]
pub struct Shape<'a> {
    /// Literal type of the events; none: any.
    pub event_type: Option<&'a str>,
    /// The `from` expressions, in the listener's order.
    pub from: Vec<&'a Expression>,
}

impl Shape<'_> {
    /// The key under which a listener of this shape that wants this event is stored. None: the event
    /// has another type, or lacks a value to correlate by.
    pub fn key(&self, event: &Event) -> Option<SubscriptionKey> {
        if self.event_type.is_some_and(|wanted| wanted != event.r#type) {
            return None;
        }
        let envelope = event.envelope();
        let correlated: Option<Vec<_>> = self
            .from
            .iter()
            .map(|from| {
                let value = from.evaluate(&envelope, &()).ok().filter(|value| !value.is_null())?;
                Some((Arc::from(&*from.text), value))
            })
            .collect();
        Some(SubscriptionKey::new(self.event_type, &correlated?))
    }
}

/// The shapes of all listeners of a definition, and of the sets of events that it begins with.
pub fn shapes(definition: &Definition) -> Vec<Shape<'_>> {
    let mut shapes: Vec<Shape<'_>> = Vec::new();
    for task in &definition.tasks {
        let TaskKind::Listen { to, until, .. } = &task.kind else { continue };
        let until = match until {
            Some(Until::Events(until)) => Some(until),
            Some(Until::Condition(_)) | None => None,
        };
        for shape in [Some(to), until].into_iter().flatten().flat_map(shapes_of) {
            let same = |other: &Shape<'_>| {
                let texts =
                    |shape: &Shape<'_>| shape.from.iter().map(|from| from.text.clone()).collect::<Vec<_>>();
                other.event_type == shape.event_type && texts(other) == texts(&shape)
            };
            if !shapes.iter().any(same) {
                shapes.push(shape);
            }
        }
    }
    shapes.extend(gathering::shapes(definition));
    shapes
}

fn shapes_of(strategy: &Strategy) -> Vec<Shape<'_>> {
    if strategy.filters().is_empty() {
        return vec![Shape { event_type: None, from: Vec::new() }];
    }
    let shape =
        |filter| Shape { event_type: EventFilter::event_type(filter), from: expected(filter).collect() };
    strategy.filters().iter().map(shape).collect()
}

/// The `from` expressions by which a listener is found: those whose value is known when it begins.
pub(crate) fn expected(filter: &EventFilter) -> impl Iterator<Item = &Expression> {
    filter
        .correlate
        .iter()
        .filter(|correlation| correlation.expect.is_some())
        .map(|correlation| &correlation.from)
}
