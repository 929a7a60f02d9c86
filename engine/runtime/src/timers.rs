//! Which instances are due: the timers of the next minute in memory, all others in the store's index.
//!
//! ```text
//!  now ───────── window ─────────► covered          the store's index
//!   │ due │   held here, by time     │  found by the next look
//! ```
//! Never early: a timer is handed out only when the clock shows its time. It stays here until the turn that
//! fired it is committed, so that a failed commit loses nothing.

use std::collections::{BTreeMap, BTreeSet};

use yiwang_core::{InstanceId, Timestamp};

use crate::limits;
use crate::ports::{Store, StoreError};

/// The timers of one shard.
#[derive(Debug)]
pub(crate) struct Timers {
    /// All timers before this time are held here.
    covered: Timestamp,
    /// When the index is to be read again.
    look_at: Timestamp,
    by_time: BTreeSet<(Timestamp, InstanceId)>,
    by_instance: BTreeMap<InstanceId, Timestamp>,
}

impl Timers {
    pub(crate) fn new() -> Self {
        let never = Timestamp(i64::MIN);
        Self { covered: never, look_at: never, by_time: BTreeSet::new(), by_instance: BTreeMap::new() }
    }

    /// Reads the next part of the index if the window comes to its end. `unusable` timers of the index are
    /// of instances that cannot be woken: they must not stand in the way of the others.
    pub(crate) async fn look_ahead(
        &mut self,
        store: &dyn Store,
        now: Timestamp,
        unusable: usize,
    ) -> Result<(), StoreError> {
        if now < self.look_at {
            return Ok(());
        }
        let until = now.plus_millis(limits::TIMER_WINDOW_MILLIS);
        let limit = limits::TIMERS_READ_MAX + unusable;
        let found = store.due(until, limit).await?;
        match found.last() {
            // A full answer may end within a millisecond: only what is before that is complete. What is
            // due of it is fired first, so that the next look sees others.
            Some((last, _)) if found.len() >= limit => {
                self.covered = *last;
                self.look_at = *last;
            }
            _ => {
                self.covered = until.plus_millis(1);
                self.look_at = now.plus_millis(limits::TIMER_WINDOW_MILLIS / 2);
            }
        }
        for (at, instance) in found {
            self.insert(instance, at);
        }
        Ok(())
    }

    /// The instance now wakes at this time, or not at all.
    pub(crate) fn set(&mut self, instance: InstanceId, wake_at: Option<Timestamp>) {
        self.remove(instance);
        if let Some(at) = wake_at.filter(|at| *at < self.covered) {
            self.insert(instance, at);
        }
    }

    /// Who is due now, earliest first.
    pub(crate) fn due(&self, now: Timestamp, limit: usize) -> Vec<InstanceId> {
        let due = self.by_time.iter().take_while(|(at, _)| *at <= now);
        due.take(limit).map(|(_, instance)| *instance).collect()
    }

    /// When there is something to do: the next timer, or the next look.
    pub(crate) fn next(&self) -> Timestamp {
        self.by_time.first().map_or(self.look_at, |(at, _)| (*at).min(self.look_at))
    }

    /// The next timer held here.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// What is held may be wrong: read it again.
    pub(crate) fn forget(&mut self) {
        *self = Self::new();
    }

    /// The instance cannot be woken.
    pub(crate) fn remove(&mut self, instance: InstanceId) {
        if let Some(at) = self.by_instance.remove(&instance) {
            self.by_time.remove(&(at, instance));
        }
    }

    fn insert(&mut self, instance: InstanceId, at: Timestamp) {
        self.remove(instance);
        self.by_time.insert((at, instance));
        self.by_instance.insert(instance, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;

    const A: InstanceId = InstanceId(1);
    const B: InstanceId = InstanceId(2);

    #[tokio::test]
    async fn timers_come_in_order_and_never_early() {
        let mut timers = Timers::new();
        timers.look_ahead(&MemoryStore::new(), Timestamp(0), 0).await.unwrap();
        timers.set(A, Some(Timestamp(20)));
        timers.set(B, Some(Timestamp(10)));
        assert_eq!(timers.due(Timestamp(9), 10), []);
        assert_eq!(timers.next(), Timestamp(10));
        assert_eq!(timers.due(Timestamp(20), 10), [B, A]);
        timers.set(B, Some(Timestamp(30)));
        assert_eq!(timers.due(Timestamp(20), 10), [A]);
        timers.set(A, None);
        assert_eq!(timers.due(Timestamp(20), 10), []);
    }

    #[tokio::test]
    async fn a_timer_beyond_the_window_is_left_to_the_store() {
        let mut timers = Timers::new();
        timers.look_ahead(&MemoryStore::new(), Timestamp(0), 0).await.unwrap();
        timers.set(A, Some(Timestamp(0).plus_millis(limits::TIMER_WINDOW_MILLIS + 1)));
        assert_eq!(timers.first(), None);
        assert!(timers.next() < Timestamp(0).plus_millis(limits::TIMER_WINDOW_MILLIS), "looked at in time");
    }
}
