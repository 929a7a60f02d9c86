//! A calendar ready to be asked: all open times as instants, with prefix sums over them. Every question is one
//! or two binary searches, whatever the time zone.
//!
//! ```text
//! open    [ 08:00 12:00 ) [ 14:30 17:30 ) [ next day …
//! before    0               4 h             7 h              what is open before each of them
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::layer::{DayEnd, Layer, Season, Special, SpecialKind, Window, place};
use crate::Timestamp;

/// Years that are worked out beyond what is known, on either side: as if only weekends were off.
const YEARS_BEYOND: (i16, i16) = (2, 10);
/// The years of a calendar that says of no year what it knows.
const YEARS_ANY: (i16, i16) = (2000, 2060);
const MINUTES: i16 = 24 * 60;

/// One calendar, laid over what it extends.
#[derive(Debug, PartialEq)]
pub struct Calendar {
    /// Its id.
    pub id: Arc<str>,
    /// For people.
    pub title: Option<String>,
    /// The number of the newest document that it is made of; 0: the built-in ones only.
    pub edition: u64,
    /// IANA name of its time zone.
    pub timezone: String,
    /// Ids of the documents it is made of, the lowest first.
    pub layers: Vec<String>,
    /// Between which days everything is known; none: it says nothing about that.
    pub known: Option<(Date, Date)>,
    /// Where the days of a year come from.
    pub sources: BTreeMap<i16, String>,
    first: Date,
    /// The beginning of each day, and the end of the last.
    midnights: Vec<i64>,
    /// When what is due on a day is due.
    ends: Vec<i64>,
    /// Places of the working days among all days.
    working: Vec<u32>,
    open: Vec<(i64, i64)>,
    /// Milliseconds that are open before each of `open`, and all together at the end.
    before: Vec<i64>,
    /// Windows by day, for people.
    windows: Vec<Vec<Window>>,
    specials: BTreeMap<Date, Special>,
}

/// What to do with a last day that is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// The next working day (Civil Code, article 203).
    #[default]
    Next,
    /// The working day before.
    Previous,
    /// It stays.
    None,
}

/// The calendar does not reach so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// Its first and its last day.
    pub days: (Date, Date),
}

impl std::fmt::Display for Beyond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the calendar reaches from {} to {} only", self.days.0, self.days.1)
    }
}

/// One day as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// Is it a working day?
    pub works: bool,
    /// Its windows.
    pub windows: Vec<Window>,
    /// How it is special.
    pub special: Option<Special>,
    /// Is it between the days that are known?
    pub known: bool,
}

