//! Candidates of repetition: asked for when a case is opened or more is known of it, answered in the same turn.
//!
//! A step sees one instance. It says what it wants to know of others, and the runtime, which can look that up,
//! tells it before the turn is committed (ADR 0027).

use crate::Case;
use crate::case::Flag;
use crate::case::repeat::{self, CANDIDATES_MAX};
use crate::docket;
use crate::history::What;
use crate::machine::Machine;

/// Asks which cases this one may repeat.
pub(crate) fn ask_for_repeats(machine: &mut Machine<'_>) {
    machine.asks = machine.state.case.as_ref().and_then(repeat::query);
}

/// These cases have the same petitioner. Those that this one repeats are noted, each once.
pub(crate) fn found(machine: &mut Machine<'_>, others: &[Case]) {
    let Some(case) = &mut machine.state.case else { return };
    let room = CANDIDATES_MAX.saturating_sub(case.repeats.len());
    let new =
        others.iter().filter(|other| repeat::is_repeat(case, other) && !case.repeats.contains(&other.no));
    let of: Vec<_> = new.map(|other| other.no.clone()).take(room).collect();
    if of.is_empty() {
        return;
    }
    case.repeats.extend(of.iter().cloned());
    let no = case.no.clone();
    machine.record(None, What::CaseRepeats { no, of });
    docket::flag(machine, None, vec![Flag::Repeat]);
}
