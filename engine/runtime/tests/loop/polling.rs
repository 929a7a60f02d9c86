//! Channels that are asked for what is new: when, with which cursor, and what a crash leaves.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use yiwang_core::Timestamp;
use yiwang_core::input::EffectOutcome;
use yiwang_runtime::memory::MemoryStore;
use yiwang_runtime::ports::{
    ChannelInfo, ChannelRequest, Channels, Clock, Delivery, NoServices, Outside, PageRequest, Poll,
    PollCursor, PollFailed, Polled, PolledPage, Query as _, Received, Rejected, Store,
};
use yiwang_runtime::{Config, Engine, Handle, Intake, VirtualClock, polling};

use crate::world::{Crash, NOON, World, event};

const MINUTE: u64 = 60_000;

type Answer = Result<PolledPage, PollFailed>;

/// A board that hands each question to the test, which answers it.
struct Board(mpsc::UnboundedSender<(Poll, oneshot::Sender<Answer>)>);

impl Channels for Board {
    fn list(&self) -> Vec<ChannelInfo> {
        Vec::new()
    }

    fn receive(&self, _: &str, _: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        unreachable!("nobody calls")
    }

    fn send(&self, _: &str, _: Delivery) -> BoxFuture<'_, EffectOutcome> {
        unreachable!("nothing is sent")
    }

    fn polled(&self) -> Vec<Polled> {
        vec![Polled { channel: "board".to_owned(), every: MINUTE }]
    }

    fn poll(&self, channel: &str, poll: Poll) -> BoxFuture<'_, Answer> {
        assert_eq!(channel, "board");
        let (reply, answer) = oneshot::channel();
        drop(self.0.send((poll, reply)));
        async move { answer.await.unwrap() }.boxed()
    }
}

/// An engine that asks a board.
struct Asking {
    store: Arc<MemoryStore>,
    clock: VirtualClock,
    questions: mpsc::UnboundedReceiver<(Poll, oneshot::Sender<Answer>)>,
    handle: Handle,
}

impl Asking {
    async fn new() -> Self {
        Self::with(Arc::default(), NOON).await
    }

    async fn with(store: Arc<MemoryStore>, now: Timestamp) -> Self {
        let (sender, questions) = mpsc::unbounded_channel();
        let channels: Arc<dyn Channels> = Arc::new(Board(sender));
        let clock = VirtualClock::new(now);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let outside = Outside { channels: channels.clone(), services: Arc::new(NoServices) };
        let engine = Engine::start(Config::default(), store.clone(), outside, shared.clone());
        let handle = engine.await.unwrap();
        polling::start(&handle, &channels, &*store, &shared).await.unwrap();
        Self { store, clock, questions, handle }
    }

    /// Answers the next question; it must come at this time after noon and with this cursor.
    async fn answer(&mut self, after: u64, cursor: Option<&str>, answer: Answer) -> u32 {
        let (poll, reply) = self.questions.recv().await.unwrap();
        assert_eq!(poll.now, NOON.plus_millis(after));
        assert_eq!(poll.cursor.as_deref(), cursor);
        reply.send(answer).unwrap();
        poll.attempt
    }

    /// Moves the clock on in steps of a second, each of which would let a question through that comes too early.
    async fn go_to(&mut self, after: u64) {
        let mut at = self.clock.now();
        while at < NOON.plus_millis(after) {
            at = at.plus_millis(1000);
            self.clock.set(at);
            tokio::task::yield_now().await;
        }
    }

    async fn inbox(&self) -> Vec<String> {
        let rows = self.store.inbox(false, PageRequest::default()).await.unwrap().items;
        rows.iter().rev().map(|row| row.event.id.clone()).collect()
    }
}

fn page(ids: &[&str], cursor: &str) -> PolledPage {
    PolledPage {
        events: ids.iter().map(|id| event(id, "cn.test.intake.v1", json!({}))).collect(),
        reports: vec![],
        cursor: Some(cursor.to_owned()),
        more: false,
        next_after: None,
    }
}

fn failed(parks: bool, retry_after: Option<u64>) -> Answer {
    Err(PollFailed { code: "test".to_owned(), message: "x".to_owned(), parks, retry_after })
}

#[tokio::test]
async fn each_page_goes_on_where_the_last_one_ended() {
    let mut asking = Asking::new().await;
    assert_eq!(asking.answer(0, None, Ok(PolledPage { more: true, ..page(&["1", "2"], "a") })).await, 1);
    asking.answer(0, Some("a"), Ok(page(&["2", "3"], "b"))).await;
    asking.go_to(MINUTE).await;
    asking.answer(MINUTE, Some("b"), Ok(PolledPage { next_after: Some(5 * MINUTE), ..page(&[], "b") })).await;
    asking.go_to(6 * MINUTE).await;
    // A wish for less than the configuration says is not followed.
    let hasty = PolledPage { next_after: Some(1), ..page(&[], "c") };
    asking.answer(6 * MINUTE, Some("b"), Ok(hasty)).await;
    asking.go_to(7 * MINUTE).await;
    asking.answer(7 * MINUTE, Some("c"), Ok(page(&[], "c"))).await;
    assert_eq!(asking.inbox().await, ["1", "2", "3"], "what was known is not taken twice");
}

