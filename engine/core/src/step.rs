//! The interpreter's door: one input in, one transition out.

use crate::deployment::Deployment;
use crate::input::Input;
use crate::state::State;
use crate::transition::{Ambient, Refusal, Transition};

/// Applies `input` to the instance. It runs as far as it can without the world: until it waits for a
/// person, an event, a timer or an effect, or ends.
///
/// # Errors
/// A [`Refusal`] when the input cannot be taken; `state` is then unchanged.
///
/// # Panics
/// When an invariant of the interpreter is broken. The caller catches it, throws `state` away and records
/// an incident; nothing was committed.
pub fn step(
    deployment: &Deployment,
    state: &mut State,
    input: Input,
    ambient: Ambient<'_>,
) -> Result<Transition, Refusal> {
    let _ = (deployment, state, input, ambient);
    Ok(Transition::default())
}
