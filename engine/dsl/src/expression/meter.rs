//! The budget of one evaluation: steps, memory and stack.
//!
//! jaq has no fuel of its own. But whatever a filter does, it does with values, and values are ours
//! ([`super::value::Value`]): every clone, comparison, sum and lookup charges this meter. When the budget
//! is spent, the evaluation is unwound from inside that operation and stops at [`run`]. So every loop of
//! every filter is bounded, those of jaq's own definitions included, and by a count of steps, not by a
//! clock: the same expression on the same data always ends in the same way.
//!
//! It does not know what is evaluated.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Operations on values of one evaluation. An ordinary expression takes some dozens.
pub(super) const STEPS_MAX: u64 = 2_000_000;
/// Bytes that one evaluation may allocate in all, whether it keeps them or not.
pub(super) const BYTES_MAX: u64 = 256 << 20;
/// Stack that one evaluation may use. A thread has two MiB.
const STACK_LEN_MAX: usize = 640 << 10;
/// Constructions of lists and mappings that pass without a look at their depth.
const NESTINGS_FREE: u32 = 200;

/// Why an evaluation was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Too many operations.
    Steps,
    /// Too many bytes.
    Memory,
    /// Too deep a recursion.
    Stack,
    /// A value nested too deeply.
    Depth,
    /// jaq itself panicked.
    Panic,
}

#[derive(Clone, Copy)]
struct Meter {
    steps: u64,
    bytes: u64,
    /// Address at which the evaluation began; the stack grows downwards from there.
    stack_base: usize,
    nestings: u32,
}

/// Without an evaluation under way nothing is charged.
const IDLE: Meter = Meter { steps: u64::MAX, bytes: u64::MAX, stack_base: 0, nestings: 0 };

thread_local! {
    static METER: Cell<Meter> = const { Cell::new(IDLE) };
}

// The unwinding below is what ends an evaluation; with `panic = "abort"` it would end the server.
#[cfg(panic = "abort")]
compile_error!("yiwang-dsl needs unwinding: the budget of an expression is enforced by it");

/// Evaluates something within a fresh budget.
pub(super) fn run<T>(evaluation: impl FnOnce() -> T) -> Result<T, Stop> {
    struct Restore(Meter);
    impl Drop for Restore {
        fn drop(&mut self) {
            METER.set(self.0);
        }
    }
    let restore = Restore(METER.get());
    METER.set(Meter { steps: STEPS_MAX, bytes: BYTES_MAX, stack_base: here(), nestings: 0 });
    let result = catch_unwind(AssertUnwindSafe(evaluation));
    drop(restore);
    result.map_err(|payload: Box<dyn Any + Send>| payload.downcast().map_or(Stop::Panic, |stop| *stop))
}

/// Charges operations.
pub(super) fn charge(steps: usize) {
    let mut meter = METER.get();
    match meter.steps.checked_sub(steps as u64) {
        Some(left) => meter.steps = left,
        None => stop(Stop::Steps),
    }
    if meter.stack_base.saturating_sub(here()) > STACK_LEN_MAX {
        stop(Stop::Stack);
    }
    METER.set(meter);
}

/// Charges memory.
pub(super) fn allocate(bytes: usize) {
    let mut meter = METER.get();
    match meter.bytes.checked_sub(bytes as u64) {
        Some(left) => meter.bytes = left,
        None => stop(Stop::Memory),
    }
    METER.set(meter);
}

/// Counts a construction that puts one value into another. True when the depth must be looked at.
///
/// Each construction makes data deeper by at most one, so the first few need no look.
pub(super) fn nest() -> bool {
    let mut meter = METER.get();
    meter.nestings = meter.nestings.saturating_add(1);
    METER.set(meter);
    meter.nestings > NESTINGS_FREE
}

/// Ends the evaluation under way. No panic message is printed: nothing is broken.
pub(super) fn stop(reason: Stop) -> ! {
    resume_unwind(Box::new(reason))
}

/// An address near the top of the stack.
fn here() -> usize {
    let marker = 0_u8;
    std::hint::black_box(&raw const marker) as usize
}
