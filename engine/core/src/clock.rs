//! SLA clocks: named stopwatches of a case. What a clock shows is a function of what happened to it: starting,
//! pausing and the rest are here, pure; `history` tells them, and [`replay`] gives the same clocks from it.
//!
//! ```text
//! start ─► running ⇄ paused ─► met | breached | cancelled
//!            └─ reset, change: counted anew, due at another time
//! ```

use serde::{Deserialize, Serialize};

use crate::calendar::{Amount, Beyond, Calendar, Calendars, Length};
use crate::history::What;
use crate::{HistoryEvent, Timestamp};

/// The source of the events by which processes hear of their clocks.
pub const SOURCE: &str = "/clocks";

/// 首次联系: the clock that the act `contact` stops.
pub const FIRST_CONTACT: &str = "first_contact";

/// One clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clock {
    /// e.g. `first_contact`, `handling`, `callback`.
    pub clock: String,
    /// Where it stands.
    pub stage: Stage,
    /// What is allowed.
    pub goal: Amount,
    /// By this calendar.
    pub calendar: String,
    /// In this edition, for good unless it is provisional.
    pub edition: u64,
    /// Its due time reaches beyond the days that the edition knows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// Counted from then.
    pub started: Timestamp,
    /// When it is due; none while it is paused.
    pub due: Option<Timestamp>,
    /// Due at this time, whatever the goal says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Timestamp>,
    /// What is allowed, as the goal counts: working time, or time on the wall.
    pub total: Length,
    /// What had passed when it was last paused or ended.
    pub spent: Length,
    /// It runs since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Its pauses; the last one may still last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// When it went over its due time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The card it has drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

/// Where a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It counts. Past its due time it still does.
    Running,
    /// It does not count for now.
    Paused,
    /// Stopped in time.
    Met,
    /// Stopped too late.
    Breached,
    /// It does not matter any more.
    Cancelled,
}

/// A time that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// A warning that stays with the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    /// 黄牌.
    Yellow,
    /// 红牌.
    Red,
}

impl Clock {
    /// A clock that runs since `from`.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn start(name: String, goal: Amount, from: Timestamp, calendar: &Calendar) -> Result<Self, Beyond> {
        let mut clock = Self {
            clock: name,
            stage: Stage::Running,
            goal,
            calendar: calendar.id.to_string(),
            edition: calendar.edition,
            provisional: false,
            started: from,
            due: None,
            fixed: None,
            total: Length(0),
            spent: Length(0),
            since: Some(from),
            pauses: Vec::new(),
            breached: None,
            ended: None,
            card: None,
        };
        clock.count(calendar)?;
        Ok(clock)
    }

    /// Does it count or wait to count?
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Paused)
    }

    /// What has passed at a time, as the goal counts.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn spent_at(&self, now: Timestamp, calendar: &Calendar) -> Result<Length, Beyond> {
        let running = match self.since {
            Some(since) => self.measure(since, now, calendar)?,
            None => 0,
        };
        Ok(Length(self.spent.0.saturating_add(running)))
    }

    /// When so much of it has passed, in the run that is on. None: it is paused, or that has passed before.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn passes(&self, percent: u32, calendar: &Calendar) -> Result<Option<Timestamp>, Beyond> {
        let wanted = u64::try_from(u128::from(self.total.0) * u128::from(percent) / 100).unwrap_or(u64::MAX);
        let (Some(since), Some(left)) = (self.since, wanted.checked_sub(self.spent.0)) else {
            return Ok(None);
        };
        // At its due time exactly, whatever rolling has added.
        match self.due {
            Some(due) if percent == 100 => Ok(Some(due)),
            _ => self.goal.after(since, left, calendar).map(Some),
        }
    }

    /// Stops counting for a while.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn pause(&mut self, now: Timestamp, reason: &str, calendar: &Calendar) -> Result<(), Beyond> {
        self.spent = self.spent_at(now, calendar)?;
        self.stage = Stage::Paused;
        self.since = None;
        self.due = None;
        self.pauses.push(Pause { from: now, to: None, reason: reason.to_owned() });
        Ok(())
    }

    /// Counts on: what was left is left.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn resume(&mut self, now: Timestamp, calendar: &Calendar) -> Result<(), Beyond> {
        if let Some(pause) = self.pauses.last_mut() {
            pause.to = Some(now);
        }
        self.stage = Stage::Running;
        self.since = Some(now);
        self.count(calendar)
    }

    /// Ends it, in time or not.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn stop(&mut self, now: Timestamp, calendar: &Calendar) -> Result<(), Beyond> {
        let late = self.breached.is_some() || self.due.is_some_and(|due| now > due);
        self.end(now, if late { Stage::Breached } else { Stage::Met }, calendar)
    }

    /// Ends it, since it does not matter any more.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn cancel(&mut self, now: Timestamp, calendar: &Calendar) -> Result<(), Beyond> {
        self.end(now, Stage::Cancelled, calendar)
    }

    fn end(&mut self, now: Timestamp, stage: Stage, calendar: &Calendar) -> Result<(), Beyond> {
        self.spent = self.spent_at(now, calendar)?;
        self.since = None;
        self.stage = stage;
        self.ended = Some(now);
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(now);
        }
        Ok(())
    }

    /// Another goal, counted from the same start without the pauses; or due at a fixed time.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn change(
        &mut self,
        goal: Option<Amount>,
        fixed: Option<Timestamp>,
        now: Timestamp,
        calendar: &Calendar,
    ) -> Result<(), Beyond> {
        self.goal = goal.unwrap_or(self.goal);
        self.fixed = fixed;
        self.calendar = calendar.id.to_string();
        self.edition = calendar.edition;
        self.recount(calendar)?;
        if self.due.is_some_and(|due| due >= now) {
            self.breached = None;
        }
        Ok(())
    }

    /// The same by another edition of its calendar.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn renew(&mut self, calendar: &Calendar) -> Result<(), Beyond> {
        self.edition = calendar.edition;
        self.recount(calendar)
    }

    /// It is past its due time.
    pub fn breach(&mut self, due: Timestamp) {
        self.breached = Some(due);
    }

    /// All that counted before, and the due time.
    fn recount(&mut self, calendar: &Calendar) -> Result<(), Beyond> {
        let mut spent = 0_u64;
        let mut since = self.started;
        for pause in &self.pauses {
            spent = spent.saturating_add(self.measure(since, pause.from, calendar)?);
            since = pause.to.unwrap_or(pause.from);
        }
        self.spent = Length(spent);
        self.count(calendar)
    }

    /// Works out what is allowed, and when it is due if it runs.
    fn count(&mut self, calendar: &Calendar) -> Result<(), Beyond> {
        let first = self.goal.due(self.started, calendar)?;
        self.total = Length(self.measure(self.started, first, calendar)?);
        self.due = match (self.since, self.fixed) {
            (None, _) => None,
            (Some(_), Some(fixed)) => Some(fixed),
            (Some(_), None) if self.pauses.is_empty() => Some(first),
            (Some(since), None) => {
                let left = self.total.0.saturating_sub(self.spent.0);
                let due = self.goal.after(since, left, calendar)?;
                Some(match self.goal {
                    // A day that is off rolls after a pause as it does before one.
                    Amount::Calendar { roll, .. } => calendar.roll(Timestamp(due.0 - 1), roll)?,
                    Amount::Wall { .. } | Amount::Hours { .. } | Amount::Days { .. } => due,
                })
            }
        };
        if let (Some(fixed), Some(since)) = (self.fixed, self.since) {
            self.total = Length(self.spent.0.saturating_add(self.measure(since, fixed, calendar)?));
        }
        let times = [Some(self.started), Some(first), self.due];
        let known = times.into_iter().flatten().all(|time| calendar.knows(time));
        self.provisional = self.fixed.is_none() && self.goal.needs_calendar() && !known;
        Ok(())
    }

    fn measure(&self, from: Timestamp, to: Timestamp, calendar: &Calendar) -> Result<u64, Beyond> {
        Ok(u64::try_from(self.goal.measure(from, to, calendar)?).unwrap_or(0))
    }
}

