//! One write: what is put on the disk, and what the ledger is told of it. Both are the same in an honest world.

use std::sync::Arc;

use yiwang_core::Timestamp;
use yiwang_runtime::nodes::Stay;
use yiwang_runtime::ports::{Batch, CommitError, Disposition};

use crate::disk::{Disk, Shelf};
use crate::sabotage::Sabotage;
use crate::store::finish;
use crate::violation::Check;
use crate::world::World;

/// All that a write needs, whoever waits for it.
#[derive(Clone)]
pub(crate) struct Writing {
    pub(crate) world: World,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) shelf: Arc<dyn Shelf>,
}

impl Writing {
    /// What is really written of it, and what the ledger is told: the same, in an honest world.
    fn spoil(&self, batch: &Batch) -> (Batch, Batch) {
        let (mut written, mut told) = (batch.clone(), batch.clone());
        self.world.with(|inner| match inner.sabotage {
            Some(Sabotage::ForgetStartKeys) => written.turns.iter_mut().for_each(|row| row.start = None),
            Some(Sabotage::DropHistory) if inner.ledger.commits % 5 == 4 => {
                for row in written.turns.iter_mut().filter(|row| row.rev > 1) {
                    drop(row.history.pop());
                }
                told = written.clone();
            }
            Some(Sabotage::KeepSnapshot) if inner.ledger.commits % 5 == 4 => {
                for row in &mut written.turns {
                    if let Some(life) = inner.ledger.lives.get(&row.instance) {
                        row.state.clone_from(&life.state);
                    }
                }
                told = written.clone();
            }
            Some(Sabotage::HideEvents) => {
                let hide = |disposition: &mut Disposition| {
                    if let Disposition::Buffered { .. } = disposition {
                        *disposition = Disposition::Unmatched { reason: "hidden".to_owned() };
                    }
                };
                written.arrivals.iter_mut().for_each(|row| hide(&mut row.disposition));
                written.dispositions.iter_mut().for_each(|(_, disposition)| hide(disposition));
                told = written.clone();
            }
            _ => {}
        });
        (written, told)
    }

    /// Writes it for this stay. `greatest`: the greatest time that the process was shown when it let go of the
    /// batch; none: it waits for this.
    pub(crate) fn write(
        &self,
        batch: &Batch,
        stay: Option<&Stay>,
        greatest: Option<Timestamp>,
    ) -> Result<(), CommitError> {
        let (written, told) = self.spoil(batch);
        match finish(&*self.disk, self.shelf.commit(written.clone())) {
            Ok(()) => {
                self.disk.written(&written);
                let greatest = greatest.unwrap_or_else(|| self.world.clock.greatest());
                self.world.with(|inner| {
                    let turns = told.turns.iter().map(|row| format!("{} rev {}", row.instance, row.rev));
                    let turns: Vec<String> = turns.collect();
                    inner.note(format!("written at {}: {}", told.now, turns.join(", ")));
                    inner.ledger.done_by(stay, &format!("writes {}", turns.join(", ")));
                    inner.ledger.committed(&told, greatest);
                    if inner.sabotage == Some(Sabotage::DoubleTurn) && inner.ledger.commits % 7 == 6 {
                        inner.ledger.committed(&told, greatest);
                    }
                });
                Ok(())
            }
            Err(error) => {
                let what = format!("the store of the only writer refused a batch: {}", chain(&error));
                self.world.with(|inner| inner.ledger.violate(Check::Turns, what));
                Err(error)
            }
        }
    }

    pub(crate) fn sabotage(&self) -> Option<Sabotage> {
        self.world.with(|inner| inner.sabotage)
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}