impl Calendar {
    /// Lays documents over each other, the lowest first.
    pub(super) fn build(layers: &[&Layer], edition: u64) -> Self {
        let top = layers.last().expect("a calendar has a document");
        let newest =
            |timezone: fn(&Layer) -> Option<&String>| layers.iter().rev().find_map(|layer| timezone(layer));
        let timezone =
            newest(|layer| layer.timezone.as_ref()).cloned().unwrap_or_else(|| "Asia/Shanghai".to_owned());
        let zone = TimeZone::get(&timezone).unwrap_or(TimeZone::UTC);
        let week = layers.iter().rev().find_map(|layer| layer.week);
        let week = week.unwrap_or([true, true, true, true, true, false, false]);
        let all_day =
            [Season { from: (1, 1), to: (12, 31), windows: vec![Window { start: 0, end: MINUTES }] }];
        let seasons =
            layers.iter().rev().find_map(|layer| layer.seasons.as_ref().filter(|all| !all.is_empty()));
        let seasons = seasons.map_or(&all_day[..], Vec::as_slice);
        let day_end = layers.iter().rev().find_map(|layer| layer.day_end).unwrap_or_default();
        // What is known is known by all of them.
        let valid = layers.iter().filter_map(|layer| layer.valid);
        let known = valid.reduce(|one, other| (one.0.max(other.0), one.1.min(other.1)));
        let mut specials = BTreeMap::new();
        let mut sources = BTreeMap::new();
        for layer in layers {
            specials.extend(layer.days.iter().map(|(date, special)| (*date, special.clone())));
            sources.extend(layer.sources.iter().map(|(year, source)| (*year, source.clone())));
        }
        let (from, to) =
            known.map_or(YEARS_ANY, |(from, to)| (from.year() - YEARS_BEYOND.0, to.year() + YEARS_BEYOND.1));
        let first = Date::new(from, 1, 1).unwrap_or(Date::MIN);
        let last = Date::new(to, 12, 31).unwrap_or(Date::MAX);
        let mut calendar = Self {
            id: top.id.as_str().into(),
            title: top.title.clone(),
            edition,
            timezone,
            layers: layers.iter().map(|layer| layer.id.clone()).collect(),
            known,
            sources,
            first,
            midnights: Vec::new(),
            ends: Vec::new(),
            working: Vec::new(),
            open: Vec::new(),
            before: Vec::new(),
            windows: Vec::new(),
            specials,
        };
        let mut date = first;
        while date <= last {
            calendar.push_day(date, &zone, week, seasons, day_end);
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        calendar.midnights.push(instant(&zone, date, 0));
        calendar.sum();
        calendar
    }

    fn push_day(
        &mut self,
        date: Date,
        zone: &TimeZone,
        week: [bool; 7],
        seasons: &[Season],
        day_end: DayEnd,
    ) {
        let season =
            || seasons.iter().find(|season| season.contains(date)).map(|season| season.windows.clone());
        let windows = match self.specials.get(&date).map(|special| &special.kind) {
            Some(SpecialKind::Off) => Vec::new(),
            Some(SpecialKind::MakeUp) => season().unwrap_or_default(),
            Some(SpecialKind::Windows(windows)) => windows.clone(),
            None if week[place(date.weekday())] => season().unwrap_or_default(),
            None => Vec::new(),
        };
        let midnight = instant(zone, date, MINUTES);
        self.midnights.push(instant(zone, date, 0));
        self.open.extend(
            windows.iter().map(|window| (instant(zone, date, window.start), instant(zone, date, window.end))),
        );
        self.ends.push(match (day_end, windows.last()) {
            (DayEnd::LastWindow, Some(last)) => instant(zone, date, last.end),
            (DayEnd::Midnight, _) | (_, None) => midnight,
        });
        if !windows.is_empty() {
            let place = u32::try_from(self.midnights.len() - 1).unwrap_or(u32::MAX);
            self.working.push(place);
        }
        self.windows.push(windows);
    }

    /// Open times that touch become one; then the sums.
    fn sum(&mut self) {
        self.open.retain(|(start, end)| start < end);
        self.open.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(self.open.len());
        for (start, end) in self.open.drain(..) {
            match merged.last_mut().filter(|last| last.1 >= start) {
                Some(last) => last.1 = last.1.max(end),
                None => merged.push((start, end)),
            }
        }
        let mut sum = 0;
        self.before = Vec::with_capacity(merged.len() + 1);
        for (start, end) in &merged {
            self.before.push(sum);
            sum += end - start;
        }
        self.before.push(sum);
        self.open = merged;
    }

    /// Its first and its last day.
    pub fn days(&self) -> (Date, Date) {
        (self.first, self.date(self.ends.len().saturating_sub(1)))
    }

    fn date(&self, place: usize) -> Date {
        let days = i64::try_from(place).unwrap_or(i64::MAX);
        self.first.checked_add(jiff::Span::new().days(days)).unwrap_or(Date::MAX)
    }

    fn beyond(&self) -> Beyond {
        Beyond { days: self.days() }
    }

    /// The place of the day that a time is in.
    fn day(&self, at: Timestamp) -> Result<usize, Beyond> {
        let place = self.midnights.partition_point(|midnight| *midnight <= at.0);
        if place == 0 || place == self.midnights.len() { Err(self.beyond()) } else { Ok(place - 1) }
    }

    /// Milliseconds that are open before a time.
    fn total(&self, at: Timestamp) -> Result<i64, Beyond> {
        self.day(at)?;
        let place = self.open.partition_point(|(start, _)| *start <= at.0);
        let Some(place) = place.checked_sub(1) else { return Ok(0) };
        let (start, end) = self.open[place];
        Ok(self.before[place] + at.0.min(end) - start)
    }

    /// The earliest time before which so much is open.
    fn at_total(&self, total: i64) -> Result<Timestamp, Beyond> {
        let ends = &self.before[1..];
        let place = ends.partition_point(|end| *end < total);
        let (start, _) = self.open.get(place).ok_or_else(|| self.beyond())?;
        Ok(Timestamp(start + total - self.before[place]))
    }

    /// Is it working time?
    pub fn is_open(&self, at: Timestamp) -> bool {
        let place = self.open.partition_point(|(start, _)| *start <= at.0);
        place.checked_sub(1).is_some_and(|place| at.0 < self.open[place].1)
    }

    /// This time if it is open, otherwise when working time begins next.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn next_open(&self, at: Timestamp) -> Result<Timestamp, Beyond> {
        self.day(at)?;
        if self.is_open(at) {
            return Ok(at);
        }
        let place = self.open.partition_point(|(start, _)| *start <= at.0);
        self.open.get(place).map(|(start, _)| Timestamp(*start)).ok_or_else(|| self.beyond())
    }

