//! A batch, made ready in the caller's task: JSON and lz4 are done before the writer's turn comes.

use yiwang_runtime::ports::{Batch, CommitError, StoreError, TurnRow};

use crate::cases;
use crate::hash::{self, Hash};
use crate::pack::pack;

/// A batch with its texts.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The batch; its turns' histories and states are in `turns`.
    pub(crate) batch: Batch,
    /// In the order of the batch's turns.
    pub(crate) turns: Vec<Texts>,
}

/// The texts of one turn.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The history as JSON lines: what is hashed.
    pub(crate) lines: Vec<u8>,
    /// The same as it is stored.
    pub(crate) events: Vec<u8>,
    /// First and last seq; none: the turn has no history.
    pub(crate) seqs: Option<(u64, u64)>,
    /// How many events.
    pub(crate) n: usize,
    /// Does the history change what the case is found by?
    pub(crate) tells: bool,
    /// The snapshot as it is stored.
    pub(crate) state: Vec<u8>,
    /// Hash of the snapshot's JSON.
    pub(crate) state_hash: Hash,
}

/// Makes a batch ready.
pub(crate) fn prepare(mut batch: Batch) -> Result<Prepared, CommitError> {
    let turns: Result<Vec<_>, _> = batch.turns.iter_mut().map(texts).collect();
    let turns =
        turns.map_err(|error| CommitError::Failed(StoreError::new("writing history as JSON", error)))?;
    Ok(Prepared { batch, turns })
}

fn texts(row: &mut TurnRow) -> Result<Texts, serde_json::Error> {
    let history = std::mem::take(&mut row.history);
    let state = std::mem::take(&mut row.state);
    let mut lines = Vec::new();
    for event in &history {
        serde_json::to_writer(&mut lines, event)?;
        lines.push(b'\n');
    }
    Ok(Texts {
        events: pack(&lines),
        lines,
        seqs: history.first().zip(history.last()).map(|(first, last)| (first.seq, last.seq)),
        n: history.len(),
        tells: cases::tells(&history),
        state_hash: hash::of(&state),
        state: pack(&state),
    })
}
