//! The two clocks: the machine's, and one that is set by hand.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;
use yiwang_core::Timestamp;

use crate::ports::Clock;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis),
        };
        Timestamp(millis)
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let clock = *self;
        async move {
            loop {
                let millis = u64::try_from(at.0.saturating_sub(clock.now().0)).unwrap_or(0);
                if millis == 0 {
                    return;
                }
                // In pieces: when the wall clock is set forward, the sleeper notices within a minute.
                tokio::time::sleep(Duration::from_millis(millis.min(60_000))).await;
            }
        }
        .boxed()
    }
}

/// A clock that stands still until it is set.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    now: Arc<watch::Sender<Timestamp>>,
}

impl VirtualClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { now: Arc::new(watch::Sender::new(now)) }
    }

    /// Sets it, also back, and wakes the sleepers whose time has come.
    pub fn set(&self, now: Timestamp) {
        self.now.send_replace(now);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let mut now = self.now.subscribe();
        async move {
            // An error means that the clock is gone: then this time never comes.
            if now.wait_for(|now| *now >= at).await.is_err() {
                futures::future::pending::<()>().await;
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_is_woken_at_its_time_and_not_before() {
        let clock = VirtualClock::new(Timestamp(10));
        let mut sleeper = clock.sleep_until(Timestamp(20));
        assert!((&mut sleeper).now_or_never().is_none());
        clock.set(Timestamp(19));
        assert!((&mut sleeper).now_or_never().is_none());
        clock.set(Timestamp(20));
        assert!(sleeper.now_or_never().is_some());
        assert_eq!(clock.now(), Timestamp(20));
    }
}
