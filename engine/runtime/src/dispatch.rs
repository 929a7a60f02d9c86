//! Performs effects by their channels and services: a queue for each, a few at a time, results back as inputs.
//!
//! An effect that is lost here (the process dies, the queue is full) stays in its instance's snapshot and
//! is found again; it is then performed with the same id, so that the receiver can tell.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use yiwang_core::district::District;
use yiwang_core::effect::Action;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{Effect, EffectId};

use crate::ports::{Clock, Delivery, Outside, ServiceCall, Store};
use crate::request::Request;
use crate::{inquiries, limits};

/// The effects of one shard on their way.
pub(crate) struct Dispatch {
    outside: Outside,
    /// Where questions about many cases are answered.
    store: Arc<dyn Store>,
    district: watch::Receiver<Arc<District>>,
    clock: Arc<dyn Clock>,
    limits: AtOnce,
    lanes: BTreeMap<String, Lane>,
    /// Queued and under way: an effect found twice is performed once at a time.
    known: BTreeMap<(EffectId, u32), Place>,
    queued: usize,
    running: JoinSet<Performed>,
    /// The lanes of calls that are being given up: their tasks end without a result.
    given_up: HashMap<Id, String>,
    /// Some did not fit and are only in the store.
    overflowed: bool,
}

/// How many effects of one lane are under way at the same time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtOnce {
    /// Of a channel.
    pub(crate) sends: usize,
    /// Of a kind of service.
    pub(crate) calls: usize,
}

struct Lane {
    queue: VecDeque<Effect>,
    running: usize,
    at_once: usize,
}

/// Where an effect is.
enum Place {
    /// In the queue of its lane.
    Queued { lane: String },
    /// A call or a query, which may be given up.
    Called { lane: String, task: AbortHandle },
    /// A message on its way to a channel: whether it was taken must be known.
    Sent,
}

struct Performed {
    effect: EffectId,
    attempt: u32,
    lane: String,
    outcome: EffectOutcome,
}

impl Dispatch {
    pub(crate) fn new(
        outside: Outside,
        store: Arc<dyn Store>,
        district: watch::Receiver<Arc<District>>,
        clock: Arc<dyn Clock>,
        limits: AtOnce,
    ) -> Self {
        Self {
            outside,
            store,
            district,
            clock,
            limits,
            lanes: BTreeMap::new(),
            known: BTreeMap::new(),
            queued: 0,
            running: JoinSet::new(),
            given_up: HashMap::new(),
            overflowed: false,
        }
    }

