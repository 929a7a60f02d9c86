//! One call of a plugin: a fresh instance, bounded in time, memory and words, on the plugins' own threads.
//!
//! Whatever goes wrong inside becomes a [`Failed`] with a stable code; the next call does not notice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::time::timeout;
use wasmtime::component::{Instance, ResourceTable};
use wasmtime::{Store, Trap, UpdateDeadline};
use yiwang_core::Timestamp;

use crate::bounds::Bounds;
use crate::breaker::Door;
use crate::channel::Ready;
use crate::grants::Effective;
use crate::limits;
use crate::watch::Observed;
use crate::witness::{Noted, Witness};

/// A call that did not come to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// Stable, e.g. `plugin.timeout`.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) message: String,
    /// Not before so many milliseconds, where that is known.
    pub(crate) retry_after: Option<u64>,
}

impl Failed {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }
}

/// What the imports see of the call.
pub(crate) struct CallState {
    pub(crate) channel: Arc<Ready>,
    pub(crate) effective: Arc<Effective>,
    pub(crate) now: Timestamp,
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
    pub(crate) table: ResourceTable,
    /// Digests of files that the call may open.
    pub(crate) files: BTreeSet<String>,
    pub(crate) log_lines: u32,
    pub(crate) kv_calls: u32,
    pub(crate) blob_calls: u32,
    pub(crate) http_calls: u32,
    pub(crate) mail_calls: u32,
    /// What somebody who looks on is told.
    pub(crate) seen: Option<Box<Observed>>,
    /// What is noted for the list of calls.
    pub(crate) noted: Noted,
    witness: Witness,
    bounds: Bounds,
}

impl CallState {
    /// The wall clock as the call sees it: what the caller said, plus what has passed since.
    pub(crate) fn now_ms(&self) -> u64 {
        let passed = u64::try_from(self.passed().as_millis()).unwrap_or(u64::MAX);
        u64::try_from(self.now.plus_millis(passed).0).unwrap_or(0)
    }

    /// Since it began. On a bench time stands still, so that a call can be repeated exactly.
    pub(crate) fn passed(&self) -> Duration {
        if self.seen.is_some() { Duration::ZERO } else { self.started.elapsed() }
    }

    /// It called the host.
    pub(crate) fn saw(&mut self, function: &'static str) {
        if let Some(seen) = &mut self.seen {
            *seen.host_calls.entry(function).or_default() += 1;
        }
    }

    /// The end of it, for those who look on.
    fn end(&mut self) {
        let mut noted = std::mem::take(&mut self.noted);
        noted.time = self.started.elapsed();
        noted.memory_bytes_peak = self.bounds.memory_peak;
        self.witness.give(noted);
        let Some(mut seen) = self.seen.take() else { return };
        seen.time = self.started.elapsed();
        seen.memory_bytes_peak = self.bounds.memory_peak;
        if let Some(watch) = &self.channel.environment.watch {
            watch.keep(*seen);
        }
    }

    /// What is left of its time.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// How a call is to run.
pub(crate) struct Plan {
    /// Which interface is called, if calls of it may be parked.
    pub(crate) door: Option<Door>,
    pub(crate) channel: Arc<Ready>,
    pub(crate) effective: Arc<Effective>,
    pub(crate) now: Timestamp,
    pub(crate) time: Duration,
    pub(crate) files: BTreeSet<String>,
    pub(crate) witness: Witness,
}

/// The calls that a plan can make.
pub(crate) type Body<R> = Box<
    dyn for<'a> FnOnce(&'a mut Store<CallState>, &'a Instance) -> BoxFuture<'a, wasmtime::Result<R>> + Send,
>;

/// Runs a call to its end.
pub(crate) async fn run<R: Send + 'static>(plan: Plan, body: Body<R>) -> Result<R, Failed> {
    let (channel, door, now) = (Arc::clone(&plan.channel), plan.door, plan.now);
    // Whoever watches a plugin wants to be told of each call what became of it.
    let door = door.filter(|_| channel.environment.watch.is_none());
    let Some(door) = door else { return in_place(channel, plan, body).await };
    // Given back also when the caller goes away in the middle.
    let entered = channel.breakers.enter(door, now)?;
    let result = in_place(Arc::clone(&channel), plan, body).await;
    entered.left(result.as_ref().err());
    result
}

