//! Performs effects by their channels: a queue for each, a few at a time, results back as inputs.
//!
//! An effect that is lost here (the process dies, the queue is full) stays in its instance's snapshot and
//! is found again; it is then performed with the same id, so that the receiver can tell.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use tokio::task::JoinSet;
use yiwang_core::effect::Action;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{Effect, EffectId};

use crate::limits;
use crate::ports::{Channels, Clock, Delivery};
use crate::request::Request;

/// The effects of one shard on their way.
pub(crate) struct Dispatch {
    channels: Arc<dyn Channels>,
    clock: Arc<dyn Clock>,
    sends_max: usize,
    lanes: BTreeMap<String, Lane>,
    /// Queued and under way: an effect found twice is performed once at a time.
    known: BTreeSet<(EffectId, u32)>,
    queued: usize,
    running: JoinSet<Performed>,
    /// Some did not fit and are only in the store.
    overflowed: bool,
}

#[derive(Default)]
struct Lane {
    queue: VecDeque<Effect>,
    running: usize,
}

struct Performed {
    effect: EffectId,
    attempt: u32,
    channel: String,
    outcome: EffectOutcome,
}

impl Dispatch {
    pub(crate) fn new(channels: Arc<dyn Channels>, clock: Arc<dyn Clock>, sends_max: usize) -> Self {
        Self {
            channels,
            clock,
            sends_max: sends_max.max(1),
            lanes: BTreeMap::new(),
            known: BTreeSet::new(),
            queued: 0,
            running: JoinSet::new(),
            overflowed: false,
        }
    }

    /// Takes effects whose request is committed.
    pub(crate) fn add(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if self.known.contains(&(effect.id, effect.attempt)) {
                continue;
            }
            if self.queued >= limits::EFFECTS_QUEUED_MAX {
                self.overflowed = true;
                continue;
            }
            let Action::Send { channel, .. } = &effect.action;
            self.known.insert((effect.id, effect.attempt));
            self.queued += 1;
            let channel = channel.clone();
            self.lanes.entry(channel.clone()).or_default().queue.push_back(effect);
            self.start(&channel);
        }
    }

    /// Is there room for another page of effects found in the store?
    pub(crate) fn has_room(&self) -> bool {
        self.queued < limits::EFFECTS_QUEUED_MAX / 2
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
            match self.running.join_next().await {
                Some(Ok(performed)) => return self.done(performed),
                // Tasks catch their panics and are aborted only at the end.
                Some(Err(_)) => {}
                None => futures::future::pending().await,
            }
        }
    }

    /// Results that are there already.
    pub(crate) fn ready(&mut self, limit: usize) -> Vec<Request> {
        let mut requests = Vec::new();
        while requests.len() < limit {
            match self.running.try_join_next() {
                Some(Ok(performed)) => requests.push(self.done(performed)),
                Some(Err(_)) => {}
                None => break,
            }
        }
        requests
    }

    fn done(&mut self, performed: Performed) -> Request {
        let Performed { effect, attempt, channel, outcome } = performed;
        self.known.remove(&(effect, attempt));
        if let Some(lane) = self.lanes.get_mut(&channel) {
            lane.running -= 1;
        }
        self.start(&channel);
        Request::EffectDone { effect, attempt, outcome }
    }

    /// Starts what may run on this channel.
    fn start(&mut self, channel: &str) {
        let Some(lane) = self.lanes.get_mut(channel) else { return };
        while lane.running < self.sends_max {
            let Some(effect) = lane.queue.pop_front() else { break };
            lane.running += 1;
            self.queued -= 1;
            let (channels, clock) = (Arc::clone(&self.channels), Arc::clone(&self.clock));
            let channel = channel.to_owned();
            self.running.spawn(async move {
                let (id, attempt) = (effect.id, effect.attempt);
                let outcome = perform(&*channels, &*clock, effect).await;
                Performed { effect: id, attempt, channel, outcome }
            });
        }
    }
}

/// Performs one effect. A channel that panics has failed and may be tried again.
pub(crate) async fn perform(channels: &dyn Channels, clock: &dyn Clock, effect: Effect) -> EffectOutcome {
    let Action::Send { channel, message } = effect.action;
    let delivery = Delivery { effect: effect.id, attempt: effect.attempt, message, now: clock.now() };
    tracing::debug!(effect = %effect.id, attempt = effect.attempt, channel, "sending");
    let sending = async { channels.send(&channel, delivery).await };
    let outcome = AssertUnwindSafe(sending).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(effect = %effect.id, channel, "a channel panicked");
        EffectOutcome::Retryable {
            code: "channel.panicked".to_owned(),
            message: format!("the channel `{channel}` failed while it was sending"),
            retry_after: None,
        }
    });
    tracing::debug!(effect = %effect.id, attempt = effect.attempt, channel, ?outcome, "sent");
    outcome
}
