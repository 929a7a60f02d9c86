//! Asks calendars in local times, so that tests read like a wall calendar.

use std::sync::Arc;

use jiff::civil::DateTime;
use yiwang_core::Timestamp;
use yiwang_core::calendar::{Calendar, Calendars};

/// Seasons, half days, a closed week, longer Saturdays.
pub(crate) const HALL: &str = "
schema: yiwang.calendar/v1
id: hall
extends: [cn-mainland]
week: [mon, tue, wed, thu, fri, sat]
hours:
  - { from: 05-01, to: 09-30, windows: ['08:00-12:00', '14:30-17:30'] }
  - { from: 10-01, to: 04-30, windows: ['08:00-12:00', '14:00-17:00'] }
daysOff:
  - { date: 2024-07-10, reason: 洪水 }
  - 2024-07-11
exceptions:
  - { date: 2024-02-09, windows: ['08:00-12:00'], reason: 除夕半天 }
  - { date: 2024-07-12, windows: ['10:00-11:00', '20:00-21:00'] }
dayEnd: '24:00'
";

/// A hotline's night shift.
pub(crate) const NIGHT: &str = "
schema: yiwang.calendar/v1
id: night
timezone: Asia/Shanghai
valid: { from: 2024-01-01, to: 2025-12-31 }
week: [mon, tue, wed, thu, fri, sat, sun]
hours:
  - windows: ['22:00-06:00', '12:30-13:00']
daysOff: [2024-02-10]
";

/// A place where the clocks are put forward and back.
pub(crate) const PARIS: &str = "
schema: yiwang.calendar/v1
id: paris
timezone: Europe/Paris
valid: { from: 2024-01-01, to: 2025-12-31 }
hours:
  - windows: ['01:00-05:00', '09:00-17:00']
week: [mon, tue, wed, thu, fri, sun]
";

pub(crate) const OTHERS: &[(&str, &str)] = &[("hall", HALL), ("night", NIGHT), ("paris", PARIS)];

/// The built-in calendars and those above.
pub(crate) fn calendars() -> Calendars {
    let mut calendars = Calendars::built_in();
    for (edition, (id, document)) in (1..).zip(OTHERS) {
        calendars.put(id, document, edition).unwrap();
    }
    calendars
}

pub(crate) fn calendar(id: &str) -> Arc<Calendar> {
    Arc::clone(calendars().newest(id).unwrap())
}

/// A local time of the calendar.
pub(crate) fn at(calendar: &Calendar, local: &str) -> Timestamp {
    let local: DateTime = local.replace(' ', "T").parse().unwrap();
    calendar.instant(local).unwrap()
}

/// The other way round.
pub(crate) fn local(calendar: &Calendar, at: Timestamp) -> String {
    calendar.local(at).unwrap().strftime("%Y-%m-%d %H:%M").to_string()
}
