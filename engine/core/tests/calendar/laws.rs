//! What holds for every calendar and all times, on many random ones. A failing case prints its seed.

use std::sync::Arc;

use yiwang_core::Timestamp;
use yiwang_core::calendar::{Amount, Calendar, Length, Roll};

use crate::ask::calendars;

/// A small generator: the same numbers on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A time from 2023 to 2028, often on a full minute or hour: edges are where mistakes are.
    pub(crate) fn time(&mut self) -> Timestamp {
        let at = 1_672_502_400_000 + self.below(6 * 365 * 86_400_000);
        let at = match self.below(4) {
            0 => at,
            1 => at - at % 60_000,
            2 => at - at % 1_800_000,
            _ => at - at % 86_400_000 + [0, 4, 6, 9][self.below(4) as usize] * 3_600_000 + 1_800_000,
        };
        Timestamp(i64::try_from(at).unwrap())
    }
}

fn each(check: impl Fn(&Arc<Calendar>, &mut Random)) {
    let calendars = calendars();
    for id in ["cn-mainland", "district", "hall", "night", "paris"] {
        let calendar = calendars.newest(id).unwrap();
        for seed in 0..4_000 {
            check(calendar, &mut Random(seed));
        }
    }
}

#[test]
fn what_is_added_has_elapsed() {
    each(|calendar, random| {
        let (from, millis) = (random.time(), random.below(40 * 3_600_000));
        let due = calendar.add(from, millis).unwrap();
        assert_eq!(
            calendar.elapsed(from, due),
            Ok(i64::try_from(millis).unwrap()),
            "{} {from} {millis}",
            calendar.id
        );
        // The earliest such time: before it, less had elapsed.
        if millis > 0 {
            let before = calendar.elapsed(from, Timestamp(due.0 - 1)).unwrap();
            assert!(before < i64::try_from(millis).unwrap(), "{} {from} {millis}", calendar.id);
        }
    });
}

#[test]
fn adding_twice_is_adding_the_sum() {
    each(|calendar, random| {
        let (from, a, b) = (random.time(), random.below(20 * 3_600_000), random.below(20 * 3_600_000));
        let twice = calendar.add(calendar.add(from, a).unwrap(), b).unwrap();
        assert_eq!(twice, calendar.add(from, a + b).unwrap(), "{} {from} {a} {b}", calendar.id);
    });
}

#[test]
fn later_begins_and_longer_lengths_are_never_due_earlier() {
    each(|calendar, random| {
        let (one, other) = (random.time(), random.time());
        let (early, late) = (one.min(other), one.max(other));
        let millis = random.below(40 * 3_600_000);
        let n = u32::try_from(random.below(40)).unwrap();
        let amounts = [
            (
                Amount::Hours { working_hours: Length(millis) },
                Amount::Hours { working_hours: Length(millis + 1) },
            ),
            (Amount::Days { working_days: n + 1 }, Amount::Days { working_days: n + 2 }),
            (
                Amount::Calendar { calendar_days: n, roll: Roll::Next },
                Amount::Calendar { calendar_days: n + 1, roll: Roll::Next },
            ),
        ];
        for (short, long) in amounts {
            let due = |from, amount: Amount| amount.due(from, calendar).unwrap();
            assert!(due(early, short) <= due(late, short), "{} {early} {late} {short}", calendar.id);
            assert!(due(early, short) <= due(early, long), "{} {early} {short}", calendar.id);
        }
        assert!(calendar.elapsed(early, late).unwrap() >= 0);
    });
}

#[test]
fn due_times_of_days_end_working_days() {
    each(|calendar, random| {
        let (from, n) = (random.time(), u32::try_from(1 + random.below(60)).unwrap());
        let due = calendar.add_days(from, n).unwrap();
        assert!(due > from);
        assert_eq!(calendar.roll(Timestamp(due.0 - 1), Roll::Next).map(|it| it >= due), Ok(true));
    });
}

#[test]
fn what_is_next_open_is_open_and_nothing_before_it_is() {
    each(|calendar, random| {
        let at = random.time();
        let next = calendar.next_open(at).unwrap();
        assert!(calendar.is_open(next) && next >= at);
        assert_eq!(calendar.elapsed(at, next), Ok(0), "{} {at}", calendar.id);
    });
}
