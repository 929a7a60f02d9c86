//! What one input does to an instance.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use crate::case::repeat::RepeatQuery;
use crate::correlation::SubscriptionKey;
use crate::district::District;
use crate::lifecycle::Sink;
use crate::{Case, CaseNo, Effect, Event, HistoryEvent, InstanceId, Timestamp, WorkItem};

/// Phase of an instance (DSL, "Status phases").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not begun yet.
    Pending,
    /// Something outside is under way for it.
    Running,
    /// Parked on a person, an event or a timer.
    Waiting,
    /// Stopped by an operator or an incident.
    Suspended,
    /// Ended by an operator.
    Cancelled,
    /// Ended by an error that nobody caught.
    Faulted,
    /// Ended as meant.
    Completed,
}

/// What the step may use of the world.
#[derive(Debug)]
pub struct Ambient<'a> {
    /// Whose step this is.
    pub instance: InstanceId,
    /// The time of the turn.
    pub now: Timestamp,
    /// Fresh randomness for this step: jitter, ids of emitted events.
    pub entropy: u64,
    /// Where case numbers come from.
    pub case_numbers: &'a mut CaseNumbers,
    /// Where the server's operator wants lifecycle events.
    pub lifecycle: Option<&'a Sink>,
    /// The reference data: calendars, organisation.
    pub district: &'a District,
}

/// Hands out case numbers, counted per day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseNumbers {
    /// Before the date, e.g. `QC`.
    pub prefix: Arc<str>,
    /// `YYYYMMDD` of the last number, in the district's time zone.
    pub date: String,
    /// The last number of that day.
    pub last: u32,
}

impl CaseNumbers {
    /// No number yet.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: Arc::from(prefix), date: String::new(), last: 0 }
    }

    /// The next number at this time.
    pub fn next(&mut self, now: Timestamp) -> CaseNo {
        // China has had one zone without daylight saving time since 1991.
        let date = jiff::Timestamp::from_millisecond(now.0)
            .unwrap_or_default()
            .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)))
            .strftime("%Y%m%d")
            .to_string();
        // A clock that went back must not hand out a number twice.
        if date > self.date {
            self.date = date;
            self.last = 0;
        }
        self.last += 1;
        CaseNo(format!("{}-{}-{:06}", self.prefix, self.date, self.last).into())
    }
}

/// What one input did. Everything in it is committed together, or nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transition {
    /// Lines to append.
    pub history: Vec<HistoryEvent>,
    /// To be done outside once committed.
    pub effects: Vec<Effect>,
    /// Events that the workflow emitted: they enter the inbox in the same transaction.
    pub published: Vec<Event>,
    /// Work items as they are now, the changed ones only.
    pub work_items: Vec<WorkItem>,
    /// The case as it is now, if it changed.
    pub case: Option<Case>,
    /// All subscriptions as they are now, if they changed.
    pub subscriptions: Option<Vec<SubscriptionKey>>,
    /// What the instance wants to know of other cases: to be told by [`crate::Input::Repeats`] before the
    /// transition is committed.
    pub asks: Option<RepeatQuery>,
    /// For the one who sent the input: a work item's new state, the started instance.
    pub reply: Data,
    /// The input was refused; what is to be committed is the line that says so.
    pub refused: Option<Refusal>,
}

/// Why an input was not taken. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable kind.
    pub kind: RefusalKind,
    /// One sentence.
    pub message: String,
    /// Places within the caller's data, for [`RefusalKind::Invalid`]: JSON Pointer and sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<(String, String)>,
    /// A stable code that says more than the kind, e.g. `work-item.four-eyes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'static, str>>,
}

impl Refusal {
    /// A refusal that is not about places within the caller's data.
    pub fn new(kind: RefusalKind, message: String) -> Self {
        Self { kind, message, problems: Vec::new(), code: None }
    }

    /// The same with a code.
    #[must_use]
    pub(crate) fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(Cow::Borrowed(code));
        self
    }
}

/// The kinds of refusals; the server maps each to a status and a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// No such work item, or none any more.
    NotFound,
    /// Not a candidate, not the assignee, excluded.
    Forbidden,
    /// Not in this state, another version, decided otherwise.
    Conflict,
    /// The data do not fit the form.
    Invalid,
    /// The instance does not wait for this event.
    NotExpected,
}
