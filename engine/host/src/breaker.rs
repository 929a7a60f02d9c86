//! Parks an interface of a channel whose calls break down one after the other, and looks now and then whether it
//! works again.
//!
//! ```text
//! open ──ten breakdowns in five minutes, no call that ends between them──► parked for 30 s
//!   ▲                                                                         │ time is over
//!   └────────────── it ends ──── one call is let through ◄────────────────────┘
//!                                    └─ it breaks down: parked for twice as long, ten minutes at most
//! ```
//! Each interface has its own: a stranger whose requests break the webhook does not keep answers from being
//! sent. A failure that the plugin itself gives is no breakdown, nor is a server that has no place.

use std::sync::{Mutex, MutexGuard, PoisonError};

use yiwang_core::Timestamp;

use crate::call::Failed;
use crate::limits;

/// An interface that can be parked by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Webhook,
    Poll,
    Send,
    Report,
}

impl Door {
    const ALL: [Self; 4] = [Self::Webhook, Self::Poll, Self::Send, Self::Report];

    /// The interface of plugins that it leads to.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Poll => "poller",
            Self::Send => "sender",
            Self::Report => "delivery-callback",
        }
    }
}

/// Those of one channel.
pub(crate) struct Breakers {
    channel: String,
    doors: [Mutex<State>; Door::ALL.len()],
}

#[derive(Default)]
struct State {
    /// Breakdowns since the last call that ended.
    breaks: u32,
    /// When the first of them was.
    since: Timestamp,
    parked: Option<Parked>,
}

struct Parked {
    since: Timestamp,
    until: Timestamp,
    millis: u64,
    /// The last breakdown.
    why: String,
    /// The one call that is let through is under way.
    probing: bool,
}

/// A call that was let through. Dropped without a word: the caller went away, and nobody knows.
pub(crate) struct Entered<'a> {
    breakers: &'a Breakers,
    door: Door,
    now: Timestamp,
    probe: bool,
}

impl Breakers {
    pub(crate) fn new(channel: &str) -> Self {
        Self { channel: channel.to_owned(), doors: Default::default() }
    }

