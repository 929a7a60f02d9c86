//! How often one address may ask what anybody may ask. One minute at a time, in memory: a restart forgives.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use yiwang_core::Timestamp;

use crate::limits::{ASKING_ADDRESSES_MAX, ASKS_PER_MINUTE_ADDRESS_MAX, ASKS_PER_MINUTE_MAX};

const MINUTE_MILLIS: i64 = 60_000;

/// Counts of the current minute.
#[derive(Debug, Default)]
pub(crate) struct Rate(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    all: u32,
    by_address: BTreeMap<String, u32>,
}

impl Rate {
    /// Counts one question; false: there were too many in this minute.
    pub(crate) fn admits(&self, client: Option<&str>, now: Timestamp) -> bool {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.0.div_euclid(MINUTE_MILLIS);
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        minute.all += 1;
        if minute.all > ASKS_PER_MINUTE_MAX {
            return false;
        }
        let address = client.unwrap_or("unknown");
        if minute.by_address.len() >= ASKING_ADDRESSES_MAX && !minute.by_address.contains_key(address) {
            return false;
        }
        let count = minute.by_address.entry(address.to_owned()).or_default();
        *count += 1;
        *count <= ASKS_PER_MINUTE_ADDRESS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_so_often_in_a_minute() {
        let rate = Rate::default();
        for _ in 0..ASKS_PER_MINUTE_ADDRESS_MAX {
            assert!(rate.admits(Some("10.0.0.1"), Timestamp(1)));
        }
        assert!(!rate.admits(Some("10.0.0.1"), Timestamp(59_999)));
        assert!(rate.admits(Some("10.0.0.2"), Timestamp(59_999)), "others are not held up");
        assert!(rate.admits(Some("10.0.0.1"), Timestamp(60_000)), "and the next minute is new");
    }
}
