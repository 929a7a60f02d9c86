//! Every limit of the runtime, with its reason. Over a limit the caller is told; nothing is cut silently.

/// Inputs of one turn. Above this a commit takes longer than a caller wants to wait, and gains little more
/// (measured: ADR 0003).
pub const BATCH_INPUTS_MAX: usize = 1_024;

/// So many requests are taken from the queue in a turn at least, however far behind the effects are: a slow service
/// does not hold up what needs none.
pub const BEGUN_MIN: usize = 64;

/// Requests that wait for their turn: four full batches, a few tens of milliseconds of work.
pub const QUEUE_LEN_MAX: usize = 4_096;

/// Bytes of all waiting requests together, so that a few thousand large ones cannot fill the memory.
pub const QUEUE_BYTES_MAX: usize = 64 << 20;

/// Instances kept in memory between turns. A parked one is only a cache entry: dropping it costs one read.
pub const HOT_LEN_MAX: usize = 4_096;

/// Bytes of their snapshots together.
pub const HOT_BYTES_MAX: usize = 32 << 20;

/// How far ahead timers are held in memory, and when the window is moved on, milliseconds.
pub const TIMER_WINDOW_MILLIS: u64 = 60_000;

/// Timers read by one look into the index.
pub const TIMERS_READ_MAX: usize = 4_096;

/// Inbox rows routed in one turn besides those that came by requests.
pub const ROUTED_MAX: usize = 256;

/// Instances looked through at once for effects to be done again after a start.
pub const RECOVERY_PAGE_LEN: usize = 128;

/// Effects that wait in memory for their channel. Those above stay in their instances' snapshots and are
/// found again when the queue has drained.
pub const EFFECTS_QUEUED_MAX: usize = 8_192;

/// Messages that one channel sends at the same time: a slow channel must not take all the sockets.
pub const CHANNEL_SENDS_MAX: usize = 8;

/// Calls of one kind of service (HTTP, scripts, …) under way at the same time. More wait for their turn: a
/// service that hangs must not take all the sockets, nor scripts all the memory.
pub const SERVICE_CALLS_MAX: usize = 64;

/// Questions of workflows about many cases that are answered at the same time: each may read a whole table.
pub const QUERIES_MAX: usize = 2;

/// How long an event waits for an instance that listens to it: 7 days, in milliseconds.
pub const BUFFER_MILLIS: u64 = 7 * 24 * 3_600_000;

/// Longest window in which the messages of one session are gathered: an hour, in milliseconds.
pub const SESSION_WINDOW_MILLIS_MAX: u64 = 3_600_000;

/// Messages of one session that become one event. More begin a second event.
pub const SESSION_PARTS_MAX: usize = 200;

/// A schedule's planned time that is handled later than this was missed: its misfire policy decides.
pub const MISFIRE_MILLIS: u64 = 60_000;

/// Planned times of one schedule that are started one by one in a turn.
pub const SCHEDULE_STARTS_MAX: usize = 64;

/// Live requests of one turn from which on sweeps wait: half of a full batch, when a commit is long already.
pub const SWEEP_YIELDS_TO: usize = 512;

/// Pause before the engine tries again by itself after the store failed, milliseconds.
pub const STORE_RETRY_MILLIS: u64 = 1_000;

/// Bytes of a workflow's text together with its forms.
pub const DEPLOYMENT_BYTES_MAX: usize = 4 << 20;

/// Texts from elsewhere that one workflow may need: functions and schemas. Each is at most what one call of a
/// service may bring.
pub const TEXTS_ELSEWHERE_MAX: usize = 50;

/// Cases of one phone that are looked at for repetition: a hotline of its own has no more in a week.
pub(crate) const REPEATS_READ_MAX: usize = 50;

/// Events of one page that a channel is asked for.
pub(crate) const POLL_EVENTS_MAX: u32 = 100;
/// Pages taken one after the other; then the channel waits for its time like the others.
pub(crate) const POLL_PAGES_MAX: u32 = 100;
/// The first wait after a failure, unless the channel is asked more often than that.
pub(crate) const POLL_BACKOFF_MILLIS_MIN: u64 = 30_000;
/// The longest wait after failures, unless the channel is asked more seldom than that.
pub(crate) const POLL_BACKOFF_MILLIS_MAX: u64 = 60 * 60 * 1000;
/// How often channels are asked how they do.
pub(crate) const HEALTH_EVERY_MILLIS: u64 = 60_000;
/// How often it is looked for channels that have come since.
pub(crate) const POLL_LOOK_MILLIS: u64 = 60_000;
