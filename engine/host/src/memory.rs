//! The small store of benches and tests: in memory, gone with it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{Answer, KeyValue};

/// All channels' values, by channel and key.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<(String, String), Kept>>);

/// A value and when it expires.
type Kept = (Vec<u8>, Option<Timestamp>);

impl Memory {
    fn held(&self) -> MutexGuard<'_, BTreeMap<(String, String), Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self, channel: &str, key: &str, now: Timestamp) -> Option<Vec<u8>> {
        let map = self.held();
        let (value, expires) = map.get(&(channel.to_owned(), key.to_owned()))?;
        expires.is_none_or(|at| at > now).then(|| value.clone())
    }
}

impl KeyValue for Memory {
    fn get(&self, channel: &str, key: &str, now: Timestamp) -> Answer<'_, Option<Vec<u8>>> {
        let value = self.live(channel, key, now);
        async move { Ok(value) }.boxed()
    }

    fn set(
        &self,
        channel: &str,
        key: &str,
        value: Vec<u8>,
        expires: Option<Timestamp>,
        only_if_absent: Option<Timestamp>,
    ) -> Answer<'_, bool> {
        let free = only_if_absent.is_none_or(|now| self.live(channel, key, now).is_none());
        if free {
            self.held().insert((channel.to_owned(), key.to_owned()), (value, expires));
        }
        async move { Ok(free) }.boxed()
    }

    fn delete(&self, channel: &str, key: &str) -> Answer<'_, ()> {
        self.held().remove(&(channel.to_owned(), key.to_owned()));
        async { Ok(()) }.boxed()
    }

    fn used(&self, channel: &str) -> Answer<'_, u64> {
        let map = self.held();
        let of_channel = map.iter().filter(|((owner, _), _)| owner == channel);
        let used: usize = of_channel.map(|((_, key), (value, _))| key.len() + value.len()).sum();
        async move { Ok(used as u64) }.boxed()
    }
}
