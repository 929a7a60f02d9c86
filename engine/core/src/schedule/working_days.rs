//! A schedule's times on working days only: left out, or moved to the working day before or behind.
//!
//! Which time of the day a time has does not change. It does not know what a schedule is for.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, Zoned};
use yiwang_dsl::definition::DaysOff;

use crate::Timestamp;
use crate::calendar::Calendar;

/// So many working days in a row without a time, each looked at: then there is none.
const DAYS_MAX: usize = 1_000;

/// The first time after `after` that the rule leaves. `next` gives the planned time after another one.
///
/// All times that belong to one working day are looked at together: of two times on days off, the earlier one may
/// be moved behind the later one.
pub(super) fn next_time(
    rule: DaysOff,
    calendar: &Calendar,
    zone: &TimeZone,
    after: Timestamp,
    next: impl Fn(Timestamp) -> Option<Timestamp>,
) -> Option<Timestamp> {
    if rule == DaysOff::Count {
        return next(after);
    }
    let zoned = |at: Timestamp| Some(Instant::from_millisecond(at.0).ok()?.to_zoned(zone.clone()));
    let midnight = |date: Date| Some(millis(&date.to_zoned(zone.clone()).ok()?));
    let mut day = calendar.working_day_from(zoned(after)?.date())?;
    for _ in 0..DAYS_MAX {
        let (first, behind) = belonging(rule, calendar, day)?;
        // Planned times are whole minutes: the one at midnight itself is behind this.
        let mut planned = next(Timestamp(midnight(first)?.0 - 1))?;
        let behind = midnight(behind)?;
        let mut found = None;
        let mut last = Timestamp(i64::MIN);
        while planned < behind {
            if planned <= last {
                return None;
            }
            last = planned;
            let moved = zoned(planned)?.datetime().time();
            let moved = millis(&day.to_datetime(moved).to_zoned(zone.clone()).ok()?);
            if moved > after && found.is_none_or(|found| moved < found) {
                found = Some(moved);
            }
            planned = match next(planned) {
                Some(next) => next,
                None => return found,
            };
        }
        if found.is_some() {
            return found;
        }
        let planned = zoned(planned)?.date();
        day = match rule {
            DaysOff::Previous => calendar.working_day_until(planned)?,
            DaysOff::Count | DaysOff::Skip | DaysOff::Next => calendar.working_day_from(planned)?,
        };
    }
    None
}

/// The first day whose times belong to this working day, and the first day behind them.
fn belonging(rule: DaysOff, calendar: &Calendar, day: Date) -> Option<(Date, Date)> {
    let tomorrow = day.tomorrow().ok()?;
    Some(match rule {
        DaysOff::Count | DaysOff::Skip => (day, tomorrow),
        DaysOff::Next => {
            let before = calendar.working_day_until(day.yesterday().ok()?);
            (before.and_then(|before| before.tomorrow().ok()).unwrap_or(day), tomorrow)
        }
        DaysOff::Previous => (day, calendar.working_day_from(tomorrow).unwrap_or(tomorrow)),
    })
}

