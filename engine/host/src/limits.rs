//! Every limit of the plugin host, with its reason. A manifest may go below them, nothing goes above.
//!
//! The table in `docs/guide/plugins.md` prints the same numbers; a test compares them.

use std::time::Duration;

/// Linear memory of one call. A megabyte of it is stack; photos never enter it.
pub const MEMORY_BYTES_MAX: usize = 64 << 20;
/// Elements of a table: function pointers of a large plugin are a few thousand.
pub const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Core instances of one component: an interpreter comes in parts, `CPython` in about forty.
pub const INSTANCES_MAX: usize = 64;
/// Linear memories of one component: the interpreter's, and an empty one for each part that was cut off (ADR 0038).
/// All of them together stay below the limit for one call.
pub const MEMORIES_MAX: usize = 3;
/// Tables of one component.
pub const TABLES_MAX: usize = 3;
/// Bytes that one call may copy out of the guest: bounds returned lists before they exist on the host.
pub const HOSTCALL_FUEL: usize = 8 << 20;
/// Calls under way in the whole process; the pool has room for as many.
pub const CALLS_MAX: u32 = 100;
/// Calls under way of one channel: a slow provider must not take all places.
pub const CALLS_PER_CHANNEL_MAX: usize = 16;
/// How long a call waits for a place before the caller is told to come back.
pub const QUEUE_WAIT_MAX: Duration = Duration::from_secs(2);

/// An incoming request: WeChat gives up after five seconds.
pub const HANDLE_MAX: Duration = Duration::from_secs(3);
/// Sending a message, all of its HTTP requests included.
pub const SEND_MAX: Duration = Duration::from_secs(10);
/// Asking for what is new, all of its HTTP requests included.
pub const POLL_MAX: Duration = Duration::from_secs(30);
/// A cursor: a place in somebody's list, not a copy of it.
pub const CURSOR_BYTES_MAX: usize = 4 << 10;
/// The shortest time from one question to the next.
pub const POLL_EVERY_MIN: Duration = Duration::from_secs(10);
/// The longest one.
pub const POLL_EVERY_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Checking a configuration.
pub const VALIDATE_MAX: Duration = Duration::from_secs(1);
/// Asking how a channel does.
pub const HEALTH_MAX: Duration = Duration::from_secs(5);
/// How long its answer counts: a plugin may ask its provider, which should not notice us.
pub const HEALTH_EVERY: Duration = Duration::from_secs(60);
/// Names and values beside it.
pub const HEALTH_DETAILS_MAX: usize = 16;
/// Calls of one interface of a channel that break down one after the other, none coming to an end between
/// them, until the interface is parked. Few enough to save a provider from a plugin that is broken, and more
/// than a stranger's odd requests between good ones.
pub const BREAKS_MAX: u32 = 10;
/// Breakdowns that lie further back count no more.
pub const BREAKS_WINDOW: Duration = Duration::from_secs(300);
/// How long it is parked at first; twice as long each time that the one call after it breaks down, too.
pub const PARKED_MIN: Duration = Duration::from_secs(30);
/// The longest.
pub const PARKED_MAX: Duration = Duration::from_secs(600);
/// The grain of deadlines.
pub const TICK: Duration = Duration::from_millis(10);

/// Linear memory of a script in JavaScript: the interpreter itself takes about two.
pub const SCRIPT_JS_MEMORY_BYTES_MAX: usize = 64 << 20;
/// Linear memory of a script in Python, whose interpreter takes a good part of it.
pub const SCRIPT_PYTHON_MEMORY_BYTES_MAX: usize = 256 << 20;
/// Elements of the tables of an interpreter: `CPython` alone has some thousand functions behind pointers.
pub const SCRIPT_TABLE_ELEMENTS_MAX: usize = 65_536;
/// Core instances, memories and tables of an interpreter: `CPython` comes with its libraries as parts.
pub const SCRIPT_INSTANCES_MAX: usize = 64;
/// The component of an interpreter: the whole library of Python is in it.
pub const INTERPRETER_BYTES_MAX: u64 = 128 << 20;
/// Stack of a script: interpreters recurse for each nested call.
pub const SCRIPT_STACK_BYTES_MAX: usize = 4 << 20;
/// Time that a script may compute, unless the operator says otherwise.
pub const SCRIPT_TIME_MAX: Duration = Duration::from_secs(10);
/// The code of a script, its input and its arguments together.
pub const SCRIPT_INPUT_BYTES_MAX: usize = 4 << 20;
/// What a script may say: stdout, stderr and its value together.
pub const SCRIPT_OUTPUT_BYTES_MAX: u32 = 1 << 20;
/// Scripts under way; more wait for their turn.
pub const SCRIPTS_MAX: usize = 8;

