//! One calendar document as it is written: days and hours, not yet laid over what it extends.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Date, Weekday};

/// What one document says.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its id.
    pub id: String,
    /// For people.
    pub title: Option<String>,
    /// IANA name.
    pub timezone: Option<String>,
    /// What it is laid over, the lowest first.
    pub extends: Vec<String>,
    /// Between which days it knows everything.
    pub valid: Option<(Date, Date)>,
    /// Working days of a week, Monday first.
    pub week: Option<[bool; 7]>,
    /// Windows by season; none: those of what it extends.
    pub seasons: Option<Vec<Season>>,
    /// Days that are not as their weekday says.
    pub days: BTreeMap<Date, Special>,
    /// When a working day ends.
    pub day_end: Option<DayEnd>,
    /// Where the days of a year come from.
    pub sources: BTreeMap<i16, String>,
}

/// A part of every year with its windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Season {
    /// First day: month and day.
    pub from: (i8, i8),
    /// Last day.
    pub to: (i8, i8),
    /// Its windows.
    pub windows: Vec<Window>,
}

/// Working time within a day, in minutes after its midnight; `end` is beyond 1,440 when it goes over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// Belongs to it.
    pub start: i16,
    /// Does not.
    pub end: i16,
}

/// A day that is not as its weekday says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Special {
    /// How it is.
    pub kind: SpecialKind,
    /// Why: the name of a holiday, or a reason.
    pub why: Option<String>,
}

/// The ways in which a day is special.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecialKind {
    /// 放假.
    Off,
    /// 调休上班: a working day with the windows of its season.
    MakeUp,
    /// Exactly these windows; none: off.
    Windows(Vec<Window>),
}

/// When a working day ends: what is due on a day is due then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DayEnd {
    /// With its last window.
    #[default]
    LastWindow,
    /// At midnight.
    Midnight,
}

impl Season {
    /// Is this day in it? A season may go over the turn of the year.
    pub fn contains(&self, date: Date) -> bool {
        let day = (date.month(), date.day());
        if self.from <= self.to {
            self.from <= day && day <= self.to
        } else {
            day >= self.from || day <= self.to
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A window may end on the next day, or at the end of its own.
        let end = if self.end > 24 * 60 { self.end - 24 * 60 } else { self.end };
        let (start, minute) = (self.start / 60, self.start % 60);
        write!(f, "{start:02}:{minute:02}-{:02}:{:02}", end / 60, end % 60)
    }
}

/// Monday is 0.
pub(super) fn place(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default()
}