    /// May this interface be called now?
    pub(crate) fn enter(&self, door: Door, now: Timestamp) -> Result<Entered<'_>, Failed> {
        let mut state = self.state(door);
        let probe = match &mut state.parked {
            None => false,
            Some(parked) if now >= parked.until && !parked.probing => {
                parked.probing = true;
                true
            }
            Some(parked) => {
                let millis = u64::try_from(parked.until.0.saturating_sub(now.0)).unwrap_or(0).max(1000);
                let message = "this channel is parked: its plugin breaks down; it is tried again by itself";
                return Err(Failed { retry_after: Some(millis), ..Failed::new("channel.parked", message) });
            }
        };
        drop(state);
        Ok(Entered { breakers: self, door, now, probe })
    }

    /// What is parked, since when and why, for people.
    pub(crate) fn parked(&self) -> Option<String> {
        let told: Vec<String> = Door::ALL
            .into_iter()
            .filter_map(|door| {
                let state = self.state(door);
                let parked = state.parked.as_ref()?;
                let (word, since, until, why) = (door.word(), parked.since, parked.until, &parked.why);
                Some(format!("{word} parked since {since}, tried again after {until}: {why}"))
            })
            .collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// Lets all through again; says whether something was parked.
    pub(crate) fn unpark(&self) -> bool {
        let states = Door::ALL.map(|door| std::mem::take(&mut *self.state(door)));
        states.iter().any(|state| state.parked.is_some())
    }

    fn state(&self, door: Door) -> MutexGuard<'_, State> {
        // Nothing that can panic is done while it is held.
        self.doors[door as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entered<'_> {
    /// The call has come to an end, or has broken down.
    pub(crate) fn left(self, failed: Option<&Failed>) {
        match failed {
            None => self.ended(),
            // It was not called at all.
            Some(failed) if failed.code == "plugin.busy" => {}
            Some(failed) => self.broke(failed),
        }
    }

    fn ended(&self) {
        let mut state = self.breakers.state(self.door);
        // A call from before the parking says nothing about now.
        if state.parked.is_some() && !self.probe {
            return;
        }
        *state = State::default();
        drop(state);
        if self.probe {
            tracing::info!(channel = self.breakers.channel, door = self.door.word(), "parked no more");
        }
    }

    fn broke(&self, failed: &Failed) {
        let mut state = self.breakers.state(self.door);
        let millis = match &state.parked {
            Some(parked) if self.probe => parked.millis.saturating_mul(2).min(millis(limits::PARKED_MAX)),
            Some(_) => return,
            None => {
                if state.breaks == 0 || self.now > state.since.plus_millis(millis(limits::BREAKS_WINDOW)) {
                    (state.breaks, state.since) = (0, self.now);
                }
                state.breaks += 1;
                if state.breaks < limits::BREAKS_MAX {
                    return;
                }
                millis(limits::PARKED_MIN)
            }
        };
        let since = state.parked.as_ref().map_or(self.now, |parked| parked.since);
        let why = format!("{} ({})", failed.message, failed.code);
        let (channel, door) = (&self.breakers.channel, self.door.word());
        tracing::error!(channel, door, why, millis, "a channel is parked");
        let until = self.now.plus_millis(millis);
        state.parked = Some(Parked { since, until, millis, why, probing: false });
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if self.probe
            && let Some(parked) = &mut self.breakers.state(self.door).parked
        {
            parked.probing = false;
        }
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: Door = Door::Webhook;

    fn at(secs: i64) -> Timestamp {
        Timestamp(1_717_482_600_000 + secs * 1000)
    }

    fn breaks(breakers: &Breakers, secs: i64) {
        let entered = breakers.enter(DOOR, at(secs)).expect("it is let through");
        entered.left(Some(&Failed::new("plugin.trap", "unreachable")));
    }

    fn works(breakers: &Breakers, secs: i64) {
        breakers.enter(DOOR, at(secs)).expect("it is let through").left(None);
    }

    fn refused(breakers: &Breakers, secs: i64) -> Option<u64> {
        breakers.enter(DOOR, at(secs)).err().and_then(|failed| failed.retry_after)
    }

    #[test]
    fn ten_in_a_row_park_their_own_door_only() {
        let breakers = Breakers::new("test");
        (0..9).for_each(|n| breaks(&breakers, n));
        works(&breakers, 9);
        (10..19).for_each(|n| breaks(&breakers, n));
        assert_eq!(breakers.parked(), None, "one that works between them");
        breaks(&breakers, 19);
        let parked = breakers.parked().expect("it is parked");
        assert!(parked.starts_with("webhook parked since ") && parked.ends_with("(plugin.trap)"), "{parked}");
        assert_eq!(refused(&breakers, 20), Some(29_000));
        assert!(breakers.enter(Door::Send, at(20)).is_ok());
    }

    #[test]
    fn those_of_long_ago_and_those_without_a_place_do_not_count() {
        let breakers = Breakers::new("test");
        (0..9).for_each(|n| breaks(&breakers, n));
        (0..50).for_each(|_| {
            let entered = breakers.enter(DOOR, at(10)).expect("it is let through");
            entered.left(Some(&Failed::new("plugin.busy", "x")));
        });
        (400..409).for_each(|n| breaks(&breakers, n));
        assert_eq!(breakers.parked(), None);
    }

    #[test]
    fn one_call_probes_and_decides() {
        let breakers = Breakers::new("test");
        (0..10).for_each(|_| breaks(&breakers, 0));
        let probe = breakers.enter(DOOR, at(30)).expect("its time is over");
        assert_eq!(refused(&breakers, 30), Some(1000), "one at a time");
        probe.left(Some(&Failed::new("plugin.timeout", "x")));
        assert_eq!(refused(&breakers, 31), Some(59_000), "twice as long");
        drop(breakers.enter(DOOR, at(90)));
        works(&breakers, 90);
        assert_eq!(breakers.parked(), None);
        (90..99).for_each(|n| breaks(&breakers, n));
        assert_eq!(breakers.parked(), None, "it begins from nothing");
    }

    #[test]
    fn an_administrator_lets_it_through_at_once() {
        let breakers = Breakers::new("test");
        assert!(!breakers.unpark());
        (0..10).for_each(|_| breaks(&breakers, 0));
        assert!(breakers.unpark());
        works(&breakers, 0);
        assert_eq!(breakers.parked(), None);
    }
}