    /// Takes effects whose request is committed.
    pub(crate) fn add(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if self.known.contains_key(&(effect.id, effect.attempt)) {
                continue;
            }
            if self.queued >= limits::EFFECTS_QUEUED_MAX {
                self.overflowed = true;
                continue;
            }
            let lane = lane(&effect.action);
            self.known.insert((effect.id, effect.attempt), Place::Queued { lane: lane.clone() });
            self.queued += 1;
            let at_once = match &effect.action {
                Action::Call(_) => self.limits.calls,
                Action::Query { .. } => limits::QUERIES_MAX,
                Action::Send { .. }
                | Action::Start { .. }
                | Action::Tell { .. }
                | Action::Cancel { .. }
                | Action::Sweep { .. }
                | Action::Case { .. }
                | Action::Split { .. } => self.limits.sends,
            };
            let new = || Lane { queue: VecDeque::new(), running: 0, at_once };
            self.lanes.entry(lane.clone()).or_insert_with(new).queue.push_back(effect);
            self.start(&lane);
        }
    }

    /// Gives up what its instance waits for no more: it is not begun, and a call under way is broken off where it
    /// stands, with its connection. Its place is another's when the task has ended.
    pub(crate) fn withdraw(&mut self, effects: Vec<(EffectId, u32)>) {
        for key in effects {
            match self.known.remove(&key) {
                None => {}
                Some(Place::Queued { lane }) => {
                    if let Some(lane) = self.lanes.get_mut(&lane) {
                        lane.queue.retain(|effect| (effect.id, effect.attempt) != key);
                        self.queued -= 1;
                    }
                    tracing::debug!(effect = %key.0, "withdrawn before it was begun");
                }
                Some(Place::Called { lane, task }) => {
                    task.abort();
                    self.given_up.insert(task.id(), lane);
                    tracing::debug!(effect = %key.0, "a call that nobody waits for is broken off");
                }
                Some(Place::Sent) => {
                    self.known.insert(key, Place::Sent);
                }
            }
        }
    }

    /// Is there room for another page of effects found in the store?
    pub(crate) fn has_room(&self) -> bool {
        self.queued < limits::EFFECTS_QUEUED_MAX / 2
    }

    /// Do effects wait for others to come back? Then nothing more should be begun than is ended.
    pub(crate) fn is_behind(&self) -> bool {
        self.queued > 0
    }

    /// True once after some did not fit and the queue has drained: look for them in the store.
    pub(crate) fn take_overflowed(&mut self) -> bool {
        let again = self.overflowed && self.has_room();
        self.overflowed &= !again;
        again
    }

    /// The next result; for ever pending while nothing is under way.
    pub(crate) async fn next(&mut self) -> Request {
        loop {
            match self.running.join_next_with_id().await {
                Some(Ok((task, performed))) => {
                    if let Some(request) = self.done(task, performed) {
                        return request;
                    }
                }
                Some(Err(error)) => self.broken_off(&error),
                None => futures::future::pending().await,
            }
        }
    }

    /// Results that are there already.
    pub(crate) fn ready(&mut self, limit: usize) -> Vec<Request> {
        let mut requests = Vec::new();
        while requests.len() < limit {
            match self.running.try_join_next_with_id() {
                Some(Ok((task, performed))) => requests.extend(self.done(task, performed)),
                Some(Err(error)) => self.broken_off(&error),
                None => break,
            }
        }
        requests
    }

    /// None: it came to its end while it was being given up.
    fn done(&mut self, task: Id, performed: Performed) -> Option<Request> {
        let Performed { effect, attempt, lane, outcome } = performed;
        let wanted = self.given_up.remove(&task).is_none();
        if wanted {
            self.known.remove(&(effect, attempt));
        }
        self.ended(&lane);
        wanted.then_some(Request::EffectDone { effect, attempt, outcome })
    }

    /// Tasks catch their panics: this one was given up.
    fn broken_off(&mut self, error: &JoinError) {
        if let Some(lane) = self.given_up.remove(&error.id()) {
            self.ended(&lane);
        }
    }

    /// One of the lane has ended: the next may begin.
    fn ended(&mut self, name: &str) {
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.running -= 1;
        }
        self.start(name);
    }

    /// Starts what may run on this lane.
    fn start(&mut self, name: &str) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        while lane.running < lane.at_once.max(1) {
            let Some(effect) = lane.queue.pop_front() else { break };
            lane.running += 1;
            self.queued -= 1;
            let (outside, clock) = (self.outside.clone(), Arc::clone(&self.clock));
            let (store, district) = (Arc::clone(&self.store), Arc::clone(&self.district.borrow()));
            let lane = name.to_owned();
            let (id, attempt) = (effect.id, effect.attempt);
            // Nothing but a look at what is stored, or a call: neither is missed.
            let may_be_given_up = matches!(effect.action, Action::Call(_) | Action::Query { .. });
            let task = self.running.spawn(async move {
                let outcome = perform(&outside, &*store, &district, &*clock, effect).await;
                Performed { effect: id, attempt, lane, outcome }
            });
            let place =
                if may_be_given_up { Place::Called { lane: name.to_owned(), task } } else { Place::Sent };
            self.known.insert((id, attempt), place);
        }
    }
}

/// Effects of one lane are limited together: those of a channel, those of a kind of service.
fn lane(action: &Action) -> String {
    match action {
        Action::Send { channel, .. } => format!("channel {channel}"),
        Action::Call(request) => format!("service {}", request.service.name()),
        Action::Query { .. } => "query".to_owned(),
        Action::Start { .. }
        | Action::Tell { .. }
        | Action::Cancel { .. }
        | Action::Sweep { .. }
        | Action::Case { .. }
        | Action::Split { .. } => "internal".to_owned(),
    }
}

/// Performs one effect. Who panics has failed and may be tried again.
pub(crate) async fn perform(
    outside: &Outside,
    store: &dyn Store,
    district: &District,
    clock: &dyn Clock,
    effect: Effect,
) -> EffectOutcome {
    let Effect { id, attempt, action } = effect;
    let lane = lane(&action);
    tracing::debug!(effect = %id, attempt, lane, "performing");
    let performing = async {
        match action {
            Action::Send { channel, message } => {
                let delivery = Delivery { effect: id, attempt, message, now: clock.now() };
                outside.channels.send(&channel, delivery).await
            }
            Action::Call(request) => {
                let call = ServiceCall { effect: id, attempt, request, now: clock.now() };
                outside.services.call(call).await
            }
            Action::Query { with, task } => match outside.services.stand_in(&task, &with) {
                Some(outcome) => outcome,
                None => inquiries::answer(store, district, &with, clock.now()).await,
            },
            Action::Start { .. }
            | Action::Tell { .. }
            | Action::Cancel { .. }
            | Action::Sweep { .. }
            | Action::Case { .. }
            | Action::Split { .. } => {
                unreachable!("the shard does these by itself")
            }
        }
    };
    let outcome = AssertUnwindSafe(performing).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(effect = %id, lane, "performing an effect panicked");
        EffectOutcome::Retryable {
            code: "channel.panicked".to_owned(),
            message: format!("the {lane} failed while it was at work"),
            retry_after: None,
        }
    });
    // What came of it is in history; an answer of a service may hold what no log should.
    tracing::debug!(effect = %id, attempt, lane, "performed");
    outcome
}
