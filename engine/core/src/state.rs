//! The stored state of one instance: its snapshot.
//!
//! Plain data that survives JSON at every moment. What a position in it means is known by the interpreter.

mod extended;
mod frame;
mod group;
mod outbox;
mod timer;
mod work;

use serde::{Deserialize, Serialize};
use yiwang_dsl::definition::DefinitionHash;
use yiwang_dsl::{Data, Fault};

pub(crate) use self::extended::{Extended, Phase};
pub(crate) use self::frame::{
    Branch, Doing, Ended, Frame, FrameId, Incoming, Rounds, Strand, TryPhase, Wanted,
};
pub(crate) use self::group::{Group, Member, Seat, SeatState};
pub(crate) use self::outbox::{Pending, Repeat};
pub(crate) use self::timer::{Owner, Timer, Why};
pub(crate) use self::work::{Acted, Decided, OpenClock, OpenItem, Repaired, Rung, Step};
use crate::case::Case;
use crate::clock::Clock;
use crate::correlation::SubscriptionKey;
use crate::gathering::Gathering;
use crate::promise::Recipe;
use crate::transition::Status;
use crate::{CaseNo, Effect, EffectId, InstanceId, Timestamp, WorkItem, stopwatch};

/// Everything an instance is, between two inputs. Opaque to the runtime but for what is asked here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub(crate) instance: InstanceId,
    pub(crate) status: Status,
    /// What it is pinned to, once begun.
    pub(crate) definition: Option<DefinitionHash>,
    pub(crate) started: Timestamp,
    /// The raw workflow input.
    pub(crate) input: Data,
    pub(crate) counters: Counters,
    /// Who began it, if it is a child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Parent>,
    /// It has to do with lifecycle events: it makes none itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) quiet: bool,
    /// The events it is to begin with, while they are not all there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gathering: Option<Gathering>,
    /// Lines of control: the workflow's own, and one for each branch of a `fork` that is under way. A strand
    /// stands behind the one that it branches off.
    pub(crate) strands: Vec<Strand>,
    /// In order of due time, then of setting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) timers: Vec<Timer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) outbox: Vec<Pending>,
    /// Messages that failed for good and that nobody has taken care of yet, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dead: Vec<Pending>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<OpenItem>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) decided: Vec<Decided>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) clocks: Vec<OpenClock>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) case: Option<Case>,
    /// Decisions on the case, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) acts: Vec<Acted>,
    /// What operators repaired, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) repairs: Vec<Repaired>,
    /// The case whose matter this instance has a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) split_from: Option<CaseNo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) faulted: Option<Faulted>,
    /// Results that came while the instance was suspended or faulted, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) held: Vec<Held>,
}

/// Who began an instance as a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The effect that asked for it, and so the parent.
    pub effect: EffectId,
    /// How many parents there are above.
    pub depth: u32,
    /// Does the parent want to know its end?
    pub waits: bool,
}

/// The last number given in each series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counters {
    pub(crate) history: u64,
    pub(crate) effects: u32,
    pub(crate) items: u32,
    pub(crate) timers: u32,
    pub(crate) frames: u32,
}

/// An error that nobody caught, and where to go on if an operator wants to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Faulted {
    pub(crate) error: Fault,
    pub(crate) at: Timestamp,
    pub(crate) again: Again,
}

/// What to run when an operator retries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Again {
    /// The workflow's own input: it was refused or could not be transformed.
    Start,
    /// The task of the innermost frame. Written by versions that had one strand.
    Task,
    /// The tasks of these frames, each the innermost of its strand: what failed, and the branches that had
    /// not begun yet.
    Tasks { frames: Vec<FrameId> },
    /// The workflow's own output.
    End { output: Data },
}

/// How a task goes on that got its result while the instance did not move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) frame: FrameId,
    pub(crate) goes: Goes,
}

/// What a task's result was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goes {
    /// Its raw output.
    Returns(Data),
    /// Its error.
    Fails(Fault),
    /// It took something in, and sees what to do now.
    Proceeds,
    /// An operator passed over it; the raw output that it is given.
    Skips(Data),
    /// An operator had it begin, or begin once more.
    Begins,
}

impl State {
    /// An instance that has not begun.
    pub fn new(instance: InstanceId) -> Self {
        Self {
            instance,
            status: Status::Pending,
            definition: None,
            started: Timestamp::default(),
            input: Data::null(),
            counters: Counters::default(),
            parent: None,
            quiet: false,
            gathering: None,
            strands: Vec::new(),
            timers: Vec::new(),
            outbox: Vec::new(),
            dead: Vec::new(),
            items: Vec::new(),
            decided: Vec::new(),
            clocks: Vec::new(),
            case: None,
            acts: Vec::new(),
            repairs: Vec::new(),
            split_from: None,
            faulted: None,
            held: Vec::new(),
        }
    }

    /// What it is pinned to, once begun.
    pub fn definition(&self) -> Option<&DefinitionHash> {
        self.definition.as_ref()
    }

