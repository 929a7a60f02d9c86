//! Every limit of the rules, with its reason. Over a limit is an error, never silent truncation.

/// Tasks that one input may run before the instance is taken to loop for ever.
/// A definition has tens of tasks; a `for` over a few thousand items still fits.
pub const TASKS_PER_STEP_MAX: u32 = 100_000;

/// Bytes of one instance's input, output or context as JSON. More belongs into blobs.
pub const DATA_BYTES_MAX: usize = 1 << 20;

/// Nested lists, loops and tries.
pub const DEPTH_MAX: usize = 64;

/// Open work items of one instance.
pub const WORK_ITEMS_MAX: usize = 1_000;
