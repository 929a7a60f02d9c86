//! The token of a preview: which definition was looked at, when, and how many there were.
//!
//! It is a receipt, not a secret: it keeps a person from running another definition than the one looked at,
//! and lets the run compare what it finds with what was seen.

use sha2::{Digest as _, Sha256};

use crate::Timestamp;
use crate::transition::{Refusal, RefusalKind};

/// The token of a preview that found so many at this time.
pub fn token(definition_digest: &str, as_of: Timestamp, count: u64) -> String {
    format!("{}.{count}.{}", as_of.0, seal(definition_digest, as_of.0, count))
}

/// How many the preview found.
pub(super) fn expected(token: &str, definition_digest: &str) -> Result<u64, Refusal> {
    let refused = |message: &str| Refusal::new(RefusalKind::Conflict, message.to_owned());
    let mut parts = token.splitn(3, '.');
    let at = parts.next().and_then(|at| at.parse::<i64>().ok());
    let count = parts.next().and_then(|count| count.parse::<u64>().ok());
    let (Some(at), Some(count), Some(seal_given)) = (at, count, parts.next()) else {
        return Err(refused("this is not the token of a preview"));
    };
    if seal_given != seal(definition_digest, at, count) {
        return Err(refused("the token is of a preview of another definition: preview this one"));
    }
    Ok(count)
}

fn seal(digest: &str, at: i64, count: u64) -> String {
    let hash = Sha256::digest(format!("{digest}\n{at}\n{count}"));
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