    /// Its phase.
    pub fn status(&self) -> Status {
        self.status
    }

    /// When its next timer is due. None while suspended; an ended instance has only the timers of messages
    /// that nobody waits for and that are still to be sent again.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let mut due = self.timers.iter().filter(|timer| self.runs(timer));
        match self.status {
            Status::Pending | Status::Suspended => None,
            Status::Running | Status::Waiting | Status::Cancelled | Status::Faulted | Status::Completed => {
                due.next().map(|timer| timer.due)
            }
        }
    }

    /// Does this timer fire when it is due? Not once the instance has ended; and while its case is suspended,
    /// nothing that was promised becomes due.
    pub(crate) fn runs(&self, timer: &Timer) -> bool {
        match timer.why {
            Why::Resend { .. } => true,
            Why::Wait | Why::Timeout | Why::Retry | Why::Attempt | Why::Clock { .. } => !self.has_ended(),
            Why::Due { .. } | Why::Rung { .. } => {
                !self.has_ended() && self.case.as_ref().is_none_or(|case| case.suspended.is_none())
            }
        }
    }

    /// Effects requested and not returned, whose attempt is due now (not waiting for a retry timer):
    /// after a restart the runtime performs these again. A child that has begun goes on by itself.
    pub fn pending_effects(&self) -> Vec<Effect> {
        let due = self.outbox.iter().filter(|pending| pending.is_due());
        due.map(|pending| pending.effect(self.instance)).collect()
    }

    /// All effects requested and not returned for good: due, or waiting to be tried again.
    pub fn outstanding_effects(&self) -> Vec<Effect> {
        self.outbox.iter().map(|pending| pending.effect(self.instance)).collect()
    }

    /// Is this effect still wanted: in the outbox, or waiting to be tried again?
    pub fn wants(&self, effect: EffectId) -> bool {
        effect.instance == self.instance && self.outbox.iter().any(|pending| pending.n == effect.n)
    }

    /// Does it still gather the events it is to begin with?
    pub fn is_gathering(&self) -> bool {
        self.gathering.is_some()
    }

    /// Who began it, if it is a child.
    pub fn parent(&self) -> Option<&Parent> {
        self.parent.as_ref()
    }

    /// Its children that it waits for, with the effects that asked for them.
    pub fn children(&self) -> impl Iterator<Item = (EffectId, InstanceId)> {
        let id = |n| EffectId { instance: self.instance, n };
        self.outbox.iter().filter_map(move |pending| Some((id(pending.n), pending.child?)))
    }

    /// What events it waits for.
    pub fn subscriptions(&self) -> Vec<SubscriptionKey> {
        match self.status {
            Status::Pending => {
                let wanted = self.gathering.iter().flat_map(|gathering| &gathering.wanted);
                let mut keys: Vec<_> = wanted.filter(|one| !one.taken).map(|one| one.key).collect();
                keys.sort_unstable();
                keys.dedup();
                keys
            }
            Status::Cancelled | Status::Faulted | Status::Completed => Vec::new(),
            Status::Running | Status::Waiting | Status::Suspended => {
                let frames = self.strands.iter().flat_map(|strand| &strand.frames);
                let mut keys: Vec<_> = frames.flat_map(|frame| frame.doing.subscriptions()).collect();
                keys.extend(self.recipes().filter_map(Recipe::key));
                keys.extend(self.clocks.iter().filter_map(stopwatch::key));
                keys.sort_unstable();
                keys.dedup();
                keys
            }
        }
    }

    /// How its open due times were worked out.
    fn recipes(&self) -> impl Iterator<Item = &Recipe> {
        self.items.iter().filter_map(|open| open.recipe.as_ref())
    }

    /// Has it due times that are to be worked out again when one of their calendars has a new edition?
    pub fn has_provisional_due_times(&self) -> bool {
        self.recipes().any(|recipe| recipe.provisional)
            || self.clocks.iter().any(|open| stopwatch::key(open).is_some())
    }

    /// Its clocks, in the order in which they began.
    pub fn clocks(&self) -> impl Iterator<Item = &Clock> {
        self.clocks.iter().map(|open| &open.clock)
    }

    /// The case it handles.
    pub fn case(&self) -> Option<&Case> {
        self.case.as_ref()
    }

    /// The error that it ended with, while it is faulted.
    pub fn fault(&self) -> Option<&Fault> {
        self.faulted.as_ref().map(|faulted| &faulted.error)
    }

    /// Its open work items.
    pub fn open_work_items(&self) -> impl Iterator<Item = &WorkItem> {
        self.items.iter().map(|open| &open.item)
    }

    /// Lines of history so far.
    pub fn history_len(&self) -> u64 {
        self.counters.history
    }

    pub(crate) fn has_ended(&self) -> bool {
        match self.status {
            Status::Cancelled | Status::Faulted | Status::Completed => true,
            Status::Pending | Status::Running | Status::Waiting | Status::Suspended => false,
        }
    }
}