/// Waits for a place and runs the call on the plugins' threads.
async fn in_place<R: Send + 'static>(channel: Arc<Ready>, plan: Plan, body: Body<R>) -> Result<R, Failed> {
    let place = timeout(limits::QUEUE_WAIT_MAX, Arc::clone(&channel.places).acquire_owned()).await;
    let Ok(Ok(place)) = place else {
        return Err(Failed::new("plugin.busy", "all places of this channel are taken; try again later"));
    };
    let shared =
        timeout(limits::QUEUE_WAIT_MAX, Arc::clone(&channel.environment.places).acquire_owned()).await;
    let Ok(Ok(shared)) = shared else {
        return Err(Failed::new("plugin.busy", "all places for plugins are taken; try again later"));
    };
    let threads = channel.environment.threads.clone();
    let task = threads.spawn(async move {
        let result = call(plan, body).await;
        drop((place, shared));
        result
    });
    match task.await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!(channel = channel.id, %error, "the host panicked in a plugin's call");
            Err(Failed::new("plugin.host-panic", "the host failed in this call"))
        }
    }
}

async fn call<R>(plan: Plan, body: Body<R>) -> Result<R, Failed> {
    let started = Instant::now();
    let deadline = started + plan.time;
    let pre = plan.channel.plugin.pre.clone();
    let memory_max = plan.channel.plugin.manifest.limits.memory_bytes;
    let seen = plan.channel.environment.watch.as_ref().map(|_| Box::default());
    let state = CallState {
        seen,
        channel: plan.channel,
        effective: plan.effective,
        now: plan.now,
        started,
        deadline,
        table: ResourceTable::new(),
        files: plan.files,
        noted: plan.witness.take(),
        witness: plan.witness,
        log_lines: 0,
        kv_calls: 0,
        blob_calls: 0,
        http_calls: 0,
        mail_calls: 0,
        bounds: Bounds::new(memory_max.unwrap_or(usize::MAX).min(limits::MEMORY_BYTES_MAX)),
    };
    let mut store = Store::new(pre.engine(), state);
    store.limiter(|state| &mut state.bounds);
    store.set_hostcall_fuel(limits::HOSTCALL_FUEL);
    store.set_epoch_deadline(1);
    // Yielding at each tick lets the other calls of this thread go on while one computes.
    store.epoch_deadline_callback(move |_| {
        if Instant::now() >= deadline { Err(TimedOut.into()) } else { Ok(UpdateDeadline::Yield(1)) }
    });
    let work = async {
        let instance = pre.instantiate_async(&mut store).await?;
        body(&mut store, &instance).await
    };
    // The epoch stops the guest; this stops a host function that waits for something outside.
    let result = match timeout(plan.time + limits::TICK * 50, work).await {
        Ok(result) => result,
        Err(_) => Err(TimedOut.into()),
    };
    let judged = result.map_err(|error| judge(&error, store.data(), plan.time));
    store.data_mut().end();
    judged
}

#[derive(Debug, thiserror::Error)]
#[error("the time is over")]
struct TimedOut;

/// What it means for people, from what wasmtime says.
fn judge(error: &wasmtime::Error, state: &CallState, time: Duration) -> Failed {
    let chain = format!("{error:#}");
    let failed = if error.downcast_ref::<TimedOut>().is_some() {
        Failed::new("plugin.timeout", format!("the plugin took longer than {} ms", time.as_millis()))
    } else if state.bounds.memory_refused && error.downcast_ref::<Trap>().is_some() {
        let megabytes = state.bounds.memory_max >> 20;
        Failed::new("plugin.out-of-memory", format!("the plugin needs more memory than {megabytes} MiB"))
    } else if chain.contains("fuel allocated for hostcalls") {
        Failed::new("plugin.too-much-output", "the plugin handed over more than 8 MiB at once")
    } else if let Some(trap) = error.downcast_ref::<Trap>() {
        Failed::new("plugin.trap", format!("the plugin stopped: {trap}"))
    } else {
        let told: String = error.root_cause().to_string().chars().take(limits::MESSAGE_CHARS_MAX).collect();
        Failed::new("plugin.trap", format!("the plugin could not go on: {told}"))
    };
    tracing::warn!(
        channel = state.channel.id,
        plugin = state.channel.plugin.manifest.name,
        code = failed.code,
        error = chain,
        "a call of a plugin failed"
    );
    failed
}
