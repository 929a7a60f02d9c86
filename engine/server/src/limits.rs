//! Every limit of the HTTP side, with its reason. Over a limit is 413, 429 or 504, never silent truncation.

use std::time::Duration;

/// Bytes of a JSON body. An instance's data are at most 1 MiB; a deployment carries a workflow and its forms.
pub const JSON_BODY_BYTES_MAX: usize = 2 << 20;

/// Nested arrays and objects of a JSON body. Forms nest a handful; the parser itself would take 128.
pub const JSON_DEPTH_MAX: usize = 64;

/// Bytes of a body that a channel gets: a form with a few photos.
pub const CHANNEL_BODY_BYTES_MAX: usize = 12 << 20;

/// Bytes of a file that is uploaded to a case: a long scan, a short film of a phone.
pub const FILE_BYTES_MAX: usize = 20 << 20;

/// Questions about tracking codes in a minute, from one address: a family behind one router looks, nobody guesses.
pub const ASKS_PER_MINUTE_ADDRESS_MAX: u32 = 30;

/// … from all addresses together.
pub const ASKS_PER_MINUTE_MAX: u32 = 6_000;

/// Addresses that are counted in a minute.
pub const ASKING_ADDRESSES_MAX: usize = 5_000;

/// Requests served at a time; more are told to come back. Each holds at most one JSON body.
pub const REQUESTS_CONCURRENT_MAX: usize = 1_024;

/// Requests to channels served at a time: their bodies are large (128 × 12 MiB is the worst case).
pub const CHANNEL_REQUESTS_CONCURRENT_MAX: usize = 128;

/// How long one request may take, its body included.
pub const REQUEST_SECS_MAX: Duration = Duration::from_secs(30);

/// How long `?wait=true` waits for the end of an instance before it answers with what is there.
pub const WAIT_SECS_MAX: Duration = Duration::from_secs(25);

/// How long a token that was looked up is believed. A revoked one is forgotten at once, but another node may have
/// revoked it.
pub const TOKEN_MILLIS_MAX: i64 = 10_000;

/// Tokens that are remembered at most.
pub const TOKENS_KNOWN_MAX: usize = 10_000;

/// How long a shutdown waits for the requests under way.
pub const SHUTDOWN_SECS_MAX: Duration = Duration::from_secs(10);

/// Instances of one archive: a commit that takes them out holds up the others for some tens of milliseconds.
pub const ARCHIVE_INSTANCES_MAX: usize = 200;

/// Bytes of one archive, but for the last instance in it.
pub const ARCHIVE_BYTES_MAX: usize = 16 << 20;

/// Pages of what has ended that one run looks through for what is over.
pub const ARCHIVE_LOOKS_MAX: usize = 200;

/// Items of a page, at most. The store holds to the same number.
pub const PAGE_LEN_MAX: usize = 500;

/// Planned times of a schedule in one answer.
pub const PLANNED_LEN_MAX: usize = 100;

/// Messages that one request has sent again or given up at the same time: they share commits.
pub const MESSAGES_AT_ONCE: usize = 64;

/// Targets that the preview of a sweep shows.
pub const SWEEP_SAMPLES: usize = 10;

/// Lines of history in one answer.
pub const HISTORY_LEN_MAX: usize = 1_000;

/// Events of one batch.
pub const EVENT_BATCH_LEN_MAX: usize = 500;

/// Characters of a refused body that are kept for people to look at.
pub const EXCERPT_CHARS_MAX: usize = 300;

/// Bytes of a start key, a decision id or a reason.
pub const TEXT_BYTES_MAX: usize = 1_000;

/// Bytes of a file that is read as a table: a list of ten thousand stations has one or two MiB.
pub const TABLE_FILE_BYTES_MAX: usize = 5 << 20;

/// Bytes of a workbook when it is unpacked. Sheets shrink to a tenth; what shrinks to a thousandth is a bomb.
pub const TABLE_UNPACKED_BYTES_MAX: u64 = 64 << 20;
