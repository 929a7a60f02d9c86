//! Working time: tables by hand, laws on random times, an independent oracle, another collection of holidays.

mod ask;
mod holidays;
mod laws;
mod layers;
mod oracle;
mod remarks;
mod vectors;
