//! The chains that show whether something was changed or taken away.
//!
//! Each turn of an instance hashes the one before it. Each commit is sealed by a hash over the one before it
//! and the turns it holds, so that a whole instance cannot vanish unseen either.

use sha2::{Digest, Sha256};

/// SHA-256.
pub(crate) type Hash = [u8; 32];

/// Before the first turn and the first seal.
pub(crate) const NONE: Hash = [0; 32];

/// Hash of a text.
pub(crate) fn of(text: &[u8]) -> Hash {
    Sha256::digest(text).into()
}

/// What a turn is chained by. The state enters by its hash alone: a snapshot that is no longer kept does not
/// break the chain.
pub(crate) fn turn(prev: &Hash, instance: i64, rev: i64, at: i64, events: &[u8], state: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(prev);
    hasher.update(instance.to_be_bytes());
    hasher.update(rev.to_be_bytes());
    hasher.update(at.to_be_bytes());
    hasher.update(events);
    hasher.update(state);
    hasher.finalize().into()
}

/// What a commit is sealed by.
pub(crate) fn seal<'a>(
    prev: &Hash,
    first_lsn: i64,
    last_lsn: i64,
    turns: impl IntoIterator<Item = &'a Hash>,
) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(prev);
    hasher.update(first_lsn.to_be_bytes());
    hasher.update(last_lsn.to_be_bytes());
    for hash in turns {
        hasher.update(hash);
    }
    hasher.finalize().into()
}
