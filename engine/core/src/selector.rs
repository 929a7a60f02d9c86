//! Which cases and work items are meant: one small language for sweeps, queries and lists.
//!
//! ```text
//! JSON ──parse──► Selector (moments as written) ──resolve(now)──► Selection (absolute times) ──► admits(Subject)
//!                                                                                           └──► SQL, in `store`
//! ```
//! What a [`Selection`] means is said here, by [`Selection::admits`]; a store may answer faster, but never
//! otherwise. A field that a subject does not have fits nothing but `null`, also below `not`: there is no
//! third truth value as in SQL.

pub mod field;
mod parse;
pub mod span;

use serde::{Deserialize, Serialize};
use yiwang_dsl::catalog::Misfit;

pub use self::field::{Field, Subject};
use self::span::{Span, Times};
use crate::Timestamp;

/// Tests of one selector, all levels together.
pub const TESTS_MAX: usize = 200;
/// Values of one list.
pub const VALUES_MAX: usize = 500;
/// Levels of `all`, `any` and `not`.
pub const DEPTH_MAX: usize = 8;

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Of {
    /// Cases.
    #[default]
    Cases,
    /// Work items, with the case they are about.
    WorkItems,
    /// Instances, with the case they have.
    Instances,
}

/// A selector as it was written and checked. Stored and shown in its written form.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// What is looked at.
    pub of: Of,
    /// Which of them.
    pub test: Test<Moment>,
}

/// The same at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// What is looked at.
    pub of: Of,
    /// Which of them.
    pub test: Test<Timestamp>,
}

/// One test, or several. `M`: how a point in time is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Test<M> {
    /// All of these hold. None at all: true.
    All(Vec<Self>),
    /// One of these holds. None at all: false.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The field is one of these texts. A set: one of these is in it.
    OneOf(Field, Vec<String>),
    /// The field has a value. A set: it is not empty.
    Present(Field),
    /// The text has this part, letter by letter.
    Contains(Field, String),
    /// The time is before this one.
    Before(Field, M),
    /// The time is this one or after it.
    From(Field, M),
    /// The time is before that of another field.
    BeforeField(Field, Field),
    /// The time is that of another field or after it.
    FromField(Field, Field),
    /// The number is at least this.
    AtLeast(Field, i64),
    /// The number is at most this.
    AtMost(Field, i64),
}

/// A point in time, fixed or relative to when the selector is used.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// When it is used.
    Now,
    /// This one.
    At(Timestamp),
    /// So long before it is used.
    Ago(Span),
    /// So long after.
    Ahead(Span),
}

/// A mistake in a selector or a sweep: data, all at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mistake {
    /// JSON Pointer into what was given.
    pub place: String,
    /// Stable code, e.g. `selector.unknown-field`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What may have been meant.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<String>,
}

impl Selector {
    /// Reads `where` of these things, found at `place` within a larger document.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn parse(of: Of, filter: &serde_json::Value, place: &str) -> Result<Self, Vec<Mistake>> {
        parse::parse(of, filter, place)
    }

    /// The selection at `now`. Working time goes by `times`.
    ///
    /// # Errors
    /// When a calendar is not known or does not reach that far.
    pub fn resolve(&self, now: Timestamp, times: &dyn Times) -> Result<Selection, String> {
        Ok(Selection { of: self.of, test: self.test.resolve(now, times)? })
    }
}

impl Selection {
    /// Does the selection take this one?
    pub fn admits(&self, subject: &Subject<'_>) -> bool {
        self.test.holds(subject)
    }
}

impl Test<Moment> {
    fn resolve(&self, now: Timestamp, times: &dyn Times) -> Result<Test<Timestamp>, String> {
        let all = |tests: &[Self]| {
            tests.iter().map(|test| test.resolve(now, times)).collect::<Result<Vec<_>, String>>()
        };
        Ok(match self {
            Self::All(tests) => Test::All(all(tests)?),
            Self::Any(tests) => Test::Any(all(tests)?),
            Self::Not(test) => Test::Not(Box::new(test.resolve(now, times)?)),
            Self::OneOf(field, values) => Test::OneOf(field.clone(), values.clone()),
            Self::Present(field) => Test::Present(field.clone()),
            Self::Contains(field, text) => Test::Contains(field.clone(), text.clone()),
            Self::Before(field, moment) => Test::Before(field.clone(), moment.resolve(now, times)?),
            Self::From(field, moment) => Test::From(field.clone(), moment.resolve(now, times)?),
            Self::BeforeField(field, other) => Test::BeforeField(field.clone(), other.clone()),
            Self::FromField(field, other) => Test::FromField(field.clone(), other.clone()),
            Self::AtLeast(field, number) => Test::AtLeast(field.clone(), *number),
            Self::AtMost(field, number) => Test::AtMost(field.clone(), *number),
        })
    }
}

impl Test<Timestamp> {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(subject)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(subject)),
            Self::Not(test) => !test.holds(subject),
            Self::OneOf(field, values) => {
                field.texts(subject).iter().any(|text| values.iter().any(|value| value == text))
            }
            Self::Present(field) => field.is_present(subject),
            Self::Contains(field, part) => field.texts(subject).iter().any(|text| text.contains(part)),
            Self::Before(field, at) => field.time(subject).is_some_and(|time| time < *at),
            Self::From(field, at) => field.time(subject).is_some_and(|time| time >= *at),
            Self::BeforeField(field, other) => {
                field.time(subject).zip(other.time(subject)).is_some_and(|(time, other)| time < other)
            }
            Self::FromField(field, other) => {
                field.time(subject).zip(other.time(subject)).is_some_and(|(time, other)| time >= other)
            }
            Self::AtLeast(field, number) => field.number(subject).is_some_and(|own| own >= *number),
            Self::AtMost(field, number) => field.number(subject).is_some_and(|own| own <= *number),
        }
    }
}

impl Moment {
    /// The point in time, seen from `now`.
    ///
    /// # Errors
    /// When a calendar is not known or does not reach that far.
    pub fn resolve(&self, now: Timestamp, times: &dyn Times) -> Result<Timestamp, String> {
        match self {
            Self::Now => Ok(now),
            Self::At(at) => Ok(*at),
            Self::Ago(span) => span.before(now, times),
            Self::Ahead(span) => span.after(now, times),
        }
    }
}

impl Mistake {
    /// A mistake at this place.
    pub(crate) fn new(place: &str, code: &str, message: String) -> Self {
        Self { place: place.to_owned(), code: code.to_owned(), message, help: None }
    }

    /// With what may have been meant.
    pub(crate) fn meant(mut self, written: &str, known: &[&str]) -> Self {
        let near = yiwang_dsl::diagnostic::nearest(written, known);
        self.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        });
        self
    }
}

/// The mistakes as the check of a workflow's arguments tells them; `place`: where in the arguments they begin.
pub(crate) fn misfits(place: &str, mistakes: Option<Vec<Mistake>>) -> Vec<Misfit> {
    let misfit = |mistake: Mistake| Misfit {
        pointer: format!("{place}{}", mistake.place),
        message: mistake.message,
        help: mistake.help,
    };
    mistakes.into_iter().flatten().map(misfit).collect()
}

/// A name as a step of a JSON Pointer.
pub(crate) fn below(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}
