//! One run: a fresh instance, its time, its memory, and what it means when it does not come to an end.

use std::time::Duration;

use wasmtime::{Store, Trap, UpdateDeadline};
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

use super::bindings::exports::yiwang::script::interpreter::{Invocation, Outcome, Stopped};
use super::interpreter::Interpreter;
use crate::bounds::Bounds;
use crate::limits;

/// All that belongs to a run.
pub(crate) struct State {
    bounds: Bounds,
}

/// Runs a script to its end.
pub(crate) async fn run(
    interpreter: &Interpreter,
    invocation: &Invocation,
    time: Duration,
) -> Result<Outcome, Fault> {
    let state = State { bounds: Bounds::of_interpreter(interpreter.memory_bytes_max) };
    let mut store = Store::new(interpreter.pre.engine(), state);
    store.limiter(|state| &mut state.bounds);
    store.set_hostcall_fuel(limits::HOSTCALL_FUEL);
    store.set_epoch_deadline(1);
    // Its own time is counted, not that of the scripts it shares the threads with: a tick passes only
    // while it runs, and then others have their turn.
    let mut ticks_left = time.as_millis() / limits::TICK.as_millis().max(1);
    store.epoch_deadline_callback(move |_| {
        let Some(left) = ticks_left.checked_sub(1) else { return Err(TimedOut.into()) };
        ticks_left = left;
        Ok(UpdateDeadline::Yield(1))
    });
    let result = async {
        let script = interpreter.pre.instantiate_async(&mut store).await?;
        script.yiwang_script_interpreter().call_run(&mut store, invocation).await
    };
    match result.await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(Stopped::TooMuchOutput)) => Err(too_much_output()),
        Err(error) => Err(judge(&error, &store.data().bounds, time)),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the time is over")]
struct TimedOut;

fn too_much_output() -> Fault {
    let kib = limits::SCRIPT_OUTPUT_BYTES_MAX >> 10;
    Fault::new(Kind::Runtime, "", format!("the script says more than {kib} KiB"))
}

/// What it means for people, from what wasmtime says.
fn judge(error: &wasmtime::Error, bounds: &Bounds, time: Duration) -> Fault {
    let chain = format!("{error:#}");
    tracing::debug!(error = chain, "a script did not come to an end");
    let runtime = |detail: String| Fault::new(Kind::Runtime, "", detail);
    if error.downcast_ref::<TimedOut>().is_some() {
        return Fault::new(
            Kind::Timeout,
            "",
            format!("the script computed for more than {} ms", time.as_millis()),
        );
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        if chain.contains("fuel allocated for hostcalls") {
            return too_much_output();
        }
        let told: String = error.root_cause().to_string().chars().take(limits::MESSAGE_CHARS_MAX).collect();
        return runtime(format!("the script could not go on: {told}"));
    };
    if bounds.memory_refused {
        return runtime(format!("the script needs more memory than {} MiB", bounds.memory_max >> 20));
    }
    // The stack of an interpreter ends in the one way or in the other.
    if matches!(trap, Trap::StackOverflow | Trap::MemoryOutOfBounds) {
        return runtime("the script is nested too deeply".to_owned());
    }
    // Where an interpreter would ask the system there is a trap, and where it finds itself broken, too.
    if matches!(trap, Trap::UnreachableCodeReached) {
        return runtime(
            "the script asks for what its sandbox has not, or has broken its interpreter".to_owned(),
        );
    }
    runtime(format!("the interpreter stopped: {trap}"))
}
