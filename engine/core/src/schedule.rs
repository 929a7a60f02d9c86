//! When a definition starts instances by itself.

mod working_days;

use std::sync::Arc;

use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use yiwang_dsl::definition::{DaysOff, Schedule, Strategy};
use yiwang_dsl::{Data, Definition};

use crate::calendar::{self, Calendar, Calendars};
use crate::task::listen::read_event;
use crate::{Event, Timestamp};
use crate::{filter, gathering};

/// The time zone of cron expressions where the policy names none.
pub const TIMEZONE_DEFAULT: &str = "Asia/Shanghai";

/// The workflow input that `event` gives, if this definition's `schedule.on` wants it: an array of one.
pub fn start_input(definition: &Definition, event: &Event) -> Option<Data> {
    let Some(Schedule::On { strategy, read }) = &definition.schedule else { return None };
    let filters = match strategy {
        Strategy::One(_) | Strategy::Any(_) => strategy.filters(),
        // One event is not enough: see `gathers`.
        Strategy::All(_) => return None,
    };
    let envelope = event.envelope();
    let passes = |filter| {
        filter::holds(filter, &envelope, &())
            && filter::correlates(filter, &filter::constants(filter), &envelope)
    };
    let wanted = filters.is_empty() || filters.iter().any(passes);
    wanted.then(|| Data::array([read_event(*read, event)]))
}

/// Does this definition's `schedule.on.all` want `event` in its set? If no instance that gathers takes it
/// ([`crate::Input::Event`]), a new one begins to gather with it.
pub fn gathers(definition: &Definition, event: &Event) -> bool {
    gathering::is_wanted(definition, event)
}

/// The calendar that says which days are off for a definition's schedule: that of the workflow, or that of the
/// district. None: the schedule does not ask.
pub fn calendar<'c>(definition: &Definition, calendars: &'c Calendars) -> Option<&'c Arc<Calendar>> {
    let asks = definition.policy.days_off != DaysOff::Count;
    asks.then(|| calendars.newest(definition.policy.calendar.as_deref().unwrap_or(calendar::DEFAULT)))?
}

/// The first planned time of `schedule.cron` or `schedule.every` after `after`, in the definition's time
/// zone. `every` counts from `anchor`, the time of the deployment. `calendar` is what [`calendar()`] gives; without it
/// every day counts.
pub fn next_fire(
    definition: &Definition,
    calendar: Option<&Calendar>,
    anchor: Timestamp,
    after: Timestamp,
) -> Option<Timestamp> {
    match definition.schedule.as_ref()? {
        Schedule::On { .. } => None,
        // It begins with the deployment, and again so long after each end: the runtime knows when that is.
        Schedule::After(_) => None,
        Schedule::Every(millis) => next_multiple(*millis, anchor, after),
        Schedule::Cron(text) => {
            let zone = definition.policy.timezone.as_deref().unwrap_or(TIMEZONE_DEFAULT);
            let zone = TimeZone::get(zone).ok()?;
            let next = |after| next_cron(text, &zone, after);
            let Some(calendar) = calendar else { return next(after) };
            working_days::next_time(definition.policy.days_off, calendar, &zone, after, next)
        }
    }
}

fn next_multiple(every: u64, anchor: Timestamp, after: Timestamp) -> Option<Timestamp> {
    let passed = u64::try_from(after.0.checked_sub(anchor.0)?).unwrap_or(0);
    let rounds = passed.checked_div(every)?.checked_add(1)?;
    Some(anchor.plus_millis(rounds.checked_mul(every)?))
}

/// Five fields as in POSIX: both 0 and 7 are Sunday; if day of month and day of week are both given, either
/// one is enough.
fn next_cron(text: &str, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(text).ok()?;
    let after = jiff::Timestamp::from_millisecond(after.0).ok()?.to_zoned(zone.clone());
    let next = cron.find_next_occurrence(&after, false).ok()?;
    Some(Timestamp(next.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fires(cron: &str, zone: &str, after: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        next_cron(cron, &zone, Timestamp::parse(after).unwrap()).map(|at| at.rfc3339()).unwrap_or_default()
    }

    #[test]
    fn cron_follows_the_time_zone_and_posix_weekdays() {
        let china = "Asia/Shanghai";
        assert_eq!(fires("0 9 * * *", china, "2024-06-11T00:59:59Z"), "2024-06-11T01:00:00Z");
        assert_eq!(fires("0 9 * * *", china, "2024-06-11T01:00:00Z"), "2024-06-12T01:00:00Z");
        // 16 June 2024 is a Sunday.
        assert_eq!(fires("0 0 * * 0", china, "2024-06-11T00:00:00Z"), "2024-06-15T16:00:00Z");
        assert_eq!(fires("0 0 * * 7", china, "2024-06-11T00:00:00Z"), "2024-06-15T16:00:00Z");
        assert_eq!(fires("0 0 * * 1", china, "2024-06-11T00:00:00Z"), "2024-06-16T16:00:00Z");
        // Day of month or day of week.
        assert_eq!(fires("0 0 13 * 5", china, "2024-06-11T00:00:00Z"), "2024-06-12T16:00:00Z");
        // Quarters: 1 January, April, July, October.
        assert_eq!(fires("0 9 1 1,4,7,10 *", china, "2024-06-11T00:00:00Z"), "2024-07-01T01:00:00Z");
        assert_eq!(fires("0 0 30 2 *", china, "2024-06-11T00:00:00Z"), "");
        assert_eq!(fires("* * * * * *", china, "2024-06-11T00:00:00Z"), "");
    }

    #[test]
    fn every_keeps_its_rate_whenever_it_is_asked() {
        let at = |millis| Timestamp(millis);
        assert_eq!(next_multiple(1_000, at(500), at(500)), Some(at(1_500)));
        assert_eq!(next_multiple(1_000, at(500), at(1_499)), Some(at(1_500)));
        assert_eq!(next_multiple(1_000, at(500), at(1_500)), Some(at(2_500)));
        assert_eq!(next_multiple(1_000, at(500), at(0)), Some(at(1_500)));
        assert_eq!(next_multiple(0, at(500), at(0)), None);
    }
}