    /// The earliest time with so much working time since `from`. Nothing added is `from` itself.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn add(&self, from: Timestamp, millis: u64) -> Result<Timestamp, Beyond> {
        let total = self.total(from)?;
        if millis == 0 {
            return Ok(from);
        }
        let millis = i64::try_from(millis).map_err(|_| self.beyond())?;
        self.at_total(total.checked_add(millis).ok_or_else(|| self.beyond())?)
    }

    /// Working time from one time to another, in milliseconds; negative when the other is earlier.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn elapsed(&self, from: Timestamp, to: Timestamp) -> Result<i64, Beyond> {
        Ok(self.total(to)? - self.total(from)?)
    }

    /// The end of the n-th working day after the day of `from`, which is not counted. 0: the end of that day,
    /// or of the next working day.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn add_days(&self, from: Timestamp, days: u32) -> Result<Timestamp, Beyond> {
        let day = u32::try_from(self.day(from)?).map_err(|_| self.beyond())?;
        let first = if days == 0 {
            self.working.partition_point(|place| *place < day)
        } else {
            self.working.partition_point(|place| *place <= day)
        };
        let days = usize::try_from(days.saturating_sub(1)).map_err(|_| self.beyond())?;
        let place = self.working.get(first.saturating_add(days)).ok_or_else(|| self.beyond())?;
        Ok(Timestamp(self.ends[*place as usize]))
    }

    /// Working days after the day of `from` up to the day of `to`.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn elapsed_days(&self, from: Timestamp, to: Timestamp) -> Result<i64, Beyond> {
        let place = |day: usize| self.working.partition_point(|place| *place as usize <= day);
        let (from, to) = (place(self.day(from)?), place(self.day(to)?));
        Ok(i64::try_from(to).unwrap_or(i64::MAX) - i64::try_from(from).unwrap_or(i64::MAX))
    }

    /// The end of the n-th day after the day of `from`, rolled if it is off.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn add_calendar_days(&self, from: Timestamp, days: u32, roll: Roll) -> Result<Timestamp, Beyond> {
        let last = self.day(from)?.saturating_add(days as usize);
        self.end_of(last, roll)
    }

    /// The end of the day of this time, rolled if it is off.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn roll(&self, at: Timestamp, roll: Roll) -> Result<Timestamp, Beyond> {
        let day = self.day(at)?;
        self.end_of(day, roll)
    }

    fn end_of(&self, last: usize, roll: Roll) -> Result<Timestamp, Beyond> {
        let after = self.working.partition_point(|place| (*place as usize) < last);
        let place = match roll {
            Roll::None => Some(last),
            Roll::Next => self.working.get(after).map(|place| *place as usize),
            Roll::Previous => match self.working.get(after) {
                Some(place) if *place as usize == last => Some(last),
                _ => after.checked_sub(1).map(|before| self.working[before] as usize),
            },
        };
        let end = place.and_then(|place| self.ends.get(place)).ok_or_else(|| self.beyond())?;
        Ok(Timestamp(*end))
    }

    /// This day if it is a working day, otherwise the next one. None: the calendar does not reach so far.
    pub fn working_day_from(&self, date: Date) -> Option<Date> {
        let day = self.place(date)?;
        let at = self.working.partition_point(|place| (*place as usize) < day);
        self.working.get(at).map(|place| self.date(*place as usize))
    }

    /// This day if it is a working day, otherwise the last one before it. None: the calendar does not reach so far.
    pub fn working_day_until(&self, date: Date) -> Option<Date> {
        let day = self.place(date)?;
        let behind = self.working.partition_point(|place| (*place as usize) <= day);
        behind.checked_sub(1).map(|at| self.date(self.working[at] as usize))
    }

    /// The place of a day.
    fn place(&self, date: Date) -> Option<usize> {
        let days = date.since(self.first).ok().and_then(|span| usize::try_from(span.get_days()).ok());
        days.filter(|day| *day < self.ends.len())
    }

    /// Is this time's day one of which everything is known?
    pub fn knows(&self, at: Timestamp) -> bool {
        let Some((from, to)) = self.known else { return true };
        let Ok(day) = self.day(at) else { return false };
        // What is due at the midnight that ends the last day belongs to that day.
        let day = if self.midnights[day] == at.0 { day.saturating_sub(1) } else { day };
        let date = self.date(day);
        from <= date && date <= to
    }

    /// The days from one to another, as far as the calendar reaches.
    pub fn list(&self, from: Date, to: Date) -> Vec<Day> {
        let (first, last) = self.days();
        let mut days = Vec::new();
        let mut date = from.max(first);
        while date <= to.min(last) {
            let windows =
                self.place(date).and_then(|place| self.windows.get(place)).cloned().unwrap_or_default();
            days.push(Day {
                date,
                works: !windows.is_empty(),
                windows,
                special: self.specials.get(&date).cloned(),
                known: self.known.is_none_or(|(from, to)| from <= date && date <= to),
            });
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        days
    }

    /// A local time of the calendar's zone as an instant.
    pub fn instant(&self, at: DateTime) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.timezone).ok()?;
        at.to_zoned(zone).ok().map(|at| Timestamp(at.timestamp().as_millisecond()))
    }

    /// An instant as a local time of the calendar's zone.
    pub fn local(&self, at: Timestamp) -> Option<DateTime> {
        let zone = TimeZone::get(&self.timezone).ok()?;
        jiff::Timestamp::from_millisecond(at.0).ok().map(|at| at.to_zoned(zone).datetime())
    }
}

/// So many minutes after the midnight that a day begins with, by the clock on the wall.
fn instant(zone: &TimeZone, date: Date, minutes: i16) -> i64 {
    let (days, rest) = (minutes / MINUTES, minutes % MINUTES);
    let date = date.checked_add(jiff::Span::new().days(i64::from(days))).unwrap_or(date);
    let hour = i8::try_from(rest / 60).unwrap_or_default();
    let minute = i8::try_from(rest % 60).unwrap_or_default();
    let zoned = date.at(hour, minute, 0, 0).to_zoned(zone.clone());
    zoned.map(|at| at.timestamp().as_millisecond()).unwrap_or_default()
}
