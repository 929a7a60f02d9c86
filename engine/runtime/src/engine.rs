//! The task that owns the shard: takes what is queued, turns it, lets the channels send.
//!
//! Natural batching: while one turn is being committed, requests queue up; the next turn takes them all.
//! Nothing waits on purpose.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use yiwang_core::{Timestamp, catalog};

use crate::deployments::Compiler;
use crate::dispatch::{AtOnce, Dispatch};
use crate::handle::{Handle, Queued};
use crate::ports::{Channels, Clock, Outside, Store, StoreError};
use crate::request::Request;
use crate::shard::Shard;
use crate::{Config, limits, sweeps};

/// Starts engines.
#[derive(Clone, Copy, Debug)]
pub struct Engine;

impl Engine {
    /// Opens the store's state and starts the task. What was under way goes on by itself: due timers,
    /// pending events, effects without a result.
    ///
    /// # Errors
    /// When the store cannot be read. Single rows that cannot be read do not prevent the start.
    pub async fn start(
        config: Config,
        store: Arc<dyn Store>,
        outside: Outside,
        clock: Arc<dyn Clock>,
    ) -> Result<Handle, StoreError> {
        let compiler = Arc::new(Compiler::new(catalog(&config, &*outside.channels)));
        let shard = Shard::open(&config, Arc::clone(&store), Arc::clone(&compiler)).await?;
        let (requests, queue) = mpsc::channel(config.queue_len_max.max(1));
        let next_due = watch::Sender::new(None);
        let handle = Handle {
            requests,
            queued_bytes: Arc::default(),
            queue_bytes_max: config.queue_bytes_max,
            deployments: shard.deployments(),
            district: shard.district(),
            tally: shard.tally(),
            next_due: next_due.subscribe(),
            compiler,
            services: Arc::clone(&outside.services),
            lease: None,
            stop: CancellationToken::new(),
            stopped: CancellationToken::new(),
        };
        let task = Task {
            shard,
            dispatch: Dispatch::new(
                outside,
                Arc::clone(&store),
                handle.district.clone(),
                Arc::clone(&clock),
                AtOnce { sends: config.channel_sends_max, calls: config.service_calls_max },
            ),
            store,
            looks: JoinSet::new(),
            clock,
            queue,
            queued_bytes: Arc::clone(&handle.queued_bytes),
            next_due,
            stop: handle.stop.clone(),
        };
        let stopped = handle.stopped.clone().drop_guard();
        tokio::spawn(async move {
            task.run().await;
            // Also when the task panics: whoever waits for its end must not wait for ever.
            drop(stopped);
        });
        Ok(handle)
    }
}

/// The functions that a workflow may call with these channels.
pub(crate) fn catalog(config: &Config, channels: &dyn Channels) -> yiwang_dsl::Catalog {
    let mut catalog = catalog::channel_catalog(channels.list().into_iter().map(|channel| channel.id));
    catalog.set_error_types(config.error_types);
    catalog.allow(config.processes);
    catalog
}

struct Task {
    shard: Shard,
    dispatch: Dispatch,
    /// Where sweeps read what they go on with.
    store: Arc<dyn Store>,
    looks: JoinSet<Request>,
    clock: Arc<dyn Clock>,
    queue: mpsc::Receiver<Queued>,
    queued_bytes: Arc<AtomicUsize>,
    next_due: watch::Sender<Option<Timestamp>>,
    stop: CancellationToken,
}

impl Task {
    async fn run(mut self) {
        tracing::info!("the engine has started");
        while let Some(requests) = self.next_batch().await {
            let live = requests.len();
            self.turn(requests).await;
            // Sweeps step back while a great deal is asked for: the next turn looks again.
            if live < limits::SWEEP_YIELDS_TO {
                for look in self.shard.looks(self.clock.now()) {
                    let store = Arc::clone(&self.store);
                    self.looks.spawn(async move { sweeps::look(&*store, look).await });
                }
            }
            if self.dispatch.take_overflowed() {
                self.shard.recover_again();
            }
            if self.shard.is_recovering() && self.dispatch.has_room() {
                let effects = self.shard.recover(self.clock.now()).await;
                self.dispatch.add(effects);
            }
        }
        self.end().await;
    }

    /// All that can happen; what is under way before what is new. None: it is time to stop.
    ///
    /// While effects wait for others to come back, no more is taken from the queue than has come back: what is begun
    /// is ended, the queue fills, and who asks for more is told to come back later.
    async fn next_batch(&mut self) -> Option<Vec<Request>> {
        let mut requests = self.dispatch.ready(limits::BATCH_INPUTS_MAX);
        let room = limits::BATCH_INPUTS_MAX - requests.len();
        let wanted = if self.dispatch.is_behind() { requests.len().max(limits::BEGUN_MIN) } else { room };
        let new_max = wanted.min(room);
        if !requests.is_empty() {
            if self.stop.is_cancelled() {
                return None;
            }
            while let Some(Ok(read)) = self.looks.try_join_next() {
                requests.push(read);
            }
            let mut queued = Vec::new();
            while queued.len() < new_max
                && let Ok(request) = self.queue.try_recv()
            {
                queued.push(request);
            }
            requests.extend(self.unpack(queued));
            return Some(requests);
        }
        // Effects of before are looked for while nothing else is to be done, and in between.
        let recovers = self.shard.is_recovering() && self.dispatch.has_room();
        let next = if recovers { Timestamp(i64::MIN) } else { self.shard.next() };
        let next = self.shard.next_look().map_or(next, |look| next.min(look));
        let mut queued = Vec::new();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            taken = self.queue.recv_many(&mut queued, new_max) => {
                // No handle is left: nobody can ask any more.
                (taken > 0).then(|| self.unpack(queued))
            }
            result = self.dispatch.next() => {
                let room = limits::BATCH_INPUTS_MAX - 1;
                Some(std::iter::once(result).chain(self.dispatch.ready(room)).collect())
            }
            Some(read) = self.looks.join_next(), if !self.looks.is_empty() => {
                // A look that panicked is found again with the next failure or start.
                Some(read.into_iter().collect())
            }
            () = self.clock.sleep_until(next) => Some(Vec::new()),
        }
    }

    fn unpack(&self, queued: Vec<Queued>) -> Vec<Request> {
        let bytes = queued.iter().map(|it| it.bytes).sum();
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        queued.into_iter().map(|it| it.request).collect()
    }

    async fn turn(&mut self, requests: Vec<Request>) {
        let released = self.shard.cycle(requests, self.clock.now()).await;
        self.dispatch.withdraw(released.withdrawn);
        self.dispatch.add(released.effects);
        let next = self.shard.next_known();
        self.next_due.send_if_modified(|known| std::mem::replace(known, next) != next);
    }

    /// Answers all who wait already. Effects under way are dropped; the next start does them again.
    async fn end(mut self) {
        self.stop.cancel();
        self.queue.close();
        loop {
            let mut queued = Vec::new();
            if self.queue.recv_many(&mut queued, limits::BATCH_INPUTS_MAX).await == 0 {
                break;
            }
            let requests = self.unpack(queued);
            self.turn(requests).await;
        }
        tracing::info!("the engine has stopped");
    }
}