/// A component file.
pub const COMPONENT_BYTES_MAX: u64 = 32 << 20;
/// A manifest with its schemas.
pub const MANIFEST_BYTES_MAX: usize = 1 << 20;
/// A component's list of parts: some hundred bytes for each.
pub const SBOM_BYTES_MAX: usize = 4 << 20;

/// An incoming body.
pub const BODY_BYTES_MAX: usize = 25 << 20;
/// An incoming body that a plugin takes into its memory: everything but files.
pub const TEXT_BODY_BYTES_MAX: usize = 2 << 20;
/// Header lines in either direction.
pub const HEADERS_MAX: usize = 64;
/// One header value.
pub const HEADER_VALUE_BYTES_MAX: usize = 8 << 10;
/// Query pairs.
pub const QUERY_PAIRS_MAX: usize = 200;
/// Nesting of JSON, in requests and in events.
pub const JSON_DEPTH_MAX: usize = 64;
/// Parts of a form.
pub const FORM_PARTS_MAX: usize = 100;
/// Text of one form field.
pub const FORM_FIELD_BYTES_MAX: usize = 256 << 10;

/// A response body made by a plugin.
pub const RESPONSE_BODY_BYTES_MAX: usize = 1 << 20;
/// Events of one call.
pub const EVENTS_MAX: usize = 500;
/// An event's id.
pub const EVENT_ID_BYTES_MAX: usize = 256;
/// The id that a provider gives a message.
pub const PROVIDER_ID_BYTES_MAX: usize = 256;
/// An event's data.
pub const EVENT_DATA_BYTES_MAX: usize = 256 << 10;
/// Attributes of anything.
pub const ATTRIBUTES_MAX: usize = 32;
/// One attribute's value.
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 4 << 10;
/// A wish to be called again later.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);
/// The longest window of a session.
pub const SESSION_WINDOW_MAX: Duration = Duration::from_secs(3600);
/// A failure's text.
pub const MESSAGE_CHARS_MAX: usize = 500;

/// Log lines of one call.
pub const LOG_LINES_MAX: u32 = 100;
/// One log line with its fields.
pub const LOG_LINE_BYTES_MAX: usize = 4 << 10;
/// Calls of a channel of which a line is kept: enough to see what happened in the last minutes.
pub const CALLS_KEPT: usize = 200;
/// Of these, questions how the channel does.
pub const HEALTH_CALLS_KEPT: usize = 20;
/// Lines of its log that are kept of each.
pub const LOG_LINES_KEPT: usize = 20;
/// Calls of a channel that may be recorded whole.
pub const RECORDINGS_MAX: usize = 100;
/// What a recording holds besides the request or the message: with it, and as many as there may be, some tens of
/// megabytes.
pub const RECORDING_BYTES_MAX: usize = 256 << 10;
/// A body that is recorded.
pub const RECORDED_BODY_BYTES_MAX: usize = 256 << 10;
/// Differences of a replay that are told.
pub const DIFFERENCES_MAX: usize = 50;
/// Random bytes of one request.
pub const RANDOM_BYTES_MAX: u32 = 64 << 10;
/// Calls of `kv` in one call: each may be a transaction.
pub const KV_CALLS_MAX: u32 = 100;
/// A key of `kv`.
pub const KV_KEY_BYTES_MAX: usize = 256;
/// A value of `kv`.
pub const KV_VALUE_BYTES_MAX: usize = 64 << 10;
/// All that a channel may keep in `kv`.
pub const KV_BYTES_MAX: u64 = 16 << 20;
/// One file.
pub const BLOB_BYTES_MAX: u64 = 25 << 20;
/// Files opened or begun in one call: each finished one is a sync of the disk.
pub const BLOB_CALLS_MAX: u32 = 100;
/// What one `read` of a file gives.
pub const BLOB_CHUNK_BYTES_MAX: u32 = 1 << 20;

