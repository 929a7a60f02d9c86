//! How long something may take, in the four ways in which rules say it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Beyond, Calendar, Roll};
use crate::Timestamp;

/// A length of time by one of the four clocks, as it is written in YAML and JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// By the clock on the wall: `after: PT24H`.
    Wall {
        /// How long.
        after: Length,
    },
    /// Counted inside working time only: `workingHours: PT2H`.
    Hours {
        /// How long.
        #[serde(rename = "workingHours")]
        working_hours: Length,
    },
    /// The end of the n-th working day after that of the start: `workingDays: 3`.
    Days {
        /// How many.
        #[serde(rename = "workingDays")]
        working_days: u32,
    },
    /// The end of the n-th day after that of the start: `calendarDays: 15, roll: next`.
    Calendar {
        /// How many.
        #[serde(rename = "calendarDays")]
        calendar_days: u32,
        /// What to do with a last day that is off.
        #[serde(default)]
        roll: Roll,
    },
}

/// Milliseconds, written as an ISO 8601 duration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub u64);

impl Amount {
    /// Is it said by a calendar?
    pub fn needs_calendar(&self) -> bool {
        !matches!(self, Self::Wall { .. })
    }

    /// When it has passed since `from`.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn due(&self, from: Timestamp, calendar: &Calendar) -> Result<Timestamp, Beyond> {
        match *self {
            Self::Wall { after } => Ok(from.plus_millis(after.0)),
            Self::Hours { working_hours } => calendar.add(from, working_hours.0),
            Self::Days { working_days } => calendar.add_days(from, working_days),
            Self::Calendar { calendar_days, roll } => calendar.add_calendar_days(from, calendar_days, roll),
        }
    }

    /// What passes between two times as this kind of length counts, in milliseconds: working time for working
    /// hours and days, time on the wall for the others. Negative when the other is earlier.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn measure(&self, from: Timestamp, to: Timestamp, calendar: &Calendar) -> Result<i64, Beyond> {
        match self {
            Self::Wall { .. } | Self::Calendar { .. } => Ok(to.0.saturating_sub(from.0)),
            Self::Hours { .. } | Self::Days { .. } => calendar.elapsed(from, to),
        }
    }

    /// The time after which so many milliseconds have passed, as this kind of length counts.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn after(&self, from: Timestamp, millis: u64, calendar: &Calendar) -> Result<Timestamp, Beyond> {
        match self {
            Self::Wall { .. } | Self::Calendar { .. } => Ok(from.plus_millis(millis)),
            Self::Hours { .. } | Self::Days { .. } => calendar.add(from, millis),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wall { after } => write!(f, "{after}"),
            Self::Hours { working_hours } => write!(f, "workingHours: {working_hours}"),
            Self::Days { working_days } => write!(f, "workingDays: {working_days}"),
            Self::Calendar { calendar_days, .. } => write!(f, "calendarDays: {calendar_days}"),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not in days: a day of working time is no day on the wall.
        let (hours, rest) = (self.0 / 3_600_000, self.0 % 3_600_000);
        let (minutes, millis) = (rest / 60_000, rest % 60_000);
        if self.0 == 0 {
            return f.write_str("PT0S");
        }
        f.write_str("PT")?;
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        match (millis / 1000, millis % 1000) {
            (0, 0) => Ok(()),
            (seconds, 0) => write!(f, "{seconds}S"),
            (seconds, rest) => write!(f, "{seconds}.{rest:03}S"),
        }
    }
}

impl Length {
    /// Of an ISO 8601 duration of fixed length.
    pub fn parse(text: &str) -> Option<Self> {
        yiwang_dsl::duration::parse(text).ok().map(Self)
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is not a duration of fixed length")))
    }
}
