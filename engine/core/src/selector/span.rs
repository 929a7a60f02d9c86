//! Lengths of time in selectors and schedules: of the wall clock, or working time.
//!
//! How working time is counted is not known here: [`Times`] is.

use serde_json::Value;

use super::{Mistake, below};
use crate::Timestamp;
use crate::calendar::{self, Roll};
use crate::district::District;

/// How long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Milliseconds of the wall clock.
    Wall(u64),
    /// Time of a calendar.
    Working {
        /// How much.
        amount: Amount,
        /// Which calendar; none: the district's usual one.
        calendar: Option<String>,
    },
}

/// An amount of time that a calendar counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Milliseconds of opening hours.
    Hours(u64),
    /// Whole working days.
    Days(u32),
    /// Whole days, worked or not.
    CalendarDays(u32),
}

/// Counts time, as the district does.
pub trait Times {
    /// So long after.
    ///
    /// # Errors
    /// When the calendar is not known or does not reach that far.
    fn after(&self, from: Timestamp, span: &Span) -> Result<Timestamp, String>;
}

/// Only the wall clock: without a calendar there is no working time.
#[derive(Clone, Copy, Debug)]
pub struct WallClock;

impl Times for WallClock {
    fn after(&self, from: Timestamp, span: &Span) -> Result<Timestamp, String> {
        match span {
            Span::Wall(millis) => Ok(from.plus_millis(*millis)),
            Span::Working { .. } => Err("working time needs a calendar, and there is none here".to_owned()),
        }
    }
}

impl Times for District {
    /// A working day has passed when its last window has: on a Tuesday at noon, one working day ago is Sunday's
    /// midnight, since Monday has ended.
    fn after(&self, from: Timestamp, span: &Span) -> Result<Timestamp, String> {
        let (amount, name) = match span {
            Span::Wall(millis) => return Ok(from.plus_millis(*millis)),
            Span::Working { amount, calendar: name } => {
                (amount, name.as_deref().unwrap_or(calendar::DEFAULT))
            }
        };
        let Some(calendar) = self.calendars.newest(name) else {
            return Err(format!("there is no calendar `{name}`"));
        };
        let after = match amount {
            Amount::Hours(millis) => calendar.add(from, *millis),
            Amount::Days(days) => calendar.add_days(from, *days),
            Amount::CalendarDays(days) => calendar.add_calendar_days(from, *days, Roll::None),
        };
        after.map_err(|beyond| beyond.to_string())
    }
}

/// A day has this many milliseconds.
const DAY: i64 = 86_400_000;

impl Span {
    /// So long after `from`.
    ///
    /// # Errors
    /// As [`Times::after`].
    pub fn after(&self, from: Timestamp, times: &dyn Times) -> Result<Timestamp, String> {
        times.after(from, self)
    }

    /// The last point in time after which so long has passed at `until`.
    ///
    /// # Errors
    /// As [`Times::after`].
    pub fn before(&self, until: Timestamp, times: &dyn Times) -> Result<Timestamp, String> {
        if let Self::Wall(millis) = self {
            return Ok(Timestamp(until.0.saturating_sub_unsigned(*millis)));
        }
        // `after` never goes back when its start goes on: the last start that is over in time is found by
        // halves. First far enough back, in growing steps.
        let over = |from: i64| Ok::<_, String>(times.after(Timestamp(from), self)? <= until);
        let mut step = DAY;
        let mut early = until.0.saturating_sub(step);
        while !over(early)? {
            step = step.saturating_mul(2);
            early = until.0.saturating_sub(step);
        }
        let mut late = until.0;
        if over(late)? {
            return Ok(until);
        }
        while late - early > 1 {
            let middle = early + (late - early) / 2;
            if over(middle)? {
                early = middle;
            } else {
                late = middle;
            }
        }
        Ok(Timestamp(early))
    }