/// Outgoing requests of one call.
pub const HTTP_CALLS_MAX: u32 = 16;
/// Redirects followed for one of them.
pub const HTTP_REDIRECTS_MAX: u32 = 5;
/// An answer that enters the guest's memory.
pub const HTTP_ANSWER_BYTES_MAX: u64 = 4 << 20;

/// Conversations with mail servers in one call: a plugin fetches once, or sends once.
pub const MAIL_CALLS_MAX: u32 = 4;
/// Messages of one page of a mailbox.
pub const MAIL_MESSAGES_MAX: u32 = 50;
/// What is fetched of a message at once, and of one that is larger than wanted in all.
pub const MAIL_CHUNK_BYTES: u64 = 256 << 10;
/// All messages of a page: a page is on disk until the call ends.
pub const MAIL_PAGE_BYTES_MAX: u64 = 64 << 20;
/// What a server may say at once besides a part of a message: numbers of 100 000 messages.
pub const MAIL_ANSWER_BYTES_MAX: usize = 2 << 20;
/// Recipients of one message.
pub const MAIL_RECIPIENTS_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    /// The guide prints these numbers; whoever changes one changes the other.
    #[test]
    fn the_guide_says_the_same() {
        let guide = include_str!("../../../docs/guide/plugins.md");
        let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
        let kib = |bytes: u64| format!("{} KiB", bytes >> 10);
        let secs = |time: Duration| format!("{} s", time.as_secs());
        for (what, numbers) in [
            ("memory of a call", vec![mib(MEMORY_BYTES_MAX as u64)]),
            (
                "parts of a component: instances, memories, tables",
                vec![INSTANCES_MAX.to_string(), MEMORIES_MAX.to_string(), TABLES_MAX.to_string()],
            ),
            ("time of `webhook`, `send`, `poll`", vec![secs(HANDLE_MAX), secs(SEND_MAX), secs(POLL_MAX)]),
            (
                "calls under way: of a channel, of the server",
                vec![CALLS_PER_CHANNEL_MAX.to_string(), CALLS_MAX.to_string()],
            ),
            ("what a call may hand over at once", vec![mib(HOSTCALL_FUEL as u64)]),
            (
                "incoming body: with files, without",
                vec![mib(BODY_BYTES_MAX as u64), mib(TEXT_BODY_BYTES_MAX as u64)],
            ),
            (
                "headers, form parts, JSON depth",
                vec![HEADERS_MAX.to_string(), FORM_PARTS_MAX.to_string(), JSON_DEPTH_MAX.to_string()],
            ),
            (
                "events of a call, data of an event",
                vec![EVENTS_MAX.to_string(), kib(EVENT_DATA_BYTES_MAX as u64)],
            ),
            ("cursor of `poll`", vec![kib(CURSOR_BYTES_MAX as u64)]),
            ("body of a response", vec![mib(RESPONSE_BODY_BYTES_MAX as u64)]),
            ("log lines of a call", vec![LOG_LINES_MAX.to_string()]),
            (
                "`kv`: calls, value, whole channel",
                vec![KV_CALLS_MAX.to_string(), kib(KV_VALUE_BYTES_MAX as u64), mib(KV_BYTES_MAX)],
            ),
            ("files: calls, size", vec![BLOB_CALLS_MAX.to_string(), mib(BLOB_BYTES_MAX)]),
            (
                "outgoing requests of a call, redirects, answer in memory",
                vec![HTTP_CALLS_MAX.to_string(), HTTP_REDIRECTS_MAX.to_string(), mib(HTTP_ANSWER_BYTES_MAX)],
            ),
            (
                "mail: conversations of a call, messages of a page, all of them",
                vec![MAIL_CALLS_MAX.to_string(), MAIL_MESSAGES_MAX.to_string(), mib(MAIL_PAGE_BYTES_MAX)],
            ),
        ] {
            let line = format!("| {what} | {} |", numbers.join(", "));
            assert!(guide.contains(&line), "docs/guide/plugins.md should have the line: {line}");
        }
    }
}
