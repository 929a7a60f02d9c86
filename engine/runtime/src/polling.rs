//! Asks channels for what is new: one task for each, one question at a time.
//!
//! ```text
//! time ──► Channels::poll(cursor) ──► events and cursor in one transaction ──► the next time
//!                   └─ failed: the same cursor again, later and later
//! ```
//! What is asked for again after a crash is what was not stored, and the inbox drops what it knows: an event is
//! neither lost nor taken twice. Of several nodes only the one that owns the store asks, and only while it is
//! sure of that; see [`crate::leased`].

use std::collections::BTreeSet;
use std::sync::Arc;

use yiwang_core::Timestamp;

use crate::ports::{Channels, Clock, Poll, PollCursor, PollFailed, Polled, PolledPage, Store, StoreError};
use crate::{Error, Handle, Intake, limits};

/// Starts asking. It ends when the engine is told to stop.
///
/// # Errors
/// When the store cannot tell how far the channels have come.
pub async fn start(
    handle: &Handle,
    channels: &Arc<dyn Channels>,
    store: &dyn Store,
    clock: &Arc<dyn Clock>,
) -> Result<(), StoreError> {
    let known = store.poll_cursors().await?;
    let (handle, channels, clock) = (handle.clone(), Arc::clone(channels), Arc::clone(clock));
    tokio::spawn(async move {
        let mut begun = BTreeSet::new();
        // Channels come with a reload, too. One that goes keeps its task, which finds nothing to ask.
        loop {
            for polled in channels.polled() {
                if begun.insert(polled.channel.clone()) {
                    let row = known.iter().find(|row| row.channel == polled.channel);
                    let poller = Poller::new(polled, row, &handle, &channels, &clock);
                    let first = poller.first(row.map(|row| row.at));
                    tokio::spawn(poller.run(first));
                }
            }
            let look = clock.now().plus_millis(limits::POLL_LOOK_MILLIS);
            tokio::select! {
                biased;
                () = handle.stop.cancelled() => return,
                () = clock.sleep_until(look) => {}
            }
        }
    });
    Ok(())
}

struct Poller {
    polled: Polled,
    handle: Handle,
    channels: Arc<dyn Channels>,
    clock: Arc<dyn Clock>,
    cursor: Option<String>,
    /// Questions since the last one that was answered and stored.
    failures: u32,
    /// Pages taken one after the other without a pause.
    pages: u32,
}

impl Poller {
    fn new(
        polled: Polled,
        row: Option<&PollCursor>,
        handle: &Handle,
        channels: &Arc<dyn Channels>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        tracing::info!(channel = polled.channel, every_ms = polled.every, "asking for what is new");
        Self {
            polled,
            handle: handle.clone(),
            channels: Arc::clone(channels),
            clock: Arc::clone(clock),
            cursor: row.and_then(|row| row.cursor.clone()),
            failures: 0,
            pages: 0,
        }
    }

    /// A restart is no reason to ask a provider more often. A time that is to come is one of a wrong clock.
    fn first(&self, last: Option<Timestamp>) -> Timestamp {
        let now = self.clock.now();
        last.filter(|last| *last <= now).map_or(now, |last| last.plus_millis(self.polled.every))
    }

    async fn run(mut self, first: Timestamp) {
        let stop = self.handle.stop.clone();
        let mut next = first;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.clock.sleep_until(next) => {}
            }
            let asked = self.clock.now();
            // A question under way is dropped at the end: its answer would not be stored any more.
            let wait = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                wait = self.ask(asked) => wait,
            };
            next = asked.plus_millis(wait);
        }
    }

    /// Asks once; how long to wait then, from the question on.
    async fn ask(&mut self, now: Timestamp) -> u64 {
        // As it is configured now; one that is switched off may come back.
        let configured = self.channels.polled().into_iter().find(|it| it.channel == self.polled.channel);
        let Some(polled) = configured else { return self.polled.every };
        self.polled = polled;
        let poll = Poll {
            cursor: self.cursor.clone(),
            events_max: limits::POLL_EVENTS_MAX,
            attempt: self.failures.saturating_add(1),
            now,
        };
        match self.channels.poll(&self.polled.channel, poll).await {
            Ok(page) => self.store(page, now).await,
            Err(failed) => self.put_off(&failed),
        }
    }

    async fn store(&mut self, page: PolledPage, at: Timestamp) -> u64 {
        let PolledPage { events, reports, cursor, more, next_after } = page;
        let moved = cursor != self.cursor;
        let row = PollCursor { channel: self.polled.channel.clone(), cursor: cursor.clone(), at };
        let accepted = match self.handle.take_in(Intake { events, reports, cursor: Some(row) }).await {
            Ok(accepted) => accepted,
            // It may have been stored. Then what comes again is known by its id.
            Err(error) => return self.put_off(&not_stored(&error)),
        };
        self.cursor = cursor;
        self.failures = 0;
        // A plugin that always has more, and nothing new, would be asked for ever.
        let goes_on = moved || accepted.iter().any(|event| !event.duplicate);
        if more && goes_on && self.pages < limits::POLL_PAGES_MAX {
            self.pages += 1;
            return 0;
        }
        self.pages = 0;
        self.polled.every.max(next_after.unwrap_or(0))
    }

    /// How long to wait after a failure: twice as long each time, and never shorter than the provider wishes.
    fn put_off(&mut self, failed: &PollFailed) -> u64 {
        let every = self.polled.every;
        let longest = every.max(limits::POLL_BACKOFF_MILLIS_MAX);
        let shortest = every.min(limits::POLL_BACKOFF_MILLIS_MIN);
        let doubled = shortest.saturating_mul(1_u64.checked_shl(self.failures).unwrap_or(u64::MAX));
        let wait = if failed.parks { longest } else { doubled.min(longest) };
        let wait = wait.max(failed.retry_after.unwrap_or(0));
        self.failures = self.failures.saturating_add(1);
        self.pages = 0;
        tracing::warn!(
            channel = self.polled.channel,
            code = failed.code,
            reason = failed.message,
            failures = self.failures,
            wait_ms = wait,
            "a channel could not be asked for what is new"
        );
        wait
    }
}

fn not_stored(error: &Error) -> PollFailed {
    PollFailed { code: error.code().to_owned(), message: error.to_string(), parks: false, retry_after: None }
}