    /// Reads `PT2H`, `{ workingDays: 3 }`, `{ calendarDays: 15 }`, `{ workingHours: PT2H }`, each but the first
    /// with `calendar`.
    pub(crate) fn parse(value: &Value, place: &str, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        const HELP: &str =
            "an ISO 8601 duration, `{ workingDays: 3 }`, `{ calendarDays: 15 }` or `{ workingHours: PT2H }`";
        if let Some(text) = value.as_str() {
            return Self::wall(text, place, mistakes).map(Self::Wall);
        }
        let Some(members) = value.as_object() else {
            mistakes.push(Mistake::new(
                place,
                "selector.bad-span",
                format!("this is not a length of time: {HELP}"),
            ));
            return None;
        };
        let mut amount = None;
        let mut calendar = None;
        let before = mistakes.len();
        for (name, value) in members {
            let place = below(place, name);
            match (name.as_str(), value) {
                ("workingDays" | "calendarDays", value) => {
                    let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
                    match days.filter(|days| *days <= 3_660) {
                        Some(days) if name == "workingDays" => amount = Some(Amount::Days(days)),
                        Some(days) => amount = Some(Amount::CalendarDays(days)),
                        None => mistakes.push(Mistake::new(
                            &place,
                            "selector.bad-span",
                            format!("`{name}` is a whole number from 0 to 3660"),
                        )),
                    }
                }
                ("workingHours", Value::String(text)) => {
                    amount = Self::wall(text, &place, mistakes).map(Amount::Hours);
                }
                ("calendar", Value::String(name)) => calendar = Some(name.clone()),
                (other, _) => mistakes.push(
                    Mistake::new(
                        &place,
                        "selector.bad-span",
                        format!("`{other}` is no part of a length of time"),
                    )
                    .meant(other, &["workingDays", "calendarDays", "workingHours", "calendar"]),
                ),
            }
        }
        let lengths = members.keys().filter(|name| *name != "calendar").count();
        if mistakes.len() == before && lengths != 1 {
            mistakes.push(Mistake::new(
                place,
                "selector.bad-span",
                format!("this is not a length of time: {HELP}"),
            ));
        }
        amount.map(|amount| Self::Working { amount, calendar })
    }

    fn wall(text: &str, place: &str, mistakes: &mut Vec<Mistake>) -> Option<u64> {
        match yiwang_dsl::duration::parse(text) {
            Ok(millis) => Some(millis),
            Err(problem) => {
                let message = format!("`{text}` is not a length of time: {problem}");
                mistakes.push(Mistake::new(place, "selector.bad-span", message));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works from Monday to Friday, by days of 24 hours from 1970-01-01, a Thursday.
    struct Weekdays;

    impl Times for Weekdays {
        fn after(&self, from: Timestamp, span: &Span) -> Result<Timestamp, String> {
            let Span::Working { amount: Amount::Days(days), .. } = span else {
                return Err("days".to_owned());
            };
            let mut day = from.0.div_euclid(DAY);
            let mut left = *days;
            while left > 0 {
                day += 1;
                if (day + 3).rem_euclid(7) < 5 {
                    left -= 1;
                }
            }
            Ok(Timestamp(day * DAY + from.0.rem_euclid(DAY)))
        }
    }

    #[test]
    fn before_is_the_last_start_that_is_over_in_time() {
        let two = Span::Working { amount: Amount::Days(2), calendar: None };
        // Tuesday 1970-01-06 noon; two working days before it is Friday 1970-01-02 noon, and nothing later:
        // Saturday and Sunday noon end on Tuesday noon too.
        let until = Timestamp(5 * DAY + DAY / 2);
        let from = two.before(until, &Weekdays).unwrap();
        assert_eq!(two.after(from, &Weekdays).unwrap(), until);
        assert!(two.after(Timestamp(from.0 + 1), &Weekdays).unwrap() > until);
        assert_eq!(from, Timestamp(3 * DAY + DAY / 2), "Sunday noon");
    }

    #[test]
    fn the_district_counts_its_working_days() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let span = |days| Span::Working { amount: Amount::Days(days), calendar: None };
        // Tuesday, 11 June 2024; Monday the 10th was Dragon Boat Festival, the Friday before it a working day.
        let noon = at("2024-06-11T12:00:00+08:00");
        let before = span(1).before(noon, &District::new()).unwrap();
        assert!(before < at("2024-06-07T00:00:00+08:00"), "{before}");
        assert!(before >= at("2024-06-06T00:00:00+08:00"), "{before}");
        // Days off count too: two days ago ended with Sunday, the day before the festival.
        let calendar_days = Span::Working { amount: Amount::CalendarDays(2), calendar: None };
        let before = calendar_days.before(noon, &District::new()).unwrap();
        assert!(before < at("2024-06-09T00:00:00+08:00"), "{before}");
        assert!(before >= at("2024-06-08T00:00:00+08:00"), "{before}");
        let unknown = Span::Working { amount: Amount::Days(1), calendar: Some("mars".to_owned()) };
        assert!(unknown.after(noon, &District::new()).unwrap_err().contains("mars"));
    }

    #[test]
    fn without_a_calendar_there_is_no_working_time() {
        let one = Span::Working { amount: Amount::Days(1), calendar: None };
        assert!(one.after(Timestamp(0), &WallClock).is_err());
        assert!(one.before(Timestamp(0), &WallClock).is_err());
        assert_eq!(Span::Wall(5).before(Timestamp(7), &WallClock), Ok(Timestamp(2)));
    }
}
