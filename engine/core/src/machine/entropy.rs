//! Random numbers of one step, all from the one number that the runtime handed in.

use crate::{InstanceId, Timestamp};

/// `SplitMix64`: good enough for jitter and ids, and the same on every machine.
#[derive(Debug)]
pub(crate) struct Entropy(u64);

impl Entropy {
    pub(crate) fn new(seed: u64, instance: InstanceId) -> Self {
        Self(seed ^ instance.0.rotate_left(32))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A text that nobody can foretell: the seed of a lot.
    pub(crate) fn text(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!("{a:016x}{b:016x}")
    }

    /// Between `from` and `to`, both included.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        match to.checked_sub(from).and_then(|width| width.checked_add(1)) {
            Some(count) => from + self.next() % count,
            None => from,
        }
    }

    /// A UUID of version 7: sorts by time.
    pub(crate) fn uuid(&mut self, now: Timestamp) -> String {
        let millis = now.0.unsigned_abs() & 0xffff_ffff_ffff;
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            millis >> 16,
            millis & 0xffff,
            a & 0xfff,
            (a >> 16) & 0x3fff | 0x8000,
            b & 0xffff_ffff_ffff
        )
    }
}