#[tokio::test]
async fn one_that_always_has_more_and_nothing_new_waits_like_the_others() {
    let mut asking = Asking::new().await;
    let same = || Ok(PolledPage { more: true, ..page(&["1"], "a") });
    asking.answer(0, None, same()).await;
    asking.answer(0, Some("a"), same()).await;
    asking.go_to(MINUTE).await;
    asking.answer(MINUTE, Some("a"), same()).await;
    assert_eq!(asking.inbox().await, ["1"]);
}

#[tokio::test]
async fn after_failures_it_is_asked_later_and_later_with_the_same_cursor() {
    let mut asking = Asking::new().await;
    asking.answer(0, None, Ok(page(&["1"], "a"))).await;
    let mut at = MINUTE;
    asking.go_to(at).await;
    for (n, wait) in [(1, 30_000), (2, 60_000), (3, 120_000), (4, 240_000)] {
        assert_eq!(asking.answer(at, Some("a"), failed(false, None)).await, n);
        at += wait;
        asking.go_to(at).await;
    }
    asking.answer(at, Some("a"), failed(false, Some(20 * MINUTE))).await;
    at += 20 * MINUTE;
    asking.go_to(at).await;
    asking.answer(at, Some("a"), failed(true, None)).await;
    at += 60 * MINUTE;
    asking.go_to(at).await;
    assert_eq!(asking.answer(at, Some("a"), Ok(page(&["2"], "b"))).await, 7);
    at += MINUTE;
    asking.go_to(at).await;
    assert_eq!(asking.answer(at, Some("b"), failed(false, None)).await, 1, "a page that is stored ends it");
}

#[tokio::test]
async fn a_restart_goes_on_from_the_stored_cursor_and_asks_no_earlier() {
    let mut asking = Asking::new().await;
    asking.answer(0, None, Ok(page(&["1"], "a"))).await;
    asking.go_to(MINUTE).await;
    // Under way when the engine stops: it is not stored, and asked for again.
    let (poll, _under_way) = asking.questions.recv().await.unwrap();
    assert_eq!(poll.cursor.as_deref(), Some("a"));
    asking.handle.shutdown().await;
    let stored = asking.store.poll_cursors().await.unwrap();
    assert_eq!(stored, [PollCursor { channel: "board".to_owned(), cursor: Some("a".to_owned()), at: NOON }]);
    let mut again = Asking::with(asking.store, NOON.plus_millis(30_000)).await;
    again.go_to(MINUTE).await;
    again.answer(MINUTE, Some("a"), Ok(page(&["2"], "b"))).await;
    again.go_to(2 * MINUTE).await;
    again.answer(2 * MINUTE, Some("b"), Ok(page(&[], "b"))).await;
    assert_eq!(again.inbox().await, ["1", "2"]);
}

/// The plug is pulled at the commit of a page: neither is an event missing afterwards, nor is it there twice.
#[tokio::test]
async fn a_crash_around_the_commit_loses_and_doubles_nothing() {
    for crash in [Crash::Before, Crash::After] {
        let mut world = World::new().await;
        let row = |cursor: &str| PollCursor {
            channel: "wechat".to_owned(),
            cursor: Some(cursor.to_owned()),
            at: NOON,
        };
        let taken =
            || Intake { events: page(&["1", "2"], "a").events, reports: vec![], cursor: Some(row("a")) };
        let next = world.store.commits.load(Ordering::SeqCst) + 1;
        *world.store.crash.lock().unwrap() = Some((next, crash));
        assert!(world.engine.take_in(taken()).await.is_err(), "{crash:?}");
        world.restart().await;
        let (rows, cursors) = (world.inbox().await.len(), world.store.poll_cursors().await.unwrap());
        match crash {
            Crash::Before => assert_eq!((rows, cursors), (0, vec![])),
            Crash::After => assert_eq!((rows, cursors), (2, vec![row("a")])),
        }
        // Who does not know asks again with the old cursor.
        let accepted = world.engine.take_in(taken()).await.unwrap();
        assert!(accepted.iter().all(|it| it.duplicate == (crash == Crash::After)), "{crash:?}");
        assert_eq!(world.inbox().await.len(), 2, "{crash:?}");
        assert_eq!(world.store.poll_cursors().await.unwrap(), [row("a")]);
    }
}
