//! Working time: tables by hand, laws on random times, an independent oracle, another collection of holidays.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]
#![allow(clippy::disallowed_methods, reason = "how many questions the oracle is asked is the environment's")]
#![allow(clippy::cast_possible_truncation, reason = "small numbers of random tests")]

mod ask;
mod holidays;
mod laws;
mod layers;
mod oracle;
mod remarks;
mod vectors;
