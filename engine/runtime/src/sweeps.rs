//! The sweeps of one shard that are not over: when each goes on, and what is to be looked for then.
//!
//! ```text
//! next ─► looks ─► (read beside the loop) ─► Request::SweepRead ─► turn: acts, ledger, cursor ─► commit ─► moved
//! ```
//! What is looked for is read beside the loop, so that live inputs never wait for a search; what was found is
//! then looked at again within the turn, where the instances are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use yiwang_core::district::District;
use yiwang_core::selector::Selection;
use yiwang_core::selector::field::Found;
use yiwang_core::sweep::{Definition, Phase, Sweep, step_len};
use yiwang_core::{EffectId, InstanceId, Timestamp};

use crate::limits;
use crate::ports::{Census, SelectFrom, StoreError};
use crate::request::Request;

/// All sweeps of one shard that are not over.
#[derive(Debug, Default)]
pub(crate) struct Sweeps {
    open: BTreeMap<InstanceId, Open>,
    /// Those whose targets are being read.
    reading: BTreeSet<InstanceId>,
}

#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) sweep: Sweep,
    pub(crate) definition: Arc<Definition>,
}

/// Something to be read for a sweep.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    sweep: InstanceId,
    selection: Result<Selection, String>,
    wanted: Wanted,
    waiter: Option<EffectId>,
}

#[derive(Clone, Debug)]
enum Wanted {
    Count,
    Page { from: SelectFrom, len: usize },
}

/// What was read.
#[derive(Debug)]
pub(crate) struct SweepRead {
    pub(crate) sweep: InstanceId,
    pub(crate) what: Read,
    /// The instance that waits for the sweep's end.
    pub(crate) waiter: Option<EffectId>,
}

#[derive(Debug)]
pub(crate) enum Read {
    /// So many there are.
    Counted(u64),
    /// The next of them; fewer than asked for when there are no more.
    Page {
        found: Vec<Found>,
        selection: Selection,
        /// Behind which target they are.
        after: Option<(InstanceId, u32)>,
        last: bool,
    },
    /// The selector has no meaning any more: a calendar has gone.
    Meaningless(String),
    /// The store could not answer; it is asked again.
    Unread,
}

impl Sweeps {
    /// The sweeps of these rows. One whose definition cannot be read any more is left where it is.
    pub(crate) fn new(rows: Vec<Sweep>) -> Self {
        let mut sweeps = Self::default();
        for row in rows {
            sweeps.moved(row);
        }
        sweeps
    }

    /// One that is not over.
    pub(crate) fn get(&self, id: InstanceId) -> Option<&Open> {
        self.open.get(&id)
    }

    /// One that was asked for under this key.
    pub(crate) fn of_key(&self, key: &str) -> Option<&Sweep> {
        self.open.values().map(|open| &open.sweep).find(|sweep| sweep.key == key)
    }

    /// This row is stored.
    pub(crate) fn moved(&mut self, row: Sweep) {
        self.reading.remove(&row.id);
        if row.state.is_over() {
            self.open.remove(&row.id);
            return;
        }
        if let Some(open) = self.open.get_mut(&row.id) {
            open.sweep = row;
            return;
        }
        match Definition::parse(&row.definition) {
            Ok(definition) => {
                let definition = Arc::new(definition);
                self.open.insert(row.id, Open { sweep: row, definition });
            }
            Err(mistakes) => {
                tracing::error!(sweep = %row.id, name = row.name, ?mistakes, "a stored sweep cannot be read");
            }
        }
    }

    /// What was read for this one has come to nothing; it is read again.
    pub(crate) fn again(&mut self, id: InstanceId, at: Timestamp) {
        self.reading.remove(&id);
        if let Some(open) = self.open.get_mut(&id) {
            open.sweep.next_at = open.sweep.next_at.max(at);
        }
    }

    /// Nothing that is being read counts any more.
    pub(crate) fn forget_reads(&mut self) {
        self.reading.clear();
    }

    /// When the next one goes on.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.ready().map(|open| open.sweep.next_at).min()
    }

    fn ready(&self) -> impl Iterator<Item = &Open> {
        self.open.values().filter(|open| {
            let goes_on = match open.sweep.state {
                Phase::Counting | Phase::Running => true,
                Phase::Waiting | Phase::Completed | Phase::Cancelled | Phase::Refused => false,
            };
            goes_on && !self.reading.contains(&open.sweep.id)
        })
    }

    /// What is to be read now.
    pub(crate) fn looks(&mut self, now: Timestamp, district: &District) -> Vec<Look> {
        let due = self.ready().filter(|open| open.sweep.next_at <= now);
        let looks: Vec<Look> = due.map(|open| open.look(now, district)).collect();
        self.reading.extend(looks.iter().map(|look| look.sweep));
        looks
    }
}

impl Open {
    fn look(&self, now: Timestamp, district: &District) -> Look {
        let sweep = &self.sweep;
        let wanted = match sweep.state {
            Phase::Running => Wanted::Page {
                from: SelectFrom { after: sweep.cursor, until: sweep.until },
                len: step_len(self.definition.rate) as usize,
            },
            Phase::Waiting | Phase::Counting | Phase::Completed | Phase::Cancelled | Phase::Refused => {
                Wanted::Count
            }
        };
        let selection = self.definition.selector.resolve(sweep.as_of.unwrap_or(now), district);
        Look { sweep: sweep.id, selection, wanted, waiter: sweep.waiter.map(|(effect, _)| effect) }
    }
}

/// Reads what a sweep needs.
pub(crate) async fn look(census: &dyn Census, look: Look) -> Request {
    let Look { sweep, selection, wanted, waiter } = look;
    let what = match selection {
        Err(problem) => Read::Meaningless(problem),
        Ok(selection) => read(census, selection, wanted).await.unwrap_or_else(|error| {
            tracing::error!(%sweep, error = &error as &dyn std::error::Error, "reading for a sweep");
            Read::Unread
        }),
    };
    Request::SweepRead(SweepRead { sweep, what, waiter })
}

async fn read(census: &dyn Census, selection: Selection, wanted: Wanted) -> Result<Read, StoreError> {
    match wanted {
        Wanted::Count => {
            let groups = census.tally(selection, Vec::new()).await?;
            Ok(Read::Counted(groups.iter().map(|group| group.count).sum()))
        }
        Wanted::Page { from, len } => {
            let found = census.select(selection.clone(), from, len).await?;
            let last = found.len() < len;
            Ok(Read::Page { found, selection, after: from.after, last })
        }
    }
}

impl SweepRead {
    /// The instances that are needed to go on with it.
    pub(crate) fn instances(&self) -> BTreeSet<InstanceId> {
        let found = match &self.what {
            Read::Page { found, .. } => found.as_slice(),
            Read::Counted(_) | Read::Meaningless(_) | Read::Unread => &[],
        };
        found.iter().map(|one| one.instance).chain(self.waiter.map(|effect| effect.instance)).collect()
    }
}

/// A sweep that could not be read goes on after this.
pub(crate) fn retry_at(now: Timestamp) -> Timestamp {
    now.plus_millis(limits::STORE_RETRY_MILLIS)
}