fn millis(zoned: &Zoned) -> Timestamp {
    Timestamp(zoned.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::next_cron;
    use super::*;
    use crate::calendar::{Calendars, DEFAULT};

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    fn local(at: Timestamp) -> String {
        Instant::from_millisecond(at.0).unwrap().to_zoned(zone()).strftime("%F %H:%M").to_string()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("{}:00+08:00", text.replace(' ', "T"))).unwrap()
    }

    fn times(rule: DaysOff, cron: &str, after: &str, len: usize) -> Vec<String> {
        let calendars = Calendars::built_in();
        let calendar = calendars.newest(DEFAULT).unwrap();
        let zone = zone();
        let next = |after| next_time(rule, calendar, &zone, after, |after| next_cron(cron, &zone, after));
        std::iter::successors(next(at(after)), |at| next(*at)).take(len).map(local).collect()
    }

    /// National Day 2024: off from 1 to 7 October, worked on 29 September and 12 October (a Sunday, a Saturday).
    #[test]
    fn times_on_days_off_are_left_out_or_moved() {
        let table: [(DaysOff, &str, &str, &[&str]); 9] = [
            // The first working day of a quarter: 1 April 2024 is a Monday; Q1 2024 is reported by 8 April.
            (
                DaysOff::Next,
                "0 9 1 1,4,7,10 *",
                "2024-03-29 17:00",
                &["2024-04-01 09:00", "2024-07-01 09:00"],
            ),
            (
                DaysOff::Next,
                "0 9 1 1,4,7,10 *",
                "2024-09-30 18:00",
                &["2024-10-08 09:00", "2025-01-02 09:00"],
            ),
            // Asked in the middle of the days off.
            (DaysOff::Next, "0 9 1 1,4,7,10 *", "2024-10-04 12:00", &["2024-10-08 09:00"]),
            // The last working day of a month.
            (DaysOff::Previous, "0 17 L * *", "2024-05-31 12:00", &["2024-05-31 17:00", "2024-06-28 17:00"]),
            (DaysOff::Previous, "0 17 L * *", "2024-08-30 17:00", &["2024-09-30 17:00", "2024-10-31 17:00"]),
            // Every working day: a make-up Sunday is one.
            (
                DaysOff::Skip,
                "0 9 * * *",
                "2024-09-28 00:00",
                &["2024-09-29 09:00", "2024-09-30 09:00", "2024-10-08 09:00"],
            ),
            // Many times of the days off are one time of the first day, and the order is that of the clock.
            (
                DaysOff::Next,
                "0 9,17 * * *",
                "2024-10-01 00:00",
                &["2024-10-08 09:00", "2024-10-08 17:00", "2024-10-09 09:00"],
            ),
            (DaysOff::Next, "0 0 5 10 *", "2024-10-01 00:00", &["2024-10-08 00:00", "2025-10-09 00:00"]),
            (DaysOff::Count, "0 9 1 10 *", "2024-09-30 18:00", &["2024-10-01 09:00"]),
        ];
        for (rule, cron, after, expected) in table {
            assert_eq!(times(rule, cron, after, expected.len()), expected, "{rule:?} {cron} after {after}");
        }
    }

    /// The same by the plainest way: all times of three years, each moved by walking day by day.
    #[test]
    fn nothing_is_lost_and_nothing_added() {
        let calendars = Calendars::built_in();
        let calendar = calendars.newest(DEFAULT).unwrap();
        let works = |date: Date| calendar.list(date, date)[0].works;
        let zone = zone();
        for cron in ["0 9 1 * *", "30 8,18 * * 5", "15 */7 1-10 1,4,7,10 *", "0 9 L * *", "59 23 * * 0"] {
            let first = at("2023-12-15 00:00");
            let planned: Vec<Timestamp> =
                std::iter::successors(next_cron(cron, &zone, first), |at| next_cron(cron, &zone, *at))
                    .take_while(|at| *at < self::at("2027-01-20 00:00"))
                    .collect();
            for rule in [DaysOff::Skip, DaysOff::Next, DaysOff::Previous] {
                let moved: BTreeSet<String> = planned
                    .iter()
                    .filter_map(|planned| {
                        let at = Instant::from_millisecond(planned.0).unwrap().to_zoned(zone.clone());
                        let mut day = at.date();
                        while !works(day) {
                            day = match rule {
                                DaysOff::Next => day.tomorrow().unwrap(),
                                DaysOff::Previous => day.yesterday().unwrap(),
                                DaysOff::Skip | DaysOff::Count => return None,
                            };
                        }
                        Some(day.to_datetime(at.time()).strftime("%F %H:%M").to_string())
                    })
                    .filter(|at| ("2024-01-02"..="2026-12-31").contains(&&at[..10]))
                    .collect();
                let found: Vec<String> = times(rule, cron, "2024-01-01 23:59", 20_000)
                    .into_iter()
                    .take_while(|at| &at[..10] <= "2026-12-31")
                    .collect();
                assert_eq!(found, moved.into_iter().collect::<Vec<_>>(), "{rule:?} {cron}");
            }
        }
    }
}
