//! The last calls of each channel: a ring in memory, gone with the process.
//!
//! Of each call a line: when, what, how long, how it ended, what it logged. Of those that the administrator has
//! recorded (`record: N` in the channel's file), the whole of it, without what must not be told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use yiwang_core::Timestamp;
use yiwang_core::input::EffectOutcome;
use yiwang_runtime::ports::{CallInfo, CallLine, ChannelHealth, PollFailed, PolledPage, Received, Rejected};

use crate::call::Failed;
use crate::channel::Ready;
use crate::limits;
use crate::recording::{Asked, Parts, Recording};
use crate::redact::Redactor;
use crate::witness::Witness;

/// The question how a channel does, which leads through no [`Door`](crate::breaker::Door).
pub(crate) const CHECK_HEALTH: &str = "check-health";

/// The rings of all channels, which outlive a reload.
#[derive(Default)]
pub(crate) struct Calls(Mutex<BTreeMap<String, Arc<Ring>>>);

/// The calls of one channel, the oldest first.
#[derive(Default)]
pub(crate) struct Ring(Mutex<VecDeque<Kept>>);

/// One call.
struct Kept {
    id: String,
    at: Timestamp,
    export: &'static str,
    time: Duration,
    memory_bytes_peak: usize,
    log: Vec<(&'static str, String)>,
    ended: Ended,
    recording: Option<Recording>,
    /// Why there is none, although there should be.
    unrecorded: Option<&'static str>,
}

/// How a call ended, for the list.
pub(crate) struct Ended {
    /// `done`, `refused`, `retryable`, `permanent`, `parks`.
    outcome: &'static str,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
}

impl From<&Result<Received, Rejected>> for Ended {
    fn from(result: &Result<Received, Rejected>) -> Self {
        let (outcome, response, code, message) = match result {
            Ok(received) => ("done", &received.response, None, None),
            Err(rejected) => {
                ("refused", &rejected.response, Some(rejected.code.clone()), Some(rejected.reason.clone()))
            }
        };
        Self { outcome, status: Some(response.status), code, message }
    }
}

impl From<&EffectOutcome> for Ended {
    fn from(outcome: &EffectOutcome) -> Self {
        let (outcome, code, message) = match outcome {
            EffectOutcome::Done { .. } => ("done", None, None),
            EffectOutcome::Retryable { code, message, .. } => ("retryable", Some(code), Some(message)),
            EffectOutcome::Permanent { code, message } => ("permanent", Some(code), Some(message)),
            EffectOutcome::Faulted { error } => ("faulted", Some(&error.r#type), error.detail.as_ref()),
        };
        Self { outcome, status: None, code: code.cloned(), message: message.cloned() }
    }
}

impl From<&Result<PolledPage, PollFailed>> for Ended {
    fn from(result: &Result<PolledPage, PollFailed>) -> Self {
        let (outcome, failed) = match result {
            Ok(_) => ("done", None),
            Err(failed) if failed.parks => ("parks", Some(failed)),
            Err(failed) => ("retryable", Some(failed)),
        };
        let (code, message) = failed.map(|failed| (failed.code.clone(), failed.message.clone())).unzip();
        Self { outcome, status: None, code, message }
    }
}

impl From<&Result<ChannelHealth, Failed>> for Ended {
    fn from(said: &Result<ChannelHealth, Failed>) -> Self {
        let (outcome, code, message) = match said {
            Ok(said) => ("done", None, Some(&said.message).filter(|message| !message.is_empty())),
            // It is asked again in a minute.
            Err(failed) => ("retryable", Some(failed.code.to_owned()), Some(&failed.message)),
        };
        Self { outcome, status: None, code, message: message.cloned() }
    }
}

impl Calls {
    /// Of this channel.
    pub(crate) fn of(&self, channel: &str) -> Arc<Ring> {
        let mut rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rings.entry(channel.to_owned()).or_default())
    }
}

/// A call that is about to begin.
pub(crate) struct Begun {
    id: String,
    began: Instant,
    pub(crate) witness: Witness,
    /// What was asked, where it is recorded.
    asked: Option<Asked>,
    at: Timestamp,
}

impl Begun {
    /// `asked` is called only if the whole of it is wanted.
    pub(crate) fn new(ready: &Ready, id: String, at: Timestamp, asked: impl FnOnce() -> Asked) -> Self {
        let records = ready.record > 0;
        Self {
            id,
            began: Instant::now(),
            witness: if records { Witness::recording() } else { Witness::default() },
            asked: records.then(asked),
            at,
        }
    }