/// The clocks of an instance as its history tells them.
///
/// # Errors
/// When a calendar of them is not there, or does not reach so far: the name of the clock.
pub fn replay(history: &[HistoryEvent], calendars: &Calendars) -> Result<Vec<Clock>, String> {
    let mut clocks: Vec<Clock> = Vec::new();
    for line in history {
        let Some((name, edition)) = of(&line.what, &clocks) else { continue };
        let at = clocks.iter().position(|clock| clock.clock == name);
        let id = match (&line.what, at) {
            (What::ClockStarted { calendar, .. }, _) => calendar.clone(),
            (What::ClockChanged { calendar, .. }, _) => calendar.clone(),
            (_, Some(at)) => clocks[at].calendar.clone(),
            (_, None) => return Err(name),
        };
        let calendar = calendars.edition(&id, edition).ok_or_else(|| name.clone())?;
        if let What::ClockStarted { goal, from, .. } = &line.what {
            let clock = Clock::start(name.clone(), *goal, *from, calendar).map_err(|_| name.clone())?;
            match at {
                Some(at) => clocks[at] = clock,
                None => clocks.push(clock),
            }
            continue;
        }
        let clock = &mut clocks[at.ok_or_else(|| name.clone())?];
        let now = line.at;
        let done = match &line.what {
            What::ClockPaused { reason, .. } => clock.pause(now, reason, calendar),
            What::ClockResumed { .. } if clock.edition != edition => {
                clock.edition = edition;
                clock.renew(calendar).and_then(|()| clock.resume(now, calendar))
            }
            What::ClockResumed { .. } => clock.resume(now, calendar),
            What::ClockEnded { stage: Stage::Cancelled, .. } => clock.cancel(now, calendar),
            What::ClockEnded { .. } => clock.stop(now, calendar),
            What::ClockChanged { goal, fixed, .. } => clock.change(*goal, *fixed, now, calendar),
            What::DueRecomputed { .. } => clock.renew(calendar),
            What::ClockBreached { due, .. } => {
                clock.breach(*due);
                Ok(())
            }
            What::ClockStep { card, .. } => {
                clock.card = clock.card.max(*card);
                Ok(())
            }
            _ => Ok(()),
        };
        done.map_err(|_| name)?;
    }
    Ok(clocks)
}

/// Which clock a line is about, and by which edition.
fn of(what: &What, clocks: &[Clock]) -> Option<(String, u64)> {
    let now = |name: &String| {
        let clock = clocks.iter().find(|clock| clock.clock == *name);
        (name.clone(), clock.map_or(0, |clock| clock.edition))
    };
    match what {
        What::ClockStarted { clock, edition, .. }
        | What::ClockChanged { clock, edition, .. }
        | What::ClockResumed { clock, edition, .. }
        | What::DueRecomputed { clock: Some(clock), edition, .. } => Some((clock.clone(), *edition)),
        What::ClockPaused { clock, .. }
        | What::ClockEnded { clock, .. }
        | What::ClockBreached { clock, .. }
        | What::ClockStep { clock, .. } => Some(now(clock)),
        _ => None,
    }
}
