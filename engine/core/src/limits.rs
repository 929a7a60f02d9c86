//! Every limit of the rules, with its reason. Over a limit is an error, never silent truncation.

use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

/// Tasks that one input may run before the instance is taken to loop for ever.
/// A definition has tens of tasks; a `for` over a few thousand items still fits.
pub const TASKS_PER_STEP_MAX: u32 = 100_000;

/// Bytes of one instance's input, output or context as JSON. More belongs into blobs.
pub const DATA_BYTES_MAX: usize = 1 << 20;

/// Nested lists, loops, tries, forks and calls of functions, from the workflow to the innermost task.
pub const DEPTH_MAX: usize = 64;

/// Branches of one `fork`. Written by hand, one by one; more is a `for`, or a work item for each.
pub const BRANCHES_MAX: usize = 100;

/// Strands of one instance: all branches under way together. The snapshot holds each with its context.
pub const STRANDS_MAX: usize = 1_000;

/// Calls of services and processes that one instance has under way. Those that nobody waits for count too:
/// a loop that only begins calls must not fill the outbox.
pub const CALLS_MAX: usize = 1_000;

/// Messages of one instance that failed for good and can be sent again: each is in the snapshot. A channel that
/// takes so many of one case is out of order, and whoever mends it does not send them one by one.
pub const DEAD_MESSAGES_MAX: usize = 64;

/// Children of children: a workflow that runs itself for ever ends here.
pub const CHILD_DEPTH_MAX: u32 = 32;

/// Open work items of one instance.
pub const WORK_ITEMS_MAX: usize = 1_000;

/// Clocks of one instance: a case has a handful.
pub const CLOCKS_MAX: usize = 100;
/// Characters of one text that somebody writes on a case: a note, a reason. More is an attachment.
pub const TEXT_CHARS_MAX: usize = 10_000;

/// Attachments of one case. More is an archive.
pub const ATTACHMENTS_MAX: usize = 100;

/// Other cases that one case is related to.
pub const RELATED_MAX: usize = 200;

/// How far away an extended case may be due: a year. The law knows no longer extension.
pub const EXTENSION_MILLIS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;

/// Decisions on one case whose repetition is recognised: the newest ones. Whoever repeats a request does so
/// within minutes.
pub const DECISIONS_KEPT: usize = 256;

/// Seats of one group. A session of a hundred is a congress.
pub const SEATS_MAX: usize = 200;

/// Candidate roles that a work item can have by acts of people and sweeps.
pub const CANDIDATES_MAX: usize = 50;

/// Comments on one work item, and attachments of one: they travel with its row.
pub const REMARKS_MAX: usize = 200;

/// Bytes of one comment or reason: a page of text.
pub const REMARK_BYTES_MAX: usize = 8 << 10;

/// Forbidden attempts on one work item that history has a line of: enough to see a pattern, too few to fill
/// history with.
pub const ATTEMPTS_MAX: usize = 50;

/// Longest delay that a growing backoff reaches: a day. A fixed delay may be longer.
pub const RETRY_DELAY_MAX_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// Problems told about one form or schema: more help nobody.
pub const PROBLEMS_MAX: usize = 20;

/// The fault of going over a limit. Its title is a stable code: `limit.` and the limit's name.
pub(crate) fn exceeded(limit: &str, max: usize, instance: &str) -> Fault {
    let mut fault = Fault::new(Kind::Runtime, instance, format!("over the limit of {max} for {limit}"));
    fault.title = Some(format!("limit.{limit}"));
    fault
}

/// An instance that loops for ever must not catch that.
pub(crate) fn is_fatal(fault: &Fault) -> bool {
    fault.title.as_deref() == Some("limit.tasks-per-step")
}
