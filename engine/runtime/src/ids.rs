//! Hands out ids and randomness. Knows the clock only as numbers it is given.
//!
//! ```text
//! 0 | 41 bits: milliseconds since 2020 | 10 bits: shard | 12 bits: sequence
//! ```
//! Every id is greater than the one before, also when the clock goes back and over a restart.

use yiwang_core::{InstanceId, Timestamp};

/// 2020-01-01T00:00:00Z: 41 bits of milliseconds last until 2089 from here, and the number fits an SQL integer.
const EPOCH_MILLIS: i64 = 1_577_836_800_000;

const SHARD_BITS: u32 = 10;
const SEQUENCE_BITS: u32 = 12;

/// The ids of one shard.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    shard: u64,
    /// Milliseconds and sequence of the last id, without the shard: what must grow.
    last: u64,
}

impl Ids {
    /// Ids of `shard` that are all greater than `greatest`, the greatest one stored.
    pub(crate) fn new(shard: u16, greatest: u64) -> Self {
        let mut ids = Self { shard: u64::from(shard) & ((1 << SHARD_BITS) - 1), last: 0 };
        ids.continue_after(greatest);
        ids
    }

    /// All further ids are greater than this one too.
    pub(crate) fn continue_after(&mut self, greatest: u64) {
        let millis = greatest >> (SHARD_BITS + SEQUENCE_BITS);
        let sequence = greatest & ((1 << SEQUENCE_BITS) - 1);
        self.last = self.last.max(millis << SEQUENCE_BITS | sequence);
    }

    /// The next number at this time.
    pub(crate) fn next(&mut self, now: Timestamp) -> u64 {
        let millis = u64::try_from(now.0.saturating_sub(EPOCH_MILLIS)).unwrap_or(0) & ((1 << 41) - 1);
        // More than 4,096 ids in one millisecond borrow from the next one.
        self.last = (millis << SEQUENCE_BITS).max(self.last + 1);
        let millis = self.last >> SEQUENCE_BITS;
        let sequence = self.last & ((1 << SEQUENCE_BITS) - 1);
        millis << (SHARD_BITS + SEQUENCE_BITS) | self.shard << SEQUENCE_BITS | sequence
    }

    /// The next instance's id.
    pub(crate) fn instance(&mut self, now: Timestamp) -> InstanceId {
        InstanceId(self.next(now))
    }
}

/// Numbers that nobody foresees in production and everybody in a simulation (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Entropy(u64);

impl Entropy {
    /// From a seed; none: from the operating system.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(seed.unwrap_or_else(|| {
            // Without the system's randomness jitter would be the same in each run, and nothing worse.
            getrandom::u64().unwrap_or(0x9e37_79b9_7f4a_7c15)
        }))
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_whatever_the_clock_does() {
        let mut ids = Ids::new(3, 0);
        let noon = Timestamp(1_718_000_000_000);
        let mut last = 0;
        for now in [noon, noon, Timestamp(noon.0 - 3_600_000), Timestamp(0), Timestamp(noon.0 + 1)] {
            for _ in 0..5_000 {
                let id = ids.next(now);
                assert!(id > last && id <= i64::MAX as u64);
                assert_eq!(id >> SEQUENCE_BITS & 1023, 3, "the shard stands in the id");
                last = id;
            }
        }
        let mut after_restart = Ids::new(3, last);
        assert!(after_restart.next(Timestamp(0)) > last);
    }

    #[test]
    fn an_id_tells_its_time() {
        let mut ids = Ids::new(0, 0);
        let now = Timestamp(1_718_000_000_123);
        let millis = ids.next(now) >> 22;
        assert_eq!(i64::try_from(millis).unwrap() + EPOCH_MILLIS, now.0);
    }
}
