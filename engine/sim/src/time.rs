//! The clock of the simulated machine: it goes on when the world says so, and may be set wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use yiwang_core::Timestamp;
use yiwang_runtime::nodes::Stopwatch;
use yiwang_runtime::ports::Clock;

/// 2024-06-11T04:00:00Z: noon of a working day in the district.
pub(crate) const BEGINNING: Timestamp = Timestamp(1_718_078_400_000);

/// Shows true time and how far the machine is off.
#[derive(Clone, Default)]
pub(crate) struct MachineClock(Arc<Mutex<Hands>>);

#[derive(Default)]
struct Hands {
    /// Milliseconds since the beginning. It never goes back.
    elapsed: u64,
    /// By how much the machine's clock is wrong, milliseconds.
    off: i64,
    /// The greatest time shown to this process.
    greatest: i64,
    /// What the machine's clock adds without saying so: only for worlds that are broken on purpose.
    cheat: i64,
    sleepers: Vec<(Timestamp, oneshot::Sender<()>)>,
    /// Those that measure, and do not ask what time it is: by `elapsed`.
    measuring: Vec<(u64, oneshot::Sender<()>)>,
}

impl MachineClock {
    fn with<T>(&self, look: impl FnOnce(&mut Hands) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Milliseconds since the beginning.
    pub(crate) fn elapsed(&self) -> u64 {
        self.with(|hands| hands.elapsed)
    }

    /// What the machine should show.
    pub(crate) fn honest(&self) -> Timestamp {
        self.with(|hands| hands.honest())
    }

    /// The greatest time that this process has honestly been shown.
    pub(crate) fn greatest(&self) -> Timestamp {
        self.with(|hands| Timestamp(hands.greatest.max(hands.honest().0)))
    }

    pub(crate) fn pass(&self, millis: u64) {
        self.with(|hands| {
            hands.elapsed += millis;
            hands.wake();
        });
    }

    /// Sets the machine's clock this much off.
    pub(crate) fn jump(&self, off: i64) {
        self.with(|hands| {
            hands.off = off;
            hands.wake();
        });
    }

    pub(crate) fn cheat(&self, millis: i64) {
        self.with(|hands| hands.cheat = millis);
    }

    /// Another process looks at it.
    pub(crate) fn restarted(&self) {
        self.with(|hands| {
            hands.greatest = hands.honest().0;
            hands.sleepers.clear();
        });
    }
}

impl Hands {
    fn honest(&self) -> Timestamp {
        Timestamp(BEGINNING.plus_millis(self.elapsed).0 + self.off)
    }

    fn shown(&self) -> Timestamp {
        Timestamp(self.honest().0 + self.cheat)
    }

    fn wake(&mut self) {
        let now = self.shown();
        self.greatest = self.greatest.max(self.honest().0);
        let (due, later): (Vec<_>, Vec<_>) = self.sleepers.drain(..).partition(|(at, _)| *at <= now);
        self.sleepers = later.into_iter().filter(|(_, sleeper)| !sleeper.is_closed()).collect();
        let elapsed = self.elapsed;
        let (done, measuring): (Vec<_>, Vec<_>) =
            self.measuring.drain(..).partition(|(at, _)| *at <= elapsed);
        self.measuring = measuring.into_iter().filter(|(_, sleeper)| !sleeper.is_closed()).collect();
        for sleeper in due.into_iter().map(|(_, it)| it).chain(done.into_iter().map(|(_, it)| it)) {
            // Who sleeps no more need not be woken.
            sleeper.send(()).ok();
        }
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        self.with(|hands| {
            hands.greatest = hands.greatest.max(hands.honest().0);
            hands.shown()
        })
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        async move {
            while clock.now() < at {
                let (sleeper, woken) = oneshot::channel();
                clock.with(|hands| hands.sleepers.push((at, sleeper)));
                if woken.await.is_err() {
                    // The machine is gone: this time never comes.
                    futures::future::pending::<()>().await;
                }
            }
        }
        .boxed()
    }
}

/// No jump of the clock is seen by it.
impl Stopwatch for MachineClock {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(Self::elapsed(self))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        async move {
            let at = clock.elapsed() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            if clock.elapsed() < at {
                let (sleeper, woken) = oneshot::channel();
                clock.with(|hands| hands.measuring.push((at, sleeper)));
                if woken.await.is_err() {
                    futures::future::pending::<()>().await;
                }
            }
        }
        .boxed()
    }
}