    /// The name of the call.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Keeps it. `given`, what fixtures compare, is called only if the whole of it is wanted.
    pub(crate) fn end(
        self,
        ready: &Ready,
        export: &'static str,
        ended: impl Into<Ended>,
        given: impl FnOnce() -> Value,
    ) {
        let Self { id, began, witness, asked, at } = self;
        let noted = witness.take();
        let unrecorded = noted.tape.as_ref().and_then(|tape| tape.unkept);
        let kept = Kept {
            at,
            unrecorded,
            export,
            time: began.elapsed(),
            memory_bytes_peak: noted.memory_bytes_peak,
            log: noted.log.clone(),
            ended: ended.into(),
            recording: asked.and_then(|asked| {
                Recording::new(Parts { ready, id: &id, export, asked: &asked, noted, given: given() })
            }),
            id,
        };
        let mut ring = ready.calls.held();
        make_room(&mut ring, export);
        ring.push_back(kept);
        let most = if export == CHECK_HEALTH { 1 } else { ready.record };
        let recorded = ring.iter_mut().rev().filter(|kept| kept.recording.is_some());
        let same_kind = recorded.filter(|kept| (kept.export == CHECK_HEALTH) == (export == CHECK_HEALTH));
        same_kind.skip(most).for_each(|kept| kept.recording = None);
    }
}

/// The server asks each minute how a channel does: that must not drive out what the channel did.
fn make_room(ring: &mut VecDeque<Kept>, export: &str) {
    let health = |kept: &Kept| kept.export == CHECK_HEALTH;
    if export == CHECK_HEALTH && ring.iter().filter(|kept| health(kept)).count() >= limits::HEALTH_CALLS_KEPT
    {
        let oldest = ring.iter().position(health);
        oldest.and_then(|at| ring.remove(at));
    } else if ring.len() >= limits::CALLS_KEPT {
        ring.pop_front();
    }
}

impl Ring {
    /// Nobody panics while holding it.
    fn held(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest first.
    pub(crate) fn list(&self, redactor: &Redactor) -> Vec<CallInfo> {
        self.held().iter().rev().map(|kept| kept.told(redactor)).collect()
    }

    /// What was recorded of a call.
    pub(crate) fn recording(&self, id: &str) -> Option<Recording> {
        self.held().iter().rev().find(|kept| kept.id == id)?.recording.clone()
    }

    /// What was recorded of the last one.
    pub(crate) fn last(&self) -> Option<Recording> {
        self.held().back()?.recording.clone()
    }
}

impl Kept {
    fn told(&self, redactor: &Redactor) -> CallInfo {
        let line = |(level, text): &(&'static str, String)| CallLine {
            level: (*level).to_owned(),
            text: redactor.text(text),
        };
        CallInfo {
            id: self.id.clone(),
            at: self.at,
            export: self.export.to_owned(),
            micros: u64::try_from(self.time.as_micros()).unwrap_or(u64::MAX),
            memory_bytes: self.memory_bytes_peak as u64,
            outcome: self.ended.outcome.to_owned(),
            status: self.ended.status,
            code: self.ended.code.clone(),
            message: self.ended.message.as_deref().map(|text| redactor.text(text)),
            log: self.log.iter().map(line).collect(),
            recorded: self.recording.is_some(),
            unrecorded: self.unrecorded.map(str::to_owned),
        }
    }
}
